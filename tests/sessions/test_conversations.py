"""What is kept of conversations, on either kind of database."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import ConfigError, LeaseLost
from service.journal import Begun, Finished
from service.messages import Answer, Question, ToolResult
from service.sessions import database
from service.sessions.database import open_database
from service.sessions.outages import is_outage, through_outages
from service.sessions.session import Session, read_conversation
from service.sessions.tables import results, spans, turns
from service.sessions.turns import Accepted, Held, Seen, Turns, message_key
from service.sessions.writes import Writes
from service.transcript import Arrival, Origin, Span, Transcript

GIVEN = Span(Origin.GIVEN, (1, 2, 3))
SAMPLED = Span(Origin.SAMPLED, (4, 5), (-0.5, -0.25), "weights@1")
RETURNED = Span(Origin.RETURNED, (6,), arrivals=(Arrival("c0", 5, 1.0, 2.0),))


class Process:
    """What one process has of a database."""

    def __init__(self, database: AsyncEngine, writes: Writes, lease_seconds: float) -> None:
        self.database, self.writes = database, writes
        self.turns = Turns(database, writes, lease_seconds)

    async def accept(
        self, turn_id: str, conversation_id: str = "c", caller: str = "", *, hold: bool = False
    ) -> Held | Seen | None:
        accepted = Accepted(turn_id, conversation_id, message_key("", turn_id), "digest", caller, {"text": turn_id})
        return await self.turns.accept(accepted, hold=hold)

    async def take(self, count: int = 9) -> list[str]:
        return [held.lease.turn_id for held in await self.turns.claim(count)]

    async def open(self, held: Held) -> Session:
        return await Session.open(self.writes, self.database, held.lease, held.conversation_id, begun=held.begun)

    async def end(self, held: Held) -> None:
        await self.writes.write(*self.turns.ended(held.lease.turn_id), lease=held.lease)


Start = Callable[..., Awaitable[Process]]


@asynccontextmanager
async def running(url: str, lease_seconds: float = 60.0) -> AsyncIterator[Process]:
    async with open_database(url) as database, Writes(database) as writes:
        yield Process(database, writes, lease_seconds)


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Start]:
    """Starts a process: `await start(lease_seconds=...)`. On SQLite, the one before must be no more."""
    async with AsyncExitStack() as stack:

        async def start(lease_seconds: float = 60.0) -> Process:
            return await stack.enter_async_context(running(database_url, lease_seconds))

        yield start


@pytest.fixture
async def process(start: Start) -> Process:
    return await start()


@pytest.fixture
async def two(new_postgres: Callable[[], str]) -> AsyncIterator[tuple[Process, Process]]:
    """Processes that share a database; leases last half a second."""
    url = new_postgres()
    async with running(url, 0.5) as one, running(url, 0.5) as other:
        yield one, other


async def held(process: Process, turn_id: str = "t", conversation_id: str = "c") -> Held:
    held = await process.accept(turn_id, conversation_id, hold=True)
    assert isinstance(held, Held)
    return held


async def test_an_unknown_conversation_is_empty(process: Process) -> None:
    assert await read_conversation(process.database, "c") == Transcript()


async def test_what_is_kept_is_what_is_read(process: Process) -> None:
    transcript = Transcript.of([GIVEN, SAMPLED, RETURNED])
    session = await process.open(await held(process))
    assert session.transcript == Transcript()
    await session.keep(transcript)
    assert session.transcript == transcript
    assert await read_conversation(process.database, "c") == transcript
    assert await read_conversation(process.database, "d") == Transcript()


async def test_keeping_in_steps_is_keeping_the_whole(process: Process) -> None:
    session, transcript = await process.open(await held(process)), Transcript()
    for span in (GIVEN, SAMPLED, RETURNED):
        transcript = transcript.append(span)
        await session.keep(transcript)
        await session.keep(transcript)
    assert await read_conversation(process.database, "c") == transcript


async def test_a_transcript_only_grows(process: Process) -> None:
    session = await process.open(await held(process))
    await session.keep(Transcript.of([GIVEN, SAMPLED]))
    for other in (Transcript(), Transcript.of([GIVEN]), Transcript.of([GIVEN, RETURNED, SAMPLED])):
        with pytest.raises(ValueError, match="only grows"):
            await session.keep(other)
    assert await read_conversation(process.database, "c") == Transcript.of([GIVEN, SAMPLED])


async def test_a_second_writer_is_told_and_nothing_is_overwritten(process: Process) -> None:
    """There is none as long as all write under leases."""
    session = await process.open(await held(process))
    await session.keep(Transcript.of([GIVEN]))
    row = {"conversation_id": "c", "position": 1, "span": Transcript.of([RETURNED]).to_json()["spans"][0]}
    await process.writes.write((insert(spans), [row]))
    with pytest.raises(IntegrityError):
        await session.keep(Transcript.of([GIVEN, SAMPLED]))
    assert await read_conversation(process.database, "c") == Transcript.of([GIVEN, RETURNED])


async def test_what_is_kept_twice_for_want_of_an_answer_is_there_once(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, failures = Writes._execute, [ConnectionResetError()]

    async def execute_and_fail(self: Writes, batch: Any) -> Any:
        lost = await execute(self, batch)
        if failures:
            raise failures.pop()
        return lost

    session = await process.open(await held(process))
    monkeypatch.setattr(Writes, "_execute", execute_and_fail)
    await session.keep(Transcript.of([GIVEN, SAMPLED]))
    assert not failures
    assert await read_conversation(process.database, "c") == Transcript.of([GIVEN, SAMPLED])


async def test_a_cancelled_keep_is_done_all_the_same(process: Process) -> None:
    for number in range(20):
        session = await process.open(await held(process, f"t{number}", f"c{number}"))
        keeping = asyncio.create_task(session.keep(Transcript.of([GIVEN])))
        await asyncio.sleep(number * 0.0002)
        keeping.cancel()
        await asyncio.wait({keeping})
        await session.keep(Transcript.of([GIVEN, SAMPLED]))
    for number in range(20):
        assert await read_conversation(process.database, f"c{number}") == Transcript.of([GIVEN, SAMPLED])


async def test_another_process_goes_on_with_a_turn(start: Start) -> None:
    """It knows the conversation, the results that were noted, and that the turn was begun."""
    one = await start(0.2)
    mine = await held(one)
    session = await one.open(mine)
    await session.keep(Transcript.of([GIVEN, SAMPLED]))
    noted = Finished(ToolResult("c0", "5"), Arrival("c0", 5, 1.0, 2.0))
    await session.note(noted)
    await session.note(noted)
    other = await start(0.2)
    await asyncio.sleep(0.3 * other.turns.shared)
    (theirs,) = await other.turns.claim(9)
    assert (theirs.begun, theirs.attempts, theirs.ask) == (True, 2, {"text": "t"})
    again = await other.open(theirs)
    assert (again.transcript, again.noted) == (Transcript.of([GIVEN, SAMPLED]), {"c0": noted})
    for late in (session.keep(Transcript.of([GIVEN, SAMPLED, RETURNED])), session.note(noted), one.end(mine)):
        with pytest.raises(LeaseLost):
            await late
    await again.keep(Transcript.of([GIVEN, SAMPLED, SAMPLED]))
    await other.end(theirs)
    assert await read_conversation(one.database, "c") == Transcript.of([GIVEN, SAMPLED, SAMPLED])
    assert await other.take() == []


@pytest.mark.parametrize("grown", [[GIVEN, SAMPLED], [GIVEN, SAMPLED, RETURNED]])
async def test_another_process_knows_why_a_turn_has_stopped(start: Start, grown: list[Span]) -> None:
    one = await start(0.2)
    session = await one.open(await held(one))
    await session.keep(Transcript.of([GIVEN, SAMPLED]))
    await session.keep(Transcript.of(grown), "calls")
    assert session.stop == "calls"
    other = await start(0.2)
    await asyncio.sleep(0.3 * other.turns.shared)
    (theirs,) = await other.turns.claim(9)
    again = await other.open(theirs)
    assert (again.transcript, again.stop) == (Transcript.of(grown), "calls")
    await again.keep(Transcript.of(grown))  # as of a turn that is cancelled now
    assert again.stop == "calls"


async def test_a_turn_that_was_not_begun_begins(start: Start) -> None:
    one = await start(0.2)
    await held(one)
    other = await start(0.2)
    await asyncio.sleep(0.3 * other.turns.shared)
    (theirs,) = await other.turns.claim(9)
    assert not theirs.begun


async def test_turns_of_one_conversation_wait_for_each_other(process: Process) -> None:
    for turn_id, conversation_id in (("a", "c"), ("b", "c"), ("x", "d")):
        await process.accept(turn_id, conversation_id)
    first, elsewhere = await process.turns.claim(9)
    assert (first.lease.turn_id, elsewhere.lease.turn_id) == ("a", "x")
    assert await process.take() == []
    await process.end(first)
    assert await process.take() == ["b"]


async def test_no_more_are_taken_than_wanted_and_the_oldest_first(process: Process) -> None:
    for number in range(5):
        await process.accept(f"{number}", f"c{number}")
    assert await process.take(2) == ["0", "1"]
    assert await process.take(2) == ["2", "3"]


async def test_who_waits_for_somebody_s_answer_is_not_counted_as_waiting(process: Process) -> None:
    mine = await held(process)
    await process.accept("u", "c")
    await process.accept("x", "d")
    assert await process.turns.waiting() == {"": 2}
    assert await process.turns.in_line("c") == 2
    await process.writes.write(process.turns.asks("t", [Question("c0", "?")], 60.0), lease=mine.lease)
    assert await process.turns.waiting() == {"": 1}


async def test_a_database_of_another_version_is_refused(database_url: str) -> None:
    async with open_database(database_url) as database, database.begin() as connection:
        await connection.execute(text("ALTER TABLE spans RENAME COLUMN conversation_id TO context_id"))
    with pytest.raises(ConfigError, match="another version made it: its spans lack conversation_id"):
        async with open_database(database_url):
            pass


async def test_callers_get_their_turns_in_turn(process: Process) -> None:
    for number in range(6):
        await process.accept(f"many {number}", f"m{number}", "many")
    for number in range(2):
        await process.accept(f"few {number}", f"f{number}", "few")
    assert await process.turns.waiting() == {"many": 6, "few": 2}
    taken = [await process.take(2) for _ in range(3)]
    assert [sorted(each) for each in taken] == [["few 0", "many 0"], ["few 1", "many 1"], ["many 2", "many 3"]]
    assert await process.turns.waiting() == {"many": 2}


async def test_a_message_is_accepted_once(process: Process) -> None:
    await process.accept("t")
    accepted = Accepted("u", "c", message_key("", "t"), "another digest", "", {})
    assert await process.turns.accept(accepted, hold=False) == Seen("t", "digest")
    assert await process.turns.find(message_key("", "t")) == Seen("t", "digest")
    assert await process.turns.find(message_key("somebody", "t")) is None
    assert await process.take() == ["t"]


async def test_messages_that_come_together(process: Process) -> None:
    """The same one three times, among others."""

    async def accept(number: int) -> Held | Seen | None:
        accepted = Accepted(f"{number}", f"c{number}", message_key("", f"m{number // 3}"), "digest", "", {})
        return await process.turns.accept(accepted, hold=True)

    results = await asyncio.gather(*(accept(number) for number in range(30)))
    assert [isinstance(result, Held) for result in results] == [True, False, False] * 10


async def test_what_was_let_go_is_taken_again(process: Process) -> None:
    mine = await held(process)
    assert await process.take() == []
    await process.turns.let_go([mine.lease])
    (again,) = await process.turns.claim(9)
    assert (again.attempts, again.lease.fence) == (1, 2)


async def test_a_turn_that_waits_is_cancelled_at_once(process: Process) -> None:
    mine = await held(process)
    await process.accept("u")
    assert await process.turns.cancel("u")
    assert not await process.turns.cancel(mine.lease.turn_id)
    await process.end(mine)
    assert await process.take() == []
    assert not await process.turns.cancel("u")


async def test_a_renewed_lease_lasts(two: tuple[Process, Process]) -> None:
    one, other = two
    mine = await held(one)
    for _ in range(6):
        await asyncio.sleep(0.15)
        assert await one.turns.renew([mine.lease]) == (set(), set())
        assert await other.take() == []
    await asyncio.sleep(0.6)
    assert await other.take() == ["t"]
    assert await one.turns.renew([mine.lease]) == ({mine.lease}, set())


async def test_a_cancel_from_elsewhere_is_heard_with_the_renewal(two: tuple[Process, Process]) -> None:
    one, other = two
    mine = await held(one)
    assert not await other.turns.cancel("t")
    assert await one.turns.renew([mine.lease]) == (set(), {"t"})


async def test_processes_that_take_at_once_take_different_turns(two: tuple[Process, Process]) -> None:
    for number in range(40):
        await two[number % 2].accept(f"{number}", f"c{number // 2}")
    taken: list[Held] = []
    while len(taken) < 40:
        rounds = await asyncio.gather(*(process.turns.claim(5) for process in two for _ in range(2)))
        now = [held for round_ in rounds for held in round_]
        assert len({held.conversation_id for held in now}) == len(now)
        for held_now in now:
            await two[0].end(held_now)
        taken += now
    assert sorted(int(held.lease.turn_id) for held in taken) == list(range(40))


async def test_who_rests_writes_nothing_more_under_its_lease(process: Process) -> None:
    mine = await held(process)
    await process.writes.write(process.turns.asks("t", [Question("c0", "?")], 60.0), lease=mine.lease)
    with pytest.raises(LeaseLost):
        await process.end(mine)


async def test_a_turn_that_asks_rests_until_it_is_answered(start: Start) -> None:
    one = await start(0.2)
    mine = await held(one)
    session = await one.open(mine)
    await session.keep(Transcript.of([GIVEN, SAMPLED]))
    await one.writes.write(one.turns.asks("t", [Question("c0", "?", memo="m")], 60.0), lease=mine.lease)
    other = await start(0.2)
    await asyncio.sleep(0.3 * other.turns.shared)
    assert await other.take() == []
    answer = Accepted("t", "c", message_key("", "answer"), "digest", "", {})
    assert await other.turns.answer(answer, "yes") is None
    assert await other.turns.answer(answer, "yes") == Seen("t", "digest")
    with pytest.raises(LookupError):
        await other.turns.answer(Accepted("t", "c", message_key("", "another"), "digest", "", {}), "no")
    (theirs,) = await other.turns.claim(9)
    assert theirs.attempts == 1
    again = await other.open(theirs)
    assert again.answers == {"c0": (Answer("yes", "m"),)}
    await again.begin("c0", 1)
    assert (await other.open(theirs)).noted == {"c0": Begun(1)}
    await other.writes.write(other.turns.asks("t", [Question("c0", "?", memo="n")], 0.0), lease=theirs.lease)
    await asyncio.sleep(0.01)
    (expired,) = await other.turns.claim(9)
    assert (await other.open(expired)).answers == {"c0": (Answer("yes", "m"), Answer(None, "n"))}


async def test_a_turn_that_asks_holds_up_its_conversation_and_can_be_cancelled(process: Process) -> None:
    mine = await held(process)
    await process.accept("u")
    await process.writes.write(process.turns.asks("t", [Question("c0", "?")], 60.0), lease=mine.lease)
    assert await process.take() == []
    assert await process.turns.cancel("t")
    assert await process.take() == ["u"]


async def test_a_turn_that_has_left_something_elsewhere_is_cancelled_and_taken_once_more(process: Process) -> None:
    mine = await held(process)
    await (await process.open(mine)).keep(Transcript.of([GIVEN, SAMPLED]))
    await process.accept("u")
    asked = [Question("c0", "?"), Question("c1", "?", memo="m"), Question("c2", "?", memo="n")]
    await process.writes.write(process.turns.asks("t", asked, 60.0), lease=mine.lease)
    assert await process.turns.cancel("t")
    assert not await process.turns.cancel("t")
    (last,) = await process.turns.claim(9)
    assert (last.lease.turn_id, last.cancelled) == ("t", True)
    assert (await process.open(last)).answers == {"c1": (Answer(None, "m"),), "c2": (Answer(None, "n"),)}
    await process.end(last)
    assert await process.take() == ["u"]


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_turn_is_cancelled_that_has_its_answer_and_is_nobody_s(process: Process, claimed: bool) -> None:
    """Nobody has gone on with it yet, or nobody any more: what its questions stand for is still to be ended."""
    mine = await held(process)
    await (await process.open(mine)).keep(Transcript.of([GIVEN, SAMPLED]))
    asked = [Question("c0", "?", memo="m"), Question("c1", "?", memo="n")]
    await process.writes.write(process.turns.asks("t", asked, 60.0), lease=mine.lease)
    await process.turns.answer(Accepted("t", "c", message_key("", "answer"), "digest", "", {"text": "yes"}), "yes")
    if claimed:
        (theirs,) = await process.turns.claim(9)
        await process.turns.let_go([theirs.lease])
    assert await process.turns.cancel("t")
    (last,) = await process.turns.claim(9)
    assert last.cancelled
    said = (await process.open(last)).answers
    assert {call_id: answers[-1] for call_id, answers in said.items()} == {
        "c0": Answer(None, "m"),
        "c1": Answer(None, "n"),
    }


async def test_a_turn_has_begun_when_its_first_holder_took_it_or_it_was_answered(process: Process) -> None:
    mine = await held(process)
    await process.turns.let_go([mine.lease])
    (again,) = await process.turns.claim(9)
    assert again.began == mine.began
    await process.writes.write(process.turns.asks("t", [Question("c0", "?")], 60.0), lease=again.lease)
    answer = Accepted("t", "c", message_key("", "answer"), "digest", "", {"text": "yes"})
    await process.turns.answer(answer, "yes")
    (answered,) = await process.turns.claim(9)
    assert answered.began > mine.began
    assert answered.ask["text"] == "yes"
    await process.writes.write(process.turns.asks("t", [Question("c0", "?")], 0.0), lease=answered.lease)
    await asyncio.sleep(0.01)
    (expired,) = await process.turns.claim(9)
    assert expired.began > answered.began
    await process.accept("u", "elsewhere")
    (waited,) = await process.turns.claim(9)
    await process.turns.let_go([waited.lease])
    (again,) = await process.turns.claim(9)
    assert again.began == waited.began > expired.began


async def test_who_is_silent_within_a_transaction_holds_up_nobody(new_postgres: Callable[[], str]) -> None:
    """As a process that is stopped there: its connection lives, and so would its locks."""
    url = new_postgres()
    async with open_database(url, silence_seconds=0.5) as stopped, running(url) as process:
        await process.accept("t")
        async with stopped.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver
            await driver.execute("BEGIN; SELECT * FROM turns FOR SHARE")  # in one: it may be silent after that only
            async with asyncio.timeout(20):
                while not await process.take():
                    await asyncio.sleep(0.05)
            with pytest.raises(DBAPIError) as caught:
                await connection.execute(select(turns))
            assert is_outage(caught.value)


async def test_a_server_s_own_defaults_change_nothing_of_transactions(new_postgres: Callable[[], str]) -> None:
    url = new_postgres()
    name = make_url(url).database
    async with open_database(url) as database, database.begin() as connection:
        await connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'"))
    async with open_database(url) as database, database.connect() as connection:
        assert await connection.scalar(text("SHOW default_transaction_isolation")) == "serializable"
        assert await connection.scalar(text("SHOW transaction_isolation")) == "read committed"


async def test_a_turn_that_nobody_holds_leaves_no_results_when_it_is_cancelled(two: tuple[Process, Process]) -> None:
    one, other = two
    session = await one.open(await held(one))
    await session.note(Finished(ToolResult("c0", "5"), Arrival("c0", 5, 1.0, 2.0)))
    await asyncio.sleep(0.6)
    assert await other.turns.cancel("t")
    async with other.database.connect() as connection:
        assert not (await connection.execute(select(results))).all()


async def test_a_server_that_does_not_answer_is_asked_anew(
    new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. The server's processes for our connections are stopped.  2. Each says nothing.  3. A new one answers."""
    monkeypatch.setattr(database, "_ANSWER_SECONDS", 0.3)
    async with open_database(new_postgres()) as found:

        async def ask() -> list[int]:
            async with found.connect() as connection:
                ours = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
                return list(await connection.scalars(ours))

        pids = await ask()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(20):
                assert set(pids) < set(await through_outages(ask))
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


async def test_only_those_who_fail_without_getting_on_with_a_turn_are_counted(start: Start) -> None:
    first = await start(lease_seconds=0.0)
    grown = Transcript((GIVEN,))
    await (await first.open(await held(first))).keep(grown)
    attempts = []
    for keeps in (False, False, True, False):
        process = await start(lease_seconds=0.0)
        (mine,) = await process.turns.claim(9)
        attempts.append(mine.attempts)
        if keeps:
            grown = grown.append(SAMPLED)
            await (await process.open(mine)).keep(grown)
    assert attempts == [2, 3, 4, 2]
