"""What state this process is in: loading, ready, draining, without its database, or wedged.

The event loop says every second that it runs, the database's watch when it has answered. Whoever asks may be in any
thread, and the thread that answers for a loop that stands still has to be another one: see `management.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from service.engine.base import Engine

WEDGED_SECONDS = 120.0
"""More than any step of an engine takes, be it a long prompt on a CPU or a kernel that is compiled."""
_BEAT_SECONDS = 1.0
_DATABASE_SECONDS = 10.0
"""How long the database may be silent."""


class State(StrEnum):
    """One at a time; the first of these that is true, from the end."""

    READY = "ready"
    NO_DATABASE = "no database"
    """It has not answered for a while."""
    DRAINING = "draining"
    """It is to end, and lets turns end first."""
    LOADING = "loading"
    WEDGED = "wedged"
    """Only another process helps."""


class Health:
    """Of one process."""

    def __init__(self, wedged_seconds: float = WEDGED_SECONDS) -> None:
        """It is wedged if its event loop, or an engine that somebody waits for, does nothing for so long."""
        self._wedged_seconds = wedged_seconds
        self._engine: Engine | None = None
        self._draining = False
        self._beaten: float | None = None
        self._answered = 0.0

    def loaded(self, engine: Engine) -> None:
        """From now on it can be asked, and the first answer takes no longer than others."""
        self.database_answered()
        self._engine = engine

    def drain(self) -> None:
        """It takes no more work."""
        self._draining = True

    def database_answered(self) -> None:
        self._answered = time.monotonic()

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Watches the event loop until it is left."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            self._beaten = None

    async def _beat(self) -> None:
        while True:
            self._beaten = time.monotonic()
            await asyncio.sleep(_BEAT_SECONDS)

    @property
    def started(self) -> bool:
        """Whether it has been loaded once."""
        return self._engine is not None

    @property
    def draining(self) -> bool:
        return self._draining

    @property
    def state(self) -> State:
        if self.wedged:
            return State.WEDGED
        if not self.started:
            return State.LOADING
        if self._draining:
            return State.DRAINING
        if time.monotonic() - self._answered > _DATABASE_SECONDS:
            return State.NO_DATABASE
        return State.READY

    @property
    def wedged(self) -> str:
        """Why only another process helps; empty while this one does.

        What it waits for has no part in that: peers, tools, the database, a long queue. Nor has a start that takes
        long, which holds up the event loop now and then.
        """
        engine, beaten = self._engine, self._beaten
        if engine is None:
            return ""
        if not engine.alive:
            return "the engine is dead"
        if (stalled := engine.stalled) > self._wedged_seconds:
            return f"the engine has not got on for {stalled:.0f} s"
        if beaten is not None and (still := time.monotonic() - beaten - _BEAT_SECONDS) > self._wedged_seconds:
            return f"the event loop has stood still for {still:.0f} s"
        return ""
