"""The database of conversations, turns and tasks: SQLite for one process, PostgreSQL for any number."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    Float,
    FromClause,
    Integer,
    String,
    TableValuedAlias,
    any_,
    cast,
    column,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from service.errors import ConfigError
from service.sessions import schema
from service.sessions.schema import Version

_QUEUE_SECONDS = 60.0
_ANSWER_SECONDS = 10.0
_UPGRADE_SILENCE_SECONDS = 600.0
_INSERTS: Mapping[str, Callable[[Any], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""By database: an upsert is not standard SQL."""
_SQLITE, _POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
"""How the URLs begin that can be used."""


@asynccontextmanager
async def open_database(url: str, silence_seconds: float = 10.0) -> AsyncIterator[AsyncEngine]:
    """The database at an SQLAlchemy URL with an async driver, with the tables that this program works with.

    Other tables may share it. Who is silent for `silence_seconds` within a transaction loses it, and what it locks.

    Raises ConfigError if the URL or the database cannot be used, or `schema.prepare` says that its tables cannot.
    """
    async with _connected(url, silence_seconds, _ANSWER_SECONDS) as database:
        with _telling(database):
            await schema.prepare(database)
        yield database


async def upgrade_database(url: str) -> tuple[Version, Version]:
    """Brings it to this program's version, however long that takes; returns the one it had, and the one it has.

    Any number of processes may do it at once. Raises ConfigError if it cannot be done.
    """
    async with _connected(url, _UPGRADE_SILENCE_SECONDS, None) as database:
        with _telling(database):
            return await schema.read_version(database), await schema.upgrade(database)


async def database_version(url: str) -> Version:
    """The one that it has now. Raises ConfigError if it cannot be used."""
    path = database_file(url)
    if path and not path.exists():  # reading it would make it
        return Version()
    async with _connected(url, _ANSWER_SECONDS, _ANSWER_SECONDS) as database:
        with _telling(database):
            return await schema.read_version(database)


@asynccontextmanager
async def _connected(url: str, silence_seconds: float, answer_seconds: float | None) -> AsyncIterator[AsyncEngine]:
    is_sqlite = _parsed(url).get_backend_name() == "sqlite"
    database = _sqlite(url) if is_sqlite else _postgresql(url, silence_seconds, answer_seconds)
    try:
        yield database
    finally:
        await database.dispose()


@contextmanager
def _telling(database: AsyncEngine) -> Iterator[None]:
    """Whatever goes wrong is a ConfigError that says of which database."""
    try:
        yield
    except Exception as error:  # drivers have errors of their own for a server that does not answer
        reason = error.orig if isinstance(error, DBAPIError) else error  # without the statement
        url = database.url.render_as_string()  # without the password
        raise ConfigError(f"the database {url} cannot be used: {str(reason) or type(reason).__name__}") from error


def agent_database(url: str | None, data: Path, agent: str) -> str:
    """The URL that is set, or that of the agent's own SQLite file in the data folder."""
    if url:
        return url
    path = data / f"{agent}-conversations.sqlite3"
    return URL.create(_SQLITE, database=str(path)).render_as_string(hide_password=False)


def database_file(url: str) -> Path | None:
    """The file of a SQLite database; None for any other. Raises ConfigError if this is no URL that can be used."""
    parsed = _parsed(url)
    named = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if named else None


