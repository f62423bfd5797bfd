"""What the tests share: a tokenizer small enough to build, engines that follow a script, servers on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.client import Client, ClientConfig, create_client
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer

from service import extension
from service.app import Service
from service.chat.base import Reader, Reading
from service.chat.inner import InnerFormat
from service.engine.base import Chunk, Sampling
from service.engine.scripted import ScriptedEngine
from service.messages import ToolCall
from service.process.health import Health
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import AgentConfig, AuthSection, Machine
from service.telemetry.metrics import Metrics
from service.tools.base import ToolSpec
from tests.byte_tokenizer import byte_tokenizer

# A busy machine is no finding.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ("tests.real", "tests.databases")

TOOLS = '''
import asyncio


async def add(a: int, b: int) -> str:
    """Adds two numbers.

    Args:
        a: One.
        b: The other.
    """
    return str(a + b)


async def sleep() -> str:
    """Sleeps for long."""
    await asyncio.sleep(60)
    return "rested"
'''


ORDER = ToolSpec(
    "order",
    "Orders.",
    {
        "type": "object",
        "properties": {"item": {"type": "string"}, "quantity": {"type": "integer"}},
        "required": ["item", "quantity"],
        "additionalProperties": False,
    },
)
"""A tool with arguments, for what is written and sampled."""


def read_in_pieces(reader: Reader, tokens: Sequence[int], cuts: list[int]) -> Reading:
    """All that is read, fed in pieces of these lengths, then token by token."""
    text, at = "", 0
    calls: tuple[ToolCall, ...] = ()
    while at < len(tokens):
        step = cuts.pop() if cuts else 1
        reading = reader.feed(tokens[at : at + step])
        text, calls, at = text + reading.text, (*calls, *reading.calls), at + step
    return Reading(text, calls)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return byte_tokenizer()


@pytest.fixture(scope="session")
def chat(tokenizer: Tokenizer) -> InnerFormat:
    return InnerFormat(tokenizer)


@dataclass(frozen=True)
class Asked:
    """What a scripted model is to answer."""

    text: str
    """The user's last message."""
    results: tuple[str, ...] = ()
    """What the calls of this turn have returned so far."""
    before: tuple[str, ...] = ()
    """The user's earlier messages."""


@dataclass(frozen=True)
class Says:
    """What a scripted model writes in one stretch."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Names and JSON arguments."""


Reply = Callable[[Asked], Says]


def echo(asked: Asked) -> Says:
    """The plainest model."""
    return Says(f"You said: {asked.text}")


def adds(asked: Asked) -> Says:
    """One that calls, and says what it was told."""
    if not asked.results:
        return Says("Let me see. ", (("add", '{"a": 2, "b": 3}'),))
    return Says(f"It is {asked.results[0]}.")


class ActorEngine(ScriptedEngine):
    """Plays a `Reply`, one token a chunk. `gate` holds every stream while it is not set."""

    def __init__(self, tokenizer: Tokenizer, chat: InnerFormat, reply: Reply, **options: Any) -> None:
        super().__init__(self._play, **options)
        self._tokenizer, self._chat, self._reply = tokenizer, chat, reply
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.started = asyncio.Event()

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        async with contextlib.aclosing(super().generate(tokens, sampling)) as stream:
            async for chunk in stream:
                self.started.set()
                await self.gate.wait()
                if self.error:
                    raise self.error
                yield chunk

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> Iterator[tuple[int, ...]]:
        says = self._reply(self.read(prompt))
        calls = [ToolCall("", name, arguments) for name, arguments in says.calls]
        stretch = self._chat.write_stretch(says.text, calls)
        # What of it another process has written already.
        written = next((n for n in range(len(stretch), 0, -1) if prompt[-n:] == stretch[:n]), 0)
        for token in stretch[written:]:
            yield (token,)

    def read(self, prompt: Sequence[int]) -> Asked:
        text = self._tokenizer.decode(list(prompt), skip_special_tokens=False)
        users = [part.split("<|im_end|>")[0] for part in text.split("<|im_start|>user\n")[1:]]
        last = text.rsplit("<|im_start|>assistant\n", 1)[1]
        results = [part.split("<|end_result|>")[0] for part in last.split("<|result|>")[1:]]
        return Asked(users[-1], tuple(results), tuple(users[:-1]))


