"""Removes conversations that nobody has used for long, with everything that belongs to them.

Any process may remove one. It holds the conversation meanwhile, as a turn that is decoded would, so no turn of it can
begin: a message that was there before keeps it alive, and one that comes later begins a conversation anew. Each is
removed in a transaction of its own, for whose sake nobody waits long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from a2a.server.models import TaskModel
from sqlalchemy import Delete, Select, delete, exists, not_, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import aliased

from service.sessions.database import one_of
from service.sessions.outages import is_outage
from service.sessions.tables import answers, events, messages, results, spans, turns, webhooks
from service.sessions.webhooks import IS_OWED
from service.telemetry.metrics import Metrics
from service.to_the_end import to_the_end

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 3600.0
_PAUSE_SECONDS = 0.02
"""Between two removals: there may be many, and whoever is served comes first."""
_AT_ONCE = 200
"""How many old tasks are looked at together."""
_HOLDER = "retention"
_Position = tuple[datetime, str]
"""Of a task by its time: that, and its id."""
_BEGINNING: _Position = (datetime.min, "")


@dataclass(frozen=True, slots=True)
class Expired:
    """A conversation that may be removed, as it was when it was looked up."""

    conversation_id: str
    newest: int
    """The number of its last turn."""


class Retention:
    """One process's share of the removals."""

    def __init__(self, database: AsyncEngine, days: int, metrics: Metrics) -> None:
        """Conversations are kept for `days` after the last of their turns has ended."""
        self._database = database
        self._days = days
        self._metrics = metrics

    @asynccontextmanager
    async def removing(self) -> AsyncIterator[None]:
        """Removes what is over, again and again, for as long as this is open."""
        sweeping = asyncio.create_task(self._sweep_often())
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])

    async def _sweep_often(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception as error:
                if is_outage(error):
                    logger.warning("the database is away: %s", error)
                else:
                    logger.exception("old conversations cannot be removed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Removes all that are over by now, but for those that other processes remove; returns how many."""
        removed = 0
        position: _Position | None = _BEGINNING
        try:
            while position:
                found, position = await to_the_end(self._find(position))
                for each in found:
                    removed += await self._try_to_remove(each)
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            if removed:
                logger.info("conversations removed that ended more than %d days ago: %d", self._days, removed)
        return removed

    async def _find(self, after: _Position = _BEGINNING) -> tuple[list[Expired], _Position | None]:
        """Those that are over, as the next old tasks tell; and where to look on, if there may be more.

        However many old tasks there are in conversations that are not over, no look takes long.
        """
        time, key = TaskModel.last_updated, TaskModel.id
        further = time < self._since(), tuple_(time, key) > after
        old = select(time, key).where(*further).order_by(time, key).limit(_AT_ONCE)
        async with self._database.connect() as connection:
            tasks = [(row.last_updated, row.id) for row in await connection.execute(old)]
            their = one_of(self._database, turns.c.id, [task_id for _, task_id in tasks])
            over = await connection.execute(self._expired().where(their))
            found = [Expired(row.conversation_id, row.number) for row in over]
        return found, tasks[-1] if len(tasks) == _AT_ONCE else None

    def _since(self) -> datetime:
        """What has ended before that is old; as the A2A SDK stores times."""
        return datetime.now(UTC).replace(tzinfo=None) - timedelta(days=self._days)

    def _expired(self) -> Select[tuple[str, int]]:
        """The last turn of each conversation of which all turns have ended, none since, and all webhooks know."""
        since = self._since()
        other, other_task = turns.alias(), aliased(TaskModel)
        alive = or_(other.c.number > turns.c.number, not_(other.c.ended), other_task.last_updated >= since)
        others = other.outerjoin(other_task, other_task.id == other.c.id)
        is_alive = exists().select_from(others).where(other.c.conversation_id == turns.c.conversation_id, alive)
        told = other.join(webhooks, webhooks.c.task_id == other.c.id)
        is_owed = exists().select_from(told).where(other.c.conversation_id == turns.c.conversation_id, IS_OWED)
        return (
            select(turns.c.conversation_id, turns.c.number)
            .join(TaskModel, TaskModel.id == turns.c.id)
            .where(TaskModel.last_updated < since, turns.c.ended, ~is_alive, ~is_owed)
        )

    async def _try_to_remove(self, expired: Expired) -> bool:
        """One that cannot be removed is no reason to keep the others."""
        try:
            return await to_the_end(self._remove(expired))
        except Exception as error:
            if is_outage(error):
                logger.warning("an old conversation is kept for now: %s", error)
            else:
                logger.exception("an old conversation cannot be removed")
            return False

    async def _remove(self, expired: Expired) -> bool:
        """Whether it did: somebody may have used it meanwhile, or may be removing it."""
        try:
            async with self._database.connect() as connection:  # left without a commit, nothing was done
                if not await self._hold(connection, expired):
                    return False
                for statement in _deletions(expired):
                    await connection.execute(statement)
                await connection.commit()
        except IntegrityError:  # a turn of it is decoded
            return False
        self._metrics.removed(1, None)
        return True

    async def _hold(self, connection: AsyncConnection, expired: Expired) -> bool:
        last = turns.c.conversation_id == expired.conversation_id, turns.c.number == expired.newest
        free = select(turns.c.number).where(*last).with_for_update(skip_locked=True)
        # Raises IntegrityError if another turn is held, and keeps others from being held as long as the transaction
        # lasts. So only from now on can it be seen, and only by another statement, whether there was one since.
        await connection.execute(update(turns).where(turns.c.number.in_(free)).values(holder=_HOLDER))
        still = self._expired().where(*last, turns.c.holder == _HOLDER)
        return (await connection.execute(still)).first() is not None


def _deletions(expired: Expired) -> Iterator[Delete]:
    """Of a conversation and all its turns up to the newest that is known: a later one begins it anew."""
    its = turns.c.conversation_id == expired.conversation_id, turns.c.number <= expired.newest
    ids = select(turns.c.id).where(*its)
    yield delete(spans).where(spans.c.conversation_id == expired.conversation_id)
    yield delete(webhooks).where(webhooks.c.task_id.in_(ids))
    for table in (messages, answers, results, events):
        yield delete(table).where(table.c.turn_id.in_(ids))
    yield delete(TaskModel).where(TaskModel.id.in_(ids))
    yield delete(turns).where(*its)
