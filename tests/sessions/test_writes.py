"""What is written at the same time is written together, and nothing that can be written is lost by what cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import LeaseLost
from service.sessions import writes as module
from service.sessions.database import open_database
from service.sessions.tables import spans, turns
from service.sessions.writes import Lease, Statement, Writes


def row(number: int) -> Statement:
    return insert(spans), [{"conversation_id": "c", "position": number, "span": {}}]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_database(database_url) as database:
        yield database


async def stored(database: AsyncEngine) -> list[int]:
    async with database.connect() as connection:
        return sorted(await connection.scalars(select(spans.c.position)))


async def test_what_comes_together_is_one_transaction(database: AsyncEngine) -> None:
    commits: list[None] = []
    sqlalchemy_event.listen(database.sync_engine, "commit", lambda _: commits.append(None))
    async with Writes(database) as writes:
        await asyncio.gather(*(writes.write(row(number)) for number in range(50)))
    assert len(commits) <= 2
    assert await stored(database) == list(range(50))


async def test_rows_for_one_statement_are_one_statement(database: AsyncEngine) -> None:
    """As far as they come one after the other: what comes in between keeps its place."""
    executed: list[str] = []
    statement, everything = insert(spans), (delete(spans), None)

    def rows(*numbers: int) -> Statement:
        return statement, [{"conversation_id": "c", "position": number, "span": {}} for number in numbers]

    async with Writes(database) as writes:
        await writes.write(rows(0))
        sqlalchemy_event.listen(
            database.sync_engine, "before_cursor_execute", lambda *said: executed.append(said[2].split()[0])
        )
        await asyncio.gather(*(writes.write(each) for each in (rows(1, 2), rows(3), everything, rows(4), rows(5))))
    assert executed == ["INSERT", "DELETE", "INSERT"]
    assert await stored(database) == [4, 5]


async def test_what_is_submitted_first_is_written_first_whoever_is_waited_for_first(database: AsyncEngine) -> None:
    """Else the state of a task that works could be written over the one in which it has ended."""
    async with Writes(database) as writes:
        works = writes.submit(row(1))
        await writes.write((update(spans).values(position=2), None))
        await works
    assert await stored(database) == [2]


async def test_what_cannot_be_written_takes_nothing_with_it(database: AsyncEngine) -> None:
    async with Writes(database) as writes:
        results = await asyncio.gather(*(writes.write(row(n)) for n in (1, 2, 2, 3)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), IntegrityError, type(None)]
    assert await stored(database) == [1, 2, 3]


async def test_all_of_a_write_or_nothing(database: AsyncEngine) -> None:
    async with Writes(database) as writes:
        with pytest.raises(IntegrityError):
            await writes.write(row(1), row(1))
        await writes.write(row(2), row(3))
    assert await stored(database) == [2, 3]


async def test_whoever_is_cancelled_is_not_waited_for_but_written(database: AsyncEngine) -> None:
    async with Writes(database) as writes:
        writing = asyncio.create_task(writes.write(row(1)))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    assert await stored(database) == [1]


class Coded(Exception):
    """As drivers tell the server's errors."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


class Outage:
    """A database that is away for its next statements."""

    def __init__(self, database: AsyncEngine, statements: int, error: Exception | None = None) -> None:
        self.left = statements
        self._error = error or OperationalError("", {}, Exception("gone"))
        sqlalchemy_event.listen(database.sync_engine, "before_cursor_execute", self._refuse)

    def _refuse(self, *_: object) -> None:
        if self.left:
            self.left -= 1
            raise self._error


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("", {}, Exception("gone")),
        ConnectionRefusedError(),
        DBAPIError("", {}, Coded("57P03")),  # cannot_connect_now: the server is going or coming
        DBAPIError("", {}, Coded("40P01")),  # deadlock_detected
        InternalError("", {}, Exception("another operation is in progress")),  # the driver's, over a lost connection
    ],
)
async def test_an_outage_is_waited_out(
    error: Exception, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    Outage(database, 3, error)
    async with Writes(database) as writes, asyncio.timeout(5):
        await asyncio.gather(writes.write(row(1)), writes.write(row(2)))
    assert await stored(database) == [1, 2]


async def test_an_outage_that_lasts_is_told(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    outage = Outage(database, 1_000_000)
    async with Writes(database) as writes:
        with caplog.at_level(logging.ERROR), pytest.raises(OperationalError):
            await writes.write(row(1))
        outage.left = 0
        await writes.write(row(2))
    assert await stored(database) == [2]


async def test_an_outage_is_told_to_who_came_after_a_write_under_a_lease(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    outage = Outage(database, 1_000_000)
    async with Writes(database) as writes, asyncio.timeout(5):
        leased = asyncio.create_task(writes.write(row(1), lease=Lease("t", 1)))
        await asyncio.sleep(0.05)
        with pytest.raises(OperationalError):
            await writes.write(row(2))
        outage.left = 0
        with pytest.raises(LeaseLost):  # there is no such turn
            await leased
    assert await stored(database) == []


async def test_an_error_does_not_say_what_was_to_be_written(database: AsyncEngine) -> None:
    """It goes into logs."""
    secret = insert(spans), [{"conversation_id": "secret", "position": 1, "span": {"said": "secret"}}]
    async with Writes(database) as writes:
        await writes.write(secret)
        with pytest.raises(IntegrityError) as error:
            await writes.write(secret)
    assert "said" not in str(error.value)


async def test_under_a_lease_an_outage_is_waited_out_however_long(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    row_of_turn = {"id": "t", "conversation_id": "c", "quota_key": "", "ask": {}, "fence": 1, "holder": "h"}
    async with Writes(database) as writes:
        await writes.write((insert(turns).values(row_of_turn), None))
        Outage(database, 3)
        async with asyncio.timeout(5):
            await writes.write(row(1), lease=Lease("t", 1))
    assert await stored(database) == [1]


@pytest.mark.parametrize("lease", [None, Lease("t", 1)])
async def test_an_outage_does_not_keep_the_service_from_ending(
    lease: Lease | None, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "HURRY_SECONDS", 0.1)
    outage = Outage(database, 1_000_000)
    async with asyncio.timeout(5), Writes(database) as writes:
        writing = asyncio.create_task(writes.write(row(1), lease=lease))
        await asyncio.sleep(0.1)
        writes.hurry()
        with pytest.raises(OperationalError):
            await writing
    outage.left = 0
