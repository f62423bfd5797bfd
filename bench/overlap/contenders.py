"""One task through one contender: how long it took, and what was at work when."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from openai import AsyncOpenAI

from bench.overlap.agents import Step
from bench.overlap.bound import Bound, Speed, bound
from bench.overlap.engine import Request
from bench.overlap.outer import Outer
from bench.overlap.picture import Bar
from bench.overlap.tasks import Task
from service.agent import make_chat
from service.events import CallFinished, CallProgress, Event, ignore
from service.outbound.client import RemoteAgent
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.settings import ChatSection
from service.transcript import Transcript

OURS = ("live", "turn")
OUTER = {"one by one": False, "gathered": True}
"""Outer loops, and whether they run calls at once."""
ADK = "google-adk"
ALL = (*OURS, *OUTER, ADK)


@dataclass(frozen=True, slots=True)
class Run:
    """One contender's way through one task."""

    seconds: float
    sampled: int
    """Tokens."""
    computed: int
    """Tokens that were sampled, or read and not in the cache."""
    bars: tuple[Bar, ...] = ()
    bound: Bound | None = None
    """Of the task, as the live form counts its tokens."""
    dispatch: tuple[float, ...] = ()
    """For each call of a task without peers, seconds from the sampling of its last token to its start."""
    gaps: tuple[float, ...] = ()
    """For each splice of such a task within which the model did not wait, from the last token before it to the first
    one after, in token times."""


Runs = dict[str, Run]
"""By contender."""


@dataclass(frozen=True, slots=True)
class Tools:
    """When jobs ran, ours and the peers', as their agents told us."""

    begun: float
    bars: list[Bar] = field(default_factory=list)

    async def hear(self, event: Event) -> None:
        match event:
            case CallFinished(tool="run_job", seconds=seconds):
                end = time.perf_counter() - self.begun
                self.bars.append(Bar(end - seconds, end, False))
            case CallProgress(event=inner):
                await self.hear(inner)


