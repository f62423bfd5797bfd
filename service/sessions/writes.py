"""All that is written, gathered: what comes while one transaction is under way goes together into the next.

A write may be made under a lease. If another process has the turn meanwhile, nothing of it is written, in the same
transaction that would have written it: so no two processes ever grow one conversation.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any, Self

from sqlalchemy import Executable, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.errors import LeaseLost
from service.sessions.database import one_of
from service.sessions.outages import PAUSE_SECONDS, is_outage
from service.sessions.tables import turns

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long a database may be away before what was to be written without a lease is given up: somebody waits for it."""
HURRY_SECONDS = 1.0
"""The same of whatever is to be written, once the service has to end: another process goes on with what is stored."""

Statement = tuple[Executable, Sequence[dict[str, Any]] | None]
"""With the rows that it is about, if it is about rows."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write what a turn grows. Each that is given has a higher fence than those before."""

    turn_id: str
    fence: int


@dataclass(slots=True, eq=False)
class _Write:
    statements: Sequence[Statement]
    lease: Lease | None
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    since: float = field(default_factory=time.monotonic)

    def end(self, error: Exception | None) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)
                self.done.exception()  # whoever waited may be gone


class Writes:
    """Leaving it waits until all is written."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self._waiting: list[_Write] = []
        self._flushing: asyncio.Task[None] | None = None
        self._hurries = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hurry()
        if self._flushing:
            await asyncio.wait({self._flushing})

    def hurry(self) -> None:
        """From now on the database is not waited for, or not for long."""
        self._hurries = True

    async def write(self, *statements: Statement, lease: Lease | None = None) -> None:
        """Returns when the statements are committed, all or none, in the order of asking.

        Cancelled, it does not wait for that, but it is done. Raises LeaseLost if the turn is another's, and the
        database's error for what cannot be written, or if the database does not come back. Under a lease it waits for
        the database as long as it takes: then the lease tells whether the turn has gone on without it.
        """
        await asyncio.shield(self.submit(*statements, lease=lease))

    def submit(self, *statements: Statement, lease: Lease | None = None) -> asyncio.Future[None]:
        """The same for who does not wait: asked for at once, done when the future is, which nobody is to cancel."""
        write = _Write(statements, lease)
        self._waiting.append(write)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return write.done

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._commit(batch)

    async def _commit(self, batch: Sequence[_Write]) -> None:
        while True:
            try:
                lost = await self._execute(batch)
            except Exception as error:
                if is_outage(error):
                    batch = self._give_up(batch, error)
                    self._waiting = self._give_up(self._waiting, error)
                    if not batch:
                        return
                    await asyncio.sleep(PAUSE_SECONDS)
                elif len(batch) == 1:
                    batch[0].end(error)
                    return
                else:  # one that cannot be written is no reason to lose the others
                    for write in batch:
                        await self._commit([write])
                    return
            else:
                for write in batch:
                    write.end(LeaseLost() if write in lost else None)
                return

    async def _execute(self, batch: Sequence[_Write]) -> set[_Write]:
        """In one transaction; those whose lease is lost are left out."""
        async with self._database.begin() as connection:
            lost = await _lost(self._database, connection, [write for write in batch if write.lease])
            for statement, rows in _gathered([write for write in batch if write not in lost]):
                await connection.execute(statement, rows)
        return lost

    def _give_up(self, batch: Sequence[_Write], error: Exception) -> list[_Write]:
        """Those that still have patience."""
        left = []
        for write in batch:
            waits = write.lease and not self._hurries
            patience = HURRY_SECONDS if self._hurries else PATIENCE_SECONDS
            if waits or time.monotonic() - write.since < patience:
                left.append(write)
            else:
                write.end(error)
        return left


def _gathered(writes: Sequence[_Write]) -> Iterator[Statement]:
    """What is to be executed, in order; rows for one statement that come one after the other go together."""
    asked = chain.from_iterable(write.statements for write in writes)
    for (statement, has_rows), alike in groupby(asked, key=lambda each: (each[0], each[1] is not None)):
        if has_rows:
            yield statement, [row for _, rows in alike for row in rows or ()]
        else:
            yield from alike


async def _lost(database: AsyncEngine, connection: AsyncConnection, writes: Sequence[_Write]) -> set[_Write]:
    if not writes:
        return set()
    ids = {write.lease.turn_id for write in writes if write.lease}
    held = one_of(database, turns.c.id, ids), not_(turns.c.ended), turns.c.holder.is_not(None)
    rows = select(turns.c.id, turns.c.fence).where(*held).order_by(turns.c.number)
    # Shared: nobody takes these leases before this transaction is over.
    fences = {Lease(*row) for row in await connection.execute(rows.with_for_update(read=True))}
    return {write for write in writes if write.lease not in fences}
