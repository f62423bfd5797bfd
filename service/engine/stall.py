"""Whether an engine that has something to do gets on with it."""

from __future__ import annotations

import time
from types import TracebackType


class StallWatch:
    """Entered by each who waits for the engine's next tokens, and left with them: `with stall: chunk = await …`.

    That may be many at once, on one event loop. Any thread may look at it.
    """

    def __init__(self) -> None:
        self._waiting = 0
        self._moved = 0.0

    def moved(self) -> None:
        """The engine has got on, whether or not anybody has tokens of it."""
        self._moved = time.monotonic()

    @property
    def stalled(self) -> float:
        """Seconds in which it has not got on though somebody waits."""
        # Read first: who is left behind in between only makes it seem younger.
        moved = self._moved
        return time.monotonic() - moved if self._waiting else 0.0

    def __enter__(self) -> None:
        if not self._waiting:
            self.moved()
        self._waiting += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._waiting -= 1
        if kind is None:  # else whoever waited only gave up
            self.moved()
