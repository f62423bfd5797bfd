"""Removes conversations that nobody has used for long, with everything that belongs to them.

Any process may remove one. It holds the conversation meanwhile, as a turn that is decoded would, so no turn of it can
begin: a message that was there before keeps it alive, and one that comes later begins a conversation anew. Each is
removed in a transaction of its own, for whose sake nobody waits long: the database ends one that is stopped or slow.

A task that ended before its turn began has nothing in its conversation, and is removed by its own age.

Found they are by their tasks: a turn and its task are written together, and removed together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from a2a.server.models import TaskModel
from sqlalchemy import ColumnElement, Delete, Select, and_, delete, exists, func, not_, or_, select, tuple_, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import aliased

from service.sessions.database import is_shared, one_of
from service.sessions.outages import is_outage, log_failure, sqlstate
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
_STATEMENT_SECONDS = 2.0
"""How long one statement of a removal may take, waiting for others' locks included, and its process be silent between
two."""
_CANCELED = "57014"
"""PostgreSQL's code for a statement that took too long."""
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
        logger.info("conversations are removed %d days after they have ended", self._days)
        sweeping = asyncio.create_task(self._run())
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception as error:
                log_failure("old conversations are kept for now", error)
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Removes all that are over by now, but for those that other processes remove; returns how many.

        One that cannot be removed is no reason to keep the others, unless the database is away.
        """
        conversations = tasks = 0
        position: _Position | None = _BEGINNING
        try:
            while position:
                old, position = await to_the_end(self._find_old(position))
                for expired in await to_the_end(self._find_over(old)):
                    conversations += await _tried("an old conversation", self._remove(expired))
                    await asyncio.sleep(_PAUSE_SECONDS)
                tasks += await _tried("a task that never began", self._remove_never_begun(old))
        finally:
            for what, count in (("conversations", conversations), ("tasks that never began", tasks)):
                if count:
                    logger.info("%s removed that ended more than %d days ago: %d", what, self._days, count)
        return conversations

    async def _find_old(self, after: _Position) -> tuple[list[str], _Position | None]:
        """The ids of the next old tasks; and where to look on, if there may be more.

        However many there are in conversations that are not over, no look takes long.
        """
        time, key = TaskModel.last_updated, TaskModel.id
        further = time < self._since(), tuple_(time, key) > after
        old = select(time, key).where(*further).order_by(time, key).limit(_AT_ONCE)
        async with self._database.connect() as connection:
            tasks = [(row.last_updated, row.id) for row in await connection.execute(old)]
        return [task_id for _, task_id in tasks], tasks[-1] if len(tasks) == _AT_ONCE else None

    async def _find_over(self, task_ids: Collection[str]) -> list[Expired]:
        """Those of the conversations with these tasks that are over."""
        over = self._over(select(turns.c.conversation_id).where(one_of(self._database, turns.c.id, task_ids)))
        async with self._database.connect() as connection:
            return [Expired(row.conversation_id, row.newest) for row in await connection.execute(over)]

    def _since(self) -> datetime:
        """What has ended before that is old; as the A2A SDK stores times."""
        return datetime.now(UTC).replace(tzinfo=None) - timedelta(days=self._days)

    def _over(self, conversations: Select[tuple[str]]) -> Select[tuple[str, int]]:
        """Those of which all turns have ended, none since, and all webhooks know; each with its last turn's number."""
        each, its, task = conversations.distinct().subquery(), turns.alias(), aliased(TaskModel)
        all_its = its.c.conversation_id == each.c.conversation_id
        in_use = or_(not_(its.c.ended), task.last_updated >= self._since(), IS_OWED)
        with_all = its.outerjoin(task, task.id == its.c.id).outerjoin(webhooks, webhooks.c.task_id == its.c.id)
        is_in_use = exists().select_from(with_all).where(all_its, in_use)
        newest = select(func.max(its.c.number)).where(all_its).scalar_subquery()
        return select(each.c.conversation_id, newest.label("newest")).where(~is_in_use)

    async def _remove(self, expired: Expired) -> bool:
        """Whether it did: somebody may have used it meanwhile, or may be removing it."""
        try:
            async with self._database.connect() as connection:  # left without a commit, nothing was done
                if not await self._hold(connection, expired):
                    return False
                await connection.execute(delete(spans).where(spans.c.conversation_id == expired.conversation_id))
                # A later turn begins the conversation anew.
                its = turns.c.conversation_id == expired.conversation_id, turns.c.number <= expired.newest
                for statement in _deletions(and_(*its)):
                    await connection.execute(statement)
                await connection.commit()
        except IntegrityError:  # a turn of it is decoded
            return False
        self._metrics.removed(1, None)
        return True

    async def _hold(self, connection: AsyncConnection, expired: Expired) -> bool:
        await self._bound(connection)
        last = turns.c.conversation_id == expired.conversation_id, turns.c.number == expired.newest
        unlocked = select(turns.c.number).where(*last).with_for_update(skip_locked=True)
        # Raises IntegrityError if another turn is held, and keeps others from being held as long as the transaction
        # lasts. So only from now on can it be seen, and only by another statement, whether there was one since.
        await connection.execute(update(turns).where(turns.c.number.in_(unlocked)).values(holder=_HOLDER))
        over = self._over(select(turns.c.conversation_id).where(*last, turns.c.holder == _HOLDER))
        return (await connection.execute(over)).first() == (expired.conversation_id, expired.newest)

    async def _remove_never_begun(self, task_ids: Collection[str]) -> int:
        """How many of these tasks have ended before their turn began, and are removed."""
        these = one_of(self._database, turns.c.id, task_ids), turns.c.ended, not_(turns.c.begun)
        is_owed = exists().where(webhooks.c.task_id == turns.c.id, IS_OWED)
        unlocked = select(turns.c.id).where(*these, ~is_owed).order_by(turns.c.number).with_for_update(skip_locked=True)
        async with self._database.begin() as connection:
            await self._bound(connection)
            if ids := (await connection.scalars(unlocked)).all():
                for statement in _deletions(one_of(self._database, turns.c.id, ids)):
                    await connection.execute(statement)
        return len(ids)

    async def _bound(self, connection: AsyncConnection) -> None:
        """Others wait for this transaction, of which this process may be stopped in the middle."""
        if is_shared(self._database):
            settings = ("statement_timeout", "idle_in_transaction_session_timeout")
            milliseconds = f"{1000 * _STATEMENT_SECONDS:.0f}"
            await connection.execute(select(*(func.set_config(name, milliseconds, True) for name in settings)))


async def _tried(what: str, removal: Coroutine[Any, Any, int]) -> int:
    """How many it removes: none if somebody has a row of it, or it fails. Raises only if the database is away."""
    try:
        return await to_the_end(removal)
    except Exception as error:
        if isinstance(error, DBAPIError) and sqlstate(error) == _CANCELED:
            logger.warning("%s is kept for now: %s", what, error.orig)
        elif is_outage(error):
            raise
        else:
            log_failure(f"{what} cannot be removed", error)
    return 0


def _deletions(which: ColumnElement[bool]) -> Iterator[Delete]:
    """Of turns and of all that belongs to them alone."""
    ids = select(turns.c.id).where(which)
    yield delete(webhooks).where(webhooks.c.task_id.in_(ids))
    for table in (messages, answers, results, events):
        yield delete(table).where(table.c.turn_id.in_(ids))
    yield delete(TaskModel).where(TaskModel.id.in_(ids))
    yield delete(turns).where(which)
