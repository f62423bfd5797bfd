"""The management port: it tells loading, ready, draining, without a database and wedged apart."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.engine.scripted import ScriptedEngine
from service.process.health import Health
from service.process.management import management
from service.process.server import listen, url_of
from service.sessions.turns import Turns
from service.telemetry.metrics import Metrics
from tests.cli.test_commands import AGENT
from tests.conftest import Agent, RunServer, Says, echo, eventually

ENVIRONMENT = {"INNERLOOP_MANAGEMENT_PORT": "0", "INNERLOOP_LOG_FORMAT": "text"}
NEVER = 3600.0
"""Seconds."""


@contextmanager
def managed(health: Health, metrics: Metrics | None = None) -> Iterator[str]:
    """The port's URL."""
    with listen("127.0.0.1", 0) as listener, management(listener, health, metrics or Metrics("agent", "1")):
        yield url_of(listener)


async def get(url: str, path: str) -> tuple[int, Any]:
    async with httpx.AsyncClient() as http:
        response = await http.get(f"{url}/{path}")
        return response.status_code, response.json()


def sends(agent: Agent, text: str = "hello") -> asyncio.Task[Any]:
    return asyncio.create_task(agent.send(text))


async def test_loading_is_alive_and_neither_started_nor_ready() -> None:
    with managed(Health()) as url:
        assert await get(url, "livez") == (200, {"state": "loading"})
        assert await get(url, "startupz") == (503, {"state": "loading"})
        assert await get(url, "readyz") == (503, {"state": "loading"})


async def test_ready(run_server: RunServer) -> None:
    health = Health()
    with managed(health) as url:
        await run_server(echo, health=health)
        for path in ("livez", "startupz", "readyz"):
            assert await get(url, path) == (200, {"state": "ready"})


