"""Time as a demonstration has it: tokens and calls take as long as they are said to, and always the same."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from service.events import Emit
from service.messages import Answer, Caller, ToolCall, ToolResult
from service.tools.toolbox import Toolbox

_SETTLE = 30
"""Rounds of the event loop in which everything has happened that takes no time."""


class Clock:
    """Time passes only where somebody says so, or where everybody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds."""
        self.computing = _Count()
        """Holds time still: `with clock.computing`."""
        self.decoding = _Count()
        """Lets time pass only where it is advanced."""
        self._due: list[tuple[float, int, asyncio.Event]] = []
        self._numbers = count()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Jumps, as long as this is open, to what is waited for, whenever nobody is at work."""
        jumping = asyncio.create_task(self._jump())
        try:
            yield
        finally:
            jumping.cancel()
            await asyncio.wait([jumping])

    async def until(self, time: float) -> None:
        """Waits for a time to come."""
        come = asyncio.Event()
        heapq.heappush(self._due, (time, next(self._numbers), come))
        await come.wait()

    async def advance(self, seconds: float) -> None:
        """Lets time pass, and lets whoever waited for it do what there is to do."""
        await self.advance_to(self.now + seconds)

    async def advance_to(self, time: float) -> None:
        """The same, until it is this late."""
        while self._due and self._due[0][0] <= time:
            self.now = max(self.now, self._due[0][0])
            while self._due and self._due[0][0] <= self.now:  # all that is due then, at once
                heapq.heappop(self._due)[2].set()
            await self.settle()
        self.now = max(self.now, time)

    async def settle(self) -> None:
        """Lets everything happen that takes no time."""
        quiet = 0
        while quiet < _SETTLE:
            await asyncio.sleep(0)
            quiet = 0 if await self.computing.over() else quiet + 1

    async def _jump(self) -> None:
        idle = 0
        while True:
            await asyncio.sleep(0)
            idle = 0 if await self.computing.over() or await self.decoding.over() else idle + 1
            if idle > _SETTLE and self._due:
                idle = 0
                await self.advance_to(self._due[0][0])


class _Count:
    """How many are at something, each for as long as it holds this open."""

    def __init__(self) -> None:
        self._holders = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._holders += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._holders -= 1
        if not self._holders:
            self._none.set()

    async def over(self) -> bool:
        """Waits until nobody is at it; whether anybody was."""
        busy = not self._none.is_set()
        await self._none.wait()
        return busy


class TimedToolbox(Toolbox):
    """The same tools, where each call takes its own time. Really they run at once, one after the other."""

    def __init__(self, toolbox: Toolbox, clock: Clock, end: Callable[[ToolCall], float]) -> None:
        """`end` says when a call ends that begins now."""
        super().__init__(list(toolbox._own.values()), toolbox._sources)
        self._clock = clock
        self._end = end
        self._one = asyncio.Lock()

    async def call(
        self, call: ToolCall, caller: Caller, emit: Emit, answers: tuple[Answer, ...] = (), *, again: bool = False
    ) -> ToolResult:
        end = self._end(call)
        with self._clock.computing:
            async with self._one:
                result = await super().call(call, caller, emit, answers, again=again)
        await self._clock.until(end)
        return result
