"""The turns that are to be decoded: each is stored before its message is acknowledged, and somebody's until it ends.

    accept ──► waits ──► held ──► ended
                 ▲         │ let go, or its holder has been silent for too long
                 ├─────────┤
                 └─ asks ◄─┘ a call wants to know something: until it is answered, or for too long

A turn waits for the earlier ones of its conversation. Who holds one has a lease, whose fence is higher each time.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.messages import Answer, Question
from service.sessions.database import is_shared, now, one_of
from service.sessions.tables import answers, messages, results, turns
from service.sessions.writes import Lease, Statement, Writes
from service.to_the_end import to_the_end

_BEGAN = "began"
"""Kept beside what a message asks for: when its turn began."""
TRACE = "trace"
"""The same for the trace context in which it was accepted."""
ANSWERED = "answered"
"""And, if it answers a question, for that of the message before it."""
_NO_MEMOS = "{}"
Also = Callable[[AsyncConnection], Awaitable[Sequence[Statement]]]
"""What else is to be written, by what is stored now: until it is written, nobody else changes that."""
_RENEWALS = 10
"""In the time that a lease lasts without any."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that asks for a turn."""

    turn_id: str
    conversation_id: str
    message_key: str
    """Names the message among all there ever were."""
    digest: str
    """Of what it says."""
    quota_key: str
    """By which turns are counted: those that have different ones get their turns in turn."""
    ask: dict[str, Any]
    """What it asks for, as JSON."""


@dataclass(frozen=True, slots=True)
class Held:
    """A turn that this process may decode."""

    lease: Lease
    conversation_id: str
    ask: dict[str, Any]
    begins: bool = False
    """Whether the conversation begins with it, so that nothing can be stored of it."""
    begun: bool = False
    """Whether an earlier holder has begun it."""
    attempts: int = 1
    """This one included."""
    cancelled: bool = False
    """Whether it is to be ended at once."""
    began: float = field(default_factory=time.time)
    """When it began or was answered, whoever held it then, in seconds since 1970."""
    since: float = field(default_factory=time.monotonic)
    """When its lease was asked for, on this process's own clock."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of an earlier message with the same key."""

    turn_id: str
    digest: str


class NotAsked(LookupError):
    """A turn asks something else than what was answered."""


def message_key(owner: str, message_id: str) -> str:
    """The same message of the same owner has the same."""
    return hashlib.sha256(f"{len(owner)} {owner}{message_id}".encode()).hexdigest()


