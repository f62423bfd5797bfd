"""A turn that is replayed leaves the transcript that was recorded, however its results came.

The model here is a function of what it has read, as one that takes the most likely token: whoever lets a result in one
token earlier or later gets another text.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from random import Random
from typing import Any

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import Choice, DecodeLoop, Limits, StopReason
from service.engine.base import Chunk, Sampling
from service.engine.scripted import ScriptedEngine
from service.messages import Caller, ToolCall
from service.tools.base import CallContext, ToolSpec
from service.tools.toolbox import Limited, Toolbox
from service.training.clock import Clock, TimedToolbox
from service.training.replay import replay
from service.transcript import Origin, Transcript


class Babbler(ScriptedEngine):
    """Writes lines, calls and waits, a random but always the same one after the same tokens."""

    def __init__(self, tokenizer: Tokenizer, rng: Random, clock: Clock | None = None) -> None:
        """On a `clock`, each token takes a time that `rng` draws; else it cuts them into chunks."""
        super().__init__(self._play)
        self._tokenizer, self._rng, self._clock = tokenizer, rng, clock

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> Iterator[tuple[int, ...]]:
        written, waiting = list(prompt), list[int]()
        while True:
            for token in self._next(written):
                written.append(token)
                waiting.append(token)
                if token in sampling.stop or self._clock or self._rng.random() < 0.7:
                    yield tuple(waiting)
                    waiting.clear()

    def _next(self, written: Sequence[int]) -> list[int]:
        rng, vocabulary = Random(str(written)), self._tokenizer.get_vocab()
        calls = written.count(vocabulary["<|call|>"])
        move = rng.choice(("line", "line", "call", "call", "wait") if calls < 6 else ("line", "wait", "end"))
        if move == "line":
            return self._tokenizer.encode(f"{'la' * rng.randrange(1, 9)}\n", add_special_tokens=False).ids
        if move == "call":
            name = self._tokenizer.encode("count {}", add_special_tokens=False).ids
            return [vocabulary["<|call|>"], *name, vocabulary["<|end_call|>"]]
        return [vocabulary["<|wait|>" if move == "wait" else "<|im_end|>"]]

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        if self._clock is None:
            async with aclosing(super().generate(tokens, sampling)) as stream:
                async for chunk in stream:
                    yield chunk
            return
        with self._clock.decoding:
            async with aclosing(super().generate(tokens, sampling)) as stream:
                async for chunk in stream:
                    await self._clock.settle()
                    await self._clock.advance(self._rng.uniform(0.01, 0.05))
                    yield chunk


class Count:
    """A tool that takes a few steps of the event loop."""

    spec = ToolSpec("count", "Counts.", {"type": "object"})

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        for _ in range(self._rng.randrange(60)):
            await asyncio.sleep(0)
        return f"{context.call.id} counts."


class Stage:
    def __init__(self, tokenizer: Tokenizer, seed: int, *, live: bool) -> None:
        self._tokenizer, self._rng = tokenizer, Random(seed)
        self.chat = InnerFormat(tokenizer, live)
        self._toolbox = Toolbox([Limited(Count(self._rng))])
        choice, limits = Choice(logprobs=True), Limits(tokens=400)
        self._loop_over = partial(
            DecodeLoop, chat=self.chat, instructions=f"You are the {seed}th.", choice=choice, limits=limits
        )

    async def record(self, *, real_time: bool) -> Transcript:
        clock = None if real_time else Clock()
        engine, toolbox = Babbler(self._tokenizer, self._rng, clock), self._toolbox
        if clock is None:
            return await self._run(self._loop_over(engine=engine, toolbox=toolbox))

        def end(_: ToolCall) -> float:
            return clock.now + self._rng.choice((0.0, 0.1, 1.0, self._rng.uniform(0.0, 1.0)))

        loop = self._loop_over(engine=engine, toolbox=TimedToolbox(toolbox, clock, end), now=lambda: clock.now)
        async with clock.running():
            return await self._run(loop)

    async def _run(self, loop: DecodeLoop) -> Transcript:
        turn = await loop.run(loop.ask(Transcript(), "Count."), Caller())
        assert turn.stop in (StopReason.DONE, StopReason.TOKENS)
        return turn.transcript

    async def replay(self, recorded: Transcript) -> Transcript:
        engine = Babbler(self._tokenizer, self._rng)
        return (await replay(recorded, engine, self._toolbox, self._loop_over)).transcript


@pytest.mark.parametrize("real_time", [False, True])
@pytest.mark.parametrize("live", [False, True])
async def test_the_same_transcript(tokenizer: Tokenizer, real_time: bool, live: bool) -> None:
    """Times included; the real ones are such as the machine happened to need."""
    seen: Counter[str] = Counter()
    for seed in range(40):
        stage = Stage(tokenizer, seed, live=live)
        recorded = await stage.record(real_time=real_time)
        assert await stage.replay(recorded) == recorded
        for before, span in zip(recorded.spans, recorded.spans[1:], strict=False):
            if span.origin is Origin.RETURNED:
                seen["while it waited" if before.tokens[-1] in stage.chat.stop else "while it wrote"] += 1
                seen["together"] += len(span.arrivals) > 1
        came = [arrival.call_id for span in recorded.spans for arrival in span.arrivals]
        seen["out of order"] += came != sorted(came)
    wanted = ("while it waited", "while it wrote", "together", "out of order") if live else ("together",)
    assert min(seen[what] for what in wanted) >= 5, seen


async def test_other_weights_are_not_held_up(tokenizer: Tokenizer) -> None:
    """Who makes other calls gets their results at once."""
    stage = Stage(tokenizer, 1, live=True)
    recorded = await stage.record(real_time=False)
    cut = Transcript.of(recorded.spans[:3])
    assert (await stage.replay(cut)).tokens[: len(cut)] == cut.tokens
