"""`innerloop serve` as a process: what it says of its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx

from tests.cli.test_commands import AGENT
from tests.conftest import eventually, say

TEXT = {"INNERLOOP_LOG_FORMAT": "text"}


async def test_an_end_that_waits_for_a_turn_says_so_and_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(AGENT)
    options = ("--port", "0", "--engine", "tests.cli.actors:idle")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "serve", str(tmp_path), *options),
        env={
            **os.environ,
            "INNERLOOP_LOG_FORMAT": "text",
            "INNERLOOP_DATA": str(tmp_path),
            "INNERLOOP_DRAIN_SECONDS": "600",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        async with asyncio.timeout(60):
            url = (await process.stderr.readline()).decode().split(" is ready at ")[1].strip()
            asked = asyncio.create_task(_ask(url))
            await eventually(lambda: _works(url))
            process.send_signal(signal.SIGINT)
            told = (await process.stderr.readline()).decode().strip()
            assert "turns that still run: 1; they have 600 s, and Ctrl-C leaves them to whoever goes on" in told
            process.send_signal(signal.SIGINT)
            assert (await asked)["result"]["task"]["status"]["state"] == "TASK_STATE_WORKING"
            assert await process.wait() == 128 + signal.SIGINT
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_one_that_has_nothing_to_do_says_that_it_ends(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(AGENT)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "serve", str(tmp_path), "--port", "0", "--engine", "tests.cli.actors:idle"),
        env={
            **os.environ,
            "INNERLOOP_LOG_FORMAT": "json",
            "INNERLOOP_DATA": str(tmp_path),
            "INNERLOOP_KEEP_DAYS": "30",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    said = []
    async with asyncio.timeout(60):
        async for line in process.stderr:
            said.append(json.loads(line)["message"])
            if " is ready at " in said[-1]:
                process.terminate()
        await process.wait()
    kept, _, *end = said
    assert kept == "conversations are removed 30 days after they have ended"
    assert end == ["draining for 20 s at most; turns that run: 0", "ended"]


async def test_it_says_that_anybody_may_ask_where_others_can_reach_it(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(AGENT)
    (tmp_path / "keys").write_text(f"alice {'0' * 64}")
    told = []
    for auth in ({}, {"INNERLOOP_AUTH__API_KEYS": str(tmp_path / "keys")}):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "serve", str(tmp_path)),
            *("--host", "0.0.0.0", "--port", "0", "--engine", "tests.cli.actors:idle"),
            env={**os.environ, "INNERLOOP_DATA": str(tmp_path), **auth},
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr
        async with asyncio.timeout(60):
            told.append((await process.stderr.readline()).decode())
            process.kill()
            await process.communicate()
    assert "anybody who reaches" in told[0]
    assert "is ready at" in told[1]


async def _ask(url: str) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say("hello")}}
    async with httpx.AsyncClient(timeout=60) as http:
        response = await http.post(url, json=body, headers={"A2A-Version": "1.0"})
        return dict(response.json())


async def _works(url: str) -> bool:
    async with httpx.AsyncClient() as http:
        listed = await http.get(f"{url}/tasks", headers={"A2A-Version": "1.0"})
        return any(task["status"]["state"] == "TASK_STATE_WORKING" for task in listed.json()["tasks"])
