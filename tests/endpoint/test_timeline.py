"""What happens in a turn is known to all who ask, however often they are cut off, and whichever processes die.

1. An event is stored before it is told, and told by nobody who has lost the turn.
2. From every moment at which something is stored, another process goes on to a timeline in which each thing that
   happened is found once, in order, and that begins with what was told before.
3. Of long texts the beginning is kept. What peers write is told once, and what happens inside them is kept as far as
   there is room.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from a2a.types import Task
from google.protobuf.json_format import MessageToDict
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from tokenizers import Tokenizer

from service.delegation import MAX_DEPTH
from service.endpoint.decoding import Decoding
from service.endpoint.log import Log, Update
from service.endpoint.metered import TurnMetrics
from service.endpoint.storage import Storage
from service.endpoint.traced import TurnSpans
from service.endpoint.updates import TaskUpdates
from service.events import (
    CallFinished,
    CallProgress,
    CallStarted,
    Event,
    Omitted,
    Spliced,
    TextDelta,
    UsageReported,
    Waiting,
    from_json,
    to_json,
)
from service.sessions import timeline as module
from service.sessions.database import open_database
from service.sessions.tables import results, turns
from service.sessions.turns import Held
from service.sessions.writes import Lease, Writes
from service.telemetry.metrics import Metrics
from service.usage import Tokens, Usage
from tests.test_decode_resume import Scene

STARTED = CallStarted(call_id="c0", tool="add", arguments="{}")
FINISHED = CallFinished(call_id="c0", tool="add", text="5", is_error=False, seconds=0.1)
ROW = {"id": "t", "conversation_id": "c", "quota_key": "", "ask": {}, "fence": 1, "holder": "h"}


class Told(Log):
    """Keeps the events that it was told."""

    def __init__(self) -> None:
        super().__init__(Task(id="t", context_id="c"), "")
        self.events: list[dict[str, Any]] = []

    def _tell(self, update: Update) -> None:
        super()._tell(update)
        if not hasattr(update, "artifact"):
            self.events += [MessageToDict(part.data) for part in update.status.message.parts]


@asynccontextmanager
async def process(url: str, writes: Callable[[AsyncEngine], Writes] = Writes) -> AsyncIterator[Storage]:
    """What one process has of a turn."""
    async with open_database(url) as database, writes(database) as writing:
        yield await Storage.of(database, writing, lease_seconds=60)


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Storage]:
    async with process(database_url) as found:
        await found.writes.write((insert(turns).values(ROW), None))
        yield found


def bare(events: Sequence[Event]) -> list[Event]:
    """Without times and numbers."""
    return [event.model_copy(update={"at": None, "seq": None}) for event in events]


async def test_what_came_after_of_each_turn(one: Storage) -> None:
    for turn_id in ("t", "u", "v"):
        if turn_id != "t":
            row = ROW | {"id": turn_id, "conversation_id": turn_id}
            await one.writes.write((insert(turns).values(row), None))
        timeline = await one.timelines.open(Lease(turn_id, 1), begun=False)
        for added in (timeline.add(STARTED), timeline.add(FINISHED)):
            assert added
            assert added.stored
            await added.stored
    found = await one.timelines.read_after({"t": 0, "u": 1, "v": 2, "w": 0})
    assert {turn_id: bare(events) for turn_id, events in found.items()} == {"t": [STARTED, FINISHED], "u": [FINISHED]}


async def test_1_told_once_it_is_stored(one: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, execute = asyncio.Event(), Writes._execute

    async def wait(*arguments: Any) -> Any:
        await gate.wait()
        return await execute(*arguments)

    monkeypatch.setattr(Writes, "_execute", wait)
    log = Told()
    async with TaskUpdates(log, await one.timelines.open(Lease("t", 1), begun=False)) as sink:
        await sink.emit(STARTED)
        await asyncio.sleep(0.05)
        assert not log.events
        gate.set()
    assert [(event["kind"], event["seq"]) for event in log.events] == [("call_started", 1)]
    assert bare(await one.timelines.read("t")) == [STARTED]


async def test_1_not_by_who_has_lost_the_turn(one: Storage) -> None:
    log, late = Told(), Told()
    async with (
        TaskUpdates(log, await one.timelines.open(Lease("t", 1), begun=False)) as sink,
        TaskUpdates(late, await one.timelines.open(Lease("t", 1), begun=False)) as stopped,
    ):
        await sink.emit(STARTED)
        await one.writes.write((update(turns).values(fence=2), None))
        await stopped.emit(STARTED)
        await stopped.emit(CallProgress(call_id="c0", event=TextDelta(text="a")))
    assert len(log.events) == 1
    assert not late.events
    assert len(await one.timelines.read("t")) == 1


class Copying(Writes):
    """Copies the database whenever something is written."""

    def __init__(self, database: AsyncEngine, copies: list[Path]) -> None:
        super().__init__(database)
        self._copies = copies

    async def _execute(self, batch: Any) -> Any:
        lost = await super()._execute(batch)
        source = Path(str(self._database.url.database))
        copy = source.with_name(f"copy{len(self._copies)}")
        with sqlite3.connect(source) as old, sqlite3.connect(copy) as new:
            old.backup(new)
        self._copies.append(copy)
        return lost


async def decoded(scene: Scene, where: Storage, held: Held) -> list[Event]:
    """All that is known of a turn once it has come to its end."""
    log = Told()
    spans, metrics = (
        TurnSpans("agent", "1", "model", "weights"),
        TurnMetrics(Metrics("agent", "1"), "agent", "model", set),
    )
    decoding = Decoding(scene.loop(Counter()), where, spans, metrics)
    await decoding.turn(held, log, lambda: False)
    events = await where.timelines.read("t")
    assert [event["seq"] for event in log.events] == list(range(1, len(events) + 1))
    assert [event["kind"] for event in log.events] == [event.kind for event in events]
    return events


def assert_whole(events: Sequence[Event]) -> None:
    """Three calls, each of which was started, finished and came in, in this order."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for call_id in ("c0", "c1", "c2"):
        of = [event.kind for event in events if call_id in {getattr(event, "call_id", ""), *ids(event)}]
        assert [kind for kind in of if kind != "waiting"] == ["call_started", "call_finished", "spliced"]
    waits = [event.call_ids for event in events if isinstance(event, Waiting)]
    assert len({*waits}) == len(waits)


