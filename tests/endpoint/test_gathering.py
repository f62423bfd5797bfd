"""Events are gathered on their way to a task's log, in order, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from a2a.types import Artifact, Part, Task, TaskArtifactUpdateEvent
from google.protobuf.json_format import MessageToDict
from sqlalchemy import insert

from service.endpoint.log import Log, Update
from service.endpoint.updates import TaskUpdates
from service.events import CallFinished, CallProgress, CallStarted, TextDelta
from service.sessions.database import open_database
from service.sessions.tables import turns
from service.sessions.timeline import Timeline, Timelines
from service.sessions.writes import Lease, Writes

STARTED = CallStarted(call_id="c0", tool="add", arguments="{}")
FINISHED = CallFinished(call_id="c0", tool="add", text="5", is_error=False, seconds=0.1)


class Told(Log):
    """Keeps all that it was told."""

    def __init__(self, task: Task, owner: str) -> None:
        super().__init__(task, owner)
        self.updates: list[Update] = []

    def _tell(self, update: Update) -> None:
        self.updates.append(update)
        super()._tell(update)


@pytest.fixture
async def timeline() -> AsyncIterator[Timeline]:
    async with open_database("sqlite+aiosqlite://") as database, Writes(database) as writes:
        await writes.write(
            (insert(turns).values(id="t", conversation_id="c", quota_key="", ask={}, fence=1, holder="h"), None)
        )
        yield await Timelines(database, writes).open(Lease("t", 1), begun=False)


def a_log(*texts: str) -> Told:
    artifacts = [Artifact(artifact_id="answer", parts=[Part(text=text)]) for text in texts]
    return Told(Task(id="t", context_id="c", artifacts=artifacts), "")


def updates(log: Told) -> list[Any]:
    """Texts, and the data of events."""
    return [
        "".join(part.text for part in update.artifact.parts)
        if isinstance(update, TaskArtifactUpdateEvent)
        else [MessageToDict(part.data) for part in update.status.message.parts]
        for update in log.updates
    ]


async def test_text_that_comes_fast_is_one_update(timeline: Timeline) -> None:
    log = a_log()
    async with TaskUpdates(log, timeline) as sink:
        for _ in range(1000):
            await sink.emit(TextDelta(text="x"))
    assert updates(log) == ["x" * 1000]


async def test_the_first_text_does_not_wait(timeline: Timeline) -> None:
    log = a_log()
    async with TaskUpdates(log, timeline) as sink:
        await sink.emit(TextDelta(text="a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert updates(log) == ["a"]
        await sink.emit(TextDelta(text="b"))
        await sink.emit(TextDelta(text="c"))
    assert updates(log) == ["a", "bc"]


async def test_order_is_kept_and_neighbours_share_an_update(timeline: Timeline) -> None:
    log = a_log()
    async with TaskUpdates(log, timeline) as sink:
        for event in (TextDelta(text="a"), STARTED, FINISHED, TextDelta(text="b"), TextDelta(text="c")):
            await sink.emit(event)
    first, second, third = updates(log)
    assert (first, [data["kind"] for data in second], third) == ("a", ["call_started", "call_finished"], "bc")
    assert [part.text for part in log.task.artifacts[0].parts] == ["abc"]


async def test_a_peer_s_text_is_joined_as_well(timeline: Timeline) -> None:
    log = a_log()
    async with TaskUpdates(log, timeline) as sink:
        for call_id, text in (("c0", "a"), ("c0", "b"), ("c1", "c")):
            await sink.emit(CallProgress(call_id=call_id, event=TextDelta(text=text)))
    assert [(data["call_id"], data["event"]["text"]) for data in updates(log)[0]] == [("c0", "ab"), ("c1", "c")]


async def test_what_came_before_a_failure_is_sent(timeline: Timeline) -> None:
    log = a_log()
    try:
        async with TaskUpdates(log, timeline) as sink:
            await sink.emit(TextDelta(text="a"))
            raise RuntimeError
    except RuntimeError:
        pass
    assert updates(log) == ["a"]


async def test_what_another_process_said_comes_first(timeline: Timeline) -> None:
    """Whatever it had told of it: not all that is told is kept."""
    log = a_log("abc and what was lost")
    async with TaskUpdates(log, timeline, "abc") as sink:
        await sink.emit(TextDelta(text="d"))
    assert updates(log) == ["abc", "d"]
    assert [part.text for part in log.task.artifacts[0].parts] == ["abcd"]


async def test_a_cancel_that_comes_last_takes_nothing_away(timeline: Timeline) -> None:
    log = a_log()

    async def tell() -> None:
        async with TaskUpdates(log, timeline) as sink:
            await sink.emit(STARTED)
            await sink.emit(TextDelta(text="a"))
        raise AssertionError

    telling = asyncio.create_task(tell())
    while not any("Writes._flush" in repr(task) for task in asyncio.all_tasks()):
        await asyncio.sleep(0)
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling
    event, text = updates(log)
    assert (event[0]["kind"], text) == ("call_started", "a")
