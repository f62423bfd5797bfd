"""The loop: sample a stretch, start each call the moment it closes, splice in the results, go on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from service.chat.base import ChatFormat
from service.engine.base import Chunk, Engine, Finish, Sampling
from service.errors import ContextFull
from service.events import CallFinished, CallStarted, Emit, TextDelta, ignore
from service.messages import Caller, ToolCall, ToolResult
from service.tools.toolbox import Toolbox
from service.transcript import Origin, Span, Transcript

logger = logging.getLogger(__name__)

_CANCEL_SECONDS = 5.0
"""How long a call may take to clean up after itself."""


class StopReason(StrEnum):
    """Why a turn ended. Each limit answers with its own name."""

    DONE = "done"
    """The model said all it had to say."""
    TOKENS = "tokens"
    CALLS = "calls"
    SECONDS = "seconds"
    CONTEXT = "context"
    """The model's window is full."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the transcript grew into, and why it stopped there."""

    transcript: Transcript
    stop: StopReason
    text: str
    """The prose of the turn."""
    sampled: int
    """Tokens."""
    calls: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one turn may go."""

    tokens: int = 512
    """Sampled."""
    calls: int = 16
    seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Choice:
    """How tokens are chosen, in every stretch alike."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    logprobs: bool = False


Keep = Callable[[Transcript], Awaitable[None]]
"""Is given the transcript at each point the conversation can go on from: calls made, results in, and the end."""


class DecodeLoop:
    """One agent's loop. Serving, the command line, evaluation and training all run this; only who listens differs."""

    def __init__(
        self,
        engine: Engine,
        chat: ChatFormat,
        toolbox: Toolbox,
        instructions: str,
        choice: Choice = Choice(),
        limits: Limits = Limits(),
    ) -> None:
        self._engine = engine
        self._chat = chat
        self._toolbox = toolbox
        self._instructions = instructions
        self._choice = choice
        self._limits = limits

    def ask(self, transcript: Transcript, text: str) -> Transcript:
        """The conversation with the user's next message; an empty one is begun. Raises ContextFull if it cannot fit.

        Where a process died while calls ran, they get a result that says so.
        """
        if not transcript.spans:
            head = self._chat.begin(self._instructions, self._toolbox.specs)
            transcript = transcript.append(Span(Origin.GIVEN, head))
        elif transcript.spans[-1].origin is Origin.SAMPLED:
            reader = self._chat.reader(self._toolbox.specs, first_call=0)
            unanswered = reader.feed(transcript.spans[-1].tokens).calls
            results = [_interrupted(call.id) for call in unanswered]
            transcript = transcript.append(*self._chat.write_results(results, transcript))
        transcript = transcript.append(*self._chat.ask(text, transcript))
        if len(transcript) >= self._engine.window:
            raise ContextFull(len(transcript), self._engine.window)
        return transcript

    async def run(self, transcript: Transcript, caller: Caller, emit: Emit = ignore, keep: Keep = ignore) -> Turn:
        """Decodes one turn, from the user's message to the end of the answer.

        Cancelling it aborts the engine and every call that still runs. Raises EngineError if the engine fails. However
        it ends, what was kept has a result for every call that was made. If the process dies, it has the calls of every
        stretch that had ended; those of a stretch that was still being sampled are lost.
        """
        turn = _Growing(transcript)
        calls = _Calls(self._toolbox, caller, emit)
        clock = asyncio.timeout(self._limits.seconds)
        try:
            async with clock, calls:
                while (stop := await self._stretch(turn, calls, emit)) is None:
                    await keep(turn.transcript)
                    turn.append(*self._chat.write_results(await calls.results(), turn.transcript))
                    await keep(turn.transcript)
        except TimeoutError:
            if not clock.expired():
                raise
            stop = StopReason.SECONDS
        finally:
            turn.append(*self._chat.write_results(await calls.cut_short(), turn.transcript))
            await keep(turn.transcript)
        return Turn(turn.transcript, stop, "".join(turn.text), turn.sampled, turn.calls)

    async def _stretch(self, turn: _Growing, calls: _Calls, emit: Emit) -> StopReason | None:
        """Samples until the model stops or a limit is reached; None if there are results to wait for."""
        room = min(self._limits.tokens - turn.sampled, self._engine.window - len(turn.transcript))
        if room <= 0:
            return self._limit(turn)
        reader = self._chat.reader(self._toolbox.specs, first_call=turn.calls)
        chunks: list[Chunk] = []
        try:
            async with aclosing(self._engine.generate(turn.transcript.tokens, self._sampling(turn, room))) as stream:
                async for chunk in stream:
                    chunks.append(chunk)
                    reading = reader.feed(chunk.tokens)
                    room_for_calls = self._limits.calls - turn.calls
                    for call in reading.calls[:room_for_calls]:
                        turn.calls += 1
                        await calls.start(call)
                    if reading.text:
                        turn.text.append(reading.text)
                        await emit(TextDelta(text=reading.text))
                    if beyond := reading.calls[room_for_calls:]:
                        calls.refuse(beyond, "not run: the turn has reached its limit of calls")
                        return StopReason.CALLS
        finally:
            turn.append_sampled(chunks, self._engine.weights)
        if chunks[-1].finish is Finish.LENGTH:
            return self._limit(turn)
        return None if calls else StopReason.DONE

    def _sampling(self, turn: _Growing, room: int) -> Sampling:
        return Sampling(
            max_tokens=room,
            stop=self._chat.stop,
            temperature=self._choice.temperature,
            top_p=self._choice.top_p,
            # Each stretch draws its own numbers, and the same ones whenever the same conversation is decoded again.
            seed=None if self._choice.seed is None else self._choice.seed + len(turn.transcript),
            logprobs=self._choice.logprobs,
            banned=self._chat.banned(self._toolbox.specs),
            constraint=self._chat.constraint(self._toolbox.specs),
        )

    def _limit(self, turn: _Growing) -> StopReason:
        return StopReason.TOKENS if turn.sampled >= self._limits.tokens else StopReason.CONTEXT


