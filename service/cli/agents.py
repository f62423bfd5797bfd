"""Agents as processes of their own: started side by side, waited for, ended with us."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console
from rich.text import Text

from service.cli.children import Child, Children, wait_until_ready
from service.cli.story import printable
from service.settings import Machine

HOST = "127.0.0.1"
_START_SECONDS = 900.0
"""The first start converts the base model and merges adapters."""
_ANSWER_SECONDS = 2.0
_PORTS = range(10_000, 32_000)
"""Below those that Linux gives unasked, so that nobody gets one before the agent that is to have it listens there."""


@dataclass(frozen=True, slots=True)
class Served:
    """An agent that was started."""

    url: str
    child: Child


def free_port(count: int = 1) -> int:
    """The first of so many ports in a row that nobody has at this moment."""
    while True:
        first = random.choice(_PORTS)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind((HOST, port))
        except OSError:
            continue
        return first


def loud(console: Console) -> Children:
    """Children whose every line is shown, behind their name."""

    def hear(name: str, line: str) -> None:
        console.print(Text.assemble((f"{name:<11} │ ", "magenta"), (printable(line), "dim")), soft_wrap=True)

    return Children(hear)


async def start_agent(
    children: Children, folder: Path, port: int, machine: Machine, engine: str, peers: Mapping[str, str] | None = None
) -> Served:
    """Serves the agent in `folder` on `port`, with the data and cache of `machine` and `peers` (name -> URL)."""
    command = (sys.executable, "-m", "service", "serve", str(folder))
    options = ("--host", HOST, "--port", str(port), "--engine", engine)
    # Of our own settings only those that are for every agent.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("INNERLOOP_")}
    environment |= {
        "INNERLOOP_DATA": str(machine.data.resolve()),
        "INNERLOOP_CACHE": str(machine.cache.resolve()),
        "INNERLOOP_ENGINE": json.dumps(machine.engine),
        "INNERLOOP_PEERS": json.dumps(dict(peers or {})),
        "INNERLOOP_LOG_FORMAT": "text",  # it is people who read it
        "INNERLOOP_LOG_LEVEL": "warning",  # what happens is shown to them in another way
    }
    return Served(f"http://{HOST}:{port}", await children.start(folder.name, (*command, *options), environment))


async def wait_for_agents(http: httpx.AsyncClient, agents: Sequence[Served]) -> None:
    """Waits until all serve and know their peers. Raises ServiceError as soon as one has ended instead."""
    await wait_until_ready({agent.child: partial(_is_ready, http, agent.url) for agent in agents}, _START_SECONDS)


async def is_up(http: httpx.AsyncClient, url: str) -> bool:
    """Whether what is at `url` is there by now and answers with success."""
    return await _answer(http, url) is not None


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    """Whether it serves and has read its peers' cards, of which it tells the model."""
    answer = await _answer(http, f"{url}/readyz")
    return answer is not None and all(answer.json()["peers"].values())


async def _answer(http: httpx.AsyncClient, url: str) -> httpx.Response | None:
    """None unless it is a success."""
    try:
        response = await http.get(url, timeout=_ANSWER_SECONDS)
    except httpx.HTTPError:
        return None
    return response if response.is_success else None
