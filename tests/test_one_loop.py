"""The central promises, on the real model.

1. A request over A2A and a rollout in process, with the same model and seed, leave equal transcripts.
2. Nothing is tokenised again: what is stored is exactly what the engine was given and gave.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from itertools import groupby, islice
from pathlib import Path

import httpx
import pytest

from service import extension
from service.agent import make_loop, make_toolbox
from service.app import Service
from service.chat.inner import InnerFormat
from service.decode import DecodeLoop
from service.engine.around import Around
from service.engine.base import Chunk, Engine, Sampling
from service.engine.vllm import VllmEngine
from service.process.server import EmbeddedServer, listen, url_of
from service.sessions.database import open_database
from service.sessions.session import Session, read_conversation
from service.sessions.turns import Accepted, Held, Turns
from service.sessions.writes import Writes
from service.settings import AgentConfig, Machine, load_agent
from service.training.data import make_world
from service.training.rollout import Episode, rollout
from service.training.task import Split, Task
from service.transcript import Origin
from tests.conftest import say
from tests.real import AGENT, WINDOW

pytestmark = [pytest.mark.model, pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="session")]


class Recorder(Around):
    """An engine that remembers what it was given and what it gave."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.exchanges: list[tuple[tuple[int, ...], list[int]]] = []

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        given: list[int] = []
        self.exchanges.append((tuple(tokens), given))
        async with aclosing(super().generate(tokens, sampling)) as stream:
            async for chunk in stream:
                given += chunk.tokens
                yield chunk


def office(data: Path, split: Split) -> tuple[AgentConfig, Machine, Iterator[Task]]:
    """The procurement agent without its peer, and tasks that do not need it; in every folder the same."""
    world = make_world(AGENT, split, 5, data)
    machine = Machine(data=data)
    agent = load_agent(AGENT, machine)
    warm = agent.sampling.model_copy(update={"temperature": 0.7, "seed": 11})
    alone = (task for task in world.tasks if task.calls and all(call.tool != "contracts" for call in task.calls))
    return agent.model_copy(update={"peers": [], "sampling": warm}), machine, alone


def loop_of(agent: AgentConfig, engine: Engine, chat: InnerFormat) -> DecodeLoop:
    return make_loop(agent, engine, chat, make_toolbox(agent, AGENT, {}, {}))


@asynccontextmanager
async def served(agent: AgentConfig, machine: Machine, engine: Engine, chat: InnerFormat) -> AsyncIterator[str]:
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)
    server = EmbeddedServer(Service(agent, machine, AGENT, nullcontext(engine), chat, url), 0.0, log_level="warning")
    async with server.running(listener):
        yield url


async def ask(http: httpx.AsyncClient, url: str, text: str, context_id: str) -> str:
    """Why the turn stopped: at this temperature, and without its peer, the model does not always end well."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say(text, contextId=context_id)}}
    headers = {"A2A-Version": "1.0", "A2A-Extensions": extension.URI}
    answer = (await http.post(url, json=body, headers=headers)).json()
    stop: str = answer["result"]["task"]["metadata"][extension.URI]["stop"]
    return stop


async def test_1_over_a2a_and_in_process(tmp_path: Path, vllm: VllmEngine, inner: InnerFormat) -> None:
    agent, machine, tasks = office(tmp_path / "served", Split.ENTITIES)
    contexts: dict[str, Task] = {}
    stops: list[str] = []
    async with served(agent, machine, vllm, inner) as url, httpx.AsyncClient(timeout=60) as http:
        for number, task in enumerate(islice(tasks, 8)):
            await vllm.llm.reset_prefix_cache()
            contexts[f"context-{number}"] = task
            for said in task.said:
                stops.append(await ask(http, url, said, f"context-{number}"))
    assert stops.count("done") > len(stops) / 2
    async with open_database(f"sqlite+aiosqlite:///{machine.data / AGENT.name}-conversations.sqlite3") as database:
        stored = [await read_conversation(database, context) for context in contexts]

    agent, _, tasks = office(tmp_path / "in process", Split.ENTITIES)
    loop = loop_of(agent, vllm, inner)
    for transcript, task in zip(stored, islice(tasks, 8), strict=True):
        await vllm.llm.reset_prefix_cache()
        episode = await rollout(task, loop)
        assert [span.origin for span in episode.transcript.spans] == [span.origin for span in transcript.spans]
        assert episode.transcript.tokens == transcript.tokens
        assert episode.transcript.logprobs == pytest.approx(transcript.logprobs, abs=1e-4)


async def test_2_stored_is_what_the_engine_was_given_and_gave(
    tmp_path: Path, vllm: VllmEngine, inner: InnerFormat
) -> None:
    agent, _, tasks = office(tmp_path, Split.TRAIN)
    short = agent.limits.model_copy(update={"tokens": 80})  # an end is an end, and there are 205 of them
    agent = agent.model_copy(update={"limits": short})
    recorder = Recorder(vllm)
    loop = loop_of(agent, recorder, inner)
    some = islice((task for task in tasks if task.calls), 205)

    async def work() -> list[Episode]:
        return [await rollout(task, loop) for task in some]

    episodes = [episode for done in await asyncio.gather(*(work() for _ in range(48))) for episode in done]
    assert sum("cut off" not in str(episode.problem) for episode in episodes) > 100
    rolled = [episode.transcript for episode in episodes]
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/conversations.sqlite3") as database:
        async with Writes(database) as writes:
            turns = Turns(database, writes, lease_seconds=60)
            for number, transcript in enumerate(rolled):
                accepted = Accepted(f"turn-{number}", f"context-{number}", f"message-{number}", "", "", {})
                held = await turns.accept(accepted, hold=True)
                assert isinstance(held, Held)
                await Session(writes, database, held.lease, held.conversation_id).keep(transcript)
        transcripts = [await read_conversation(database, f"context-{number}") for number in range(len(rolled))]
    assert sum(any(span.origin is Origin.RETURNED for span in t.spans) for t in transcripts) >= 200
    stretches = {}
    for transcript in transcripts:
        at = 0
        for origin, run in groupby(transcript.spans, lambda span: span.origin):
            tokens = tuple(token for span in run for token in span.tokens)
            if origin is Origin.SAMPLED:
                stretches[transcript.tokens[:at]] = tokens
            at += len(tokens)
        assert at <= WINDOW
    assert stretches == {given: tuple(gave) for given, gave in recorder.exchanges}
