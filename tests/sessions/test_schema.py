"""How a database gets from one version of the program to the next, on either kind."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from a2a.server.models import TaskModel
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Index, MetaData, Table, insert, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.errors import ConfigError
from service.sessions import schema
from service.sessions.database import database_version, open_database, upgrade_database
from service.sessions.schema import OURS, Version
from service.sessions.session import Session, read_conversation
from service.sessions.tables import metadata
from service.sessions.turns import Accepted, Held, Turns, message_key
from service.sessions.writes import Writes
from service.transcript import Origin, Span, Transcript
from tests.conftest import eventually
from tests.databases import CONTRACTS, EXPANDS, REVISIONS, Program, alter

GIVEN, SAMPLED = Span(Origin.GIVEN, (1, 2, 3)), Span(Origin.SAMPLED, (4, 5), (-0.5, -0.25), "weights@1")
OWN = {"innerloop_version", "innerloop_oldest"}

FAILS = """
from sqlalchemy import Column, Text


def upgrade(op):
    op.add_column("turns", Column("note", Text))
    op.drop_column("turns", "nothing")
"""
NEXT, AFTER_NEXT = (f"{int(OURS.head) + more:04}" for more in (1, 2))


@asynccontextmanager
async def working(url: str) -> AsyncIterator[tuple[AsyncEngine, Turns, Writes]]:
    """A process of this program."""
    async with open_database(url) as database, Writes(database) as writes:
        yield database, Turns(database, writes, 60.0), writes


def forget_the_version(connection: Connection) -> None:
    """As if made before databases had one."""
    for name in OWN:
        connection.execute(text(f"DROP TABLE {name}"))


def described(connection: Connection) -> set[tuple[Any, ...]]:
    """Every table, column and index, as the database itself has them; our version's left out."""
    rows = {row for query in _DESCRIPTIONS[connection.dialect.name] for row in connection.execute(text(query))}
    return {tuple(re.sub(r"[\s\"]+", " ", str(value)) for value in row) for row in rows if row[0] not in OWN}


_DESCRIPTIONS = {
    "sqlite": (
        'SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_master AS t'
        " JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'",
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'",
    ),
    "postgresql": (
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    ),
}


def models(connection: Connection) -> MetaData:
    """What the program works with: our tables, and the one of the A2A SDK with indexes of ours."""
    both = MetaData()
    for table in (*metadata.sorted_tables, TaskModel.__table__):
        assert isinstance(table, Table)
        table.to_metadata(both)
    tasks = both.tables["tasks"].c
    Index("tasks_last_updated", tasks.last_updated)
    Index("tasks_by_context", tasks.context_id)
    if connection.dialect.name == "postgresql":
        unknown = text("(CASE WHEN last_updated IS NULL THEN 1 ELSE 0 END)")
        Index("tasks_in_order", tasks.owner, unknown, tasks.last_updated.desc(), tasks.id.desc())
    return both


