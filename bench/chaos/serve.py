"""A server under load, a process of its own: `python -m bench.chaos.serve ours|sdk PORT PIECES SECONDS RUNNING`.

Either says, for every message, so many pieces, so many seconds apart. Each piece is the time at which it is said, so
that whoever reads it knows how long it took. `ours` is this service as it comes, on SQLite; `sdk` is the A2A SDK's own
server: its default request handler with tasks in memory.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

import uvicorn
from a2a.helpers import new_task_from_user_message
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Part
from starlette.applications import Starlette

from service.app import Service
from service.chat.inner import InnerFormat
from service.engine.base import Chunk, Finish, Sampling
from service.process.server import Server, listen, url_of
from service.settings import AgentConfig, Machine
from tests.byte_tokenizer import byte_tokenizer


class PacedEngine:
    """Says the time, again and again."""

    window = 100_000
    weights = "paced"
    alive = True
    pressure = 0.0
    stalled = 0.0

    def __init__(self, chat: InnerFormat, pieces: int, seconds: float) -> None:
        self._chat = chat
        self._pieces = pieces
        self._seconds = seconds

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        for left in reversed(range(self._pieces)):
            await asyncio.sleep(self._seconds)
            said = self._chat.write_stretch(_now(), ())  # with the token that stops
            piece = said[:-1] if left else said
            yield Chunk(piece, (-0.5,) * len(piece) if sampling.logprobs else None, None if left else Finish.STOP)

    async def warm_up(self, tokens: Sequence[int], sampling: Sampling) -> None:
        pass

    async def prefill(self, tokens: Sequence[int]) -> None:
        pass


class PacedExecutor(AgentExecutor):
    """The same, as the SDK's samples do it."""

    def __init__(self, pieces: int, seconds: float) -> None:
        self._pieces = pieces
        self._seconds = seconds

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.message is not None
        task = new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        for index in range(self._pieces):
            await asyncio.sleep(self._seconds)
            await updater.add_artifact([Part(text=_now())], artifact_id="answer", append=index > 0)
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        raise NotImplementedError


def ours(port: int, pieces: int, seconds: float, running: int) -> None:
    agent = AgentConfig.model_validate(
        {
            "name": "clock",
            "description": "Says what time it is.",
            "instructions": "You say what time it is.",
            # As many may wait as are decoded: then nobody waits for longer than a turn.
            "limits": {"running": running, "queued": running, "tokens": PacedEngine.window},
            "skills": [{"id": "time", "name": "Time", "description": "Says the time.", "tags": ["time"]}],
        }
    )
    chat, listener = InnerFormat(byte_tokenizer()), listen("127.0.0.1", port)
    with tempfile.TemporaryDirectory() as data:
        engine = nullcontext(PacedEngine(chat, pieces, seconds))
        service = Service(agent, Machine(data=Path(data)), Path("clock"), engine, chat, url_of(listener))
        with suppress(KeyboardInterrupt):
            Server(service, drain_seconds=0, log_level="warning").run([listener])


def sdk(port: int, pieces: int, seconds: float) -> None:
    card = AgentCard(
        name="clock",
        description="Says what time it is.",
        version="1.0.0",
        capabilities=AgentCapabilities(streaming=True),
        supported_interfaces=[
            AgentInterface(url=f"http://127.0.0.1:{port}", protocol_binding="JSONRPC", protocol_version="1.0")
        ],
        skills=[AgentSkill(id="time", name="Time", description="Says the time.", tags=["time"])],
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
    )
    handler = DefaultRequestHandler(PacedExecutor(pieces, seconds), InMemoryTaskStore(), card)
    app = Starlette(routes=create_jsonrpc_routes(handler, "/"))
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listen("127.0.0.1", port)])


def _now() -> str:
    return f"{time.time():.6f} "


if __name__ == "__main__":
    side, port, pieces, seconds, running = sys.argv[1:]
    if side == "ours":
        ours(int(port), int(pieces), float(seconds), int(running))
    else:
        sdk(int(port), int(pieces), float(seconds))
