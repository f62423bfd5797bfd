"""What is stored of conversations, and of the turns that are to be decoded in them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, false

ID_LENGTH = 36
"""As long as a UUID, and as wide as the A2A SDK makes the same columns in its table of tasks."""
WEBHOOK_ID_LENGTH = 255
# A conversation's id is not the contextId that its caller knows: others may have named theirs alike.

metadata = MetaData()

spans = Table(
    "spans",
    metadata,
    Column("conversation_id", String(ID_LENGTH), primary_key=True),
    # The key makes a second writer of the same conversation fail instead of overwriting.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("span", JSON, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", String(ID_LENGTH), nullable=False, unique=True),
    Column("conversation_id", String(ID_LENGTH), nullable=False),
    Column("caller", String(64), nullable=False, key="quota_key"),
    Column("ask", JSON, nullable=False),
    Column("begun", Boolean, nullable=False, default=False),
    # Why it stopped, from then on: all that is left of it is to be told.
    Column("stop", String(16)),
    # The call that waits for an answer, and until when.
    Column("asking", String(ID_LENGTH)),
    Column("memo", Text, nullable=False, default=""),
    Column("expires", Float, nullable=False, default=0.0),
    # The lease.
    Column("holder", String(64)),
    Column("fence", Integer, nullable=False, default=0),
    Column("until", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancelled", Boolean, nullable=False, default=False),
    Column("ended", Boolean, nullable=False, default=False),
)

# A conversation has one turn at a time, whatever processes do at once.
_held = turns.c.holder.is_not(None)
Index("turns_held", turns.c.conversation_id, unique=True, sqlite_where=_held, postgresql_where=_held)
_open = turns.c.ended == false()
Index("turns_open", turns.c.number, sqlite_where=_open, postgresql_where=_open)
Index("turns_open_by_conversation", turns.c.conversation_id, sqlite_where=_open, postgresql_where=_open)
Index("turns_by_conversation", turns.c.conversation_id)

messages = Table(
    "messages",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("turn_id", String(ID_LENGTH), nullable=False),
    Index("messages_by_turn", "turn_id"),
)
"""That were accepted. One that comes again is known by its key."""

answers = Table(
    "answers",
    metadata,
    Column("turn_id", String(ID_LENGTH), primary_key=True),
    Column("call_id", String(ID_LENGTH), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text),
    Column("memo", Text, nullable=False),
)
"""To what calls have asked, until their turn has ended; no text where none came in time."""

results = Table(
    "results",
    metadata,
    Column("turn_id", String(ID_LENGTH), primary_key=True),
    Column("call_id", String(ID_LENGTH), primary_key=True),
    Column("result", JSON, nullable=False),
)
"""Of calls that have ended, until their turn has; of one that has only begun, with how many answers."""

events = Table(
    "events",
    metadata,
    Column("turn_id", String(ID_LENGTH), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", JSON, nullable=False),
)
"""What happened in a turn, for as long as there is its task."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("task_id", String(ID_LENGTH), primary_key=True),
    Column("id", String(WEBHOOK_ID_LENGTH), primary_key=True),
    Column("config", JSON, nullable=False),
    # What is owed: the newest state of the task, from this time on; nothing without one.
    Column("due", Float),
    Column("since", Float),
    Column("attempts", Integer, nullable=False, default=0),
    # The lease.
    Column("holder", String(64)),
    Column("until", Float),
    # When it is removed, once its task's end was delivered.
    Column("expires", Float),
)
for _time in (webhooks.c.due, webhooks.c.until, webhooks.c.expires):
    _set = _time.is_not(None)
    Index(f"webhooks_{_time.name}", _time, sqlite_where=_set, postgresql_where=_set)
