"""Who is to be told of tasks, and what they have not been told yet: an outbox, written with the states it is about.

    ──► owed ──► held ──► delivered ──► owed again by the next change, or removed some time after the task's end
          ▲       │
          └───────┘ failed, or its holder died

What is owed is always the task's newest state, so that changes which come faster than they can be told become one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, delete, func, literal, null, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from service.sessions.database import now, one_of, upsert
from service.sessions.tables import turns, webhooks
from service.sessions.turns import TRACE
from service.sessions.writes import Statement, Writes
from service.to_the_end import to_the_end

LEASE_SECONDS = 60.0
"""How long a delivery may take before its process counts as dead."""
PAUSE_SECONDS = 1.0
"""Between deliveries of a state in which the task goes on."""
KEPT_SECONDS = 3600.0
"""How long a webhook can still be read after its task's end was delivered."""

_AT_ONCE = 0.0
"""Due long ago."""


@dataclass(frozen=True, slots=True)
class Due:
    """A webhook that this process is to tell of a task's newest state."""

    task_id: str
    id: str
    config: dict[str, Any]
    """As it was stored."""
    attempts: int
    """To tell of this state, this one included."""
    waited: float
    """Seconds since the first of them."""
    holder: str
    trace: dict[str, str] | None
    """The context in which the task's last message was accepted, if there is one."""


IS_OWED = or_(webhooks.c.due.is_not(None), webhooks.c.until.is_not(None))
"""Whether a webhook is to be told of something, or is being told."""


class Webhooks:
    """As this process sees them."""

    def __init__(self, database: AsyncEngine, writes: Writes) -> None:
        self._database = database
        self._writes = writes

    # Statements, to be written with what they are about.

    def stored(self, task_id: str, webhook_id: str, config: dict[str, Any]) -> Statement:
        """Stores a webhook, in place of one with the same id, and owes it the state that the task has now."""
        new = {"due": _AT_ONCE, "since": None, "attempts": 0, "holder": None, "until": None, "expires": None}
        return upsert(self._database, webhooks), [{"task_id": task_id, "id": webhook_id, "config": config, **new}]

    def owed(self, task_id: str) -> Statement:
        """The task has ended or waits for somebody: this is told at once, however often telling has failed before."""
        values = {"due": _AT_ONCE, "since": None, "attempts": 0}
        return update(webhooks).where(webhooks.c.task_id == task_id).values(values), None

    def changed(self, task_ids: Collection[str]) -> Statement:
        """The tasks go on and have more to show: this is told with what else comes soon."""
        due = func.coalesce(webhooks.c.due, now(self._database) + PAUSE_SECONDS)
        return update(webhooks).where(one_of(self._database, webhooks.c.task_id, task_ids)).values(due=due), None

    # What people ask for.

    async def store(self, task_id: str, webhook_id: str, config: dict[str, Any]) -> None:
        await self._writes.write(self.stored(task_id, webhook_id, config))

    async def read(self, task_id: str) -> dict[str, dict[str, Any]]:
        """The configurations of a task's webhooks by id."""
        return await to_the_end(self._read(task_id))

    async def _read(self, task_id: str) -> dict[str, dict[str, Any]]:
        rows = select(webhooks.c.id, webhooks.c.config).where(webhooks.c.task_id == task_id)
        async with self._database.connect() as connection:
            return {row.id: row.config for row in await connection.execute(rows)}

    async def remove(self, task_id: str, webhook_id: str) -> None:
        """If it is there."""
        its = and_(webhooks.c.task_id == task_id, webhooks.c.id == webhook_id)
        await self._writes.write((delete(webhooks).where(its), None))

    # Deliveries.

    async def claim(self, count: int) -> list[Due]:
        """Takes up to `count` webhooks that are owed something; those first where nothing has failed yet."""
        return await to_the_end(self._claim(count))

    async def _claim(self, count: int) -> list[Due]:
        time, holder = now(self._database), uuid.uuid4().hex
        key = tuple_(webhooks.c.task_id, webhooks.c.id)
        free = (
            select(webhooks.c.task_id, webhooks.c.id)
            .where(or_(and_(webhooks.c.holder.is_(None), webhooks.c.due <= time), webhooks.c.until < time))
            .order_by(webhooks.c.attempts, webhooks.c.due)
            .limit(count)
            .with_for_update(skip_locked=True)
            .cte()  # selected once: within a join PostgreSQL might do it again for each row, and take more than `count`
        )
        taken = (
            update(webhooks)
            .where(key.in_(select(free)))
            .values(
                holder=holder,
                until=time + LEASE_SECONDS,
                due=null(),  # what changes while it is told is owed anew
                since=func.coalesce(webhooks.c.since, time),
                attempts=webhooks.c.attempts + 1,
            )
            .returning(
                webhooks.c.task_id,
                webhooks.c.id,
                webhooks.c.config,
                webhooks.c.attempts,
                (time - webhooks.c.since).label("waited"),
                select(turns.c.ask[TRACE]).where(turns.c.id == webhooks.c.task_id).scalar_subquery().label("trace"),
            )
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(taken)).all()
        return [Due(row.task_id, row.id, row.config, row.attempts, row.waited, holder, row.trace) for row in rows]

    async def backlog(self) -> tuple[int, float]:
        """How many webhooks are owed something, and for how many seconds one of them has been tried at most."""
        return await to_the_end(self._backlog())

    async def _backlog(self) -> tuple[int, float]:
        longest = func.coalesce(now(self._database) - func.min(webhooks.c.since), 0.0)
        async with self._database.connect() as connection:
            row = (await connection.execute(select(func.count(), longest).where(IS_OWED))).one()
        return row[0], row[1]

    async def delivered(self, due: Due, *, last: bool) -> None:
        """`last` if the task has ended with what was told."""
        expires = now(self._database) + KEPT_SECONDS if last else null()
        await self._let_go(due, attempts=0, since=null(), expires=expires)

    async def failed(self, due: Due, pause: float) -> None:
        """To be tried again after `pause` seconds, unless there is something more urgent to tell by now."""
        later = now(self._database) + pause
        await self._let_go(due, due=case((webhooks.c.due == _AT_ONCE, literal(_AT_ONCE)), else_=later))

    async def put_back(self, due: Due) -> None:
        """For another process, as if it had not been taken."""
        await self._let_go(due, due=_AT_ONCE, attempts=webhooks.c.attempts - 1)

    async def drop(self, due: Due) -> None:
        """Nothing more is told there."""
        await self._writes.write((delete(webhooks).where(self._its(due)), None))

    async def _let_go(self, held: Due, **values: Any) -> None:
        freed = update(webhooks).where(self._its(held)).values(holder=null(), until=null(), **values)
        await self._writes.write((freed, None))

    def _its(self, held: Due) -> Any:
        """The row, if it is still held: another process may have it by now, or another configuration its id."""
        return and_(webhooks.c.task_id == held.task_id, webhooks.c.id == held.id, webhooks.c.holder == held.holder)

    async def sweep(self) -> None:
        """Removes those whose time is over."""
        await self._writes.write((delete(webhooks).where(webhooks.c.expires < now(self._database)), None))
