"""Tools that run while the model decodes, against what people do today, and against what is possible at all.

    python -m bench.overlap [--repetitions N] [--only WORKLOAD]

Two processes with the same weights on the same engine settings: ours, with agents in the live and in the turn form, and
vLLM's OpenAI server with an outer loop around it. What the model says is given (`script`, `forced`), so that all do the
same work; how long it takes is not. Contenders take turns within each repetition; figures are medians over repetitions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from openai import AsyncOpenAI
from rich.console import Console
from rich.table import Table

from bench.overlap.bound import Bound, Speed, bound
from bench.overlap.outer import Outer, command, rename_markers
from bench.overlap.picture import Bar, draw
from bench.overlap.script import Job, write_jobs, write_text
from service.agent import make_chat
from service.cli.agents import free_port
from service.cli.children import Children
from service.cli.provenance import append, circumstances
from service.client import RemoteAgent, open_http
from service.events import CallFinished, CallProgress, Event
from service.sessions.database import DatabaseSessions, open_database
from service.settings import ChatSection
from service.transcript import Transcript

RESULTS = Path(__file__).parent.with_name("overlap.jsonl")
PICTURES = Path(__file__).parent
PICTURED = (("parallel 4", 4.0), ("chains", 1.0), ("peer", 1.0))
SEED = 0
RATIOS = (0.1, 1.0, 4.0)
"""Time of a tool over the time of decoding its call."""
CALL_TOKENS = 25
"""About what a call takes."""
PLAIN_WORDS = 120
CONTEXTS = (500, 3_000)
OTHERS = (0, 8)
OURS = ("live", "turn")
OUTER = {"one by one": False, "gathered": True}


@dataclass(frozen=True, slots=True)
class Task:
    workload: str
    said: str
    turns: tuple[str, ...]
    """What each agent of a chain is asked, first to last."""


def draw_tasks(rng: random.Random, seconds: float) -> list[Task]:
    """One task of each workload, for tools that take this long."""
    run = rng.randrange(10, 100)
    tasks = []
    for count in (2, 4, 8):
        jobs = [Job(f"{letter}{run}", round(seconds, 3)) for letter in "abcdefgh"[:count]]
        tasks.append(Task(f"parallel {count}", write_jobs(jobs), (write_jobs(jobs),)))
    chains = []
    for letter in "abc":
        names = [f"{letter}{at}{run}" for at in range(rng.randint(1, 5))]
        befores = ["", *names]
        chains += [Job(name, round(seconds, 3), before) for name, before in zip(names, befores, strict=False)]
    tasks.append(Task("chains", write_jobs(chains), (write_jobs(chains),)))
    said = ""
    turns: list[str] = []
    for letter in "cba":
        jobs = [Job(f"{letter}{run}", round(seconds, 3))]
        said = write_jobs([*jobs, Job("peer", 0.0, message=said)] if said else jobs)
        turns.insert(0, said)
    tasks.append(Task("peer", said, tuple(turns)))
    plain = write_text(PLAIN_WORDS)
    tasks.append(Task("plain", plain, (plain,)))
    return tasks


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


class Bench:
    def __init__(self, places: dict[str, str], folder: Path, client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
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


@asynccontextmanager
async def running(console: Console) -> AsyncIterator[Bench]:
    """Both servers, ready."""
    lines: asyncio.Queue[str] = asyncio.Queue()

    def hear(name: str, line: str) -> None:
        if name == "ours" and line.startswith("{"):
            lines.put_nowait(line)
        else:
            console.print(f"[dim]{name}: {line}", highlight=False, soft_wrap=True)

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        children = await stack.enter_async_context(Children(hear))
        http = await stack.enter_async_context(open_http())
        await children.start("ours", (sys.executable, "-m", "bench.overlap.serve", str(folder)), _environment())
        async with asyncio.timeout(300):
            places = json.loads(await lines.get())
        rename_markers(Path(places["weights"]), folder / "hermes")
        port = free_port()
        await children.start("theirs", command(folder / "hermes", port), _environment())
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(300):
            while not await _healthy(http, url):
                await asyncio.sleep(0.5)
        client = await stack.enter_async_context(AsyncOpenAI(base_url=f"{url}/v1", api_key="none", timeout=600))
        yield Bench(places, folder, client, http)


async def _healthy(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health")).is_success
    except httpx.TransportError:
        return False


def _environment() -> dict[str, str]:
    """What our service sets for its engine, for both."""
    cores = len(os.sched_getaffinity(0))
    return {
        **os.environ,
        "OMP_NUM_THREADS": str(max(1, cores - 1)),
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_LOGGING_LEVEL": "ERROR",
        "VLLM_NO_USAGE_STATS": "1",
        "PYTHONPATH": str(Path.cwd()),
    }


async def main(repetitions: int, only: str) -> None:
    console = Console(stderr=True)
    found: Found = {}
    async with running(console) as bench:
        rng = random.Random(SEED)
        for repetition in range(-1, repetitions):  # the first warms up
            speed = await bench.speed()
            console.print(f"{repetition + 1} of {repetitions}: {1000 * speed.token:.1f} ms a token", highlight=False)
            for ratio in RATIOS:
                for task in draw_tasks(rng, ratio * CALL_TOKENS * speed.token):
                    if only not in task.workload or (task.workload == "plain" and ratio != RATIOS[0]):
                        continue
                    runs = await bench.all(task, speed, backwards=repetition % 2 == 1)
                    times = ", ".join(f"{name} {run.seconds:.2f}" for name, run in runs.items())
                    console.print(f"[dim]{task.workload}, {ratio}: {times}", highlight=False, soft_wrap=True)
                    if repetition >= 0:
                        found.setdefault((task.workload, ratio), []).append(runs)
        gaps = {
            f"{context} tokens, {others} other streams": await bench.gaps(context, others)
            for context in CONTEXTS
            for others in OTHERS
        }
    for workload, ratio in PICTURED:
        if shown := found.get((workload, ratio)):
            write_picture(f"{workload}, a tool {ratio:g} times as long as its call", shown[-1])
    result = summary(found, gaps)
    console.print(table(found))
    append(RESULTS, {**result, **circumstances("python -m bench.overlap", SEED), "repetitions": repetitions})
    print(json.dumps(result))


Runs = dict[str, Run]
"""By contender."""
Found = dict[tuple[str, float], list[Runs]]
"""Repetitions, by workload and by the time of its tools."""
Figure = Callable[[Runs, str], float]


def write_picture(title: str, runs: Runs) -> None:
    name = re.sub(r"\W+", "-", title)
    (PICTURES / f"{name}.svg").write_text(draw(title, {name: run.bars for name, run in runs.items()}, _bound(runs)))


def over_bound(runs: Runs, name: str) -> float:
    return runs[name].seconds / _bound(runs)


def speed_up(runs: Runs, name: str) -> float:
    """Of the live form over this contender."""
    return runs[name].seconds / runs["live"].seconds


def permitted(runs: Runs, name: str) -> float:
    """The speed-up over this outer loop that the bound permits."""
    return runs[name].steps / _bound(runs)


def _bound(runs: Runs) -> float:
    bound = runs["live"].bound
    assert bound
    return bound.seconds


def summary(found: Found, gaps: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Medians over repetitions, sizes and times of tools; of each workload by itself in `detail`."""
    kinds: dict[str, list[Runs]] = {}
    for (workload, _), repetitions in found.items():
        kinds.setdefault(workload.split(" ")[0], []).extend(repetitions)
    outer = list(OUTER)
    return {
        "over_bound": _medians(kinds, over_bound),
        "speed_up": _medians(kinds, speed_up),
        "permitted": _medians(kinds, permitted, outer),
        "gap_in_tokens": {name: round(statistics.median(values), 2) for name, values in gaps.items()},
        "detail": {
            f"{workload}, {ratio}": {
                "over_bound": _medians({"": repetitions}, over_bound)[""],
                "seconds": _medians({"": repetitions}, lambda runs, name: runs[name].seconds)[""],
            }
            for (workload, ratio), repetitions in found.items()
        },
    }


def _medians(kinds: Mapping[str, Sequence[Runs]], figure: Figure, names: Sequence[str] = ()) -> dict[str, Any]:
    return {
        kind: {
            name: round(statistics.median(figure(runs, name) for runs in repetitions), 3)
            for name in names or repetitions[0]
        }
        for kind, repetitions in kinds.items()
    }


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else ""


def table(found: Found) -> Table:
    """Time over the bound: medians, and in brackets the smallest and largest."""
    names = list(dict.fromkeys(name for repetitions in found.values() for name in repetitions[0]))
    shown = Table("workload", "tool time", "bound, s", *names)
    for (workload, ratio), repetitions in found.items():
        seconds = statistics.median(_bound(runs) for runs in repetitions)
        figures = ([over_bound(runs, name) for runs in repetitions if name in runs] for name in names)
        shown.add_row(workload, str(ratio), f"{seconds:.1f}", *map(_spread, figures))
    return shown


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", default="", help="workloads whose name holds this")
    given = parser.parse_args()
    asyncio.run(main(given.repetitions, given.only))