def ids(event: Event) -> tuple[str, ...]:
    return event.call_ids if isinstance(event, Spliced) else ()


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("idempotent", [False, True])
async def test_2_from_every_moment(tmp_path: Path, tokenizer: Tokenizer, live: bool, idempotent: bool) -> None:
    scene = Scene(tokenizer, live=live, idempotent=idempotent)
    copies: list[Path] = []
    ask = {"text": "Do."}
    async with process(f"sqlite+aiosqlite:///{tmp_path}/db", lambda database: Copying(database, copies)) as first:
        await first.writes.write((insert(turns).values(ROW), None))
        assert_whole(await decoded(scene, first, Held(Lease("t", 1), "c", ask, begins=True)))
    assert len(copies) >= 11
    told_late: list[CallFinished] = []
    for copy in copies:
        async with process(f"sqlite+aiosqlite:///{copy}") as next_one:
            before = await next_one.timelines.read("t")
            await next_one.writes.write((update(turns).values(fence=2), None))
            async with next_one.database.connect() as connection:
                begun = bool(await connection.scalar(select(turns.c.begun)))
                noted = set(await connection.scalars(select(results.c.call_id)))
            began = time.time()
            events = await decoded(scene, next_one, Held(Lease("t", 2), "c", ask, begun=begun))
        assert events[: len(before)] == before
        assert_whole(events)
        finished = [event for event in events[len(before) :] if isinstance(event, CallFinished)]
        told_late += [event for event in finished if event.call_id in noted]
        assert all((event.at or 0) < began for event in told_late)
    assert told_late  # by whoever went on, of what happened before that


