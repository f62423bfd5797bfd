"""What happens in a turn, for all who want to know it: each event is stored before it is told.

    loop ──add──► stored under the turn's lease ──► told to those who follow
                       └──► read by those who were not there

So whoever goes on with a turn goes on with its numbers too, and nobody has heard of an event that is not there any
more. What was told of a call before is told again by a loop that goes on with it: that is known, and kept once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from service.delegation import MAX_DEPTH
from service.events import (
    CallFinished,
    CallProgress,
    CallStarted,
    Event,
    Omitted,
    Spliced,
    TextDelta,
    Waiting,
    from_json,
    innermost,
    to_json,
)
from service.sessions.database import insert_new, numbers_of
from service.sessions.outages import through_outages
from service.sessions.tables import events
from service.sessions.writes import Lease, Writes
from service.to_the_end import to_the_end

_TEXT_CHARS = 4_000
"""Kept of each call's arguments and result."""
_INSIDE_CHARS = 256 * 2**10
"""Kept of what happens inside a turn's calls, as JSON: how much that is, other agents decide."""


class Added(NamedTuple):
    """An event that is to be told."""

    event: Event
    stored: asyncio.Future[None] | None = None
    """Done once it may be; None if it is told without being kept."""


class Timeline:
    """Of one turn, in the hands of the process that decodes it."""

    def __init__(self, writes: Writes, database: AsyncEngine, lease: Lease, kept: Sequence[Event] = ()) -> None:
        """`kept` is what earlier holders of the turn have stored."""
        self._writes = writes
        self._lease = lease
        self._insert = insert_new(database, events)
        self.kept = kept
        self._seq = max((event.seq or 0 for event in kept), default=0)
        self._known = {_identity(event) for event in kept} - {None}
        self._room = _INSIDE_CHARS - sum(_size(event) for event in kept if isinstance(event, CallProgress))

    def add(self, event: Event) -> Added | None:
        """Numbers an event and has it stored, before whatever is written after this call. None if it is known already.

        What other agents write is told once, and not kept: the call's result has it.
        """
        if isinstance(innermost(event), TextDelta):
            return Added(event)
        identity = _identity(event)
        if identity is not None:
            if identity in self._known:
                return None
            self._known.add(identity)
        if isinstance(event, CallProgress) and self._room <= 0:
            return Added(event)
        self._seq += 1
        event = event.model_copy(update={"seq": self._seq})
        row = {"turn_id": self._lease.turn_id, "number": self._seq, "event": to_json(self._kept_form(event))}
        return Added(event, self._writes.submit((self._insert, [row]), lease=self._lease))

    def _kept_form(self, event: Event) -> Event:
        short = _shortened(event)
        if not isinstance(short, CallProgress):
            return short
        self._room -= _size(short)
        return short if self._room > 0 else short.model_copy(update={"event": Omitted()})


class Timelines:
    """Of all turns."""

    def __init__(self, database: AsyncEngine, writes: Writes) -> None:
        self._database = database
        self._writes = writes

    async def open(self, lease: Lease, *, begun: bool) -> Timeline:
        """A turn's, with what is stored of it once the database is there to tell."""
        kept = await through_outages(lambda: self.read(lease.turn_id)) if begun else []
        return Timeline(self._writes, self._database, lease, kept)

    async def read(self, turn_id: str) -> list[Event]:
        """What is stored of a turn, in order."""
        return (await self.read_after({turn_id: 0})).get(turn_id, [])

    async def read_after(self, seqs: Mapping[str, int]) -> dict[str, list[Event]]:
        """What is stored of each of these turns after the event of this number, in order."""
        return await to_the_end(self._read_after(seqs)) if seqs else {}

    async def _read_after(self, seqs: Mapping[str, int]) -> dict[str, list[Event]]:
        last = numbers_of(self._database, seqs)
        newer = events.c.turn_id == last.c.key, events.c.number > last.c.value
        rows = select(events.c.turn_id, events.c.event).where(*newer).order_by(events.c.turn_id, events.c.number)
        found: dict[str, list[Event]] = {}
        async with self._database.connect() as connection:
            for turn_id, data in await connection.execute(rows):
                if event := from_json(data, MAX_DEPTH + 1):  # else a newer version's
                    found.setdefault(turn_id, []).append(event)
        return found


def _identity(event: Event) -> Hashable | None:
    """What happens once in a turn, whichever process tells it; None if it may happen again."""
    match event:
        case CallStarted() | CallFinished():
            return event.kind, event.call_id
        case Waiting() | Spliced():
            return event.kind, event.call_ids
        case CallProgress() if event.event.seq is not None:
            return event.kind, event.call_id, event.event.seq
    return None


def _shortened(event: Event) -> Event:
    """With no more of each text than is kept."""
    match event:
        case CallStarted() if len(event.arguments) > _TEXT_CHARS:
            left_out = len(event.arguments) - _TEXT_CHARS
            return event.model_copy(update={"arguments": event.arguments[:_TEXT_CHARS], "omitted_chars": left_out})
        case CallFinished() if len(event.text) > _TEXT_CHARS:
            left_out = len(event.text) - _TEXT_CHARS
            return event.model_copy(update={"text": event.text[:_TEXT_CHARS], "omitted_chars": left_out})
        case CallProgress():
            return event.model_copy(update={"event": _shortened(event.event)})
    return event


def _size(event: CallProgress) -> int:
    """Characters as JSON. One in whose place another stands took all the room that there was."""
    return _INSIDE_CHARS if isinstance(event.event, Omitted) else len(json.dumps(to_json(event)))
