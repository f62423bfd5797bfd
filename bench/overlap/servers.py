"""Starts both sides: our service and vLLM's own server, each a process with the same weights and engine settings."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from openai import AsyncOpenAI
from rich.console import Console

from bench.overlap.contenders import Contenders
from bench.overlap.outer import command, rename_markers
from service.cli.agents import free_port, loud
from service.cli.children import Children
from service.client import open_http
from service.engine.vllm import engine_environment


@asynccontextmanager
async def open_contenders(console: Console) -> AsyncIterator[Contenders]:
    """Both servers, ready."""
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
        yield Contenders(places, folder, client, http)


async def _healthy(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health")).is_success
    except httpx.TransportError:
        return False


def _environment() -> dict[str, str]:
    """What our service sets for its engine, for both; and where the engines' processes find `bench`."""
    return {**engine_environment(), **os.environ, "PYTHONPATH": str(Path.cwd())}
