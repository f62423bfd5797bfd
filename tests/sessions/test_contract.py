"""What every store of conversations keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from service.sessions.base import Sessions
from service.sessions.database import DatabaseSessions, open_database
from service.sessions.memory import MemorySessions
from service.transcript import Origin, Span, Transcript

GIVEN = Span(Origin.GIVEN, (1, 2, 3))
SAMPLED = Span(Origin.SAMPLED, (4, 5), (-0.5, -0.25), "weights@1")
RETURNED = Span(Origin.RETURNED, (6,))


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/sessions.sqlite3"


@pytest.fixture(params=["memory", "database"])
async def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sessions]:
    if request.param == "memory":
        yield MemorySessions()
    else:
        async with open_database(url(tmp_path)) as database:
            yield DatabaseSessions(database)


async def test_an_unknown_conversation_is_empty(sessions: Sessions) -> None:
    async with sessions.lease("c") as session:
        assert session.transcript == Transcript()
    assert await sessions.read("c") == Transcript()


async def test_what_is_saved_is_what_is_read(sessions: Sessions) -> None:
    transcript = Transcript.of([GIVEN, SAMPLED])
    async with sessions.lease("c") as session:
        await session.save(transcript)
        assert session.transcript == transcript
        assert await sessions.read("c") == transcript
    async with sessions.lease("c") as session:
        assert session.transcript == transcript
    assert await sessions.read("d") == Transcript()


async def test_a_new_conversation(sessions: Sessions) -> None:
    async with sessions.lease("c", new=True) as session:
        assert session.transcript == Transcript()
        await session.save(Transcript.of([GIVEN]))
    async with sessions.lease("c") as session:
        assert session.transcript == Transcript.of([GIVEN])


async def test_saving_in_steps_is_saving_the_whole(sessions: Sessions) -> None:
    transcript = Transcript()
    async with sessions.lease("c") as session:
        for span in (GIVEN, SAMPLED, RETURNED):
            transcript = transcript.append(span)
            await session.save(transcript)
            await session.save(transcript)
    assert await sessions.read("c") == transcript


async def test_a_transcript_only_grows(sessions: Sessions) -> None:
    async with sessions.lease("c") as session:
        await session.save(Transcript.of([GIVEN, SAMPLED]))
        for other in (Transcript(), Transcript.of([GIVEN]), Transcript.of([GIVEN, RETURNED, SAMPLED])):
            with pytest.raises(ValueError, match="only grows"):
                await session.save(other)
    assert await sessions.read("c") == Transcript.of([GIVEN, SAMPLED])


async def test_a_conversation_is_leased_to_one_at_a_time_in_order(sessions: Sessions) -> None:
    heard: list[str] = []

    async def turn(name: str) -> None:
        async with sessions.lease("c"):
            heard.append(f"{name} begins")
            await asyncio.sleep(0.01)
            heard.append(f"{name} ends")

    await asyncio.gather(*(turn(name) for name in "abc"))
    assert heard == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


async def test_conversations_do_not_wait_for_each_other(sessions: Sessions) -> None:
    async with asyncio.timeout(5), sessions.lease("c"), sessions.lease("d"):
        pass


async def test_who_is_cancelled_while_waiting_leaves_the_line(sessions: Sessions) -> None:
    async def turn() -> None:
        async with sessions.lease("c"):
            pass

    async with sessions.lease("c"):
        waiting, next_in_line = asyncio.create_task(turn()), asyncio.create_task(turn())
        await asyncio.sleep(0.01)
        waiting.cancel()
    async with asyncio.timeout(5):
        await next_in_line


async def test_a_failed_turn_gives_the_lease_back(sessions: Sessions) -> None:
    with pytest.raises(RuntimeError):
        async with sessions.lease("c"):
            raise RuntimeError
    async with asyncio.timeout(5), sessions.lease("c"):
        pass


async def test_conversations_survive_the_process(tmp_path: Path) -> None:
    transcript = Transcript.of([GIVEN, SAMPLED, RETURNED])
    async with open_database(url(tmp_path)) as database, DatabaseSessions(database).lease("c") as session:
        await session.save(transcript)
    async with open_database(url(tmp_path)) as database:
        assert await DatabaseSessions(database).read("c") == transcript


async def test_a_cancelled_save_leaves_the_database_free(tmp_path: Path) -> None:
    async with open_database(url(tmp_path)) as database, open_database(url(tmp_path)) as other:
        sessions = DatabaseSessions(database)
        for number in range(40):
            async with sessions.lease(f"{number}") as session:
                saving = asyncio.create_task(session.save(Transcript.of([GIVEN])))
                await asyncio.sleep(number * 0.0001)
                saving.cancel()
                await asyncio.wait({saving})
            async with asyncio.timeout(2), DatabaseSessions(other).lease(f"other {number}") as session:
                await session.save(Transcript.of([SAMPLED]))


async def test_two_processes_cannot_overwrite_each_other(tmp_path: Path) -> None:
    async with open_database(url(tmp_path)) as one, open_database(url(tmp_path)) as other:
        async with DatabaseSessions(one).lease("c") as mine, DatabaseSessions(other).lease("c") as theirs:
            await mine.save(Transcript.of([GIVEN]))
            with pytest.raises(IntegrityError):
                await theirs.save(Transcript.of([RETURNED]))
        assert await DatabaseSessions(one).read("c") == Transcript.of([GIVEN])