def test_revisions_are_numbered() -> None:
    numbers = [file.stem.split("_")[0] for file in sorted(REVISIONS.glob("0*.py"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert OURS.head == numbers[-1]


async def test_models_are_what_the_revisions_lead_to(database_url: str) -> None:
    """If this fails, a revision is missing: of ours, or because a new A2A SDK has other columns."""

    def compare(connection: Connection) -> list[Any]:
        unlike = {*OWN, "tasks_in_order"}  # an index of expressions is none to Alembic; the next test compares it
        options = {"include_object": lambda _, name, *__: name not in unlike}
        context = MigrationContext.configure(connection, opts=options)
        differences: list[Any] = compare_metadata(context, models(connection))
        return differences

    await upgrade_database(database_url)
    assert await alter(database_url, compare) == []


async def test_revisions_make_what_the_models_would(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """With what Alembic does not compare, such as the conditions of indexes."""
    if database_url.startswith("sqlite"):
        other = f"sqlite+aiosqlite:///{tmp_path}/other.sqlite3"
    else:
        other = request.getfixturevalue("new_postgres")()
    await upgrade_database(database_url)
    await alter(other, lambda connection: models(connection).create_all(connection))
    assert await alter(database_url, described) == await alter(other, described)


async def test_an_empty_database_is_made(database_url: str) -> None:
    assert await database_version(database_url) == Version()
    async with open_database(database_url):
        pass
    assert await database_version(database_url) == Version(OURS.head, OURS.oldest)


def test_reading_the_version_makes_no_file(tmp_path: Path) -> None:
    assert asyncio.run(database_version(f"sqlite+aiosqlite:///{tmp_path}/db")) == Version()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("versioned", [True, False])
async def test_an_upgrade_keeps_what_is_stored(versioned: bool, database_url: str, program: Program) -> None:
    """Of the version whose conversations were called by their context; its databases did not say which they are."""
    spans = Transcript.of([GIVEN, SAMPLED]).to_json()["spans"]
    stored = MetaData()

    def store(connection: Connection) -> None:
        program(known=1).upgrade(connection)
        stored.reflect(connection)
        rows = [{"context_id": "c", "position": position, "span": span} for position, span in enumerate(spans)]
        connection.execute(insert(stored.tables["spans"]), rows)
        turn = {"id": "t", "context_id": "c", "caller": "", "ask": {"text": "hello"}, "begun": True, "memo": ""}
        turn |= {"expires": 0.0, "fence": 1, "until": 0.0, "attempts": 1, "cancelled": False, "ended": False}
        connection.execute(insert(stored.tables["turns"]), [turn])
        if not versioned:
            forget_the_version(connection)

    await alter(database_url, store)
    assert await database_version(database_url) == Version("0001", "0001")
    before, after = await upgrade_database(database_url)
    assert (before.revision, after) == ("0001", Version(OURS.head, OURS.oldest))
    async with working(database_url) as (database, turns, writes):
        (held,) = await turns.claim(9)
        assert (held.conversation_id, held.ask, held.begun) == ("c", {"text": "hello"}, True)
        session = await Session.open(writes, database, held.lease, "c", begun=True)
        assert session.transcript == Transcript.of([GIVEN, SAMPLED])
        await session.keep(Transcript.of([GIVEN, SAMPLED, GIVEN]))
    assert await upgrade_database(database_url) == (after, after)
    async with open_database(database_url) as database:
        assert await read_conversation(database, "c") == Transcript.of([GIVEN, SAMPLED, GIVEN])


async def test_the_last_tables_without_a_version_are_known(database_url: str, program: Program) -> None:
    await alter(database_url, program(known=2).upgrade)
    await alter(database_url, forget_the_version)
    assert (await database_version(database_url)).revision == "0002"
    await upgrade_database(database_url)
    assert (await database_version(database_url)).revision == OURS.head


async def test_an_older_file_is_upgraded_when_it_is_opened(tmp_path: Path, program: Program) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/db"
    await alter(url, program(known=1).upgrade)
    async with open_database(url):
        pass
    assert (await database_version(url)).revision == OURS.head


async def test_older_tables_that_replicas_share_are_not_upgraded_by_one(
    new_postgres: Callable[[], str], program: Program
) -> None:
    url = new_postgres()
    await alter(url, program(known=1).upgrade)
    there = await alter(url, described)
    with pytest.raises(ConfigError, match=r"version 0001, and this program's are \d+: `innerloop db upgrade`"):
        async with open_database(url):
            pass
    assert await alter(url, described) == there


async def test_a_program_goes_on_while_and_after_the_next_version_expands_its_tables(
    database_url: str, program: Program
) -> None:
    """As replicas do while an upgrade rolls out, and whoever rolls it back."""
    next_one = program(EXPANDS)
    async with working(database_url) as (database, turns, writes):
        held = await turns.accept(Accepted("t", "c", message_key("", "t"), "", "", {"text": "hello"}), hold=True)
        assert isinstance(held, Held)
        session = await Session.open(writes, database, held.lease, "c", begun=False)
        await session.keep(Transcript.of([GIVEN]))
        await alter(database_url, next_one.upgrade)
        await session.keep(Transcript.of([GIVEN, SAMPLED]))
        assert not (await turns.renew([held.lease]))[0]
        await turns.let_go([held.lease])
    async with working(database_url) as (database, turns, _):
        assert [held.lease.turn_id for held in await turns.claim(9)] == ["t"]
        assert await read_conversation(database, "c") == Transcript.of([GIVEN, SAMPLED])
    later = Version(NEXT, OURS.head)
    assert await upgrade_database(database_url) == (later, later)


async def test_a_program_that_later_tables_left_behind_is_refused(database_url: str, program: Program) -> None:
    await alter(database_url, program(EXPANDS, CONTRACTS).upgrade)
    with pytest.raises(ConfigError, match=f"version {AFTER_NEXT}, which needs a program of {NEXT} or later"):
        async with open_database(database_url):
            pass


async def test_an_upgrade_that_fails_changes_nothing(
    database_url: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade_database(database_url)
    there = await alter(database_url, described)
    monkeypatch.setattr(schema, "OURS", program(FAILS))
    with pytest.raises(ConfigError, match="nothing"):
        await upgrade_database(database_url)
    assert await alter(database_url, described) == there
    assert (await database_version(database_url)).revision == OURS.head


async def test_tables_of_no_known_version_are_left_as_they_are(database_url: str, program: Program) -> None:
    def age(connection: Connection) -> None:
        program(known=2).upgrade(connection)
        forget_the_version(connection)
        connection.execute(text("ALTER TABLE turns RENAME COLUMN asking TO wants"))

    await alter(database_url, age)
    with pytest.raises(ConfigError, match="another version made it: its turns lack asking"):
        await upgrade_database(database_url)
    assert not OWN & set(await alter(database_url, lambda connection: inspect(connection).get_table_names()))


async def test_several_processes_upgrade_at_once(
    database_url: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alter(database_url, program(known=1).upgrade)
    monkeypatch.setenv("INNERLOOP_DATABASE", database_url)
    command = [sys.executable, "-m", "service", "db", "upgrade"]
    pipe = asyncio.subprocess.PIPE
    started = [await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe) for _ in range(3)]
    told = [await process.communicate() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert await database_version(database_url) == Version(OURS.head, OURS.oldest)


async def test_replicas_start_together_on_an_empty_database(new_postgres: Callable[[], str]) -> None:
    """Each has seen that it is empty; they make the tables one after the other."""
    url = new_postgres()
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with AsyncExitStack() as stack:
        looking = await stack.enter_async_context(_watching(url))
        async with looking.begin() as first:
            await first.exec_driver_sql(schema._ALONE["postgresql"][0])
            opening = [asyncio.create_task(stack.enter_async_context(open_database(url))) for _ in range(5)]

            async def all_wait() -> bool:
                return bool(await first.scalar(waiting) == len(opening))

            await eventually(all_wait)
        databases = await asyncio.gather(*opening)
        for database in databases:
            assert await read_conversation(database, "c") == Transcript()


async def test_who_starts_slowly_is_not_cut_off(
    new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where leases are short, silence is soon too long for whoever writes under them."""

    def slowly(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            time.sleep(0.1)
            return call(*arguments)

        return called

    monkeypatch.setattr(OURS, "read", slowly(OURS.read))
    monkeypatch.setattr(OURS, "upgrade", slowly(OURS.upgrade))
    monkeypatch.setattr(schema, "_check_columns", slowly(schema._check_columns))
    async with open_database(new_postgres(), silence_seconds=0.02) as database:
        assert await read_conversation(database, "c") == Transcript()


@asynccontextmanager
async def _watching(url: str) -> AsyncIterator[AsyncEngine]:
    database = create_async_engine(url)
    try:
        yield database
    finally:
        await database.dispose()


async def test_large_tables_get_their_indexes_beforehand(new_postgres: Callable[[], str], program: Program) -> None:
    """By somebody who has the time, while replicas write."""
    url, own = new_postgres(), "CREATE INDEX tasks_by_context ON tasks (context_id)"
    await alter(url, program(known=4).upgrade)
    await alter(url, lambda connection: connection.execute(text(own)))
    await upgrade_database(url)
    assert await database_version(url) == Version(OURS.head, OURS.oldest)
