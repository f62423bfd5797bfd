"""What the engine does by itself, without a service around it: its speed, and what a splice costs."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from service.engine.around import Around
from service.engine.base import Chunk, Sampling
from service.engine.vllm import EngineConfig, VllmEngine

_REPETITIONS = 5
_SPLICES = 10
_STRETCH = 24
"""Tokens between two splices."""
_RESULT = 16
"""Tokens of a spliced-in result."""
_BLOCKS = 13
"""Length of a prompt, in blocks of tokens that are cached together."""
_ANSWER = 1_500
"""Tokens of a long answer of a peer, which comes in pieces."""
_PIECE = 50


def configure(weights: Path, version: str = "") -> EngineConfig:
    """The engine of either side, which says what the script has it say. On a GPU the sides share its memory."""
    from vllm.platforms import current_platform

    if current_platform.is_cpu():
        return EngineConfig(weights, version, logits_processors=("bench.overlap.forced:Forced",))
    share = {"kv_cache_memory_bytes": 1 << 30, "gpu_memory_utilization": 0.1}
    return EngineConfig(weights, version, logits_processors=("bench.overlap.forced:ForcedV2",), arguments=share)


@dataclass(frozen=True, slots=True)
class Stretch:
    """When it was asked for, and when each token came."""

    begun: float
    times: list[float]
    tokens: list[int]


@dataclass(slots=True)
class Request:
    """What the engine was asked for, and what came of it, by `time.perf_counter`: one clock for all processes."""

    asked: float
    came: list[tuple[float, int]] = field(default_factory=list)
    """When each token came, and how many streams were being decoded then."""
    computed: int = 0
    """Tokens of the prompt that were not in the cache."""
    cut: bool = True
    """Whether it was closed before its own end."""


class Watched(Around):
    """Remembers what it was asked for, and when calls were sampled."""

    def __init__(self, engine: VllmEngine, end_call: int) -> None:
        """`end_call` is the token that ends a call."""
        super().__init__(engine)
        self._end_call = end_call
        self._sampled = 0.0
        self._streams = 0
        self.requests: list[Request] = []
        self.ahead = 0
        """Tokens that were computed before they were asked for."""
        self.closed: list[float] = []
        """When each call's last token had been sampled, in seconds since 1970."""
        core = engine.llm.engine_core
        receive = core.get_output_async

        async def receive_and_note() -> Any:
            outputs = await receive()
            self._sampled = time.time() - (time.monotonic() - outputs.timestamp)
            return outputs

        core.get_output_async = receive_and_note

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        request = Request(time.perf_counter())
        self.requests.append(request)
        self._streams += 1
        try:
            async with aclosing(super().generate(tokens, sampling)) as stream:
                async for chunk in stream:
                    if not request.came:
                        request.computed = len(tokens) - chunk.cached
                    request.came += [(time.perf_counter(), self._streams)] * len(chunk.tokens)
                    request.cut = chunk.finish is None
                    self.closed += [self._sampled] * chunk.tokens.count(self._end_call)
                    yield chunk
        finally:
            self._streams -= 1

    async def prefill(self, tokens: Sequence[int]) -> None:
        """As the engine does it, counting."""
        async with aclosing(super().generate(tokens, Sampling(max_tokens=1, stop=()))) as stream:
            async for chunk in stream:
                self.ahead += len(tokens) - chunk.cached

    def tell(self) -> dict[str, Any]:
        """What was remembered since the last time."""
        requests = [asdict(request) for request in self.requests]
        told = {"requests": requests, "ahead": self.ahead, "closed": self.closed}
        self.requests, self.ahead, self.closed = [], 0, []
        return told