async def test_it_is_loading_until_the_engine_is_warm(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the engine that answers has said nothing yet."""
    warm, warming = asyncio.Event(), asyncio.Event()

    async def warm_up(*_: object) -> None:
        warming.set()
        await warm.wait()

    monkeypatch.setattr(ScriptedEngine, "warm_up", warm_up)
    health = Health()
    with managed(health) as url:
        starting = asyncio.create_task(run_server(echo, health=health))
        await warming.wait()
        for path, status in (("livez", 200), ("startupz", 503), ("readyz", 503)):
            assert await get(url, path) == (status, {"state": "loading"})
        warm.set()
        agent: Agent = await starting
        assert await get(url, "readyz") == (200, {"state": "ready"})
        assert not agent.engine.requests


async def test_draining_is_alive_and_not_ready(run_server: RunServer) -> None:
    health = Health()
    with managed(health) as url:
        agent = await run_server(echo, health=health, drain_seconds=30)
        agent.engine.gate.clear()
        sent = sends(agent)
        await agent.engine.started.wait()
        stopping = asyncio.create_task(agent.stop())
        await eventually(lambda: is_answered(url, "readyz", 503, "draining"))
        assert await get(url, "livez") == (200, {"state": "draining"})
        agent.engine.gate.set()
        await sent
        await stopping


async def is_answered(url: str, path: str, status: int, state: str) -> bool:
    found = await get(url, path)
    return (found[0], found[1]["state"]) == (status, state)


async def test_a_loop_that_stands_still_is_wedged_and_is_seen_to_be() -> None:
    health = Health(wedged_seconds=0.1)
    health.loaded(ScriptedEngine(lambda *_: ()))
    seen = threading.Event()

    def look(url: str) -> None:
        while True:
            response = httpx.get(f"{url}/livez")
            if response.status_code == 503:
                assert response.json()["state"] == "wedged"
                assert "the event loop has stood still" in response.json()["reason"]
                seen.set()
                return

    async with health.beating():
        with managed(health) as url:
            await eventually(lambda: is_answered(url, "livez", 200, "ready"))
            looking = threading.Thread(target=look, args=(url,))
            looking.start()
            assert seen.wait(30)  # the loop stands still meanwhile
            looking.join()
            await eventually(lambda: is_answered(url, "livez", 200, "ready"))


async def test_an_engine_that_gives_nothing_to_whom_it_should_is_wedged(run_server: RunServer) -> None:
    health = Health(wedged_seconds=0.1)
    with managed(health) as url:
        agent = await run_server(echo, health=health, engine={"seconds_per_chunk": NEVER})
        assert await get(url, "livez") == (200, {"state": "ready"})
        sent = sends(agent)
        await eventually(lambda: is_answered(url, "livez", 503, "wedged"))
        assert "the engine has not got on" in (await get(url, "readyz"))[1]["reason"]
        sent.cancel()


async def test_a_turn_that_waits_for_a_tool_is_not_wedged(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says("", (("sleep", "{}"),)))
    sent = sends(agent)
    await agent.engine.started.wait()
    await eventually(lambda: finished(agent))
    assert agent.engine.stalled == 0.0
    sent.cancel()


async def finished(agent: Agent) -> bool:
    """Whether all that the engine was asked for has come to its end."""
    _, sampling = agent.engine.requests[-1]
    return agent.engine.outputs[-1][-1] in sampling.stop


async def test_a_dead_engine_is_wedged(run_server: RunServer) -> None:
    health = Health()
    with managed(health) as url:
        agent = await run_server(echo, health=health)
        agent.engine.alive = False
        for path in ("livez", "readyz"):
            assert await get(url, path) == (503, {"state": "wedged", "reason": "the engine is dead"})


async def test_without_a_database_it_is_alive_and_not_ready(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health()
    monkeypatch.setattr("service.process.health._DATABASE_SECONDS", 0.2)
    monkeypatch.setattr("service.sessions.backlog._LOOK_SECONDS", 0.01)
    with managed(health) as url:
        await run_server(echo, health=health)
        waiting = Turns.waiting

        async def away(_: Turns) -> dict[str, int]:
            raise OSError("the database is away")

        monkeypatch.setattr(Turns, "waiting", away)
        await eventually(lambda: is_answered(url, "readyz", 503, "no database"))
        assert await get(url, "livez") == (200, {"state": "no database"})
        monkeypatch.setattr(Turns, "waiting", waiting)
        await eventually(lambda: is_answered(url, "readyz", 200, "ready"))


async def test_probes_are_answered_however_many_are_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a crowd at the port would look like a dead process, and end it."""
    monkeypatch.setattr("service.process.management._CONNECTIONS", 1)
    health = Health()
    health.loaded(ScriptedEngine(lambda *_: ()))
    with managed(health) as url:
        where = httpx.URL(url)
        _, held = await asyncio.open_connection(where.host, where.port)
        for path in ("livez", "startupz", "readyz"):
            assert await get(url, path) == (200, {"state": "ready"})
        assert (await get(url, "metrics"))[0] == 503
        held.close()


async def test_metrics_are_prometheus_text() -> None:
    with managed(Health()) as url:
        async with httpx.AsyncClient() as http:
            response = await http.get(f"{url}/metrics")
        assert response.headers["content-type"].startswith("text/plain")
        assert "process_resident_memory_bytes " in response.text


async def test_serve_answers_probes_before_the_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(AGENT)
    options = ("--port", "0", "--engine", "tests.cli.actors:endless")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "serve", str(tmp_path), *options),
        env={**os.environ, "INNERLOOP_DATA": str(tmp_path), **ENVIRONMENT},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        async with asyncio.timeout(60):
            url = (await process.stderr.readline()).decode().split("probes and metrics are at ")[1].strip()
            await eventually(lambda: exists(tmp_path / "starting"))
            assert await get(url, "livez") == (200, {"state": "loading"})
            assert await get(url, "readyz") == (503, {"state": "loading"})
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 128 + signal.SIGTERM
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def exists(path: Path) -> bool:
    return path.exists()  # noqa: ASYNC240
