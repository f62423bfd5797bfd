"""The loop: sample a stretch, start each call the moment it closes, splice in the results, go on."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from service.calls import Calls, Made, interrupted, noted_usage
from service.chat.base import ChatFormat, Reader
from service.delegation import Budget, Delegation
from service.engine.base import Chunk, Engine, Finish, Sampling
from service.errors import ContextFull, EngineError
from service.events import Emit, Spliced, TextDelta, UsageReported, Waiting, ignore
from service.journal import Finished, Journal, NullJournal
from service.messages import Caller, Question
from service.timing import Stretch
from service.tools.toolbox import Toolbox
from service.transcript import Origin, Span, Transcript
from service.usage import Tokens, Usage


class StopReason(StrEnum):
    """Why a turn ended. Each limit answers with its own name."""

    DONE = "done"
    """The model said all it had to say."""
    TOKENS = "tokens"
    CALLS = "calls"
    SECONDS = "seconds"
    CONTEXT = "context"
    """The model's window is full."""
    ASKS = "asks"
    """Nothing goes on before questions are answered: then the turn is run again from what it left."""


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
    usage: Usage
    """What it took, with what the agents took that it asked."""
    questions: tuple[Question, ...] = ()
    """What its calls want to know, if that is why it stopped."""
    stretches: tuple[Stretch, ...] = field(default=(), compare=False)
    """Those that this process has sampled."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one turn may go."""

    tokens: int = 512
    """Sampled."""
    calls: int = 16
    seconds: float = 300.0
    budget: Budget = field(default_factory=Budget)
    """For the turn and all that other agents do for it."""

    def within(self, delegation: Delegation) -> Limits:
        """With no more than a question may cost."""
        budget = delegation.budget
        return replace(
            self,
            tokens=self.tokens if budget.tokens is None else min(self.tokens, budget.tokens),
            calls=self.calls if budget.calls is None else min(self.calls, budget.calls),
        )

    def deadline(self, delegation: Delegation, began: float) -> float:
        """When a turn must have ended that began then, in seconds since 1970."""
        end = began + self.seconds
        return end if delegation.deadline is None else min(end, delegation.deadline.timestamp())


