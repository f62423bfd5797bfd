"""A turn keeps why it stopped."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Column, String

revision = "0003"
down_revision = "0002"
oldest = "0002"


def upgrade(op: Operations) -> None:
    op.add_column("turns", Column("stop", String(16)))
