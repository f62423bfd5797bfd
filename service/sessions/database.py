"""The database of conversations, turns and tasks: SQLite for one process, PostgreSQL for any number."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Float, FromClause, cast, event, func, inspect, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from service.errors import ConfigError
from service.sessions.tables import metadata

_QUEUE_SECONDS = 60.0
_ANSWER_SECONDS = 10.0
_INSERTS: Mapping[str, Callable[[Any], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""By database: an upsert is not standard SQL."""


@asynccontextmanager
async def open_database(url: str, silence_seconds: float = 10.0) -> AsyncIterator[AsyncEngine]:
    """The database at an SQLAlchemy URL with an async driver. Other tables may share it.

    Who shares it and is silent for `silence_seconds` within a transaction loses it, and what it locks.

    Raises ConfigError if it is no URL of SQLite or PostgreSQL, or the database cannot be used.
    """
    backend = _parsed(url).get_backend_name()
    if backend not in _INSERTS:
        raise ConfigError(f"the database's URL cannot be used: {backend} is neither sqlite nor postgresql")
    try:
        # Connections that a restart of the server has cut are noticed before they are used.
        database = _sqlite(url) if backend == "sqlite" else _postgresql(url, silence_seconds)
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


def is_shared(database: AsyncEngine) -> bool:
    """Whether other processes may use it at the same time."""
    return database.dialect.name != "sqlite"


def now(database: AsyncEngine) -> ColumnElement[float]:
    """Seconds since 1970 by the one clock that all who use the database share."""
    if not is_shared(database):
        return literal(time.time())
    return cast(func.extract("epoch", func.clock_timestamp()), Float)


@asynccontextmanager
async def alone(database: AsyncEngine) -> AsyncIterator[None]:
    """Tables are created by one process at a time, also where replicas start together."""
    if not is_shared(database):
        yield
        return
    async with database.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")  # it would be silent within a transaction
        await connection.execute(func.pg_advisory_lock(_SCHEMA_LOCK).select())
        try:
            yield
        finally:
            await connection.execute(func.pg_advisory_unlock(_SCHEMA_LOCK).select())


def upsert(database: AsyncEngine, table: FromClause) -> Executable:
    """Inserts rows whose primary key is new, and replaces the others."""
    return _upsert(database.dialect.name, table)


@cache
def _upsert(dialect: str, table: FromClause) -> Executable:
    rows = _INSERTS[dialect](table)
    keys = [column.key for column in table.primary_key]
    return rows.on_conflict_do_update(
        index_elements=keys, set_={name: column for name, column in rows.excluded.items() if name not in keys}
    )


def insert_new(database: AsyncEngine, table: FromClause) -> Executable:
    """Inserts rows whose primary key is new: what is written twice, for want of an answer, is there once."""
    return _insert_new(database.dialect.name, table)


@cache
def _insert_new(dialect: str, table: FromClause) -> Executable:
    return _INSERTS[dialect](table).on_conflict_do_nothing(index_elements=[column.key for column in table.primary_key])


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigError(f"the database's URL cannot be used: {error}") from error


async def _create_tables(database: AsyncEngine) -> None:
    try:
        async with alone(database), database.begin() as connection:
            await connection.run_sync(metadata.create_all)
            await connection.run_sync(_check_columns)
    except Exception as error:  # drivers have errors of their own for a server that does not answer
        reason = error.orig if isinstance(error, DBAPIError) else error  # without the statement
        url = database.url.render_as_string()  # without the password
        raise ConfigError(f"the database {url} cannot be used: {str(reason) or type(reason).__name__}") from error


def _check_columns(connection: Connection) -> None:
    """Raises ValueError if a table is not as it is made now: nothing would change that."""
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        if missing := {column.name for column in table.columns} - there:
            raise ValueError(f"another version made it: its {table.name} lack {', '.join(sorted(missing))}")


_SCHEMA_LOCK = 0x1_00_9

_OPTIONS: dict[str, Any] = {"hide_parameters": True}
"""What people say, and the credentials of webhooks, are not for the errors that a log gets."""


def _postgresql(url: str, silence_seconds: float) -> AsyncEngine:
    limits = {
        # A process that is stopped, or cut off, in the middle of a transaction would keep its turns from all others.
        "server_settings": {"idle_in_transaction_session_timeout": str(max(1, round(1000 * silence_seconds)))},
        # The driver would wait for ever for a server that went without a word.
        "timeout": _ANSWER_SECONDS,
        "command_timeout": _ANSWER_SECONDS,
    }
    known = _parsed(url).get_driver_name() == "asyncpg"
    return create_async_engine(url, pool_pre_ping=True, connect_args=limits if known else {}, **_OPTIONS)


def _sqlite(url: str) -> AsyncEngine:
    # SQLite has one writer, and whoever finds it busy may find it so until it gives up: one connection is a fair queue.
    # Also in memory, where SQLAlchemy would let all share the connection, and with it their transactions.
    pool = AsyncAdaptedQueuePool
    database = create_async_engine(
        url, poolclass=pool, pool_size=1, max_overflow=0, pool_timeout=_QUEUE_SECONDS, **_OPTIONS
    )
    event.listen(database.sync_engine, "connect", _keep_a_journal)
    return database


def _keep_a_journal(connection: Any, _: object) -> None:
    """Readers do not wait for the writer, and what is committed survives the end of the process."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
