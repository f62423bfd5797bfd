"""What only vLLM can show: real weights, grammars, and errors of its own."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from service.chat.inner import InnerFormat
from service.engine.base import Sampling
from service.engine.vllm import EngineConfig, VllmEngine
from service.errors import EngineError, ModelError
from service.messages import ToolResult
from service.models.prepare import Prepared
from service.tools.base import ToolSpec

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]

ORDER = ToolSpec(
    "order",
    "Orders.",
    {
        "type": "object",
        "properties": {"item": {"type": "string"}, "quantity": {"type": "integer"}},
        "required": ["item", "quantity"],
        "additionalProperties": False,
    },
)


async def sample(engine: VllmEngine, prompt: tuple[int, ...], sampling: Sampling) -> tuple[int, ...]:
    return tuple([token async for chunk in engine.generate(prompt, sampling) for token in chunk.tokens])


def must_call(constraint: str) -> str:
    """The same grammar, with a call that has to come."""
    tag = json.loads(constraint)
    tag["format"]["at_least_one"] = True
    return json.dumps(tag)


async def test_a_call_follows_its_schema_however_wildly_it_is_sampled(vllm: VllmEngine, inner: InnerFormat) -> None:
    prompt = inner.begin("Order things.", [ORDER])
    constraint = inner.constraint([ORDER])
    assert constraint
    closed = 0
    sampled = await asyncio.gather(
        *(
            sample(
                vllm, prompt, Sampling(150, inner.stop, temperature=1.5, seed=seed, constraint=must_call(constraint))
            )
            for seed in range(8)
        )
    )
    for tokens in sampled:
        for call in inner.reader(0).feed(tokens).calls:
            closed += 1
            arguments = json.loads(call.arguments)
            assert call.name == "order"
            assert arguments.keys() == {"item", "quantity"}
            assert isinstance(arguments["item"], str)
            assert isinstance(arguments["quantity"], int)
    assert closed


async def test_a_result_cannot_be_sampled(vllm: VllmEngine, inner: InnerFormat) -> None:
    prompt = inner.begin("Order things.", [ORDER])
    wild = Sampling(60, inner.stop, temperature=2.0, constraint=inner.constraint([ORDER]))
    sampled = await asyncio.gather(*(sample(vllm, prompt, replace(wild, seed=seed)) for seed in range(8)))
    result = inner.write_results([ToolResult("c0", "")])
    assert len(result) == 2
    assert not {*result} & {token for tokens in sampled for token in tokens}


@pytest.mark.parametrize(
    ("prompt", "constraint", "why"),
    [
        ((), None, "prompt"),
        ((100,) * 10_000, None, "maximum|longer|length"),
        ((10**6,), None, "vocab"),
        ((100,), "no JSON", "grammar"),
    ],
    ids=["empty", "too long", "no token", "bad grammar"],
)
async def test_what_vllm_refuses_is_an_engine_error(
    vllm: VllmEngine, prompt: tuple[int, ...], constraint: str | None, why: str
) -> None:
    with pytest.raises(EngineError, match=f"(?i){why}"):
        await sample(vllm, prompt, Sampling(4, (), constraint=constraint))
    assert len(await sample(vllm, (100, 101), Sampling(4, ()))) == 4


async def test_a_folder_without_a_model_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="vLLM cannot load"):
        async with VllmEngine.open(EngineConfig(tmp_path, "none"), print):
            pass


async def test_the_engine_outlives_ctrl_c_and_its_end_is_an_error(weights: Prepared) -> None:
    others = set(multiprocessing.active_children())
    async with VllmEngine.open(EngineConfig(weights.folder, weights.version, window=256), print) as engine:
        (process,) = set(multiprocessing.active_children()) - others
        assert process.pid
        stream = engine.generate((100, 101), Sampling(200, ()))
        await anext(stream)
        os.kill(process.pid, signal.SIGINT)
        for _ in range(20):
            await anext(stream)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(EngineError):
            async for _ in stream:
                pass
        with pytest.raises(EngineError):
            await sample(engine, (100, 101), Sampling(4, ()))


OPEN_AND_WAIT = """
import asyncio, multiprocessing, sys
from pathlib import Path
from service.engine.vllm import EngineConfig, VllmEngine

async def main():
    async with VllmEngine.open(EngineConfig(Path(sys.argv[1]), "", window=256), lambda _: None):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_the_engine_does_not_outlive_its_owner(weights: Prepared, tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(OPEN_AND_WAIT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, script, weights.folder], stdout=subprocess.PIPE, text=True, env=environment
    ) as owner:
        assert owner.stdout
        engine = Path("/proc", (await asyncio.to_thread(owner.stdout.readline)).strip())
        assert engine.exists()
        owner.kill()
    async with asyncio.timeout(10):
        while engine.exists():
            await asyncio.sleep(0.05)
