"""How turns end, as operators hear of it: each end is counted by why it came, and is one line of the log.

What people and models have said is no part of it.
"""

from __future__ import annotations

import logging

from service.decode import StopReason
from service.telemetry import names
from service.telemetry.logs import fields
from service.telemetry.metrics import Metrics
from service.usage import NOTHING, Usage

logger = logging.getLogger(__name__)

_OTHERS = ("failed", "canceled", "left")
"""Why turns end, beside what the loop says: `left` goes on elsewhere."""


class Ends:
    """Of one process's turns."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for stop in (*StopReason, *_OTHERS):  # from 0 on: else nobody could tell the first one from none
            metrics.turn(0, {names.STOP: str(stop)})

    def ended(
        self,
        stop: str,
        seconds: float | None = None,
        usage: Usage = NOTHING,
        calls: int | None = None,
        error: Exception | None = None,
    ) -> None:
        """A turn has ended or rests, and that is written. What it took is not given of one that was not decoded.

        One that `failed` did so by a fault of this service: for that `error`, if there was one.
        """
        self._metrics.turn(1, {names.STOP: str(stop)})  # not of its own type: that would be another series
        took = fields(
            stop=stop,
            seconds=None if seconds is None else round(seconds, 3),
            input_tokens=usage.input if usage else None,
            output_tokens=usage.output if usage else None,
            calls=calls,
        )
        level = logging.ERROR if stop == "failed" else logging.INFO
        logger.log(level, "turn ended: %s", stop, exc_info=error, extra=took)

    def left(self) -> None:
        """This process ends before the turn: another goes on with it, or this one once it is started again."""
        self._elsewhere(logging.INFO, "turn left, for another process to go on with")

    def lost(self) -> None:
        """Another process has taken the turn."""
        self._metrics.lost(1, None)
        self._elsewhere(logging.WARNING, "turn lost: another process has taken it")

    def _elsewhere(self, level: int, what: str) -> None:
        self._metrics.turn(1, {names.STOP: "left"})
        logger.log(level, what, extra=fields(stop="left"))
