"""The calls of one turn: started as they close, running side by side, their results waited for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from service.events import CallFinished, CallProgress, CallStarted, Emit, Event, TextDelta, UsageReported, innermost
from service.journal import Begun, Finished, Journal
from service.messages import Caller, Question, ToolCall, ToolResult
from service.tools.base import Asks
from service.tools.toolbox import Toolbox
from service.transcript import Arrival
from service.usage import NOTHING, Usage

logger = logging.getLogger(__name__)

_CANCEL_SECONDS = 5.0
"""How long a call may take to clean up after itself."""
_WORTH_CHARS = 128
"""How much more must be known of results before they are worth computing."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call in a transcript."""

    call: ToolCall
    position: int
    """How many tokens the transcript had when it closed."""


class Calls:
    """Those whose results have not come in, and what all of them took. Leaving it cancels those that still run."""

    def __init__(
        self,
        toolbox: Toolbox,
        caller: Callable[[], Caller],
        emit: Emit,
        journal: Journal,
        limit: Callable[[], int],
        now: Callable[[], float],
        *,
        together: bool,
    ) -> None:
        """`caller` says on whose behalf a call is made that starts now. `together`: results come in all at once, in the
        order asked; else each with the first that there are.
        """
        self._toolbox = toolbox
        self._caller = caller
        self._emit = emit
        self._journal = journal
        self._limit = limit
        self._now = now
        self._together = together
        self._open: dict[str, _Running] = {}
        """Calls whose results have not come in, by their ids, in the order asked."""
        self._refused: dict[str, Finished] = {}
        """What is to be said of those that were not made, by their ids."""
        self._left: set[str] = set()
        """Ids of those that another process made, and left without a result."""
        self._news: asyncio.Event | None = None
        """Set when more is known of a result than before, once somebody reads `partial_results`."""
        self.started = 0
        self.usage = noted_usage(journal)
        """What the agents took that were asked."""
        self.below = sum(noted.result.below for noted in journal.noted.values() if isinstance(noted, Finished))
        """Calls that they say they have made."""

    async def make(self, made: Made, known: Finished | None = None, *, again: bool = False) -> None:
        """Starts a call, maybe `again`, unless it is known what came of it.

        Beyond the limit it is refused, which nobody hears of.
        """
        if known is None and self.started >= self._limit():
            why = "not run: the turn has reached its limit of calls"
            self._refused[made.call.id] = _failed(made, why, None, self._now())
            return
        self.started += 1
        call = made.call
        running = _Running(made, again, self._now())
        running.task = asyncio.create_task(self._run(running, known), name=f"{call.name} {call.id}")
        self._open[call.id] = running
        await self._emit(CallStarted(call_id=call.id, tool=call.name, arguments=call.arguments))

    async def resume(self, made: Sequence[Made], unanswered: Sequence[Made]) -> None:
        """Goes on with the calls that another process made.

        One whose result was noted has it, and one that asked back goes on with the answer. What came of the others
        nobody knows: if the tool allows it they are made again, else the model is told that they may have been done.
        """
        self.started = len(made) - len(unanswered)
        self._left = {each.call.id for each in unanswered}
        for each in unanswered:
            await self.make(each, self._outcome_before(each), again=True)

    def _outcome_before(self, made: Made) -> Finished | None:
        """What came of a call that another process made; None if it is to be made again."""
        journal, call = self._journal, made.call
        noted, answers = journal.noted.get(call.id, Begun(0)), journal.answers.get(call.id, ())
        if isinstance(noted, Finished):
            return noted
        if len(answers) > noted.answers or self._toolbox.may_repeat(call.name, len(answers)):
            return None
        return interrupted(made, None, self._now())

    @property
    def running(self) -> tuple[str, ...]:
        """The ids of those that have no result."""
        return tuple(call_id for call_id, running in self._open.items() if not running.task.done())

    @property
    def refused(self) -> bool:
        return bool(self._refused)

    @property
    def arrived(self) -> bool:
        """Whether there is a result that has not come in."""
        return any(running.ended for running in self._open.values())

    @property
    def questions(self) -> tuple[Question, ...]:
        """What calls want to know before they go on, in the order asked."""
        return tuple(
            Question(running.made.call.id, asks.question, asks.wants_credentials, asks.memo)
            for running in self._open.values()
            if (asks := running.asks)
        )

    @property
    def ready(self) -> bool:
        """Whether results can come in, or no call goes on before questions are answered."""
        return not self.running or (not self._together and self.arrived)

    async def wait(self) -> None:
        """Until it is ready."""
        # Cancelled, it leaves the calls to `__aexit__`, which does not wait for ever.
        while not self.ready:
            tasks = [running.task for running in self._open.values() if not running.task.done()]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    def take_results(self) -> list[Finished]:
        """After waiting: the results that come in next. Those that come one by one are in the order of their arrival.

        None do if questions are to be answered first.
        """
        running = self._open.values()
        done = [each for each in running if each.ended]
        if self._together and len(done) < len(running):
            return []
        if not self._together:
            done.sort(key=lambda each: each.task.result().arrival.arrived)
        finished = [each.task.result() for each in done]
        for each in done:  # only now: where one has failed, those that have not are kept all the same
            del self._open[each.made.call.id]
        return finished

    async def partial_results(self) -> AsyncGenerator[list[ToolResult]]:
        """What is known of the results that come in next, whenever that is a good deal more than before."""
        known, self._news = 0, asyncio.Event()
        while True:
            results = self._results_so_far()
            chars = sum(len(result.text) for result in results)
            if chars >= known + _WORTH_CHARS:
                known = chars
                yield results
            else:
                await self._news.wait()
            self._news.clear()

    def _results_so_far(self) -> list[ToolResult]:
        heard = [ToolResult(running.made.call.id, running.heard) for running in self._open.values()]
        if not self._together:
            return [max(heard, key=lambda result: len(result.text))]
        results: list[ToolResult] = []
        for running, so_far in zip(self._open.values(), heard, strict=True):
            if not running.ended:
                return [*results, so_far]
            results.append(running.task.result().result)
        return results

    async def cut_short(self, unanswered: Sequence[Made]) -> list[Finished]:
        """After leaving: what is to be said of the calls whose results have not come in, also of those never made."""
        if cleaning := [asyncio.create_task(self._give_up(each)) for each in self._open.values() if each.cut_off]:
            await asyncio.wait(cleaning, timeout=_CANCEL_SECONDS)
        return [await self._last_word(made) for made in unanswered]

    async def _last_word(self, made: Made) -> Finished:
        call_id = made.call.id
        if running := self._open.get(call_id):
            if not running.cut_off:
                return running.task.result()
            finished = interrupted(made, running.dispatched, self._now())
            await self._tell(running, finished.result)
            return finished
        if refused := self._refused.get(call_id):
            return refused
        if call_id in self._left:
            return self._outcome_before(made) or interrupted(made, None, self._now())
        return _failed(made, "not run: the turn was over before", None, self._now())

    async def _give_up(self, running: _Running) -> None:
        """Lets a call clean up that has asked something, if nobody has answered that."""
        answers = self._journal.answers.get(running.made.call.id, ())
        if running.asks:
            await self._toolbox.give_up(running.made.call, self._caller().turn, running.asks.memo)
        elif answers and answers[-1].text is None:
            await self._toolbox.give_up(running.made.call, self._caller().turn, answers[-1].memo)

    async def _run(self, running: _Running, known: Finished | None) -> Finished:
        finished = known or await self._call(running)
        if not running.abandoned:
            await self._tell(running, finished.result, known.arrival if known else None)
        self._has_news()
        return finished

    def _has_news(self) -> None:
        if self._news:
            self._news.set()

    async def _call(self, running: _Running) -> Finished:
        call, position = running.made.call, running.made.position
        longest = self._toolbox.result_chars(call.name)
        usage, below = NOTHING, 0

        async def hear(event: Event) -> None:
            nonlocal usage, below
            match event:
                case CallProgress(event=TextDelta(text=text)):
                    running.heard = (running.heard + text)[:longest]  # the rest will not be in the result
                    self._has_news()
                case CallProgress(event=UsageReported(usage=took)):
                    usage = took
                case CallProgress() if isinstance(innermost(event), CallStarted):
                    below += 1
                    self.below += 1
            await self._emit(event)

        answers = self._journal.answers.get(call.id, ())
        if answers and answers[-1].text is None:
            await self._give_up(running)
            finished = _failed(running.made, "nobody answered in time", None, self._now())
            await self._journal.note(finished)
            return finished
        if answers and not self._toolbox.may_repeat(call.name, len(answers)):
            await self._journal.begin(call.id, len(answers))
        try:
            result = await self._toolbox.call(call, self._caller(), hear, answers, again=running.again)
        finally:
            self.usage += usage
        arrival = Arrival(call.id, position, running.dispatched, self._now())
        finished = Finished(replace(result, usage=usage, below=below), arrival)
        if not running.abandoned:
            await self._journal.note(finished)
        return finished

    async def _tell(self, running: _Running, result: ToolResult, known: Arrival | None = None) -> None:
        call, seconds = running.made.call, time.monotonic() - running.started
        if known and known.dispatched is not None:  # by another process
            seconds = known.arrived - known.dispatched
        event = CallFinished(
            at=known.arrived if known else None,
            call_id=call.id,
            tool=call.name,
            text=result.text,
            is_error=result.is_error,
            seconds=seconds,
        )
        await self._emit(event)

    def __bool__(self) -> bool:
        return bool(self._open)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = {running.task: running for running in self._open.values()}
        for task in tasks:
            task.cancel()
        if tasks:
            stuck = (await asyncio.wait(tasks, timeout=_CANCEL_SECONDS))[1]
            for task in stuck:
                tasks[task].abandoned = True
                logger.error("call %s does not end when it is cancelled: it is left to itself", task.get_name())


