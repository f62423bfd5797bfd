"""Which messages are turned away because there is too much to do already.

Turns that wait are counted by who asked for them. A caller may have at most as many waiting as there are places left
for everybody: so one alone gets half of the queue, and another who comes then still finds room. Turns of a conversation
run one after the other: only a few of them may stand in line, be it for an answer that never comes.
"""

from __future__ import annotations

import math
import time

from a2a.utils.errors import InternalError

from service.sessions.turns import Turns
from service.telemetry.metrics import Metrics, Refusal

_COUNT_SECONDS = 0.2
"""How old a count may be: turning away must cost next to nothing."""
_IN_LINE = 8
"""Turns of one conversation."""
_RETRY_SECONDS = (1, 60)
_TURN_SECONDS = 5.0
"""How long a turn takes, until that is known."""


class Busy(InternalError):
    """Too many turns wait. Nothing was done."""

    def __init__(self, why: str, *, caller: bool, retry_seconds: int) -> None:
        super().__init__(why)
        self.caller = caller
        """Whether only this caller has too many."""
        self.retry_seconds = retry_seconds
        """When it is worth trying again."""


class Admission:
    """Of one process; the turns of all that share the database count."""

    def __init__(self, turns: Turns, queued: int, at_once: int, metrics: Metrics) -> None:
        """`queued` turns may wait while `at_once` are decoded."""
        self._metrics = metrics
        self._turns = turns
        self._queued = queued
        self._at_once = at_once
        self._waiting: dict[str, int] = {}
        self._counted = -math.inf
        self._seconds = _TURN_SECONDS

    async def check(self, caller: str, conversation_id: str | None) -> None:
        """Raises Busy if a further turn of this caller's must not wait; else it counts as waiting.

        `conversation_id` is of one that it does not begin.
        """
        if conversation_id and await self._turns.in_line(conversation_id) >= _IN_LINE:
            raise self._busy("conversation", "too many messages wait in this context already", 1)
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            self._counted = time.monotonic()
            self._waiting = await self._turns.waiting()
        waiting, own = sum(self._waiting.values()), self._waiting.get(caller, 0)
        left = self._queued - waiting
        if left <= 0:
            raise self._busy("queue", "too many messages wait already", waiting)
        if own >= left:
            raise self._busy("caller", "too many of your messages wait already", own)
        self._waiting[caller] = own + 1

    def took(self, seconds: float) -> None:
        """Hears how long a turn was decoded."""
        self._seconds += 0.1 * (seconds - self._seconds)

    def _busy(self, reason: Refusal, why: str, ahead: int) -> Busy:
        self._metrics.refused(reason)
        return Busy(why, caller=reason != "queue", retry_seconds=self._retry(ahead))

    def _retry(self, ahead: int) -> int:
        least, most = _RETRY_SECONDS
        return max(least, min(most, math.ceil(ahead / self._at_once * self._seconds)))