@contextmanager
def sole_use(url: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Of a SQLite file, one process: it would take another's turns for left. Raises ConfigError if there is another."""
    path = database_file(url)
    if path is None:
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock").acquire(timeout=wait_seconds)
    except Timeout:
        raise ConfigError(f"another process uses {path}: end that, or give this one its own INNERLOOP_DATA") from None
    except OSError as error:
        raise ConfigError(f"the folder {path.parent} cannot be used: {error.strerror or error}") from error
    with lock:
        yield


def is_shared(database: AsyncEngine) -> bool:
    """Whether other processes may use it at the same time."""
    return database.dialect.name != "sqlite"


def now(database: AsyncEngine) -> ColumnElement[float]:
    """Seconds since 1970 by the one clock that all who use the database share: the same for a whole statement."""
    if not is_shared(database):
        return literal(time.time())
    # Not `clock_timestamp`, which may change from row to row: no index finds what is before it.
    return cast(func.extract("epoch", func.statement_timestamp()), Float)


def one_of(database: AsyncEngine, column: ColumnElement[str], texts: Collection[str]) -> ColumnElement[bool]:
    """Whether the column is one of these: one statement for any number of them, so that it is prepared only once."""
    if not is_shared(database):
        return column.in_(select(func.json_each(json.dumps(list(texts))).table_valued("value").c.value))
    return column == any_(literal(list(texts), ARRAY(String)))


def numbers_of(database: AsyncEngine, numbers: Mapping[str, int]) -> TableValuedAlias:
    """A table of `key` and `value`: however many there are, the statement is the same, as with `one_of`."""
    columns = column("key", String), column("value", Integer)
    if not is_shared(database):
        return func.json_each(json.dumps(dict(numbers))).table_valued(*columns)
    arrays = literal(list(numbers), ARRAY(String)), literal(list(numbers.values()), ARRAY(Integer))
    return func.unnest(*arrays).table_valued(*columns).render_derived()


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


def checked_url(url: str) -> str:
    """The same. Raises ConfigError for what is no URL of a database that can be used; what it says has no password."""
    example, file = f"{_POSTGRESQL}://user:password@host/name", f"{_SQLITE}:////folder/file"
    none_such = f"it is none such as {example} or {file}"
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        raise _unusable(none_such) from None
    if parsed.drivername not in (_SQLITE, _POSTGRESQL):
        raise _unusable(f"{parsed.drivername}:// is neither {_POSTGRESQL}:// nor {_SQLITE}://")
    if parsed.drivername == _SQLITE and parsed.host:
        raise _unusable(f"a slash is missing: {file}")
    if "sslmode" in parsed.query:
        raise _unusable(f"asyncpg knows `sslmode` as `ssl`: {example}?ssl=require")
    try:
        parsed.get_dialect()().create_connect_args(parsed)
    except SQLAlchemyError:
        raise _unusable(none_such) from None
    except ValueError as error:  # tells the value, not of which option
        raise _unusable(f"an option of it: {error}") from None
    return url


def _unusable(why: str) -> ConfigError:
    return ConfigError(f"the database's URL cannot be used: {why}")


def _parsed(url: str) -> URL:
    return make_url(checked_url(url))


_OPTIONS: dict[str, Any] = {"hide_parameters": True}
"""What people say, and the credentials of webhooks, are not for the errors that a log gets."""


def _postgresql(url: str, silence_seconds: float, answer_seconds: float | None) -> AsyncEngine:
    limits = {
        # A process that is stopped, or cut off, in the middle of a transaction would keep its turns from all others.
        "server_settings": {
            "application_name": "innerloop",  # in pg_stat_activity
            "idle_in_transaction_session_timeout": str(max(1, round(1000 * silence_seconds))),
        },
        # The driver would wait for ever for a server that went without a word.
        "timeout": _ANSWER_SECONDS,
        "command_timeout": answer_seconds,
    }
    # We go by what a transaction sees of others meanwhile, whatever is the server's default. Connections that a restart
    # of the server has cut are noticed before they are used.
    isolation = "READ COMMITTED"
    return create_async_engine(url, isolation_level=isolation, pool_pre_ping=True, connect_args=limits, **_OPTIONS)


def _sqlite(url: str) -> AsyncEngine:
    if file := database_file(url):
        # Conversations are private. SQLite would let everybody read the file; those beside it get the same permissions.
        with suppress(OSError):  # it says itself what is wrong
            os.close(os.open(file, os.O_CREAT, 0o600))
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
