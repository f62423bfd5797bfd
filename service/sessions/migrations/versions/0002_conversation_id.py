"""A conversation's id is called that: it is not the contextId that its caller knows.

Programs of the revision before ask for the old names, so none of them may run meanwhile.
"""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import column, false

revision = "0002"
down_revision = "0001"
oldest = "0002"


def upgrade(op: Operations) -> None:
    op.alter_column("spans", "context_id", new_column_name="conversation_id")
    op.alter_column("turns", "context_id", new_column_name="conversation_id")
    op.drop_index("turns_open_by_context", "turns")
    still_open = column("ended") == false()
    index, on = "turns_open_by_conversation", ["conversation_id"]
    op.create_index(index, "turns", on, sqlite_where=still_open, postgresql_where=still_open)