class _Growing:
    """A turn while it is decoded."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.text: list[str] = []
        self.sampled = 0
        self.calls = 0

    def append(self, *spans: Span) -> None:
        self.transcript = self.transcript.append(*spans)

    def append_sampled(self, chunks: list[Chunk], weights: str) -> None:
        tokens = tuple(token for chunk in chunks for token in chunk.tokens)
        logprobs = tuple(logprob for chunk in chunks for logprob in chunk.logprobs or ())
        self.sampled += len(tokens)
        self.append(Span(Origin.SAMPLED, tokens, logprobs if len(logprobs) == len(tokens) else None, weights))


class _Calls:
    """The calls of a turn. Leaving it cancels those that still run."""

    def __init__(self, toolbox: Toolbox, caller: Caller, emit: Emit) -> None:
        self._toolbox = toolbox
        self._caller = caller
        self._emit = emit
        self._running: dict[str, _Running] = {}
        """By the calls' ids, in the order asked."""
        self._refused: list[ToolResult] = []

    async def start(self, call: ToolCall) -> None:
        started = time.monotonic()
        task = asyncio.create_task(self._run(call, started), name=f"{call.name} {call.id}")
        self._running[call.id] = _Running(call, started, task)
        await self._emit(CallStarted(call_id=call.id, tool=call.name, arguments=call.arguments))

    def refuse(self, calls: Sequence[ToolCall], why: str) -> None:
        """They never start, so nobody hears of them but the model."""
        self._refused += [ToolResult(call.id, why, is_error=True) for call in calls]

    async def results(self) -> list[ToolResult]:
        """Waits for all; in the order asked."""
        tasks = [running.task for running in self._running.values()]
        await asyncio.wait(tasks)  # cancelled, it leaves them to `__aexit__`, which does not wait for ever
        results = [task.result() for task in tasks]
        self._running.clear()
        return results

    async def cut_short(self) -> list[ToolResult]:
        """After leaving: what is to be said of the calls whose results nobody waited for, in the order asked."""
        results = []
        for call, started, task in self._running.values():
            if not task.done() or task.cancelled() or task.exception():
                results.append(_interrupted(call.id))
                await self._finished(call, started, results[-1])
            else:
                results.append(task.result())
        return results + self._refused

    async def _run(self, call: ToolCall, started: float) -> ToolResult:
        result = await self._toolbox.call(call, self._caller, self._emit)
        await self._finished(call, started, result)
        return result

    async def _finished(self, call: ToolCall, started: float, result: ToolResult) -> None:
        seconds = time.monotonic() - started
        await self._emit(
            CallFinished(call_id=call.id, tool=call.name, text=result.text, is_error=result.is_error, seconds=seconds)
        )

    def __bool__(self) -> bool:
        return bool(self._running)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            stuck = (await asyncio.wait(tasks, timeout=_CANCEL_SECONDS))[1]
            for task in stuck:
                logger.error("call %s does not end when it is cancelled: it is left to itself", task.get_name())


class _Running(NamedTuple):
    """A call that was started."""

    call: ToolCall
    started: float
    task: asyncio.Task[ToolResult]


def _interrupted(call_id: str) -> ToolResult:
    return ToolResult(call_id, "interrupted: it may or may not have been done", is_error=True)