class Contenders:
    """Both servers, and what goes through them."""

    def __init__(
        self,
        names: Sequence[str],
        places: dict[str, str],
        folder: Path,
        client: AsyncOpenAI,
        http: httpx.AsyncClient,
    ) -> None:
        """`places` says where our agents, their engine and ADK are; in `folder` our agents keep their conversations."""
        self.names = names
        self._places = places
        self._folder = folder
        self._client = client
        self._http = http
        self._chat = make_chat(ChatSection(format="inner-live"), Path(places["weights"]))
        self._numbers = itertools.cycle(range(100, 1_000))

    async def speed(self) -> Speed:
        """Of the bare engine."""
        return Speed(**await self._engine("speed"))

    async def gaps(self, context: int, others: int, least: bool) -> list[float]:
        """What splices cost, or would at the `least`, in token times."""
        found: list[float] = await self._engine("gaps", context=context, others=others, least=least)
        return found

    async def peer_answers(self, prefilled: bool) -> list[float]:
        """Seconds from the last word of a peer's long answer to the model's next token."""
        found: list[float] = await self._engine("peer_answers", prefilled=prefilled)
        return found

    async def run(self, task: Task, speed: Speed, backwards: bool) -> Runs:
        """Every contender once."""
        runs = {}
        for name in reversed(self.names) if backwards else self.names:
            own = task.again(next(self._numbers))
            runs[name] = await (self._run_ours(name, own, speed) if name in OURS else self._run_outer(name, own))
        if task.workload == "plain":
            runs["bare engine"] = await self._run_bare()
        return runs

    async def crowd(self, name: str, tasks: Sequence[Task]) -> float:
        """Seconds that this contender takes for all of them at once."""
        number = next(self._numbers)
        own = [task.again(number) for task in tasks]
        begun = time.perf_counter()
        if name in OURS:
            agent = await RemoteAgent.find(self._http, self._places[name])
            answers = [reply.text for reply in await asyncio.gather(*(agent.ask(t.said, None, ignore) for t in own))]
        else:
            answers = await asyncio.gather(*(Outer(self._client, OUTER[name]).ask(task.said) for task in own))
        seconds = time.perf_counter() - begun
        for task, answer in zip(own, answers, strict=True):
            _check(name, task, answer)
        return seconds

    async def _run_ours(self, form: str, task: Task, speed: Speed) -> Run:
        agent = await RemoteAgent.find(self._http, self._places[form])
        await self._engine("watched")
        begun = time.perf_counter()
        tools = Tools(begun)
        reply = await agent.ask(task.said, None, tools.hear)
        seconds = time.perf_counter() - begun
        _check(form, task, reply.text, tools.bars)
        watched = await self._engine("watched")
        requests = [Request(**request) for request in watched["requests"] if request["came"]]
        decoded = [Bar(request.asked - begun, request.came[-1][0] - begun, True) for request in requests]
        transcripts = [await self._newest(f"{form}-{level}") for level in range(len(task.turns))]
        turns, alone = list(zip(task.turns, transcripts, strict=True)), len(task.turns) == 1
        own = _own_speed(requests, speed)
        sampled = sum(sum(transcript.sampled_mask) for transcript in transcripts)
        return Run(
            seconds,
            sampled,
            sampled + watched["ahead"] + sum(request.computed for request in requests),
            (*decoded, *tools.bars),
            bound(turns, self._chat, own) if form == "live" else None,
            _dispatched(transcripts[0], watched["closed"]) if alone else (),
            _gaps(requests, own) if alone else (),
        )

    async def _run_outer(self, name: str, task: Task) -> Run:
        begun = time.perf_counter()
        answer, steps = await self._ask_outer(name, task.said)
        seconds = time.perf_counter() - begun
        steps = [step for step in steps if step.what != "peer"]  # whose own steps are among them
        bars = tuple(Bar(step.begun - begun, step.ended - begun, step.what == "decode") for step in steps)
        _check(name, task, answer, [bar for bar in bars if not bar.decodes])
        return Run(seconds, sum(step.sampled for step in steps), sum(step.computed for step in steps), bars)

    async def _ask_outer(self, name: str, text: str) -> tuple[str, list[Step]]:
        """The answer, and the steps it took."""
        if name == ADK:
            response = await self._http.post(f"{self._places[ADK]}/ask", json=text, timeout=None)
            told = response.raise_for_status().json()
            return told["answer"], [Step(**step) for step in told["steps"]]
        loop = Outer(self._client, OUTER[name])
        return await loop.ask(text), loop.steps

    async def _run_bare(self) -> Run:
        """The engine alone, asked for the text that the live form has just written."""
        transcript = await self._newest("live-0")
        prompt = [token for span in transcript.spans[:-1] for token in span.tokens]
        count = len(transcript.spans[-1].tokens)
        seconds = await self._engine("seconds", prompt=prompt, count=count)
        return Run(seconds, count, count, (Bar(0.0, seconds, True),))

    async def _engine(self, what: str, **asked: Any) -> Any:
        response = await self._http.post(f"{self._places['engine']}/{what}", json=asked, timeout=None)
        return response.raise_for_status().json()

    async def _newest(self, agent: str) -> Transcript:
        """The conversation that an agent began last."""
        async with open_database(f"sqlite+aiosqlite:///{self._folder / agent}-conversations.sqlite3") as database:
            async with database.connect() as connection:
                rows = await connection.exec_driver_sql("SELECT conversation_id FROM spans ORDER BY rowid DESC LIMIT 1")
                (context,) = rows.one()
            return await read_conversation(database, context)


def _own_speed(requests: Sequence[Request], bare: Speed) -> Speed:
    """The decoding speed of this very run, since that of a machine drifts; by when tokens came and beside how many.

    How much faster tokens are read than sampled is as the bare engine has it.
    """
    intervals: dict[bool, list[float]] = {False: [], True: []}
    for request in requests:
        for (since, before), (until, streams) in itertools.pairwise(request.came):
            if before == streams:
                intervals[streams > 1].append(until - since)
    token = statistics.median(intervals[False])
    together = statistics.median(intervals[True]) if intervals[True] else token
    return Speed(token, bare.prefill * token / bare.token, max(0.0, together - token))


def _gaps(requests: Sequence[Request], own: Speed) -> tuple[float, ...]:
    pairs = itertools.pairwise(requests)
    return tuple((after.came[0][0] - before.came[-1][0]) / own.token for before, after in pairs if before.cut)


def _dispatched(transcript: Transcript, closed: Sequence[float]) -> tuple[float, ...]:
    arrivals = sorted((each for span in transcript.spans for each in span.arrivals), key=lambda each: each.position)
    started = [arrival.dispatched for arrival in arrivals if arrival.dispatched]
    return tuple(start - sampled for start, sampled in zip(started, closed, strict=True))


def _check(name: str, task: Task, answer: str, tools: Sequence[Bar] | None = None) -> None:
    """Raises RuntimeError if the task was not done."""
    missing = [result for result in task.results if result not in answer]
    if not answer or missing or (tools is not None and len(tools) != len(task.results)):
        raise RuntimeError(f"{name} did not do {task}: {answer!r}, {tools}")
