"""What only vLLM can show: real weights, grammars, and errors of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import math
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from service.chat.inner import InnerFormat
from service.engine.base import Sampling
from service.engine.vllm import EngineConfig, VllmEngine, engine_arguments, sampling_params
from service.errors import EngineError, ModelError
from service.messages import ToolResult
from service.transcript import Transcript
from tests.conftest import ORDER

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]


async def sample(engine: VllmEngine, prompt: tuple[int, ...], sampling: Sampling) -> tuple[int, ...]:
    return tuple([token async for chunk in engine.generate(prompt, sampling) for token in chunk.tokens])


def must_call(constraint: str) -> str:
    """The same grammar, with a call that has to come."""
    tag = json.loads(constraint)
    tag["format"]["at_least_one"] = True
    return json.dumps(tag)


async def test_a_call_follows_its_schema_however_wildly_it_is_sampled(vllm: VllmEngine, inner: InnerFormat) -> None:
    prompt = inner.begin("Order things.", [ORDER])
    constraint = inner.constraint([ORDER], begun=False)
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
        for call in inner.reader([ORDER], 0).feed(tokens).calls:
            closed += 1
            arguments = json.loads(call.arguments)
            assert call.name == "order"
            assert arguments.keys() == {"item", "quantity"}
            assert isinstance(arguments["item"], str)
            assert isinstance(arguments["quantity"], int)
    assert closed


async def test_what_is_asked_for_in_vllm_s_words() -> None:
    sampling = Sampling(5, (7, 8), temperature=0.5, top_p=0.9, seed=3, logprobs=True, banned=(1, 2), constraint="{}")
    params = sampling_params(sampling)
    assert (params.max_tokens, params.temperature, params.top_p, params.seed) == (5, 0.5, 0.9, 3)
    assert (params.stop_token_ids, params.ignore_eos, params.logprobs) == ([7, 8], True, 0)
    assert params.logit_bias == {1: -math.inf, 2: -math.inf}
    assert params.structured_outputs.structural_tag == "{}"


async def test_what_was_prefilled_is_not_computed_again(vllm: VllmEngine) -> None:
    from vllm.inputs import tokens_input

    tokens = [100 + at % 1000 for at in range(700)]
    await vllm.llm.reset_prefix_cache()
    await vllm.prefill(tokens)
    async for output in vllm.llm.generate(tokens_input([*tokens, 7, 8]), sampling_params(Sampling(2, ())), "after"):
        cached = output.num_cached_tokens
    assert cached >= 700 - 32  # whole blocks


async def test_warming_up_samples_as_a_turn_does_and_leaves_its_prompt(vllm: VllmEngine, inner: InnerFormat) -> None:
    prompt = inner.begin("Order things.", [ORDER])
    banned, constraint = inner.banned([ORDER]), inner.constraint([ORDER], begun=False)
    sampling = Sampling(2, inner.stop, logprobs=True, banned=banned, constraint=constraint)
    await vllm.llm.reset_prefix_cache()
    await vllm.warm_up(prompt, sampling)
    assert vllm.llm.get_num_unfinished_requests() == 0
    async with aclosing(vllm.generate((*prompt, 7, 8), sampling)) as stream:
        assert (await anext(stream)).cached >= len(prompt) - 32  # whole blocks


async def test_warming_up_finds_out_what_vllm_refuses(vllm: VllmEngine) -> None:
    with pytest.raises(EngineError, match="grammar"):
        await vllm.warm_up((100,), Sampling(2, (), constraint="no JSON"))


async def test_a_result_cannot_be_sampled(vllm: VllmEngine, inner: InnerFormat) -> None:
    prompt = inner.begin("Order things.", [ORDER])
    banned, constraint = inner.banned([ORDER]), inner.constraint([ORDER], begun=False)
    wild = Sampling(60, inner.stop, temperature=2.0, banned=banned, constraint=constraint)
    sampled = await asyncio.gather(*(sample(vllm, prompt, replace(wild, seed=seed)) for seed in range(8)))
    (_, result) = inner.write_results([ToolResult("c0", "")], Transcript())
    assert len(result.tokens) == 2
    assert not {*result.tokens} & {token for tokens in sampled for token in tokens}


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


async def test_an_argument_that_vllm_does_not_know_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'tensor_paralel'"):
        async with VllmEngine.open(EngineConfig(tmp_path, "none", arguments={"tensor_paralel": 2}), print):
            pass


async def test_the_machines_arguments_win(tmp_path: Path) -> None:
    ours = engine_arguments(EngineConfig(tmp_path, "none", window=100))
    assert engine_arguments(EngineConfig(tmp_path, "none", window=100, arguments={"dtype": "half"})) == ours | {
        "dtype": "half"
    }


async def test_what_vllm_brought_is_not_searched_for_garbage(vllm: VllmEngine) -> None:
    assert vllm.alive
    assert gc.get_freeze_count() > 300_000
