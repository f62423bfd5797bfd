"""Conversations that are over are found by their age, and what belongs to them without reading whole tables."""

from __future__ import annotations

from alembic.operations import Operations

revision = "0004"
down_revision = "0003"
oldest = "0002"


def upgrade(op: Operations) -> None:
    op.create_index("turns_by_conversation", "turns", ["conversation_id"])
    op.create_index("messages_by_turn", "messages", ["turn_id"])
    op.create_index("tasks_last_updated", "tasks", ["last_updated"])
