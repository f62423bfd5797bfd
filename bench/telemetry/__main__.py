"""What telemetry costs: tokens a second with all of it, and with none.

    python -m bench.telemetry [--least]

Two processes serve the same agent, the embedded model without tools, as `innerloop serve` does. One has everything on:
metrics and vLLM's own, read every second, as often as nobody does; traces, vLLM's among them, of every turn, sent to a
collector in this process; logs in JSON. The other has nothing on, and logs warnings only. Both are given the same load
in turns, by a client in a process of its own, and decode the same number of tokens whatever the model would rather do;
the one whose turn it is not does nothing. The ratio is taken within a repetition; medians are over repetitions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path

import httpx
import yaml
from rich.console import Console

from bench.load import PROMPTS, Load
from bench.sides import Comparison, Put
from bench.streaming import client_of
from bench.telemetry.collector import Collector, open_collector
from bench.telemetry.engine import TOKENS
from service.cli.agents import Served, free_port, loud, wait_for_agents
from service.cli.children import Children
from service.cli.provenance import append, circumstances
from service.errors import ServiceError
from service.outbound.client import open_http

RESULTS = Path(__file__).parent.with_suffix(".jsonl")
LOADS = {
    "1": Load(streams=1, answers=3, tokens=TOKENS, apart=0, repetitions=21),
    "8": Load(streams=8, answers=1, tokens=TOKENS, apart=0, repetitions=21),
}
ON, OFF = "on", "off"
SEED = 0
WRITER = {
    "name": "writer",
    "description": "Writes letters.",
    "instructions": "You write letters.",
    "sampling": {"seed": SEED},
    "limits": {"tokens": TOKENS},
    "skills": [{"id": "write", "name": "Write", "description": "Writes letters.", "tags": ["letters"]}],
}
_SCRAPE_SECONDS = 1.0


@dataclass(frozen=True)
class Told:
    """What the side that is on has told meanwhile: that it was really on."""

    spans: int
    scrapes: int
    samples: int
    """Of the last scrape."""
    log_lines: int


async def main(*, least: bool) -> None:
    console = Console()
    loads = {name: replace(load, answers=1, repetitions=2) for name, load in LOADS.items()} if least else LOADS
    async with open_sides(console) as (sides, told):
        console.print("warming up", style="dim")
        for side in sides.values():
            await side(Load(streams=len(PROMPTS), answers=1, tokens=TOKENS, apart=0, repetitions=1))
        comparison = Comparison(ON, OFF, loads)
        await comparison.run(sides, lambda text: console.print(text, style="dim", highlight=False))
        heard = told()
    console.print(comparison.table())
    if not min(astuple(heard)):
        raise ServiceError(f"the side that is on was not: {heard}")
    command = "python -m bench.telemetry" + " --least" * least
    result = comparison.summary() | {"told": asdict(heard)} | circumstances(command, SEED)
    if not least:
        append(RESULTS, result)
    print(json.dumps(result))


@asynccontextmanager
async def open_sides(console: Console) -> AsyncIterator[tuple[Mapping[str, Put], Callable[[], Told]]]:
    """Both, ready: each makes of a load what it can; and what the one that is on has told so far."""
    lines = 0
    show = loud(console).hear

    def hear(name: str, line: str) -> None:
        nonlocal lines
        if name == ON and line.startswith("{"):
            lines += 1
        else:
            show(name, line)

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "agent.yaml").write_text(yaml.safe_dump(WRITER))
        collector = stack.enter_context(open_collector())
        http = await stack.enter_async_context(open_http())
        children = await stack.enter_async_context(Children(hear))
        management, ports = free_port(), {ON: free_port(), OFF: free_port()}
        agents = []
        for name, port in ports.items():
            on = _everything(collector, management) if name == ON else {"INNERLOOP_LOG_LEVEL": "warning"}
            environment = _bare() | on | {"INNERLOOP_DATA": str(folder / name)}
            options = ("--port", str(port), "--engine", "bench.telemetry.engine:fixed")
            command = (sys.executable, "-m", "service", "serve", str(folder), *options)
            agents.append(Served(f"http://127.0.0.1:{port}", await children.start(name, command, environment)))
        await wait_for_agents(http, agents)
        scraper = Scraper(http, f"http://127.0.0.1:{management}/metrics")
        scraping = asyncio.create_task(scraper.run())
        stack.callback(scraping.cancel)
        sides = {agent.child.name: await stack.enter_async_context(client_of(agent.url)) for agent in agents}
        yield sides, lambda: Told(len(collector.spans()), scraper.scrapes, scraper.samples, lines)


class Scraper:
    """What Prometheus would be."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self.scrapes = self.samples = 0

    async def run(self) -> None:
        while True:
            response = (await self._http.get(self._url)).raise_for_status()
            self.scrapes += 1
            self.samples = sum(not line.startswith("#") for line in response.text.splitlines())
            await asyncio.sleep(_SCRAPE_SECONDS)


def _bare() -> dict[str, str]:
    """The environment, without what would turn anything on."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "INNERLOOP_"))}


def _everything(collector: Collector, port: int) -> dict[str, str]:
    endpoint = {name: value for name, value in collector.environment.items() if name != "OTEL_BSP_SCHEDULE_DELAY"}
    return endpoint | {"INNERLOOP_MANAGEMENT_PORT": str(port), "INNERLOOP_LOG_FORMAT": "json"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.telemetry")
    parser.add_argument("--least", action="store_true", help="only try it out: little is measured, and not recorded")
    try:
        asyncio.run(main(least=parser.parse_args().least))
    except ServiceError as error:
        sys.exit(f"bench: {error}")
