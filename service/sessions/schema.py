"""Which revision of the tables a database has, and how it gets to another: see `migrations` for the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, String, Table, column, delete, insert, inspect, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.sessions.tables import metadata

_VERSION = "innerloop_version"
"""Alembic's table, under a name that leaves its usual one to others who share the database."""
_oldest = Table("innerloop_oldest", MetaData(), Column("revision", String(32), primary_key=True))
_UNVERSIONED = {"context_id": "0001", "conversation_id": "0002"}
"""Databases had no version until 0002. Which it is, a column of their spans tells."""
_ALONE = {
    "sqlite": ("BEGIN IMMEDIATE",),  # the driver would begin none for what changes tables
    # Who waits for a table has all others wait behind it: less than they do before they take the server for gone.
    "postgresql": (
        f"SELECT pg_advisory_xact_lock({0x1_00_9})",
        "SET LOCAL lock_timeout = '5s'",
        "SET LOCAL idle_in_transaction_session_timeout = '600s'",
    ),
}
"""By database: begins a transaction that one process at a time has."""
_PATIENT = {"sqlite": (), "postgresql": ("SET LOCAL idle_in_transaction_session_timeout = '10s'",)}
"""By database: who starts on a busy machine may be silent for longer than who writes turns under a short lease."""


@dataclass(frozen=True, slots=True)
class Version:
    """Of a database. Revisions are numbers of four digits: a later one is greater."""

    revision: str = ""
    """Which its tables have; empty if there are none."""
    oldest: str = ""
    """The first revision whose programs can work with them."""


class History:
    """All the revisions that a program knows."""

    def __init__(self, folder: Path = Path(__file__).parent / "migrations") -> None:
        self._scripts = ScriptDirectory(str(folder))
        self.head = self._scripts.get_current_head() or ""
        """The last one: what the program is written for."""
        self.oldest: str = self._scripts.get_revision(self.head).module.oldest
        """What the database is told with it."""

    def read(self, connection: Connection) -> Version:
        """The version that the database has now."""
        inspector = inspect(connection)
        if inspector.has_table(_VERSION):
            revision = connection.scalar(select(column("version_num")).select_from(table(_VERSION)))
            return Version(revision or "", connection.scalar(select(_oldest.c.revision)) or "")
        columns = {each["name"] for each in inspector.get_columns("spans")} if inspector.has_table("spans") else set()
        found = next((revision for name, revision in _UNVERSIONED.items() if name in columns), "")
        return Version(found, found)

    def upgrade(self, connection: Connection) -> None:
        """Brings the database to the head; one that is there, or further, stays as it is.

        The caller begins and commits the transaction, and sees to it that nobody else does this at the same time.
        """
        before = self.read(connection)
        if before.revision > self.head:
            return
        context = MigrationContext.configure(connection, opts={"version_table": _VERSION, "fn": self._steps})
        if before.revision and not context.get_current_heads():
            context.stamp(self._scripts, before.revision)
        context.run_migrations(op=Operations(context))
        _oldest.create(connection, checkfirst=True)
        connection.execute(delete(_oldest))
        connection.execute(insert(_oldest).values(revision=self.oldest))

    def _steps(self, revision: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        """What is to be done, in order."""
        way = self._scripts.iterate_revisions("head", revision, implicit_base=True)
        return [MigrationStep.upgrade_from_script(self._scripts.revision_map, script) for script in reversed([*way])]


OURS = History()


async def prepare(database: AsyncEngine) -> None:
    """Sees to it that this program can work with the tables. Raises ValueError if it cannot.

    What nobody else can be using is brought to this program's version: a database without tables, and one of SQLite,
    which belongs to one process. One of PostgreSQL that has tables is left to whoever runs `innerloop db upgrade`:
    replicas of the version before may be at work in it, and who serves need not be allowed to change tables, nor wait
    for that to end before it answers probes.
    """
    version = await read_version(database)
    alone = database.dialect.name == "sqlite" or not version.revision
    if version.revision < OURS.head and alone:
        version = await upgrade(database)
    if version.revision < OURS.head:
        raise ValueError(
            f"its tables have version {version.revision}, and this program's are {OURS.head}: "
            "`innerloop db upgrade` brings them there"
        )
    if version.oldest > OURS.head:
        raise ValueError(
            f"its tables have version {version.revision}, which needs a program of {version.oldest} or later, and this "
            f"one is of {OURS.head}: take a newer program, or a backup from before the upgrade"
        )
    async with _looking(database) as connection:
        await connection.run_sync(_check_columns)


async def read_version(database: AsyncEngine) -> Version:
    """The one that it has now."""
    async with _looking(database) as connection:
        return await connection.run_sync(OURS.read)


@asynccontextmanager
async def _looking(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with database.connect() as connection:
        for statement in _PATIENT[database.dialect.name]:
            await connection.exec_driver_sql(statement)
        yield connection


async def upgrade(database: AsyncEngine) -> Version:
    """Brings it to this program's version, or not at all; returns the one it has then.

    One that is there, or further, stays as it is. Any number of processes may do it at once. Raises ValueError for
    tables that are of no version that is known.
    """
    async with database.begin() as connection:
        for statement in _ALONE[database.dialect.name]:
            await connection.exec_driver_sql(statement)
        await connection.run_sync(OURS.upgrade)
        await connection.run_sync(_check_columns)
        return await connection.run_sync(OURS.read)


def _check_columns(connection: Connection) -> None:
    """Raises ValueError if a table is not as it is made now."""
    inspector = inspect(connection)
    for each in metadata.sorted_tables:
        there = inspector.get_columns(each.name) if inspector.has_table(each.name) else []
        if missing := {known.name for known in each.columns} - {found["name"] for found in there}:
            raise ValueError(f"another version made it: its {each.name} lack {', '.join(sorted(missing))}")