class Bare:
    """The engine, asked directly."""

    def __init__(self, engine: VllmEngine) -> None:
        self._engine = engine
        self._block: int = engine.llm.vllm_config.cache_config.block_size
        self._salt = 0

    async def speed(self) -> dict[str, float]:
        """Seconds for each token that is sampled, `token`, and for each one that is read, `prefill`; medians."""
        short, long, tokens = [], [], []
        for _ in range(_REPETITIONS):
            prompt = self._unseen(_BLOCKS * self._block)
            await self._engine.prefill(prompt)
            few = await self._decode((*prompt, *self._unseen(1)), 9)
            short.append(few.times[0] - few.begun)
            tokens += _intervals(few)
            many = await self._decode((*prompt, *self._unseen(257)), 1)
            long.append(many.times[0] - many.begun)
        prefill = (statistics.median(long) - statistics.median(short)) / 256
        return {"token": statistics.median(tokens), "prefill": prefill}

    async def seconds(self, prompt: Sequence[int], count: int) -> float:
        """From asking to the last of `count` tokens."""
        stretch = await self._decode(prompt, count)
        return stretch.times[-1] - stretch.begun

    async def gaps(self, context: int, others: int) -> list[float]:
        """From the last token before a splice to the first one after it, in token times, beside `others` streams."""
        async with self._beside(others):
            tokens = list(self._unseen(context))
            await self._engine.prefill(tokens)
            before = await self._decode(tokens, _STRETCH, would_go_on=True)
            found = []
            for _ in range(_SPLICES):
                tokens += [*before.tokens, *self._unseen(_RESULT)]
                after = await self._decode(tokens, _STRETCH, would_go_on=True)
                found.append((after.times[0] - before.times[-1]) / statistics.median(_intervals(after)))
                before = after
            return found

    async def least_gaps(self, context: int, others: int) -> list[float]:
        """What of a gap is the result and the next token: with no step of ours in flight before, and no block begun."""
        async with self._beside(others):
            tokens = self._unseen(context // self._block * self._block)
            await self._engine.prefill(tokens)
            found = []
            for _ in range(_SPLICES):
                after = await self._decode((*tokens, *self._unseen(_RESULT)), _STRETCH)
                found.append((after.times[0] - after.begun) / statistics.median(_intervals(after)))
            return found

    @asynccontextmanager
    async def _beside(self, others: int) -> AsyncIterator[None]:
        """So many other streams, all of them decoding."""
        async with AsyncExitStack() as stack:
            for _ in range(others):
                stack.push_async_callback(_end, asyncio.create_task(self._decode(self._unseen(200), 4_000)))
            yield

    async def answers(self, prefilled: bool) -> list[float]:
        """From a peer's last word to the model's next token, in seconds; `prefilled`: what came before was computed."""
        found = []
        for _ in range(_REPETITIONS):
            tokens = self._unseen(_BLOCKS * self._block)
            await self._engine.prefill(tokens)
            answer = self._unseen(_ANSWER)
            if prefilled:
                for end in range(_PIECE, _ANSWER, _PIECE):
                    await self._engine.prefill((*tokens, *answer[:end]))
            found.append(await self.seconds((*tokens, *answer), 1))
        return found

    async def _decode(self, prompt: Sequence[int], count: int, would_go_on: bool = False) -> Stretch:
        """So many tokens. Where the engine `would_go_on`, the stream is closed then, as a splice closes it."""
        stretch = Stretch(time.perf_counter(), [], [])
        sampling = Sampling(max_tokens=count + 100 * would_go_on, stop=())
        async with aclosing(self._engine.generate(prompt, sampling)) as stream:
            async for chunk in stream:
                stretch.times.extend([time.perf_counter()] * len(chunk.tokens))
                stretch.tokens.extend(chunk.tokens)
                if len(stretch.tokens) >= count:
                    break
        return stretch

    def _unseen(self, length: int) -> tuple[int, ...]:
        """Tokens that the cache does not know."""
        self._salt += 1
        return tuple(1_000 + (self._salt * 7_919 + at * 104_729) % 40_000 for at in range(length))


async def _end(stream: asyncio.Task[Stretch]) -> None:
    stream.cancel()
    with suppress(asyncio.CancelledError):
        await stream


def _intervals(stretch: Stretch) -> list[float]:
    return [after - before for before, after in itertools.pairwise(stretch.times)]
