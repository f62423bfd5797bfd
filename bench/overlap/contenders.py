"""One task through one contender: how long it took, and what was at work when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from openai import AsyncOpenAI

from bench.overlap.bound import Bound, Speed, bound
from bench.overlap.outer import Outer
from bench.overlap.picture import Bar
from bench.overlap.tasks import Task
from service.agent import make_chat
from service.client import RemoteAgent
from service.events import CallFinished, CallProgress, Event, ignore
from service.sessions.database import DatabaseSessions, open_database
from service.settings import ChatSection
from service.transcript import Transcript

OURS = ("live", "turn")
OUTER = {"one by one": False, "gathered": True}


@dataclass(frozen=True, slots=True)
class Run:
    """One contender's way through one task."""

    seconds: float
    bound: Bound | None = None
    """Of its own trace, for the live form."""
    bars: tuple[Bar, ...] = ()

    @property
    def steps(self) -> float:
        """Seconds that its decoding and its tools add up to, one after the other."""
        return sum(bar.ended - bar.begun for bar in self.bars)


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

    def __init__(self, places: dict[str, str], folder: Path, client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
        """`places` is what `bench.overlap.serve` said, `folder` where its agents keep their conversations."""
        self._places = places
        self._folder = folder
        self._client = client
        self._http = http
        self._chat = make_chat(ChatSection(format="inner-live"), Path(places["weights"]))

    async def speed(self) -> Speed:
        return Speed(**await self._engine("speed"))

    async def gaps(self, context: int, others: int) -> list[float]:
        """What splices cost, in token times."""
        found: list[float] = await self._engine("gaps", context=context, others=others)
        return found

    async def _engine(self, what: str, **asked: Any) -> Any:
        response = await self._http.post(f"{self._places['engine']}/{what}", json=asked, timeout=None)
        return response.raise_for_status().json()

    async def all(self, task: Task, speed: Speed, backwards: bool) -> dict[str, Run]:
        """Every contender once."""
        names = [*OURS, *OUTER]
        runs = {
            name: await (self.ours(name, task, speed) if name in OURS else self.outer(OUTER[name], task))
            for name in (reversed(names) if backwards else names)
        }
        if task.workload == "plain":
            transcript = await self._newest("live-0")
            prompt = [token for span in transcript.spans[:-1] for token in span.tokens]
            seconds = await self._engine("seconds", prompt=prompt, count=len(transcript.spans[-1].tokens))
            runs["bare engine"] = Run(seconds)
        return runs

    async def crowd(self, name: str, tasks: Sequence[Task]) -> float:
        """Seconds that this contender takes for all of them at once."""
        begun = time.perf_counter()
        if name in OURS:
            agent = await RemoteAgent.find(self._http, self._places[name])
            replies = await asyncio.gather(*(agent.ask(task.said, None, ignore) for task in tasks))
            if not all(reply.completed for reply in replies):
                raise RuntimeError(f"{name}, a crowd: {replies}")
        else:
            await asyncio.gather(*(Outer(self._client, OUTER[name]).ask(task.said) for task in tasks))
        return time.perf_counter() - begun

    async def ours(self, form: str, task: Task, speed: Speed) -> Run:
        agent = await RemoteAgent.find(self._http, self._places[form])
        await self._engine("stretches")
        begun = time.perf_counter()
        tools = Tools(begun)
        reply = await agent.ask(task.said, None, tools.hear)
        seconds = time.perf_counter() - begun
        if not reply.completed:
            raise RuntimeError(f"{form}, {task.workload}: {reply}")
        decoded = [Bar(since - begun, until - begun, True) for since, until in await self._engine("stretches")]
        found = await self._bound(task, speed) if form == "live" else None
        return Run(seconds, found, (*decoded, *tools.bars))

    async def outer(self, at_once: bool, task: Task) -> Run:
        loop = Outer(self._client, at_once)
        begun = time.perf_counter()
        await loop.ask(task.said)
        seconds = time.perf_counter() - begun
        bars = [
            Bar(step.begun - begun, step.ended - begun, step.what == "decode")
            for step in loop.steps
            if step.what != "peer"
        ]
        return Run(seconds, bars=tuple(bars))

    async def _bound(self, task: Task, speed: Speed) -> Bound:
        """From the peers' turns to our own."""
        found = Bound(0.0, 0, 0)
        for level, said in reversed(list(enumerate(task.turns))):
            transcript = await self._newest(f"live-{level}")
            own = bound(transcript, said, self._chat, speed, found.seconds)
            found = Bound(own.seconds, own.sampled + found.sampled, own.read + found.read)
        return found

    async def _newest(self, agent: str) -> Transcript:
        async with open_database(f"sqlite+aiosqlite:///{self._folder / agent}-conversations.sqlite3") as database:
            async with database.connect() as connection:
                rows = await connection.exec_driver_sql("SELECT context_id FROM spans ORDER BY rowid DESC LIMIT 1")
                (context,) = rows.one()
            return await DatabaseSessions(database).read(context)
