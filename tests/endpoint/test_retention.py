"""Conversations that are over are removed: whole, by one process each, and never one that somebody goes on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from a2a.server.models import TaskModel
from a2a.types import Task, TaskState, TaskStatus
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.endpoint import retention
from service.endpoint.retention import Expired, Retention
from service.endpoint.storage import Storage
from service.events import CallStarted
from service.messages import Question
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.sessions.tables import answers, metadata, results, spans
from service.sessions.turns import Accepted, Held, message_key
from service.telemetry.metrics import Metrics
from service.transcript import Origin, Span
from tests.conftest import Asked, RunServer, Says, eventually, say
from tests.endpoint.bindings import TASK_NOT_FOUND
from tests.endpoint.test_asking import text_of

DAYS = 30
LONG_AGO = timedelta(days=DAYS, minutes=1)
LATELY = timedelta(days=DAYS, minutes=-1)
OLD, NEW = Span(Origin.GIVEN, (1, 2)), Span(Origin.SAMPLED, (3,), (-0.5,), "weights@1")


class Replica:
    """What one process has of a database."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.retention = Retention(storage.database, DAYS, Metrics("agent", "1"))

    async def accept(self, turn_id: str, conversation_id: str = "c") -> None:
        accepted = Accepted(turn_id, conversation_id, message_key("", turn_id), "digest", "", {"text": turn_id})
        submitted = task(turn_id, TaskState.TASK_STATE_SUBMITTED)
        await self.storage.turns.accept(accepted, self.storage.tasks.row(submitted, ""), hold=False)

    async def take(self) -> Held:
        (held,) = await self.storage.turns.claim(1)
        return held

    async def keep(self, held: Held, span: Span) -> None:
        session = await self.storage.session(held)
        await session.keep(session.transcript.append(span))

    async def end(self, held: Held, ago: timedelta = timedelta()) -> None:
        storage, turn_id = self.storage, held.lease.turn_id
        ended = storage.resting(task(turn_id, TaskState.TASK_STATE_COMPLETED, ago), "")
        await storage.writes.write(*ended, *storage.turns.ended(turn_id), lease=held.lease)

    async def cancel(self, turn_id: str, ago: timedelta) -> None:
        """While it waits."""
        storage, cancelled = self.storage, task(turn_id, TaskState.TASK_STATE_CANCELED, ago)
        await storage.writes.write(*storage.resting(cancelled, ""), *storage.turns.ended(turn_id))

    async def converse(self, turn_id: str, ago: timedelta, conversation_id: str = "c") -> None:
        """One turn, from its message to its end."""
        await self.accept(turn_id, conversation_id)
        held = await self.take()
        await self.keep(held, OLD)
        timeline = await self.storage.timelines.open(held.lease, begun=False)
        timeline.add(CallStarted(call_id="c0", tool="add", arguments="{}"))
        await self.storage.webhooks.store(turn_id, "w", {"url": "https://a.example"})
        await self.end(held, ago)
        for due in await self.storage.webhooks.claim(10):
            await self.storage.webhooks.delivered(due, last=True)

    async def stored(self) -> dict[str, list[str]]:
        """All that there is, by table."""
        tables = (*metadata.sorted_tables, TaskModel.__table__)
        async with self.storage.database.connect() as connection:
            return {str(each): sorted(map(repr, await connection.execute(select(each)))) for each in tables}

    async def found(self) -> Expired:
        old, _ = await self.retention._find_old(retention._BEGINNING)
        (found,) = await self.retention._find_over(old)
        return found


