"""What A2A costs: decoding through the served agent's stream against the bare engine.

    python -m bench.streaming

One vLLM engine, the embedded model. An agent without tools is served on loopback and asked by an A2A client; then the
very prompts that reached the engine that way, token for token, are given to `AsyncLLM` itself, without the banned
tokens and the logprobs that an agent's turn has besides. Both sides take turns within each repetition, begin with an
empty prefix cache, and decode the same number of tokens whatever the model would rather do. Ratio and difference are
taken within a repetition; medians are over repetitions.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from a2a.client import Client, ClientConfig, create_client
from a2a.types import Message, Part, Role, SendMessageRequest
from rich.console import Console
from rich.table import Table
from vllm.inputs import tokens_input

from bench.around import Around
from bench.spread import spread
from service.agent import make_chat
from service.app import Service
from service.cli.provenance import append, circumstances
from service.engine.base import Chunk, Engine, Sampling
from service.engine.vllm import EngineConfig, VllmEngine, sampling_params
from service.models.prepare import prepare
from service.server import EmbeddedServer, listen, url_of
from service.settings import AgentConfig, Machine, ModelSection

RESULTS = Path(__file__).with_name("results.jsonl")
AT_ONCE = (1, 8)
TOKENS = 128
REPETITIONS = 7
SEED = 0
WRITER = AgentConfig.model_validate(
    {
        "name": "writer",
        "description": "Writes letters.",
        "instructions": "You write letters.",
        "sampling": {"seed": SEED},
        "limits": {"tokens": TOKENS},
        "skills": [{"id": "write", "name": "Write", "description": "Writes letters.", "tags": ["letters"]}],
    }
)
"""An agent without tools."""
PROMPTS = [
    f"Write a long letter to {name} about {matter}."
    for name, matter in [
        ("a supplier", "a late delivery"),
        ("a colleague", "the new office"),
        ("the landlord", "the broken heating"),
        ("a customer", "a price increase"),
        ("the bank", "a lost card"),
        ("a friend", "a walk in the rain"),
        ("the council", "the closed library"),
        ("the editor", "yesterday's article"),
    ]
]


@dataclass(frozen=True, slots=True)
class Stream:
    """One answer, as its reader saw it."""

    first: float
    """Seconds to the first text."""
    seconds: float
    """To the end."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of one repetition."""

    tokens_per_second: float
    """Of all streams together."""
    first_token_ms: float
    """Median over streams."""


Ask = Callable[[int], Awaitable[Stream]]
"""Has one of `PROMPTS` answered."""


