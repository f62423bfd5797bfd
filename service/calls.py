"""The calls of one turn: started as they close, running side by side, their results waited for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

from service.events import CallFinished, CallProgress, CallStarted, Emit, Event, TextDelta
from service.messages import Caller, ToolCall, ToolResult
from service.tools.toolbox import Toolbox
from service.transcript import Arrival

logger = logging.getLogger(__name__)

_CANCEL_SECONDS = 5.0
"""How long a call may take to clean up after itself."""
_WORTH_CHARS = 128
"""How much more must be known of results before they are worth computing."""

Finished = tuple[ToolResult, Arrival]


class Calls:
    """Leaving it cancels those that still run."""

    def __init__(self, toolbox: Toolbox, caller: Caller, emit: Emit, limit: int, together: bool) -> None:
        """`together`: results come in all at once, in the order asked; else each with the first that there are."""
        self._toolbox = toolbox
        self._caller = caller
        self._emit = emit
        self._limit = limit
        self._together = together
        self._open: dict[str, _Running] = {}
        """Calls whose results have not come in, by their ids, in the order asked."""
        self._refused: list[Finished] = []
        self._news = asyncio.Event()
        """Set when more is known of a result than before."""
        self.started = 0

    async def make(self, call: ToolCall, position: int) -> None:
        """Starts the call that closed at this token; beyond the limit of calls it is refused, which nobody hears of."""
        if self.started == self._limit:
            result = ToolResult(call.id, "not run: the turn has reached its limit of calls", is_error=True)
            self._refused.append((result, Arrival(call.id, position, None, time.time())))
            return
        self.started += 1
        running = _Running(call, position)
        running.task = asyncio.create_task(self._run(running), name=f"{call.name} {call.id}")
        self._open[call.id] = running
        await self._emit(CallStarted(call_id=call.id, tool=call.name, arguments=call.arguments))

    @property
    def refused(self) -> bool:
        return bool(self._refused)

    @property
    def arrived(self) -> bool:
        """Whether there is a result that has not come in."""
        return any(running.task.done() for running in self._open.values())

    async def results(self) -> list[Finished]:
        """Waits for the results that come in next. Those that come one by one are in the order of their arrival."""
        tasks = [running.task for running in self._open.values()]
        # Cancelled, it leaves them to `__aexit__`, which does not wait for ever.
        await asyncio.wait(tasks, return_when=asyncio.ALL_COMPLETED if self._together else asyncio.FIRST_COMPLETED)
        done = [running for running in self._open.values() if running.task.done()]
        if not self._together:
            done.sort(key=lambda running: running.ended)
        for running in done:
            del self._open[running.call.id]
        return [running.task.result() for running in done]

    async def partial_results(self) -> AsyncIterator[list[ToolResult]]:
        """What is known of the results that come in next, whenever that is a good deal more than before."""
        known = 0
        while True:
            results = self._known()
            chars = sum(len(result.text) for result in results)
            if chars >= known + _WORTH_CHARS:
                known = chars
                yield results
            else:
                await self._news.wait()
            self._news.clear()

    def _known(self) -> list[ToolResult]:
        heard = [ToolResult(running.call.id, running.heard) for running in self._open.values()]
        if not self._together:
            return [max(heard, key=lambda result: len(result.text))]
        results: list[ToolResult] = []
        for running, so_far in zip(self._open.values(), heard, strict=True):
            if not running.task.done():
                return [*results, so_far]
            results.append(running.task.result()[0])
        return results

    async def cut_short(self) -> list[Finished]:
        """After leaving: what is to be said of the calls whose results have not come in, in the order asked."""
        finished = []
        for running in self._open.values():
            if not running.task.done() or running.task.cancelled() or running.task.exception():
                finished.append(interrupted(running.call, running.position, running.dispatched))
                await self._tell(running, finished[-1][0])
            else:
                finished.append(running.task.result())
        return finished + self._refused

    async def _run(self, running: _Running) -> Finished:
        call = running.call

        async def hear(event: Event) -> None:
            if isinstance(event, CallProgress) and isinstance(event.event, TextDelta):
                running.heard += event.event.text
                self._news.set()
            await self._emit(event)

        result = await self._toolbox.call(call, self._caller, hear)
        arrival = Arrival(call.id, running.position, running.dispatched, time.time())
        running.ended = time.monotonic()
        await self._tell(running, result)
        self._news.set()
        return result, arrival

    async def _tell(self, running: _Running, result: ToolResult) -> None:
        call, seconds = running.call, time.monotonic() - running.started
        await self._emit(
            CallFinished(call_id=call.id, tool=call.name, text=result.text, is_error=result.is_error, seconds=seconds)
        )

    def __bool__(self) -> bool:
        return bool(self._open)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [running.task for running in self._open.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            stuck = (await asyncio.wait(tasks, timeout=_CANCEL_SECONDS))[1]
            for task in stuck:
                logger.error("call %s does not end when it is cancelled: it is left to itself", task.get_name())


@dataclass(slots=True)
class _Running:
    """A call that was started."""

    call: ToolCall
    position: int
    task: asyncio.Task[Finished] = field(init=False)
    dispatched: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    heard: str = ""
    """What a peer has said so far."""


def interrupted(call: ToolCall, position: int, dispatched: float | None) -> Finished:
    result = ToolResult(call.id, "interrupted: it may or may not have been done", is_error=True)
    return result, Arrival(call.id, position, dispatched, time.time())
