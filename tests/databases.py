"""Both kinds of database, for what must work on either."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.chaos.postgres import new_server

_names = itertools.count()


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[Callable[[], str]]:
    """Makes an empty database on a real PostgreSQL server, which ends with the tests; returns its URL."""
    with new_server() as server:

        def new() -> str:
            name = f"database{next(_names)}"
            server.psql(f"CREATE DATABASE {name};")
            url: str = server.get_uri(database=name)
            return url.replace("postgresql://", "postgresql+asyncpg://")

        yield new


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/shared.sqlite3"
    new: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new()
