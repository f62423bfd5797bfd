"""A real process is told to stop, or killed, while it answers.

1. A client streams a long answer.  2. The signal comes in the middle.  3. See what the client, the exit status and a
second process on the same data say, and what its model is given when the conversation goes on there.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.chat.inner import InnerFormat
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.transcript import Origin, Transcript
from tests.conftest import eventually, say
from tests.endpoint.slow_agent import ADD_AND_SLEEP

HEADERS = {"A2A-Version": "1.0"}


@dataclass
class Process:
    url: str
    process: asyncio.subprocess.Process

    def stream(self, text: str, **message: Any) -> AsyncIterator[dict[str, Any]]:
        return self.follow("SendStreamingMessage", {"message": say(text, **message)})

    async def follow(self, method: str, params: Any) -> AsyncIterator[dict[str, Any]]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with (
            httpx.AsyncClient(timeout=30) as http,
            http.stream("POST", self.url, json=body, headers=HEADERS) as response,
        ):
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))["result"]

    async def prompt(self) -> tuple[int, ...]:
        """The next one its model was given."""
        assert self.process.stdout is not None
        return tuple(json.loads(await self.process.stdout.readline()))

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"{self.url}/readyz")).is_success
            except httpx.TransportError:
                return False

    async def rpc(self, method: str, task_id: str) -> Any:
        return (await self.call(method, {"id": task_id}))["result"]

    async def call(self, method: str, params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with httpx.AsyncClient(timeout=30) as http:
            return (await http.post(self.url, json=body, headers=HEADERS)).json()


@asynccontextmanager
async def slow_agent(folder: Path, drain_seconds: float = 0.0, port: int | None = None) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.endpoint.slow_agent", str(folder), str(drain_seconds), str(port or 0))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        agent = Process((await process.stdout.readline()).decode().strip(), process)
        await eventually(agent.is_ready)
        yield agent
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def stored(folder: Path, context_id: str) -> Transcript:
    async with open_database(f"sqlite+aiosqlite:///{folder}/data/{folder.name}-conversations.sqlite3") as database:
        return await read_conversation(database, context_id)


async def ended(agent: Process, task_id: str) -> Any:
    """The task, once it has ended."""
    task: Any = None

    async def has_ended() -> bool:
        nonlocal task
        task = await agent.rpc("GetTask", task_id)
        return task["status"]["state"] not in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING")

    await eventually(has_ended)
    return task


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
async def test_a_task_outlives_its_process(tmp_path: Path, sent: signal.Signals) -> None:
    text = "".join(f"{number} " for number in range(60)).strip()
    async with slow_agent(tmp_path) as agent:
        events = agent.stream(text)
        task_id = (await anext(events))["task"]["id"]
        async for event in events:
            if "artifactUpdate" in event:
                agent.process.send_signal(sent)
                break
        with suppress(httpx.RemoteProtocolError):
            last = [event async for event in events][-1]["statusUpdate"]["status"]
            assert last["state"] == "TASK_STATE_WORKING"
            assert "subscribe again" in last["message"]["parts"][0]["text"]
        async with asyncio.timeout(10):
            assert await agent.process.wait() == (0 if sent is signal.SIGINT else -sent)
    async with slow_agent(tmp_path) as again:
        task = await ended(again, task_id)
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert task["artifacts"][0]["parts"] == [{"text": text, "mediaType": "text/plain"}]
    assert task["history"][0]["parts"] == [{"text": text}]


async def test_a_short_turn_ends_before_the_process_does(tmp_path: Path) -> None:
    async with slow_agent(tmp_path, drain_seconds=30) as agent:
        events = agent.stream("short")
        await anext(events)
        agent.process.send_signal(signal.SIGTERM)
        last = [event async for event in events][-1]
        assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
        async with asyncio.timeout(10):
            assert await agent.process.wait() == -signal.SIGTERM


async def test_a_cancelled_turn_keeps_the_process_no_longer(tmp_path: Path) -> None:
    async with slow_agent(tmp_path, drain_seconds=60) as agent:
        events = agent.stream("x" * 400)
        task_id = (await anext(events))["task"]["id"]
        async for event in events:
            if "artifactUpdate" in event:
                agent.process.send_signal(signal.SIGTERM)
                break

        async def is_draining() -> bool:
            return not await agent.is_ready()

        await eventually(is_draining)
        assert (await agent.rpc("GetTask", task_id))["status"]["state"] == "TASK_STATE_WORKING"
        assert (await agent.rpc("CancelTask", task_id))["status"]["state"] == "TASK_STATE_CANCELED"
        last = [event async for event in events][-1]
        assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"
        async with asyncio.timeout(10):
            assert await agent.process.wait() == -signal.SIGTERM


RESULT = "<|result|>5<|end_result|>"
INTERRUPTED = "<|result|>error: interrupted: it may or may not have been done<|end_result|>"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
async def test_a_turn_goes_on_where_it_was(sent: signal.Signals, tmp_path: Path, chat: InnerFormat) -> None:
    """1. One call has its result and the next one runs.  2. The signal comes.  3. A second process goes on.

    Its model is given what is stored, token by token, and that the second call may have been done; the first is not
    made again.
    """
    async with slow_agent(tmp_path) as agent:
        events = agent.stream(ADD_AND_SLEEP)
        task = (await anext(events))["task"]
        prompts = [await agent.prompt(), await agent.prompt()]
        assert chat.read(prompts[1]).endswith(RESULT)

        async def sleeps() -> bool:
            spans = (await stored(tmp_path, task["contextId"])).spans
            return [span.origin for span in spans].count(Origin.SAMPLED) == 4

        await eventually(sleeps)
        agent.process.send_signal(sent)
        with suppress(httpx.RemoteProtocolError):
            async for _ in events:
                pass
        await agent.process.wait()
    left = await stored(tmp_path, task["contextId"])
    assert left.tokens[: len(prompts[1])] == prompts[1]
    assert not chat.read(left.tokens).endswith(INTERRUPTED)
    async with slow_agent(tmp_path) as again:
        prompt = await again.prompt()
        assert prompt[: len(left)] == left.tokens
        assert chat.read(prompt[len(left) :]) == INTERRUPTED
        done = await ended(again, task["id"])
    assert done["artifacts"][0]["parts"][0]["text"] == "5, then 'interrupted: it may or may not have been done'"
    assert (await stored(tmp_path, task["contextId"])).tokens[: len(prompt)] == prompt