@dataclass(frozen=True, slots=True)
class Choice:
    """How tokens are chosen, in every stretch alike."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    logprobs: bool = False


_NO_JOURNAL = NullJournal()
_WARM_UP_TOKENS = 2
"""One is sampled where the prompt ends, one in a step as all others are."""


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
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now` is the time by which arrivals and stretches are recorded; limits are of the real one."""
        self._engine = engine
        self._chat = chat
        self._toolbox = toolbox
        self._instructions = instructions
        self._choice = choice
        self._limits = limits
        self._now = now

    def ask(self, transcript: Transcript, text: str) -> Transcript:
        """The conversation with the user's next message; an empty one is begun. Raises ContextFull if it cannot fit.

        Where a process died while calls ran, they get a result that says so.
        """
        if not transcript.spans:
            head = self._chat.begin(self._instructions, self._toolbox.specs)
            transcript = transcript.append(Span(Origin.GIVEN, head))
        else:
            open_calls = self._last_turn(transcript).unanswered
            transcript = self._splice(transcript, [interrupted(made, None, self._now()) for made in open_calls])
        transcript = transcript.append(*self._chat.ask(text, transcript))
        if len(transcript) >= self._engine.window:
            raise ContextFull(len(transcript), self._engine.window)
        return transcript

    async def warm_up(self) -> None:
        """Has the engine do what would make the first turn take longer than others, and compute what all begin with.

        Raises EngineError if the engine fails, and ContextFull if not even a greeting fits the window.
        """
        transcript = self.ask(Transcript(), "Hello")
        try:
            await self._engine.warm_up(transcript.tokens, self._sampling(transcript, _WARM_UP_TOKENS, begun=False))
        except EngineError as error:
            raise EngineError(f"the engine failed while it was warmed up: {error}") from error

    async def run(
        self, transcript: Transcript, caller: Caller, emit: Emit = ignore, journal: Journal = _NO_JOURNAL
    ) -> Turn:
        """Decodes one turn, from the user's message to the end of the answer.

        Also from anywhere within: given what a journal kept of a turn that another process has left, it goes on there.
        Cancelling it aborts the engine and every call that still runs. Raises EngineError if the engine fails.

        However it ends, the transcript that is kept last has a result for each call, except where another process goes
        on or a call asks something. Where no `Turn` is returned, `emit` hears what was used.
        """
        past = self._last_turn(transcript)
        turn = _Growing(transcript, past, self._limits, caller, self._engine.weights)
        calls = turn.calls = Calls(
            self._toolbox,
            turn.asking,
            emit,
            journal,
            lambda: turn.limits.calls,
            self._now,
            together=not self._chat.live,
        )
        clock = asyncio.timeout(turn.deadline - time.time())
        stop: StopReason | None = None
        try:
            async with clock, calls:
                stop = await self._begin(turn, past, emit, journal)
                while stop is None:
                    stop = await self._go_on(turn, emit, journal)
        except TimeoutError:
            if not clock.expired():
                raise
            stop = StopReason.SECONDS
        finally:
            if stop is None:
                await emit(UsageReported(usage=turn.usage))
            if not caller.let_go() and stop is not StopReason.ASKS:
                # What is done has no calls without a result, and is not read once more.
                unanswered = [] if stop is StopReason.DONE else self._last_turn(turn.transcript).unanswered
                turn.transcript = self._splice(turn.transcript, await calls.cut_short(unanswered))
                await journal.keep(turn.transcript, stop)
        assert stop is not None
        questions = calls.questions if stop is StopReason.ASKS else ()
        text, stretches = "".join(turn.text), tuple(turn.stretches)
        return Turn(turn.transcript, stop, text, turn.sampled, calls.started, turn.usage, questions, stretches)

    async def give_up(self, transcript: Transcript, turn: str, journal: Journal) -> None:
        """Lets the calls of a last turn, which is named so, clean up that have no result: it is not run any more."""
        calls = [made.call for made in self._last_turn(transcript).unanswered]
        memos = {call_id: answers[-1].memo for call_id, answers in journal.answers.items()}
        open_calls = [call for call in calls if not isinstance(journal.noted.get(call.id), Finished)]
        await asyncio.gather(*(self._toolbox.give_up(call, turn, memos.get(call.id, "")) for call in open_calls))

    def said(self, transcript: Transcript) -> str:
        """The prose of the last turn, as far as it is in the transcript."""
        return "".join(self._last_turn(transcript).text)

    def took(self, transcript: Transcript, journal: Journal) -> Usage:
        """What the last turn took as far as a journal has it: not what was cached of it."""
        past = self._last_turn(transcript)
        tokens = Tokens(input=past.input, output=past.sampled, idle_waits=past.idle_waits)
        return Usage.of(self._engine.weights, tokens) + noted_usage(journal)

    async def _begin(self, turn: _Growing, past: _Past, emit: Emit, journal: Journal) -> StopReason | None:
        """Goes on from the transcript's end, which may be in the midst of a turn, or after it. None if that goes on."""
        await turn.calls.resume(past.made, past.unanswered)
        if journal.stop:
            return StopReason(journal.stop)
        if turn.calls.refused:
            return StopReason.CALLS
        return self._pause(turn) if past.paused else await self._stretch(turn, emit, journal)

    async def _go_on(self, turn: _Growing, emit: Emit, journal: Journal) -> StopReason | None:
        """Lets in what the model has stopped for, and samples the next stretch. None if the turn goes on after that."""
        calls = turn.calls
        if calls:
            if not calls.ready:
                await journal.keep(turn.transcript)
                await emit(Waiting(call_ids=calls.running))
                await self._wait(turn.transcript, calls)
            results = calls.take_results()
            if not results:
                await journal.keep(turn.transcript)
                return StopReason.ASKS
            turn.transcript = self._splice(turn.transcript, results)
            ids = tuple(result.call_id for result, _ in results)
            # Before it is kept: whoever goes on from there does not tell of it.
            await emit(Spliced(call_ids=ids, position=len(turn.transcript)))
        else:
            turn.transcript = turn.transcript.append(*self._chat.write_nothing(turn.transcript))
            turn.idle_waits += 1
        await journal.keep(turn.transcript)
        return await self._stretch(turn, emit, journal)

    async def _stretch(self, turn: _Growing, emit: Emit, journal: Journal) -> StopReason | None:
        """Samples until the model stops, a result can come in, or a limit is reached. None if the turn goes on."""
        room = min(turn.limits.tokens - turn.sampled, self._engine.window - len(turn.transcript))
        if room <= 0:
            return self._limit(turn)
        calls, begun = turn.calls, turn.take_reader()
        reader = begun or self._chat.reader(self._toolbox.specs, first_call=calls.started)
        sampling = self._sampling(turn.transcript, room, begun=begun is not None)
        finish: Finish | None = None
        given = len(turn.transcript)
        turn.input += given
        began, cached, before = self._now(), turn.cached, turn.sampled
        first: float | None = None
        try:
            async with aclosing(self._engine.generate(turn.transcript.tokens, sampling)) as stream:
                async for chunk in stream:
                    finish, first = chunk.finish, self._now() if first is None else first
                    await self._read(chunk, reader, turn, emit, journal)
                    if calls.refused:
                        return StopReason.CALLS
                    if self._chat.live and calls.arrived and reader.safe and not finish:
                        return None
        finally:
            turn.append_sampled()
            stretch = Stretch(began, first, self._now(), given, turn.cached - cached, turn.sampled - before)
            turn.stretches.append(stretch)
        return self._limit(turn) if finish is Finish.LENGTH else self._pause(turn)

    async def _read(self, chunk: Chunk, reader: Reader, turn: _Growing, emit: Emit, journal: Journal) -> None:
        """Says what a chunk says, and starts each call that closes in it."""
        text = ""
        turn.cached += chunk.cached
        for index, token in enumerate(chunk.tokens):
            turn.sample(token, chunk.logprobs[index] if chunk.logprobs else None)
            reading = reader.feed((token,))
            text += reading.text
            if reading.calls:
                await turn.say(text, emit)
                text = ""
                turn.append_sampled()
                # Before they start: of what a call does, a trace is left that the call itself outlives.
                await journal.keep(turn.transcript)
            for call in reading.calls:
                await turn.calls.make(Made(call, len(turn.transcript)))
        await turn.say(text, emit)

    def _pause(self, turn: _Growing) -> StopReason | None:
        """What the model's own stop means: the end, or None if something is to come in first."""
        return None if turn.calls or self._chat.write_nothing(turn.transcript) else StopReason.DONE

    def _sampling(self, transcript: Transcript, room: int, *, begun: bool) -> Sampling:
        return Sampling(
            max_tokens=room,
            stop=self._chat.stop,
            temperature=self._choice.temperature,
            top_p=self._choice.top_p,
            # Each stretch draws its own numbers, and the same ones whenever the same conversation is decoded again.
            seed=None if self._choice.seed is None else self._choice.seed + len(transcript),
            logprobs=self._choice.logprobs,
            banned=self._chat.banned(self._toolbox.specs),
            constraint=self._chat.constraint(self._toolbox.specs, begun=begun),
        )

    async def _wait(self, transcript: Transcript, calls: Calls) -> None:
        """Until results come in, or questions are to be answered. What is known of results is computed meanwhile."""
        warming = asyncio.create_task(self._warm(transcript, calls))
        try:
            await calls.wait()
        finally:
            warming.cancel()
            await asyncio.wait([warming])

    async def _warm(self, transcript: Transcript, calls: Calls) -> None:
        async with aclosing(calls.partial_results()) as growing:
            async for results in growing:
                tokens = transcript.append(*self._chat.write_results(results, transcript)).tokens
                if len(tokens) >= self._engine.window:
                    return
                with suppress(EngineError):  # the next stretch will meet it
                    await self._engine.prefill(tokens)

    def _splice(self, transcript: Transcript, finished: Sequence[Finished]) -> Transcript:
        now = self._now()
        arrivals = tuple(replace(arrival, spliced=now) for _, arrival in finished)
        spans = self._chat.write_results([result for result, _ in finished], transcript)
        return transcript.append(
            *(replace(span, arrivals=arrivals) if span.origin is Origin.RETURNED else span for span in spans)
        )

    def _last_turn(self, transcript: Transcript) -> _Past:
        """What the last turn came to so far, read in its tokens."""
        past = _Past()
        spans = transcript.since_given
        position = len(transcript) - sum(len(span.tokens) for span in spans)
        for span in spans:
            if span.origin is Origin.SAMPLED:
                if past.reader is None:
                    past.reader = self._chat.reader(self._toolbox.specs, first_call=len(past.made))
                    past.input += position
                for at, token in enumerate(span.tokens, position + 1):
                    reading = past.reader.feed((token,))
                    past.text.append(reading.text)
                    past.made += [Made(call, at) for call in reading.calls]
                past.sampled += len(span.tokens)
                past.paused = span.tokens[-1] in self._chat.stop
            else:
                past.idle_waits += span.origin is Origin.FORCED and not past.unanswered
                past.answered |= {arrival.call_id for arrival in span.arrivals}
                past.reader, past.paused = None, False
            position += len(span.tokens)
        return past

    def _limit(self, turn: _Growing) -> StopReason:
        return StopReason.TOKENS if turn.sampled >= turn.limits.tokens else StopReason.CONTEXT


