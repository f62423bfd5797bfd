"""What A2A costs: decoding through the served agent's stream against the bare engine.

    python -m bench.streaming

One vLLM engine, the embedded model. An agent without tools is served on loopback and asked by an A2A client in a
process of its own; then the very prompts that reached the engine that way, token for token, are given to `AsyncLLM`
itself, without the banned tokens and the logprobs that an agent's turn has besides. Both sides take turns within each
repetition, begin with an empty prefix cache, and decode the same number of tokens whatever the model would rather do.
Ratio and difference are taken within a repetition; medians are over repetitions.

Eight at once come to an idle engine in one instant: what is there when vLLM starts its first step is computed together,
and all others wait until it is done. Eight a second apart ask again when they are answered, as callers of a busy agent
do: a prompt comes in while others are decoded.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from vllm.inputs import tokens_input

from bench.fixed_length import FixedLength
from bench.load import PROMPTS, Load, Side, put
from bench.sides import Comparison, Put
from service.agent import make_chat
from service.app import Service
from service.cli.provenance import append, circumstances
from service.engine.base import Engine, Sampling
from service.engine.vllm import EngineConfig, VllmEngine, sampling_params
from service.errors import ServiceError
from service.models.prepare import prepare
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import AgentConfig, Machine, ModelSection

RESULTS = Path(__file__).with_name("results.jsonl")
LOADS = {
    "1": Load(streams=1, answers=3, tokens=64, apart=0, repetitions=5),
    "8": Load(streams=8, answers=1, tokens=128, apart=0, repetitions=7),
    "8, a second apart": Load(streams=8, answers=3, tokens=64, apart=1, repetitions=3),
}
SEED = 0
WRITER = AgentConfig.model_validate(
    {
        "name": "writer",
        "description": "Writes letters.",
        "instructions": "You write letters.",
        "sampling": {"seed": SEED},
        "limits": {"tokens": max(load.tokens for load in LOADS.values())},
        "skills": [{"id": "write", "name": "Write", "description": "Writes letters.", "tags": ["letters"]}],
    }
)
"""An agent without tools."""


async def main() -> None:
    console = Console()

    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    prepared = prepare(ModelSection(), Path(), Machine().cache, say)
    async with VllmEngine.open(EngineConfig(prepared.folder, prepared.version), say) as engine:
        fixed = FixedLength(engine, length=1)
        async with serve(fixed, prepared.folder) as url, client_of(url) as over_a2a:
            say("warming up")
            await over_a2a(Load(streams=len(PROMPTS), answers=1, tokens=1, apart=0.1, repetitions=1))
            requests = [(tokens, replace(sampling, banned=(), logprobs=False)) for tokens, sampling in fixed.asked]

            async def through_a2a(load: Load) -> Side:
                await engine.llm.reset_prefix_cache()
                fixed.length = load.tokens
                fixed.decoded.clear()
                side = await over_a2a(load)
                if fixed.decoded != [load.tokens] * load.streams * load.answers:
                    raise RuntimeError(f"not every stream through A2A had its {load.tokens} tokens: {fixed.decoded}")
                return side

            async def bare(load: Load) -> Side:
                await engine.llm.reset_prefix_cache()
                return await put(load, lambda index: through_engine(engine, *requests[index], load.tokens))

            comparison = Comparison("A2A", "bare engine", LOADS)
            await comparison.run({"bare engine": bare, "A2A": through_a2a}, say)
    console.print(comparison.table())
    result = comparison.summary() | circumstances("python -m bench.streaming", SEED) | {"weights": prepared.version}
    append(RESULTS, result)
    print(json.dumps(result))


@asynccontextmanager
async def serve(engine: Engine, weights: Path) -> AsyncIterator[str]:
    """The writer on loopback: its URL."""
    with tempfile.TemporaryDirectory() as data:
        listener = listen("127.0.0.1", 0)
        url = url_of(listener)
        held: AbstractAsyncContextManager[Engine] = nullcontext(engine)
        chat = make_chat(WRITER.chat, weights)
        service = Service(WRITER, Machine(data=Path(data)), Path("writer"), held, chat, url)
        server = EmbeddedServer(service, drain_seconds=0, log_level="warning")
        async with server.running(listener):
            yield url


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Put]:
    """Puts loads on the agent at `url`, from another process."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load", url), stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    assert client.stdin
    assert client.stdout
    stdin, stdout = client.stdin, client.stdout

    async def put_over_a2a(load: Load) -> Side:
        stdin.write(json.dumps(asdict(load)).encode() + b"\n")
        if not (answer := await stdout.readline()):
            raise RuntimeError("the client ended")
        return Side(**json.loads(answer))

    try:
        yield put_over_a2a
    finally:
        client.kill()
        await client.wait()


async def through_engine(engine: VllmEngine, tokens: Sequence[int], sampling: Sampling, length: int) -> float:
    """From giving vLLM the request to its first output, in seconds; reads on to the last."""
    params = sampling_params(replace(sampling, max_tokens=length))
    begun = time.perf_counter()
    first = 0.0
    async for _ in engine.llm.generate(tokens_input(list(tokens)), params, f"bare-{begun}"):
        first = first or time.perf_counter() - begun
    return first


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except ServiceError as error:
        sys.exit(f"bench: {error}")