@dataclass(slots=True)
class _Running:
    """A call that was started."""

    made: Made
    again: bool
    """Whether another process may have made it before."""
    dispatched: float
    task: asyncio.Task[Finished] = field(init=False)
    started: float = field(default_factory=time.monotonic)
    heard: str = ""
    """What a peer has said so far."""
    abandoned: bool = False
    """Whether its end is of no interest any more: the turn was over before it."""

    @property
    def asks(self) -> Asks | None:
        """What it wants to know, once it does nothing else."""
        if not self.task.done() or self.task.cancelled():
            return None
        error = self.task.exception()
        return error if isinstance(error, Asks) else None

    @property
    def cut_off(self) -> bool:
        """Whether it was left without a result."""
        return not self.task.done() or self.task.cancelled() or self.task.exception() is not None

    @property
    def ended(self) -> bool:
        """Whether there is a result."""
        return self.task.done() and not self.asks


def noted_usage(journal: Journal) -> Usage:
    """What the agents took that were asked by calls of which an earlier process has noted the results."""
    return sum((noted.result.usage for noted in journal.noted.values() if isinstance(noted, Finished)), NOTHING)


def interrupted(made: Made, dispatched: float | None, now: float) -> Finished:
    """What is said of a call whose outcome nobody knows."""
    return _failed(made, "interrupted: it may or may not have been done", dispatched, now)


def _failed(made: Made, why: str, dispatched: float | None, now: float) -> Finished:
    result = ToolResult(made.call.id, why, is_error=True)
    return Finished(result, Arrival(made.call.id, made.position, dispatched, now))