class FixedLength(Around):
    """The engine, made to decode `TOKENS` for every request. Remembers what it was asked."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.asked: list[tuple[Sequence[int], Sampling]] = []
        self.decoded: list[int] = []
        """Tokens, of each request that came to its end."""

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        sampling = replace(sampling, stop=(), max_tokens=TOKENS)
        self.asked.append((tokens, sampling))
        async with aclosing(super().generate(tokens, sampling)) as stream:
            decoded = 0
            async for chunk in stream:
                decoded += len(chunk.tokens)
                yield chunk
        self.decoded.append(decoded)


async def main() -> None:
    console = Console()

    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    prepared = prepare(ModelSection(), Path(), Machine().cache, say)
    async with VllmEngine.open(EngineConfig(prepared.folder, prepared.version), say) as engine:
        fixed = FixedLength(engine)
        async with serve(fixed, prepared.folder) as client:
            say("warming up")
            for prompt in PROMPTS:
                await through_a2a(client, prompt)
            requests = [(tokens, replace(sampling, banned=(), logprobs=False)) for tokens, sampling in fixed.asked]
            sides: Mapping[str, Ask] = {
                "bare engine": lambda index: through_engine(engine, *requests[index]),
                "A2A": lambda index: through_a2a(client, PROMPTS[index]),
            }
            found = {}
            for at_once in AT_ONCE:
                say(f"{at_once} at once: {REPETITIONS} times {TOKENS} tokens on each side")
                found[at_once] = [await repetition(engine, sides, at_once, turn) for turn in range(REPETITIONS)]
    if fixed.decoded != [TOKENS] * len(fixed.asked):
        raise RuntimeError(f"not every stream through A2A had its {TOKENS} tokens: {fixed.decoded}")
    console.print(table(found))
    result = summary(found, prepared.version)
    append(RESULTS, result)
    print(json.dumps(result))


@asynccontextmanager
async def serve(engine: Engine, weights: Path) -> AsyncIterator[Client]:
    """The writer on loopback, and a client that has read its card."""
    with tempfile.TemporaryDirectory() as data:
        listener = listen("127.0.0.1", 0)
        url = url_of(listener)
        held: AbstractAsyncContextManager[Engine] = nullcontext(engine)
        chat = make_chat(WRITER.chat, weights)
        service = Service(WRITER, Machine(data=Path(data)), Path("writer"), held, chat, url)
        server = EmbeddedServer(service, drain_seconds=0, log_level="warning")
        async with server.running(listener), httpx.AsyncClient(timeout=None) as http:
            yield await create_client(url, ClientConfig(httpx_client=http))


async def through_a2a(client: Client, text: str) -> Stream:
    """From sending the message to the end of the stream."""
    message = Message(message_id="m", role=Role.ROLE_USER, parts=[Part(text=text)])
    begun = time.perf_counter()
    first = 0.0
    async for event in client.send_message(SendMessageRequest(message=message)):
        if not first and event.HasField("artifact_update"):
            first = time.perf_counter() - begun
    if not first:
        raise RuntimeError("the agent said nothing")
    return Stream(first, time.perf_counter() - begun)


async def through_engine(engine: VllmEngine, tokens: Sequence[int], sampling: Sampling) -> Stream:
    """From giving vLLM the request to its last output."""
    begun = time.perf_counter()
    first = 0.0
    async for _ in engine.llm.generate(tokens_input(list(tokens)), sampling_params(sampling), f"bare-{begun}"):
        first = first or time.perf_counter() - begun
    return Stream(first, time.perf_counter() - begun)


async def measure(ask: Ask, at_once: int) -> Side:
    begun = time.perf_counter()
    streams = await asyncio.gather(*(ask(index) for index in range(at_once)))
    seconds = time.perf_counter() - begun
    return Side(TOKENS * at_once / seconds, 1000 * statistics.median(stream.first for stream in streams))


async def repetition(engine: VllmEngine, sides: Mapping[str, Ask], at_once: int, turn: int) -> dict[str, Side]:
    """Both sides once; which goes first alternates."""
    found = {}
    for name in sorted(sides, reverse=turn % 2 == 1):
        await engine.llm.reset_prefix_cache()
        found[name] = await measure(sides[name], at_once)
    return found


Found = dict[int, list[dict[str, Side]]]
"""Repetitions by how many streams ran at once."""


def ratios(repetitions: list[dict[str, Side]]) -> list[float]:
    return [both["A2A"].tokens_per_second / both["bare engine"].tokens_per_second for both in repetitions]


def extras(repetitions: list[dict[str, Side]]) -> list[float]:
    return [both["A2A"].first_token_ms - both["bare engine"].first_token_ms for both in repetitions]


def summary(found: Found, weights: str) -> dict[str, Any]:
    return {
        "ratio": {str(n): round(statistics.median(ratios(found[n])), 3) for n in found},
        "first_token_extra_ms": {str(n): round(statistics.median(extras(found[n])), 1) for n in found},
        "tokens_per_second": {
            str(n): {
                side: round(statistics.median(both[side].tokens_per_second for both in found[n]), 1)
                for side in ("bare engine", "A2A")
            }
            for n in found
        },
        **circumstances("python -m bench.streaming", SEED),
        "tokens": TOKENS,
        "repetitions": REPETITIONS,
        "weights": weights,
    }


def table(found: Found) -> Table:
    """Medians, and in brackets the smallest and largest."""
    table = Table("at once", "", "tokens/s", "ms to first token")
    for at_once, repetitions in found.items():
        for name in ("bare engine", "A2A"):
            sides = [both[name] for both in repetitions]
            speeds, firsts = [side.tokens_per_second for side in sides], [side.first_token_ms for side in sides]
            table.add_row(str(at_once), name, spread(speeds, 1), spread(firsts, 0))
        table.add_row("", "ratio, extra", spread(ratios(repetitions), 3), spread(extras(repetitions), 0))
        table.add_section()
    return table


if __name__ == "__main__":
    asyncio.run(main())
