"""Conversations in a database, one row per span: saving a turn writes only what it added."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Executable, FromClause, Integer, MetaData, String, Table, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from service.errors import ConfigError
from service.sessions.base import CONTEXT_ID_LENGTH, Turnstile, growth
from service.to_the_end import to_the_end
from service.transcript import Transcript

_QUEUE_SECONDS = 60.0
_INSERTS: Mapping[str, Callable[[Any], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""By database: an upsert is not standard SQL."""

_metadata = MetaData()
_spans = Table(
    "spans",
    _metadata,
    Column("context_id", String(CONTEXT_ID_LENGTH), primary_key=True),
    # The key makes a second writer of the same conversation fail instead of overwriting.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("span", JSON, nullable=False),
)


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[AsyncEngine]:
    """The database at an SQLAlchemy URL with an async driver. Other tables may share it.

    Raises ConfigError if it is no URL of SQLite or PostgreSQL, or the database cannot be used.
    """
    backend = _parsed(url).get_backend_name()
    if backend not in _INSERTS:
        raise ConfigError(f"the database's URL cannot be used: {backend} is neither sqlite nor postgresql")
    try:
        database = _sqlite(url) if backend == "sqlite" else create_async_engine(url)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise ConfigError(f"the database's URL cannot be used: {error}") from error
    try:
        await _create_tables(database)
        yield database
    finally:
        await database.dispose()


def database_file(url: str) -> Path | None:
    """The file of a SQLite database; None for any other. Raises ConfigError if this is no URL."""
    parsed = _parsed(url)
    named = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if named else None


def upsert(database: AsyncEngine, table: FromClause) -> Executable:
    """Inserts rows whose primary key is new, and replaces the others."""
    rows = _INSERTS[database.dialect.name](table)
    keys = [column.key for column in table.primary_key]
    return rows.on_conflict_do_update(
        index_elements=keys, set_={name: column for name, column in rows.excluded.items() if name not in keys}
    )


class DatabaseSessions:
    """Needs a database from `open_database`."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self._turnstile = Turnstile()

    @asynccontextmanager
    async def lease(self, context_id: str, new: bool = False) -> AsyncIterator[DatabaseSession]:
        async with self._turnstile.hold(context_id):
            yield DatabaseSession(self._database, context_id, Transcript() if new else await self.read(context_id))

    async def read(self, context_id: str) -> Transcript:
        return await to_the_end(self._read(context_id))

    async def _read(self, context_id: str) -> Transcript:
        rows = select(_spans.c.span).where(_spans.c.context_id == context_id).order_by(_spans.c.position)
        async with self._database.connect() as connection:
            spans = (await connection.scalars(rows)).all()
        return Transcript.from_json({"version": 1, "spans": spans})


class DatabaseSession:
    def __init__(self, database: AsyncEngine, context_id: str, transcript: Transcript) -> None:
        self._database = database
        self._context_id = context_id
        self._transcript = transcript

    @property
    def transcript(self) -> Transcript:
        return self._transcript

    async def save(self, transcript: Transcript) -> None:
        known = len(self._transcript.spans)
        rows = [
            {"context_id": self._context_id, "position": known + index, "span": span}
            for index, span in enumerate(growth(self._transcript, transcript).to_json()["spans"])
        ]
        if rows:
            await to_the_end(self._insert(rows, transcript))

    async def _insert(self, rows: list[dict[str, Any]], transcript: Transcript) -> None:
        async with self._database.begin() as connection:
            await connection.execute(insert(_spans), rows)
        self._transcript = transcript  # here, since whoever waits for this may be cancelled before it is done


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigError(f"the database's URL cannot be used: {error}") from error


async def _create_tables(database: AsyncEngine) -> None:
    try:
        async with database.begin() as connection:
            await connection.run_sync(_metadata.create_all)
    except Exception as error:  # drivers have errors of their own for a server that does not answer
        reason = error.orig if isinstance(error, DBAPIError) else error  # without the statement
        url = database.url.render_as_string()  # without the password
        raise ConfigError(f"the database {url} cannot be used: {str(reason) or type(reason).__name__}") from error


def _sqlite(url: str) -> AsyncEngine:
    # SQLite has one writer, and whoever finds it busy may find it so until it gives up: one connection is a fair queue.
    # Also in memory, where SQLAlchemy would let all share the connection, and with it their transactions.
    pool = AsyncAdaptedQueuePool
    database = create_async_engine(url, poolclass=pool, pool_size=1, max_overflow=0, pool_timeout=_QUEUE_SECONDS)
    event.listen(database.sync_engine, "connect", _keep_a_journal)
    return database


def _keep_a_journal(connection: Any, _: object) -> None:
    """Readers do not wait for the writer, and what is committed survives the end of the process."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