def question_id(lease: Lease) -> str:
    """Names the question that a turn rests with when this lease ends. Whoever holds it next has another."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{lease.turn_id}/{lease.fence}"))


class Turns:
    """As this process sees them."""

    def __init__(self, database: AsyncEngine, writes: Writes, lease_seconds: float) -> None:
        """A holder that has not renewed its leases for `lease_seconds` loses them, where others could take them."""
        self._database = database
        self._writes = writes
        self._seconds = lease_seconds
        self.renew_seconds = lease_seconds / _RENEWALS
        """How often a holder should renew its leases."""
        self._holder = uuid.uuid4().hex
        self.shared = is_shared(database)
        """Whether other processes may hold turns of the same database."""

    async def accept(self, accepted: Accepted, *also: Statement, hold: bool) -> Held | Seen | None:
        """Stores a turn, and executes what is `also` to be written with it. None if it waits now.

        `hold` takes its lease at once, if its conversation is new. Of a message that was accepted before, nothing is
        stored again.
        """
        began = time.time()
        row = {
            "id": accepted.turn_id,
            "conversation_id": accepted.conversation_id,
            "quota_key": accepted.quota_key,
            "ask": accepted.ask | ({_BEGAN: began} if hold else {}),
            **(self._lease_values() | {"fence": 1, "attempts": 1} if hold else {}),
        }
        since = time.monotonic()
        try:
            await self._writes.write(_message(accepted), (insert(turns).values(row), None), *also)
        except IntegrityError:
            seen = await self.find(accepted.message_key)
            if seen is None:
                raise
            if seen.turn_id != accepted.turn_id:  # else it was written twice, for want of an answer
                return seen
        if not hold:
            return None
        lease = Lease(accepted.turn_id, 1)
        return Held(lease, accepted.conversation_id, accepted.ask, begins=True, began=began, since=since)

    async def find(self, key: str) -> Seen | None:
        """The turn of a message that was accepted before."""
        return await to_the_end(self._find(key))

    async def _find(self, key: str) -> Seen | None:
        async with self._database.connect() as connection:
            rows = select(messages.c.turn_id, messages.c.digest).where(messages.c.key == key)
            row = (await connection.execute(rows)).one_or_none()
        return Seen(*row) if row else None

    async def waiting(self) -> dict[str, int]:
        """By quota key, how many turns nobody holds. Those that ask are left out, and those that wait for them."""
        return await to_the_end(self._waiting())

    async def _waiting(self) -> dict[str, int]:
        other = turns.alias()
        asks = (other.c.conversation_id == turns.c.conversation_id, not_(other.c.ended), other.c.asking.is_not(None))
        waits = (not_(turns.c.ended), turns.c.holder.is_(None), ~exists().where(*asks))
        async with self._database.connect() as connection:
            counts = select(turns.c.quota_key, func.count().label("waiting")).where(*waits).group_by(turns.c.quota_key)
            return {row.quota_key: row.waiting for row in await connection.execute(counts)}

    async def in_line(self, conversation_id: str) -> int:
        """How many turns of a conversation have not ended."""
        return await to_the_end(self._in_line(conversation_id))

    async def _in_line(self, conversation_id: str) -> int:
        count = select(func.count()).where(turns.c.conversation_id == conversation_id, not_(turns.c.ended))
        async with self._database.connect() as connection:
            return (await connection.execute(count)).scalar_one()

    async def claim(self, count: int, but: Collection[str] = ()) -> list[Held]:
        """Takes the leases of up to `count` turns that nobody holds: one of each quota key, the oldest, then another.

        None of the turns in `but`.
        """
        try:
            return await to_the_end(self._claim(count, but))
        except IntegrityError:  # another process took a turn of the same conversation in this moment
            return []

    async def _claim(self, count: int, but: Collection[str]) -> list[Held]:
        since = time.monotonic()
        free = (
            self._free()
            .where(~one_of(self._database, turns.c.id, but))
            .limit(count)
            .with_for_update(of=turns, skip_locked=True)
        )
        chosen = free.cte()  # once: within a join PostgreSQL might do it again for each row, and take more than `count`
        taken = (
            update(turns)
            .where(turns.c.number.in_(select(chosen)))
            .values(self._lease_values() | {"fence": turns.c.fence + 1, "attempts": turns.c.attempts + 1})
            .returning(
                turns.c.id,
                turns.c.fence,
                turns.c.conversation_id,
                turns.c.ask,
                turns.c.begun,
                turns.c.attempts,
                turns.c.cancelled,
                turns.c.asking,
                turns.c.memo,
            )
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(taken)).all()
            held = []
            for row in rows:
                ask = dict(row.ask)
                began = ask.pop(_BEGAN, None)
                if row.asking:  # for too long
                    await self._write_answer(connection, row.id, row.asking, _answer_to(row.asking, row.memo, None))
                if row.asking or began is None:
                    began = time.time()
                    beginning = update(turns).where(turns.c.id == row.id).values(ask=ask | {_BEGAN: began})
                    await connection.execute(beginning)
                held.append(
                    Held(
                        Lease(row.id, row.fence),
                        row.conversation_id,
                        ask,
                        begun=row.begun,
                        attempts=row.attempts,
                        cancelled=row.cancelled,
                        began=began,
                        since=since,
                    )
                )
        return held

    def _free(self) -> Select[tuple[int]]:
        """The turns that nobody holds, and that no other turn of their conversation keeps waiting."""
        other = turns.alias()
        in_the_way = exists().where(
            other.c.conversation_id == turns.c.conversation_id,
            not_(other.c.ended),
            or_(other.c.number < turns.c.number, and_(other.c.holder.is_not(None), other.c.number != turns.c.number)),
        )
        silent = or_(turns.c.asking.is_(None), turns.c.expires < now(self._database))
        # Among those of its quota key, after those that are held.
        place = func.row_number().over(
            partition_by=turns.c.quota_key, order_by=(turns.c.holder.is_(None), turns.c.number)
        )
        places = select(turns.c.number, place.label("place")).where(not_(turns.c.ended)).subquery()
        return (
            select(turns.c.number)
            .join(places, places.c.number == turns.c.number)
            .where(not_(turns.c.ended), self._unheld(), silent, ~in_the_way)
            .order_by(places.c.place, turns.c.number)
        )

    def _unheld(self) -> ColumnElement[bool]:
        silent = turns.c.until < now(self._database) if self.shared else turns.c.holder != self._holder
        return or_(turns.c.holder.is_(None), silent)

    async def renew(self, leases: Collection[Lease]) -> tuple[set[Lease], set[str]]:
        """Says that their holder is alive. Returns those that it has lost, and the ids of turns that are to end."""
        # Locked in the same order as by those who write under leases: else each could wait for the other.
        named = one_of(self._database, turns.c.id, [lease.turn_id for lease in leases])
        locked = select(turns.c.number).where(named).order_by(turns.c.number).with_for_update()
        mine = update(turns).where(turns.c.holder == self._holder, named).values(self._lease_values())
        kept: set[Lease] = set()
        cancelled: set[str] = set()
        async with self._database.begin() as connection:
            await connection.execute(locked)
            rows = await connection.execute(mine.returning(turns.c.id, turns.c.fence, turns.c.cancelled))
            for turn_id, fence, ends in rows:
                kept.add(Lease(turn_id, fence))
                cancelled |= {turn_id} if ends else set()
        return set(leases) - kept, cancelled

    def lasts(self, since: float) -> bool:
        """Whether a lease that was asked for then, on this process's own clock, is certainly not another's by now."""
        return not self.shared or time.monotonic() < since + self._seconds

    async def let_go(self, leases: Sequence[Lease]) -> None:
        """Gives leases back, for others to go on, or this process once it is started again."""
        for lease in leases:
            mine = and_(turns.c.id == lease.turn_id, turns.c.fence == lease.fence)
            free = update(turns).where(mine).values(holder=None, attempts=turns.c.attempts - 1)
            await self._writes.write((free, None), lease=lease)

    def ended(self, turn_id: str) -> tuple[Statement, ...]:
        """What is to be written when a turn has ended."""
        return (
            (update(turns).where(turns.c.id == turn_id).values(ended=True, holder=None), None),
            (delete(results).where(results.c.turn_id == turn_id), None),
            (delete(answers).where(answers.c.turn_id == turn_id), None),
        )

    def left(self, turn_id: str) -> Statement:
        """What is to be written when a turn has ended that was not gone on with, and may have left something elsewhere.

        It is free once more: whoever takes it is to clean up.
        """
        free = {"holder": None, "cancelled": True, "attempts": 0}
        return update(turns).where(turns.c.id == turn_id).values(free), None

    def asks(self, turn_id: str, questions: Sequence[Question], seconds: float) -> Statement:
        """What is to be written when a turn rests until its first question is answered, or for `seconds`."""
        rests = {
            "holder": None,
            "attempts": 0,
            "asking": questions[0].call_id,
            "memo": json.dumps({question.call_id: question.memo for question in questions if question.memo}),
            "expires": now(self._database) + seconds,
        }
        return update(turns).where(turns.c.id == turn_id).values(rests), None

    async def answer(
        self, accepted: Accepted, text: str, question: str | None = None, also: Also | None = None
    ) -> Seen | None:
        """Stores a message as the answer that a turn rests for, and what is `also` to be written with it.

        Of a message that was accepted before, nothing is stored again. Raises LookupError if the turn asks nothing, and
        NotAsked if it asks something else than the `question` that is named.
        """
        return await to_the_end(self._answer(accepted, text, question, also))

    async def _answer(self, accepted: Accepted, text: str, question: str | None, also: Also | None) -> Seen | None:
        asked = select(turns.c.fence, turns.c.asking, turns.c.memo, turns.c.ask).where(
            turns.c.id == accepted.turn_id,
            not_(turns.c.ended),
            turns.c.holder.is_(None),
            turns.c.asking.is_not(None),
        )
        try:
            async with self._database.begin() as connection:
                row = (await connection.execute(asked.with_for_update())).one_or_none()
                if row is None:
                    raise LookupError(accepted.turn_id)
                if question and question != question_id(Lease(accepted.turn_id, row.fence)):
                    raise NotAsked(question)
                await self._write_answer(
                    connection, accepted.turn_id, row.asking, _answer_to(row.asking, row.memo, text)
                )
                # Also what it has come through and may cost: when the question was asked may be long ago.
                before = {ANSWERED: row.ask[TRACE]} if TRACE in row.ask else {}
                newest = update(turns).where(turns.c.id == accepted.turn_id).values(ask=accepted.ask | before)
                more = await also(connection) if also else ()
                for statement, rows in ((newest, None), _message(accepted), *more):
                    await connection.execute(statement, rows)
        except (IntegrityError, LookupError):
            if seen := await self._find(accepted.message_key):
                return seen
            raise
        return None

    async def _write_answer(self, connection: AsyncConnection, turn_id: str, call_id: str, answer: Answer) -> None:
        before = select(func.count()).where(answers.c.turn_id == turn_id, answers.c.call_id == call_id)
        number = await connection.scalar(before)
        row = {"turn_id": turn_id, "call_id": call_id, "number": number, "text": answer.text, "memo": answer.memo}
        await connection.execute(insert(answers).values(row))
        await connection.execute(update(turns).where(turns.c.id == turn_id).values(asking=None))

    async def cancel(self, turn_id: str, also: Also | None = None) -> bool:
        """Says that a turn is to end. If nobody holds it, that is its end, for which `also` is written; whether so.

        One that may have left something elsewhere is free once more then: whoever takes it is to clean up.
        """
        return await to_the_end(self._cancel(turn_id, also))

    async def _cancel(self, turn_id: str, also: Also | None) -> bool:
        columns = (turns.c.begun, turns.c.asking, turns.c.memo, turns.c.cancelled, self._unheld().label("free"))
        there = select(*columns).where(turns.c.id == turn_id, not_(turns.c.ended))
        cancels = update(turns).where(turns.c.id == turn_id).values(cancelled=True, fence=turns.c.fence + 1)
        async with self._database.begin() as connection:
            row = (await connection.execute(there.with_for_update())).one_or_none()
            if row is None:
                return False
            over = row.free and not row.cancelled  # one that was cancelled before is somebody's to end
            if not over:
                await connection.execute(update(turns).where(turns.c.id == turn_id).values(cancelled=True))
                return False
            memos = json.loads(row.memo or _NO_MEMOS)
            then = self.ended(turn_id)
            if row.begun and (memos or row.asking is None):  # one that rests has left what its questions stand for
                for call_id, memo in memos.items():
                    await self._write_answer(connection, turn_id, call_id, Answer(None, memo))
                then = (self.left(turn_id),)
            more = await also(connection) if also else ()
            for statement, rows in ((cancels, None), *then, *more):
                await connection.execute(statement, rows)
        return True

    def _lease_values(self) -> dict[str, Any]:
        return {"holder": self._holder, "until": now(self._database) + self._seconds}


def _answer_to(asking: str, memos: str, text: str | None) -> Answer:
    return Answer(text, json.loads(memos).get(asking, ""))


def _message(accepted: Accepted) -> Statement:
    row = {"key": accepted.message_key, "digest": accepted.digest, "turn_id": accepted.turn_id}
    return insert(messages).values(row), None
