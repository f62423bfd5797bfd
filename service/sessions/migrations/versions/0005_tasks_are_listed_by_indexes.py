"""Tasks of one context, and those that changed last, are listed without reading the whole table.

Whose table is large makes the indexes beforehand, by the same names, with CREATE INDEX CONCURRENTLY: then nobody waits.
"""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
oldest = "0002"


def upgrade(op: Operations) -> None:
    op.create_index("tasks_by_context", "tasks", ["context_id"], if_not_exists=True)
    if op.get_context().dialect.name == "postgresql":  # SQLite does not know a CASE again that has parameters
        unknown = "(CASE WHEN last_updated IS NULL THEN 1 ELSE 0 END)"
        order = [text(each) for each in ("owner", unknown, "last_updated DESC", "id DESC")]  # as the A2A SDK sorts them
        op.create_index("tasks_in_order", "tasks", order, if_not_exists=True)