async def test_2_what_a_peer_tells_again_is_known(one: Storage) -> None:
    """Asked by another process, it tells all that it has told before."""
    inside = [CallProgress(call_id="c0", event=STARTED.model_copy(update={"seq": seq})) for seq in (1, 2, 3)]
    took = CallProgress(call_id="c0", event=UsageReported(usage=Usage.of("m", Tokens(output=1))))
    lives: list[list[Event]] = [[STARTED, *inside[:2]], [STARTED, *inside, took, FINISHED]]
    for events in lives:
        timeline = await one.timelines.open(Lease("t", 1), begun=True)
        for event in events:
            timeline.add(event)
        await one.writes.write()
    assert bare(await one.timelines.read("t")) == [STARTED, *inside, took, FINISHED]


async def test_2_what_has_come_through_many_agents_is_read_again(one: Storage) -> None:
    event: Event = FINISHED
    for _ in range(MAX_DEPTH):
        event = CallProgress(call_id="c0", event=event.model_copy(update={"seq": 1}))
    assert from_json(to_json(event)) == event  # as a peer tells it
    (await one.timelines.open(Lease("t", 1), begun=False)).add(CallProgress(call_id="c0", event=event))
    await one.writes.write()
    assert bare(await one.timelines.read("t")) == [CallProgress(call_id="c0", event=event)]


async def test_3_of_long_texts_the_beginning(one: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TEXT_CHARS", 10)
    log, text = Told(), "0123456789abc"
    long = (STARTED.model_copy(update={"arguments": text}), FINISHED.model_copy(update={"text": text}))
    async with TaskUpdates(log, await one.timelines.open(Lease("t", 1), begun=False)) as sink:
        for event in (*long, CallProgress(call_id="c0", event=long[1].model_copy(update={"seq": 1}))):
            await sink.emit(event)
    assert [event.get("arguments") or event["text"] for event in log.events[:2]] == [text, text]
    started, finished, inside = await one.timelines.read("t")
    assert isinstance(started, CallStarted)
    assert isinstance(finished, CallFinished)
    assert isinstance(inside, CallProgress)
    assert isinstance(inside.event, CallFinished)
    assert (started.arguments, started.omitted_chars) == (text[:10], 3)
    assert {(each.text, each.omitted_chars) for each in (finished, inside.event)} == {(text[:10], 3)}


async def test_3_of_what_peers_do_as_much_as_there_is_room_for(one: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever goes on keeps to that."""
    inside = [CallProgress(call_id="c0", event=STARTED.model_copy(update={"seq": seq})) for seq in range(1, 6)]
    stored = inside[0].model_copy(update={"at": time.time(), "seq": 1})
    monkeypatch.setattr(module, "_INSIDE_CHARS", 2.5 * len(json.dumps(to_json(stored))))
    log = Told()
    lives: list[list[Event]] = [[*inside[:4]], [*inside[3:], FINISHED]]
    for events in lives:
        async with TaskUpdates(log, await one.timelines.open(Lease("t", 1), begun=True)) as sink:
            await sink.emit(CallProgress(call_id="c0", event=TextDelta(text="written")))
            for event in events:
                await sink.emit(event)
    kept = await one.timelines.read("t")
    assert bare(kept[:2]) == inside[:2]
    assert [event.kind for event in kept[2:]] == ["call_progress", "call_finished"]
    assert isinstance(kept[2], CallProgress)
    assert isinstance(kept[2].event, Omitted)
    kinds = [event["event"]["kind"] for event in log.events if event["kind"] == "call_progress"]
    assert kinds.count("text") == 2
    assert kinds.count("call_started") == 6  # the fourth is not known to have been told
    assert [event["seq"] for event in log.events if "seq" in event] == [1, 2, 3, 4]
