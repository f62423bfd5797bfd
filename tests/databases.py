"""Both kinds of database, for what must work on either, and other versions of the program that use them."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from bench.chaos.postgres import new_server
from service.sessions import schema
from service.sessions.schema import OURS, History

REVISIONS = Path(schema.__file__).parent / "migrations" / "versions"
EXPANDS = """
from sqlalchemy import Column, Text, column


def upgrade(op):
    op.add_column("turns", Column("note", Text))
    op.create_index("turns_noted", "turns", [column("note")])
"""
CONTRACTS = """
def upgrade(op):
    op.drop_column("turns", "memo")
"""
"""What later revisions may do."""

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


Program = Callable[..., History]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """What another version of the program knows: `program(*later)`, or `program(known=1)` of our own revisions.

    Programs of the revision before can work with what a later one makes.
    """

    def make(*later: str, known: int = int(OURS.head)) -> History:
        versions = tmp_path / f"program {known} {len(later)}" / "versions"
        versions.mkdir(parents=True)
        for file in sorted(REVISIONS.glob("0*.py"))[:known]:
            shutil.copy(file, versions)
        for number, change in enumerate(later, known + 1):
            before = f"{number - 1:04}"
            head = f'revision, down_revision, oldest = "{number:04}", "{before}", "{before}"\n'
            (versions / f"{number:04}.py").write_text(head + change)
        return History(versions.parent)

    return make


async def alter(url: str, change: Callable[[Connection], Any]) -> Any:
    """Does to the database what another program does."""
    database = create_async_engine(url)
    try:
        async with database.begin() as connection:
            return await connection.run_sync(change)
    finally:
        await database.dispose()
