"""The tables as they were before databases had a version."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    String,
    Text,
    column,
    false,
)

revision = "0001"
down_revision = None
oldest = "0001"


def upgrade(op: Operations) -> None:
    op.create_table(
        "spans",
        Column("context_id", String(36), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("span", JSON, nullable=False),
    )
    op.create_table(
        "turns",
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("id", String(36), nullable=False, unique=True),
        Column("context_id", String(36), nullable=False),
        Column("caller", String(64), nullable=False),
        Column("ask", JSON, nullable=False),
        Column("begun", Boolean, nullable=False),
        Column("asking", String(36)),
        Column("memo", Text, nullable=False),
        Column("expires", Float, nullable=False),
        Column("holder", String(64)),
        Column("fence", Integer, nullable=False),
        Column("until", Float, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("cancelled", Boolean, nullable=False),
        Column("ended", Boolean, nullable=False),
    )
    _create_partial_index(op, "turns_held", "turns", "context_id", column("holder").is_not(None), unique=True)
    _create_partial_index(op, "turns_open", "turns", "number", column("ended") == false())
    _create_partial_index(op, "turns_open_by_context", "turns", "context_id", column("ended") == false())
    op.create_table(
        "messages",
        Column("key", String(64), primary_key=True),
        Column("digest", String(64), nullable=False),
        Column("turn_id", String(36), nullable=False),
    )
    op.create_table(
        "answers",
        Column("turn_id", String(36), primary_key=True),
        Column("call_id", String(36), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("text", Text),
        Column("memo", Text, nullable=False),
    )
    op.create_table(
        "results",
        Column("turn_id", String(36), primary_key=True),
        Column("call_id", String(36), primary_key=True),
        Column("result", JSON, nullable=False),
    )
    op.create_table(
        "events",
        Column("turn_id", String(36), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("event", JSON, nullable=False),
    )
    op.create_table(
        "webhooks",
        Column("task_id", String(36), primary_key=True),
        Column("id", String(255), primary_key=True),
        Column("config", JSON, nullable=False),
        Column("due", Float),
        Column("since", Float),
        Column("attempts", Integer, nullable=False),
        Column("holder", String(64)),
        Column("until", Float),
        Column("expires", Float),
    )
    for time in ("due", "until", "expires"):
        _create_partial_index(op, f"webhooks_{time}", "webhooks", time, column(time).is_not(None))
    op.create_table(
        "tasks",
        Column("id", String(36), primary_key=True),
        Column("context_id", String(36), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("owner", String(255)),
        Column("last_updated", DateTime),
        Column("status", JSON, nullable=False),
        Column("artifacts", JSON),
        Column("history", JSON),
        Column("protocol_version", String(16)),
        Column("metadata", JSON),
    )
    op.create_index("ix_tasks_id", "tasks", ["id"])
    op.create_index("idx_tasks_owner_last_updated", "tasks", ["owner", "last_updated"])


def _create_partial_index(
    op: Operations, name: str, table: str, on: str, where: ColumnElement[bool], *, unique: bool = False
) -> None:
    op.create_index(name, table, [on], unique=unique, sqlite_where=where, postgresql_where=where)
