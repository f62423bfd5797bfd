"""Rows that are replaced by their key."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, select
from sqlalchemy.dialects import postgresql

from service.sessions.database import open_database, upsert

THINGS = Table(
    "things", MetaData(), Column("id", Integer, primary_key=True), Column("name", String), Column("metadata", String)
)


POSTGRESQL: Any = postgresql.dialect


async def test_what_is_new_is_inserted_and_what_is_there_replaced(tmp_path: Path) -> None:
    rows = [{"id": 1, "name": "a", "metadata": "x"}, {"id": 2, "name": "b", "metadata": None}]
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/things.sqlite3") as database:
        async with database.begin() as connection:
            await connection.run_sync(THINGS.create)
            await connection.execute(upsert(database, THINGS), rows)
            await connection.execute(upsert(database, THINGS), [{"id": 2, "name": "c", "metadata": "y"}])
        async with database.connect() as connection:
            found = (await connection.execute(select(THINGS).order_by(THINGS.c.id))).all()
    assert [tuple(row) for row in found] == [(1, "a", "x"), (2, "c", "y")]


def test_the_same_for_postgresql() -> None:
    dialect = POSTGRESQL()
    database: Any = SimpleNamespace(dialect=dialect)
    statement: Any = upsert(database, THINGS)
    assert str(statement.compile(dialect=dialect)).endswith(
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, metadata = excluded.metadata"
    )