def task(task_id: str, state: TaskState, ago: timedelta = timedelta()) -> Task:
    found = Task(id=task_id, context_id="context", status=TaskStatus(state=state))
    found.status.timestamp.FromDatetime(datetime.now(UTC) - ago)
    return found


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SWEEP_SECONDS", 0.02)
    monkeypatch.setattr(retention, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(retention, "_STATEMENT_SECONDS", 60.0)  # a busy machine is no finding


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[Replica]:
    async with Storage.open(database_url, 60.0) as storage:
        yield Replica(storage)


@pytest.fixture
async def two(new_postgres: Callable[[], str]) -> AsyncIterator[tuple[Replica, Replica]]:
    """That share a database."""
    url = new_postgres()
    async with Storage.open(url, 60.0) as one, Storage.open(url, 60.0) as other:
        yield Replica(one), Replica(other)


async def test_what_is_over_goes_with_all_that_belongs_to_it(replica: Replica) -> None:
    await replica.converse("fresh", LATELY, "d")
    before = await replica.stored()
    for turn_id in ("t1", "t2"):
        await replica.converse(turn_id, LONG_AGO)
    async with replica.storage.database.begin() as connection:  # what a program of another time could have left
        await connection.execute(insert(answers).values(turn_id="t1", call_id="c0", number=0, text="x", memo=""))
        await connection.execute(insert(results).values(turn_id="t1", call_id="c0", result=0))
    assert all(len(rows) > len(before[name]) for name, rows in (await replica.stored()).items())
    assert await replica.retention.sweep() == 1
    assert await replica.stored() == before
    assert await replica.retention.sweep() == 0


async def waits(replica: Replica) -> None:
    await replica.accept("t2")


async def is_decoded(replica: Replica) -> None:
    await replica.accept("t2")
    await replica.take()


async def rests(replica: Replica) -> None:
    """Longer than conversations are kept."""
    await replica.accept("t2")
    held, storage = await replica.take(), replica.storage
    asks = task("t2", TaskState.TASK_STATE_INPUT_REQUIRED, LONG_AGO)
    question = Question("c0", "Which?")
    await storage.writes.write(*storage.resting(asks, ""), storage.turns.asks("t2", [question], 60.0), lease=held.lease)


async def has_ended_since(replica: Replica) -> None:
    await replica.converse("t2", LATELY)


async def has_ended_after_a_later_one(replica: Replica) -> None:
    """Which was cancelled while it waited."""
    await replica.accept("t2")
    await replica.accept("t3")
    held = await replica.take()
    await replica.cancel("t3", LONG_AGO)
    await replica.end(held, LATELY)


async def owes_a_webhook(replica: Replica) -> None:
    """No process has run since the turn ended, perhaps."""
    await replica.storage.webhooks.store("t1", "v", {"url": "https://b.example"})


async def tells_a_webhook(replica: Replica) -> None:
    await owes_a_webhook(replica)
    await replica.storage.webhooks.claim(1)


IN_USE = [waits, is_decoded, rests, has_ended_since, owes_a_webhook, tells_a_webhook]


@pytest.mark.parametrize("used", IN_USE)
async def test_what_is_in_use_stays(replica: Replica, used: Callable[[Replica], Awaitable[None]]) -> None:
    await replica.converse("t1", LONG_AGO)
    await used(replica)
    before = await replica.stored()
    assert await replica.retention.sweep() == 0
    assert await replica.stored() == before


@pytest.mark.parametrize("used", [*IN_USE, has_ended_after_a_later_one])
async def test_what_is_used_just_before_it_is_removed_stays(
    replica: Replica, used: Callable[[Replica], Awaitable[None]]
) -> None:
    await replica.converse("t1", LONG_AGO)
    found = await replica.found()
    await used(replica)
    before = await replica.stored()
    assert not await replica.retention._remove(found)
    assert await replica.stored() == before


async def test_behind_many_that_are_in_use(
    replica: Replica, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than are looked at together, and all of the same time."""
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for number in range(5):
        await replica.converse(f"a{number}", LONG_AGO, "in use")
    for number in range(5):
        await replica.converse(f"b{number}", LONG_AGO, f"c{number}")
    await age(database_url)
    await replica.converse("fresh", LATELY, "in use")
    assert await replica.retention.sweep() == 5
    left = [*(f"a{number}" for number in range(5)), "fresh"]
    assert await _is_whole(replica, "in use", left, [OLD] * 6)


async def test_what_never_began_goes_from_a_conversation_that_goes_on(replica: Replica) -> None:
    """Else there could be any number of them: nothing of them fills its transcript."""
    await has_ended_after_a_later_one(replica)
    await replica.storage.webhooks.store("t3", "w", {"url": "https://a.example"})
    before = await replica.stored()
    assert await replica.retention.sweep() == 0
    assert await replica.stored() == before  # its webhook is still to be told
    (due,) = [due for due in await replica.storage.webhooks.claim(10) if due.task_id == "t3"]
    await replica.storage.webhooks.delivered(due, last=True)
    await replica.accept("t4")
    await replica.cancel("t4", LATELY)
    await replica.accept("t5")
    before = await replica.stored()
    assert await replica.retention.sweep() == 0
    after = await replica.stored()
    assert {name: [row for row in rows if "'t3'" not in row] for name, rows in before.items()} == after
    assert before != after


async def test_a_task_that_somebody_else_has_removed(replica: Replica) -> None:
    """Say, by hand: the conversation goes with its other tasks."""
    for turn_id in ("t1", "t2"):
        await replica.converse(turn_id, LONG_AGO)
    async with replica.storage.database.begin() as connection:
        await connection.execute(delete(TaskModel).where(TaskModel.id == "t2"))
    assert await replica.retention.sweep() == 1
    assert not any((await replica.stored()).values())


@pytest.mark.parametrize(("error", "removed"), [(ValueError(), 2), (TimeoutError(), 0)])
async def test_one_that_cannot_be_removed(
    replica: Replica, error: Exception, removed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps no other, unless the database is away: what is left is for the next time then."""
    for number in range(3):
        await replica.converse(f"t{number}", LONG_AGO, f"c{number}")
    remove = replica.retention._remove

    async def fail(expired: Expired) -> bool:
        if expired.conversation_id == "c0":
            raise error
        return await remove(expired)

    monkeypatch.setattr(replica.retention, "_remove", fail)
    with suppress(TimeoutError):
        await replica.retention.sweep()
    assert len((await replica.stored())["turns"]) == 3 - removed


async def test_one_of_which_somebody_has_a_row(two: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left for the next time, and the others go."""
    monkeypatch.setattr(retention, "_STATEMENT_SECONDS", 1.0)
    one, other = two
    for number in range(3):
        await one.converse(f"t{number}", LONG_AGO, f"c{number}")
    async with other.storage.database.begin() as looking:
        await looking.execute(select(spans).where(spans.c.conversation_id == "c0").with_for_update())
        assert await one.retention.sweep() == 2
    assert await one.retention.sweep() == 1


async def test_a_task_that_never_began_of_which_somebody_has_a_row(
    two: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is left for the next time, and what is looked at after it goes."""
    monkeypatch.setattr(retention, "_STATEMENT_SECONDS", 1.0)
    monkeypatch.setattr(retention, "_AT_ONCE", 1)
    one, other = two
    await one.accept("t1")
    await one.cancel("t1", 2 * LONG_AGO)
    await one.converse("t2", LONG_AGO, "d")
    await one.accept("t3")  # else the conversation would go as a whole
    async with other.storage.database.begin() as looking:
        await looking.execute(select(TaskModel).where(TaskModel.id == "t1").with_for_update())
        assert await one.retention.sweep() == 1
    (said,) = caplog.messages
    assert said.startswith("a task that never began is kept for now: ")
    assert list(await one.storage.tasks.read(["t1", "t2", "t3"])) == ["t1", "t3"]
    await one.retention.sweep()
    assert list(await one.storage.tasks.read(["t1", "t3"])) == ["t3"]


async def test_a_removal_that_is_stopped_keeps_no_message_waiting(
    two: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process may be, in the middle of it: then the database ends it."""
    monkeypatch.setattr(retention, "_STATEMENT_SECONDS", 1.0)
    one, other = two
    await one.converse("t1", LONG_AGO)
    found = await one.found()
    async with one.storage.database.connect() as removing:
        assert await one.retention._hold(removing, found)
        await other.accept("t2")
        held = await other.take()
        await removing.invalidate()
    assert (await other.storage.session(held)).transcript.spans == (OLD,)


async def test_two_replicas_remove_each_once(two: tuple[Replica, Replica]) -> None:
    one, other = two
    for number in range(40):
        await one.converse(f"t{number}", LONG_AGO, f"c{number}")
    assert sum(await asyncio.gather(one.retention.sweep(), other.retention.sweep())) == 40
    assert not any((await one.stored()).values())


async def test_what_another_replica_removes_is_not_waited_for(two: tuple[Replica, Replica]) -> None:
    one, other = two
    await one.converse("t1", LONG_AGO)
    found = await one.found()
    async with other.storage.database.connect() as removing:
        assert await other.retention._hold(removing, found)
        assert not await one.retention._remove(found)
    assert await one.retention._remove(found)


async def test_a_message_that_comes_while_its_conversation_is_removed_begins_it_anew(
    two: tuple[Replica, Replica],
) -> None:
    """It is accepted at once, and its turn begins when nothing is left of what was there before."""
    one, other = two
    await one.converse("t1", LONG_AGO)
    found = await one.found()
    async with other.storage.database.begin() as looking:
        await looking.execute(select(spans).with_for_update())  # the removal waits for whoever has a row of it
        removing = asyncio.create_task(one.retention._remove(found))
        await eventually(lambda: _are_waiting(looking, 1))
        await other.accept("t2")
        taking = asyncio.create_task(other.take())
        await eventually(lambda: _are_waiting(looking, 2))
    assert await removing
    held = await taking
    assert (await other.storage.session(held)).transcript.spans == ()
    await other.keep(held, NEW)
    await other.end(held)
    assert await _is_whole(one, "c", ["t2"], [NEW])


async def _are_waiting(connection: AsyncConnection, count: int) -> bool:
    return bool(await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) == count)


async def _is_whole(replica: Replica, conversation_id: str, turn_ids: list[str], kept: list[Span]) -> bool:
    """Whether there is all of these turns of a conversation."""
    storage = replica.storage
    there = await storage.tasks.read(turn_ids)
    known = [await storage.turns.find(message_key("", turn_id)) for turn_id in turn_ids]
    transcript = await read_conversation(storage.database, conversation_id)
    return sorted(there) == sorted(turn_ids) and all(known) and list(transcript.spans) == kept


async def test_a_message_finds_all_of_its_conversation_or_nothing(database_url: str) -> None:
    """It comes in the moment in which two processes remove that, or one where there can be no more."""
    async with AsyncExitStack() as stack:
        one = other = Replica(await stack.enter_async_context(Storage.open(database_url, 60.0)))
        if one.storage.turns.shared:
            other = Replica(await stack.enter_async_context(Storage.open(database_url, 60.0)))

        async def remove(replica: Replica, found: Expired, after: float) -> bool:
            await asyncio.sleep(after)
            return await replica.retention._remove(found)

        async def talk(number: int) -> None:
            await other.accept(f"new{number}", f"c{number}")
            while not (taken := await other.storage.turns.claim(1)):
                pass
            await other.keep(taken[0], NEW)
            await other.end(taken[0])

        for number in range(40):
            old, new = f"old{number}", f"new{number}"
            await one.converse(old, LONG_AGO, f"c{number}")
            found = await one.found()
            removals = [remove(each, found, number % 10 / 2000) for each in (one, other)]
            removed = any(await asyncio.gather(talk(number), *removals))
            kept, spans = ([new], [NEW]) if removed else ([old, new], [OLD, NEW])
            assert await _is_whole(one, f"c{number}", kept, spans)
            assert len(await one.storage.tasks.read([old, new])) == len(kept)


async def age(url: str) -> None:
    """What is stored happened long ago."""
    async with open_database(url) as database, database.begin() as connection:
        await connection.execute(update(TaskModel).values(last_updated=datetime(2020, 1, 1)))


def recalls(asked: Asked) -> Says:
    return Says(f"Before: {', '.join(asked.before) or 'nothing'}.")


async def test_who_asks_for_what_was_removed(run_server: RunServer, caplog: pytest.LogCaptureFixture) -> None:
    """Is answered as who asks for what there never was."""
    caplog.set_level("INFO", "service.endpoint.retention")
    agent = await run_server(recalls)
    message = say("one", contextId="c")
    first = (await agent.rpc("SendMessage", {"message": message}))["result"]["task"]
    assert text_of(await agent.send("two", contextId="c")) == "Before: one."
    await agent.stop()
    await age(agent.database)
    agent = await run_server(recalls, machine={"keep_days": DAYS})

    async def is_gone() -> bool:
        return "error" in await agent.rpc("GetTask", {"id": first["id"]})

    await eventually(is_gone)
    for method in ("GetTask", "CancelTask", "SubscribeToTask"):
        assert (await agent.rpc(method, {"id": first["id"]}))["error"]["code"] == TASK_NOT_FOUND.code
    assert (await agent.send("more", taskId=first["id"]))["code"] == TASK_NOT_FOUND.code
    assert (await agent.rpc("ListTasks", {}))["result"]["tasks"] == []
    assert text_of(await agent.send("three", contextId="c")) == "Before: nothing."
    again = (await agent.rpc("SendMessage", {"message": message}))["result"]["task"]
    assert again["id"] != first["id"]
    assert text_of(again) == "Before: three."
    said = [record.getMessage() for record in caplog.records if record.name == "service.endpoint.retention"]
    assert said == [
        f"conversations are removed {DAYS} days after they have ended",
        f"conversations removed that ended more than {DAYS} days ago: 1",
    ]


async def test_without_a_limit_nothing_is_removed(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Retention, "__init__", never)
    assert text_of(await (await run_server(recalls)).send("hello")) == "Before: nothing."
