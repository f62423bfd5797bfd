"""Starts all: our service, vLLM's own server with the same weights and engine settings, and ADK in front of that."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from openai import AsyncOpenAI
from rich.console import Console

from bench.overlap.contenders import ADK, OURS, Contenders
from bench.overlap.outer import command, rename_markers
from service.cli.agents import free_port, is_up, loud
from service.cli.children import Children, wait_until_ready
from service.engine.vllm import engine_environment
from service.outbound.client import open_http

_START_SECONDS = 300
_ADK_PYTHON = ".venv-adk/bin/python"
"""The environment that `make bench-overlap` makes of `adk.lock`."""


@asynccontextmanager
async def open_contenders(names: Sequence[str], console: Console) -> AsyncIterator[Contenders]:
    """These, ready; ours always. Raises ServiceError if one does not start."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    show = loud(console).hear

    def hear(name: str, line: str) -> None:
        if name == "ours" and line.startswith("{"):
            lines.put_nowait(line)
        else:
            show(name, line)

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        children = await stack.enter_async_context(Children(hear))
        http = await stack.enter_async_context(open_http())
        ours = await children.start("ours", (sys.executable, "-m", "bench.overlap.serve", str(folder)), _environment())
        await wait_until_ready({ours: lambda: _told(lines)}, _START_SECONDS)
        places = json.loads(lines.get_nowait())
        port, adk_port = free_port(), free_port()
        url, places[ADK] = (f"http://127.0.0.1:{number}" for number in (port, adk_port))
        healthy = {}
        if not set(names) <= set(OURS):
            rename_markers(Path(places["weights"]), folder / "hermes")
            theirs = await children.start("theirs", command(folder / "hermes", port), _environment())
            healthy[theirs] = partial(is_up, http, f"{url}/health")
        if ADK in names:
            adk_command = (_ADK_PYTHON, "-m", "bench.overlap.adk", url, str(adk_port))
            adk_environment = _environment() | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # or it would ask the network
            adk = await children.start(ADK, adk_command, adk_environment)
            healthy[adk] = partial(is_up, http, f"{places[ADK]}/health")
        await wait_until_ready(healthy, _START_SECONDS)
        client = await stack.enter_async_context(AsyncOpenAI(base_url=f"{url}/v1", api_key="none", timeout=600))
        yield Contenders(names, places, folder, client, http)


async def _told(lines: asyncio.Queue[str]) -> bool:
    return not lines.empty()


def _environment() -> dict[str, str]:
    """What our service sets for its engine, for both; and where the engines' processes find `bench`."""
    path = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH"))))
    return {**engine_environment(), **os.environ, "PYTHONPATH": path}
