"""What every engine keeps to, in numbered sentences; the same tests for the scripted one and for vLLM.

1. A stop token ends the stretch and is its last token.
2. `max_tokens` ends the stretch as LENGTH, after exactly so many.
3. So does the window.
4. Only the last chunk says how it ended.
5. Logprobs, if asked for, are one per token and not positive; else there are none.
6. Closing the stream aborts the request, and the engine goes on.
7. The same prompt and seed give the same tokens.
8. Several streams at once do not mix.
9. A banned token is never sampled; a script that has one is wrong.
10. It is stalled only while somebody waits for its tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import pytest

from service.engine.base import Chunk, Engine, Finish, Sampling
from service.engine.scripted import ScriptedEngine
from service.engine.vllm import VllmEngine

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = tuple(range(100, 140))
SAMPLING = Sampling(max_tokens=12, stop=())


@dataclass(frozen=True)
class Subject:
    engine: Engine
    unfinished: Callable[[], int]
    """Requests that the engine still works on."""


def scripted() -> Subject:
    def count_up(prompt: Sequence[int], _: Sampling) -> Iterator[tuple[int, ...]]:
        token = prompt[-1]
        while True:
            yield (token := token + 1,)

    engine = ScriptedEngine(count_up, window=256)
    return Subject(engine, lambda: len(engine.requests) - engine.aborted)


@pytest.fixture(params=["scripted", pytest.param("vllm", marks=pytest.mark.model)])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "scripted":
        return scripted()
    engine: VllmEngine = request.getfixturevalue("vllm")
    return Subject(engine, engine.llm.get_num_unfinished_requests)


async def read(engine: Engine, sampling: Sampling, prompt: Sequence[int] = PROMPT) -> list[Chunk]:
    return [chunk async for chunk in engine.generate(prompt, sampling)]


def tokens(chunks: Sequence[Chunk]) -> tuple[int, ...]:
    return tuple(token for chunk in chunks for token in chunk.tokens)


async def test_1_a_stop_token_is_the_last(subject: Subject) -> None:
    free = tokens(await read(subject.engine, SAMPLING))
    stop = free[5]
    chunks = await read(subject.engine, replace(SAMPLING, stop=(7, stop)))
    assert tokens(chunks) == free[: free.index(stop) + 1]
    assert chunks[-1].finish is Finish.STOP


async def test_2_max_tokens_cuts(subject: Subject) -> None:
    chunks = await read(subject.engine, SAMPLING)
    assert len(tokens(chunks)) == 12
    assert chunks[-1].finish is Finish.LENGTH


async def test_3_the_window_cuts(subject: Subject) -> None:
    prompt = (PROMPT * (subject.engine.window // len(PROMPT) + 1))[: subject.engine.window - 5]
    chunks = await read(subject.engine, SAMPLING, prompt)
    assert len(tokens(chunks)) == 5
    assert chunks[-1].finish is Finish.LENGTH


async def test_4_only_the_last_chunk_has_a_finish(subject: Subject) -> None:
    chunks = await read(subject.engine, SAMPLING)
    assert [chunk.finish for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


async def test_5_logprobs_align(subject: Subject) -> None:
    for chunk in await read(subject.engine, replace(SAMPLING, logprobs=True)):
        assert chunk.logprobs is not None
        assert len(chunk.logprobs) == len(chunk.tokens)
        assert all(logprob <= 0 for logprob in chunk.logprobs)
    assert all(chunk.logprobs is None for chunk in await read(subject.engine, SAMPLING))


async def test_6_closing_aborts(subject: Subject) -> None:
    async with aclosing(subject.engine.generate(PROMPT, replace(SAMPLING, max_tokens=200))) as stream:
        assert (await anext(stream)).finish is None
    assert subject.unfinished() == 0
    assert len(tokens(await read(subject.engine, SAMPLING))) == 12


async def test_6_cancelling_the_reader_aborts(subject: Subject) -> None:
    reader = asyncio.create_task(read(subject.engine, replace(SAMPLING, max_tokens=200)))
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert subject.unfinished() == 0


async def test_7_a_seed_repeats(subject: Subject) -> None:
    warm = replace(SAMPLING, temperature=1.0, seed=3)
    assert tokens(await read(subject.engine, warm)) == tokens(await read(subject.engine, warm))


async def test_8_streams_do_not_mix(subject: Subject) -> None:
    """Each goes on with what it has repeated, without a doubt: what is computed together is rounded differently."""
    prompts = [tuple(range(first, first + 4)) * 10 for first in (300, 2000, 5000, 8000)]
    alone = [tokens(await read(subject.engine, SAMPLING, prompt)) for prompt in prompts]
    assert len({*alone}) == len(prompts)
    together = await asyncio.gather(*(read(subject.engine, SAMPLING, prompt) for prompt in prompts))
    assert [tokens(chunks) for chunks in together] == alone


async def test_9_a_banned_token_is_never_sampled(subject: Subject) -> None:
    banned = tokens(await read(subject.engine, SAMPLING))[:3]
    sampling = replace(SAMPLING, banned=banned)
    if isinstance(subject.engine, ScriptedEngine):
        with pytest.raises(ValueError, match="may not be sampled"):
            await read(subject.engine, sampling)
    else:
        chosen = tokens(await read(subject.engine, sampling))
        assert len(chosen) == SAMPLING.max_tokens
        assert not {*banned} & {*chosen}


async def test_10_stalled_only_while_somebody_waits(subject: Subject) -> None:
    async with aclosing(subject.engine.generate(PROMPT, SAMPLING)) as stream:
        reading = asyncio.create_task(anext(stream))
        while not (seen := subject.engine.stalled) and not reading.done():
            await asyncio.sleep(0)
        assert seen > 0.0
        await reading
        assert subject.engine.stalled == 0.0  # whoever reads is busy with what it got
    abandoned = asyncio.create_task(read(subject.engine, SAMPLING))
    await asyncio.sleep(0)
    abandoned.cancel()
    await asyncio.wait([abandoned])
    assert subject.engine.stalled == 0.0
