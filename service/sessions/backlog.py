"""How much waits in the database, looked at again and again: by that it is also seen whether the database answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.sessions.outages import is_outage
from service.sessions.turns import Turns
from service.sessions.webhooks import Webhooks

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of all processes that share the database."""

    turns: int = 0
    """That nobody decodes yet, without those that wait for their user."""
    webhooks: int = 0
    """That are owed the state of their task."""
    webhook_seconds: float = 0.0
    """For how long the one that has not taken any for longest has been tried."""


class BacklogWatch:
    """Looks every two seconds, as long as it is open."""

    def __init__(self, turns: Turns, webhooks: Webhooks, answered: Callable[[], None]) -> None:
        """`answered` is called whenever the database has."""
        self._turns = turns
        self._webhooks = webhooks
        self._answered = answered
        self.newest: Backlog | None = None
        """As it was seen last; None while the database does not answer. Any thread may read it."""

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        await self._look()
        looking = asyncio.create_task(self._look_often())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait([looking])

    async def _look_often(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._look()

    async def _look(self) -> None:
        try:
            self.newest = Backlog(sum((await self._turns.waiting()).values()), *await self._webhooks.backlog())
            self._answered()
        except Exception as error:
            self.newest = None
            if not is_outage(error):  # of which the workers tell
                logger.exception("what waits in the database cannot be counted")
