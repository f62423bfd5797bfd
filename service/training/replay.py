"""A turn decoded again as it went: each result comes in at the token, and at the time, at which it came in.

    recorded transcript ──► the same loop, on the clock of the record ──► the same transcript
                                 engine: stands still where something happened until it is that late
                                 tools:  run at once, and end when they ended

For finding out what a model did and why; and, with other weights, what they would have done in its place. The tools
really run, and with new keys, which nobody takes for those of the first time: give it tools that do no harm twice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing

from service.decode import DecodeLoop, Turn
from service.engine.around import Around
from service.engine.base import Chunk, Engine, Sampling
from service.journal import Finished, NullJournal
from service.messages import Caller, ToolCall
from service.tools.toolbox import Toolbox
from service.training.clock import Clock, TimedToolbox
from service.transcript import Arrival, Origin, Transcript


async def replay(recorded: Transcript, engine: Engine, toolbox: Toolbox, loop_over: Callable[..., DecodeLoop]) -> Turn:
    """The last turn of `recorded` again, over `loop_over(engine=, toolbox=, now=)`.

    Where the engine samples the same tokens and the tools return the same, it leaves the same transcript, times
    included. It cannot where a process had died over the turn, or its time was up.
    """
    clock, record = Clock(), _Record(recorded)
    timed = TimedToolbox(toolbox, clock, lambda call: record.end(call, clock.now))
    as_recorded: Engine = _RecordedEngine(engine, clock, record)
    loop = loop_over(engine=as_recorded, toolbox=timed, now=lambda: clock.now)
    async with clock.running():
        return await loop.run(record.asked, Caller(), journal=_RecordedJournal(clock, record))


class _Record:
    """When what happened in the last turn of a transcript."""

    def __init__(self, recorded: Transcript) -> None:
        turn = recorded.since_given
        self.asked = Transcript.of(recorded.spans[: len(recorded.spans) - len(turn)])
        self.arrivals: dict[str, Arrival] = {}
        """By call id."""
        self.dispatched: dict[int, float] = {}
        """By how many tokens there were then."""
        self.spliced: dict[int, float] = {}
        position = sampled = len(self.asked)
        for span in turn:
            position += len(span.tokens)
            if span.origin is Origin.SAMPLED:
                sampled = position
            for arrival in span.arrivals:
                self.arrivals[arrival.call_id] = arrival
                if arrival.dispatched is not None:
                    self.dispatched[arrival.position] = arrival.dispatched
                if arrival.spliced is not None:
                    self.spliced[sampled] = arrival.spliced

    def end(self, call: ToolCall, now: float) -> float:
        """When a call ended; one that was not made then ends at once."""
        return self.arrivals[call.id].arrived if call.id in self.arrivals else now


class _RecordedJournal(NullJournal):
    """Holds back each result until it came in: between that and its call's end, it may have been on its way."""

    def __init__(self, clock: Clock, record: _Record) -> None:
        super().__init__()
        self._clock, self._record = clock, record

    async def note(self, finished: Finished) -> None:
        arrival = self._record.arrivals.get(finished.result.call_id)
        if arrival and arrival.spliced is not None:
            await self._clock.until(arrival.spliced)


class _RecordedEngine(Around):
    """Gives one token at a time. Where something happened, it is as late as it was then."""

    def __init__(self, engine: Engine, clock: Clock, record: _Record) -> None:
        super().__init__(engine)
        self._clock, self._record = clock, record

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        position = len(tokens)
        with self._clock.decoding:
            async with aclosing(super().generate(tokens, sampling)) as stream:
                async for chunk in stream:
                    for piece in _one_by_one(chunk):
                        position += len(piece.tokens)
                        await self._advance_to(self._record.dispatched.get(position))
                        yield piece
                        if await self._advance_to(self._record.spliced.get(position)) and not piece.finish:
                            yield Chunk(())

    async def _advance_to(self, time: float | None) -> bool:
        if time is None:
            return False
        await self._clock.settle()
        await self._clock.advance_to(time)
        return True


def _one_by_one(chunk: Chunk) -> Iterator[Chunk]:
    if len(chunk.tokens) <= 1:
        yield chunk
        return
    last = len(chunk.tokens) - 1
    for index, token in enumerate(chunk.tokens):
        logprobs = chunk.logprobs[index : index + 1] if chunk.logprobs is not None else None
        yield Chunk((token,), logprobs, chunk.finish if index == last else None, 0 if index else chunk.cached)