@dataclass(slots=True)
class _Past:
    """A turn as far as a transcript has it."""

    text: list[str] = field(default_factory=list)
    sampled: int = 0
    input: int = 0
    """Tokens that the engine was given, over all stretches."""
    idle_waits: int = 0
    made: list[Made] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    reader: Reader | None = None
    """Of the stretch at the transcript's end; None if none was begun there."""
    paused: bool = False
    """Whether the model has ended that stretch."""

    @property
    def unanswered(self) -> list[Made]:
        return [made for made in self.made if made.call.id not in self.answered]


class _Growing:
    """A turn while it is decoded, and how far it may go."""

    calls: Calls
    """To be set at once."""

    def __init__(self, transcript: Transcript, past: _Past, limits: Limits, caller: Caller, weights: str) -> None:
        self.transcript = transcript
        self.text = list(past.text)
        self.sampled = past.sampled
        self.input = past.input
        self.idle_waits = past.idle_waits
        self.cached = 0
        self.stretches: list[Stretch] = []
        self._limits = limits
        self._caller = caller
        self._given = caller.delegation.within(limits.budget)
        self.deadline = limits.deadline(self._given, caller.began or time.time())
        """In seconds since 1970."""
        self._weights = weights
        self._reader = None if past.paused else past.reader
        # As lists they would take six times as much.
        self._tokens = array("i")
        """Sampled, but not in the transcript yet."""
        self._logprobs = array("d")

    @property
    def limits(self) -> Limits:
        """What the agents have used that were asked counts against the budget only."""
        return self._limits.within(self._given.spent(self.calls.usage.output, self.calls.below))

    def asking(self) -> Caller:
        """On whose behalf a call is made that starts now: it may use what is left."""
        calls = self.calls
        left = self._given.spent(self.sampled + calls.usage.output, calls.started + calls.below)
        return replace(self._caller, delegation=left.during(self._caller.turn, self.deadline))

    @property
    def usage(self) -> Usage:
        """With what the agents took that were asked."""
        tokens = Tokens(input=self.input, cached=self.cached, output=self.sampled, idle_waits=self.idle_waits)
        return Usage.of(self._weights, tokens) + self.calls.usage

    def take_reader(self) -> Reader | None:
        """The reader of a stretch that another process began, once."""
        reader, self._reader = self._reader, None
        return reader

    async def say(self, text: str, emit: Emit) -> None:
        if text:
            self.text.append(text)
            await emit(TextDelta(text=text))

    def sample(self, token: int, logprob: float | None) -> None:
        self._tokens.append(token)
        if logprob is not None:
            self._logprobs.append(logprob)
        self.sampled += 1

    def append_sampled(self) -> None:
        tokens, logprobs = tuple(self._tokens), tuple(self._logprobs)
        del self._tokens[:], self._logprobs[:]
        span = Span(Origin.SAMPLED, tokens, logprobs if len(logprobs) == len(tokens) else None, self._weights)
        self.transcript = self.transcript.append(span)