@dataclass
class Agent:
    """A service that runs."""

    url: str
    engine: ActorEngine
    service: Service
    server: EmbeddedServer
    http: httpx.AsyncClient
    data: Path
    name: str
    stopped: asyncio.Task[None] = field(repr=False)

    @property
    def database(self) -> str:
        """The URL of its conversations."""
        return f"sqlite+aiosqlite:///{self.data / self.name}-conversations.sqlite3"

    async def client(self, **config: Any) -> Client:
        return await create_client(self.url, ClientConfig(httpx_client=self.http, **config))

    async def rpc(self, method: str, params: Any, **headers: str) -> Any:
        """The JSON-RPC response as it came."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = await self.http.post(self.url, json=body, headers={"A2A-Version": "1.0", **headers})
        return response.json()

    async def send(self, text: str, **message: Any) -> Any:
        """The task with all that there is of it, or the error, that a unary SendMessage ends with."""
        response = await self.rpc("SendMessage", {"message": say(text, **message)}, **{"A2A-Extensions": extension.URI})
        return response["result"]["task"] if "result" in response else response["error"]

    async def listed(self, *states: str) -> list[Any]:
        """The tasks, once they are in these states, in any order."""
        tasks: list[Any] = []

        async def are_there() -> bool:
            tasks[:] = (await self.rpc("ListTasks", {}))["result"]["tasks"]
            return sorted(task["status"]["state"] for task in tasks) == sorted(
                f"TASK_STATE_{state}" for state in states
            )

        await eventually(are_there)
        return tasks

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.stopped


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits, not for ever, until another task or process has made it true."""
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.01)


def say(text: str, **message: Any) -> dict[str, Any]:
    return {"messageId": str(uuid.uuid4()), "role": "ROLE_USER", "parts": [{"text": text}], **message}


RunServer = Callable[..., Any]


@pytest.fixture
async def run_server(tmp_path: Path, tokenizer: Tokenizer, chat: InnerFormat) -> AsyncIterator[RunServer]:
    """Starts a service with a scripted model: `await run_server(reply, name=..., drain_seconds=..., **agent_config)`.

    A second one of the same name finds what the first stored.
    """
    async with AsyncExitStack() as stack:

        async def run(
            reply: Reply = echo,
            *,
            name: str = "agent",
            drain_seconds: float = 0.0,
            engine: dict[str, Any] | None = None,
            listener: socket.socket | None = None,
            database: str | None = None,
            auth: AuthSection | None = None,
            card_keys: Sequence[Path] = (),
            grpc_port: int | None = None,
            machine: dict[str, Any] | None = None,
            health: Health | None = None,
            metrics: Metrics | None = None,
            **config: Any,
        ) -> Agent:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / "tools.py").write_text(TOOLS)
            actor = ActorEngine(tokenizer, chat, reply, **(engine or {}))
            listener = listener or listen("127.0.0.1", 0)
            where = Machine(
                data=tmp_path / "data",
                database=database,
                auth=auth or AuthSection(),
                card_keys=list(card_keys),
                grpc_port=grpc_port,
                **(machine or {}),
            )
            opened, url = nullcontext(actor), url_of(listener)
            service = Service(agent_config(name, **config), where, folder, opened, chat, url, health, metrics)
            server = EmbeddedServer(service, drain_seconds, "warning", where.connections)
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
            stopped = asyncio.create_task(server.serve([listener]))
            agent = Agent(url, actor, service, server, http, where.data, name, stopped)
            stack.push_async_callback(agent.stop)
            while not server.started:
                if stopped.done():
                    stopped.result()
                await asyncio.sleep(0.01)
            return agent

        yield run


def agent_config(name: str = "agent", **config: Any) -> AgentConfig:
    defaults: dict[str, Any] = {
        "name": name,
        "description": f"The agent called {name}.",
        "instructions": "You help.",
        "tools": [{"use": "tools.py:add"}, {"use": "tools.py:sleep"}],
        "skills": [{"id": "help", "name": "Help", "description": "Helps.", "tags": ["help"]}],
    }
    return AgentConfig.model_validate({**defaults, **config})
