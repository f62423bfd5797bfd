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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from service import extension
from service.chat.inner import InnerFormat
from service.cli.agents import is_up
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.transcript import Origin, Transcript
from tests.conftest import eventually, say
from tests.endpoint.slow_agent import ADD_AND_SLEEP

HEADERS = {"A2A-Version": "1.0"}
CURIOUS = {"A2A-Extensions": extension.URI}
TWO_CALLS = "started c0, finished c0, spliced c0, started c1, waiting c1, finished c1, spliced c1"
"""What happens where the model sleeps after it has added."""


@dataclass
class Process:
    url: str
    process: asyncio.subprocess.Process

    def stream(self, text: str, **message: Any) -> AsyncIterator[dict[str, Any]]:
        return self.follow("SendStreamingMessage", {"message": say(text, **message)})

    async def follow(self, method: str, params: Any, **headers: str) -> AsyncIterator[dict[str, Any]]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with (
            httpx.AsyncClient(timeout=30) as http,
            http.stream("POST", self.url, json=body, headers=HEADERS | headers) as response,
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
            return await is_up(http, f"{self.url}/readyz")

    async def rpc(self, method: str, task_id: str, **headers: str) -> Any:
        return (await self.call(method, {"id": task_id}, **headers))["result"]

    async def call(self, method: str, params: Any, **headers: str) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with httpx.AsyncClient(timeout=30) as http:
            return (await http.post(self.url, json=body, headers=HEADERS | headers)).json()


def events_in(frame: dict[str, Any]) -> list[Any]:
    """Those that a task has, or that an update tells."""
    record = frame.get("task", {}).get("metadata", {}).get(extension.URI, {})
    message = frame.get("statusUpdate", {}).get("status", {}).get("message", {})
    return [*record.get("events", []), *(part["data"] for part in message.get("parts", []) if "data" in part)]


def story(events: list[Any]) -> str:
    """Of the whole, in order."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    pairs = [(event["kind"].removeprefix("call_"), event.get("call_ids", [event.get("call_id")])) for event in events]
    return ", ".join(f"{kind} {' '.join(call_ids)}" for kind, call_ids in pairs)


@dataclass
class Notes:
    """What a client knows of a task's events: those whose numbers it has not seen."""

    events: list[Any] = field(default_factory=list)

    def hear(self, frame: dict[str, Any]) -> None:
        self.events += [event for event in events_in(frame) if not self.events or event["seq"] > self.events[-1]["seq"]]

    async def sleeps(self) -> bool:
        """Whether nothing more happens for a while."""
        return any(event["kind"] == "waiting" for event in self.events)

    async def follow(self, agent: Process, task_id: str, *, asks: bool = True) -> None:
        async for frame in agent.follow("SubscribeToTask", {"id": task_id}, **(CURIOUS if asks else {})):
            self.hear(frame)


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


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
async def test_whoever_subscribes_again_after_a_restart_misses_no_event(sent: signal.Signals, tmp_path: Path) -> None:
    notes = Notes()
    async with slow_agent(tmp_path) as agent:
        params = {"message": say(ADD_AND_SLEEP), "configuration": {"returnImmediately": True}}
        task_id = (await agent.call("SendMessage", params))["result"]["task"]["id"]
        following = asyncio.create_task(notes.follow(agent, task_id))
        await eventually(notes.sleeps)
        agent.process.send_signal(sent)
        with suppress(httpx.TransportError):
            await following
        await agent.process.wait()
    assert TWO_CALLS.startswith(story(notes.events))
    async with slow_agent(tmp_path) as again:
        await notes.follow(again, task_id)
        task = await again.rpc("GetTask", task_id, **CURIOUS)
    assert story(notes.events) == story(events_in({"task": task})) == TWO_CALLS
