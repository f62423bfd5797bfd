"""The loop: sample a stretch, start each call the moment it closes, splice in the results, go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from service.calls import Calls, Finished, interrupted
from service.chat.base import ChatFormat
from service.engine.base import Chunk, Engine, Finish, Sampling
from service.errors import ContextFull, EngineError
from service.events import Emit, TextDelta, ignore
from service.messages import Caller, ToolCall
from service.tools.toolbox import Toolbox
from service.transcript import Origin, Span, Transcript


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
        else:
            transcript = self._splice(transcript, self._unanswered(transcript))
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
        calls = Calls(self._toolbox, caller, emit, self._limits.calls, together=not self._chat.live)
        clock = asyncio.timeout(self._limits.seconds)
        try:
            async with clock, calls:
                while (stop := await self._stretch(turn, calls, emit)) is None:
                    await keep(turn.transcript)
                    if calls:
                        turn.transcript = self._splice(turn.transcript, await self._wait(turn.transcript, calls))
                    else:
                        turn.transcript = turn.transcript.append(*self._chat.write_nothing(turn.transcript))
                    await keep(turn.transcript)
        except TimeoutError:
            if not clock.expired():
                raise
            stop = StopReason.SECONDS
        finally:
            turn.transcript = self._splice(turn.transcript, await calls.cut_short())
            await keep(turn.transcript)
        return Turn(turn.transcript, stop, "".join(turn.text), turn.sampled, calls.started)

    async def _stretch(self, turn: _Growing, calls: Calls, emit: Emit) -> StopReason | None:
        """Samples until the model stops, a result can come in, or a limit is reached. None if the turn goes on."""
        position = len(turn.transcript)
        room = min(self._limits.tokens - turn.sampled, self._engine.window - position)
        if room <= 0:
            return self._limit(turn)
        reader = self._chat.reader(self._toolbox.specs, first_call=calls.started)
        chunks: list[Chunk] = []
        try:
            async with aclosing(self._engine.generate(turn.transcript.tokens, self._sampling(turn, room))) as stream:
                async for chunk in stream:
                    chunks.append(chunk)
                    text = ""
                    for token in chunk.tokens:
                        position += 1
                        reading = reader.feed((token,))
                        text += reading.text
                        if reading.calls:
                            await turn.say(text, emit)
                            text = ""
                        for call in reading.calls:
                            await calls.make(call, position)
                    await turn.say(text, emit)
                    if calls.refused:
                        return StopReason.CALLS
                    if self._chat.live and calls.arrived and reader.safe and not chunk.finish:
                        return None
        finally:
            turn.append_sampled(chunks, self._engine.weights)
        if chunks[-1].finish is Finish.LENGTH:
            return self._limit(turn)
        return None if calls or self._chat.write_nothing(turn.transcript) else StopReason.DONE

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

    async def _wait(self, transcript: Transcript, calls: Calls) -> list[Finished]:
        """The results that come in next. What is known of them before is computed meanwhile."""
        warming = asyncio.create_task(self._warm(transcript, calls))
        try:
            return await calls.results()
        finally:
            warming.cancel()
            await asyncio.wait([warming])

    async def _warm(self, transcript: Transcript, calls: Calls) -> None:
        async for results in calls.partial_results():
            tokens = transcript.append(*self._chat.write_results(results, transcript)).tokens
            if len(tokens) >= self._engine.window:
                return
            with suppress(EngineError):  # the next stretch will meet it
                await self._engine.prefill(tokens)

    def _splice(self, transcript: Transcript, finished: Sequence[Finished]) -> Transcript:
        arrivals = tuple(arrival for _, arrival in finished)
        spans = self._chat.write_results([result for result, _ in finished], transcript)
        return transcript.append(
            *(replace(span, arrivals=arrivals) if span.origin is Origin.RETURNED else span for span in spans)
        )

    def _unanswered(self, transcript: Transcript) -> list[Finished]:
        """What is to be said of the last turn's calls that have no result, because the process that ran it died."""
        made: list[tuple[ToolCall, int]] = []
        answered: set[str] = set()
        position = 0
        for span in transcript.spans:
            if span.origin is Origin.GIVEN:
                made, answered = [], set()
            answered |= {arrival.call_id for arrival in span.arrivals}
            if span.origin is Origin.SAMPLED:
                reader = self._chat.reader(self._toolbox.specs, first_call=len(made))
                for at, token in enumerate(span.tokens, position + 1):
                    made += [(call, at) for call in reader.feed((token,)).calls]
            position += len(span.tokens)
        return [interrupted(call, at, dispatched=None) for call, at in made if call.id not in answered]

    def _limit(self, turn: _Growing) -> StopReason:
        return StopReason.TOKENS if turn.sampled >= self._limits.tokens else StopReason.CONTEXT


class _Growing:
    """A turn while it is decoded."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.text: list[str] = []
        self.sampled = 0

    async def say(self, text: str, emit: Emit) -> None:
        if text:
            self.text.append(text)
            await emit(TextDelta(text=text))

    def append_sampled(self, chunks: list[Chunk], weights: str) -> None:
        tokens = tuple(token for chunk in chunks for token in chunk.tokens)
        logprobs = tuple(logprob for chunk in chunks for logprob in chunk.logprobs or ())
        self.sampled += len(tokens)
        span = Span(Origin.SAMPLED, tokens, logprobs if len(logprobs) == len(tokens) else None, weights)
        self.transcript = self.transcript.append(span)
