"""A webhook: an HTTP server on loopback that remembers what it is sent, and answers as it is told to."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.process.server import EmbeddedServer, listen, url_of


@dataclass(frozen=True)
class Received:
    path: str
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    url: str
    answers: list[Response] = field(default_factory=list)
    """One after the other; then 200."""
    received: list[Received] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """It answers nothing while this is not set."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def respond(self, request: Request) -> Response:
        path = request.url.path
        self.received.append(Received(path, request.headers, await request.body()))
        self._news.set()
        await self.gate.wait()
        return self.answers.pop(0) if self.answers else Response()

    async def nth(self, number: int) -> Received:
        """The request of this number, counted from 1, once it has come."""
        async with asyncio.timeout(30):
            while len(self.received) < number:
                self._news.clear()
                await self._news.wait()
        return self.received[number - 1]


@asynccontextmanager
async def open_receiver(
    *answers: Response, listener: socket.socket | None = None, **options: Any
) -> AsyncIterator[Receiver]:
    """`options` are uvicorn's."""
    listener = listener or listen("127.0.0.1", 0)
    receiver = Receiver(url_of(listener), list(answers))
    receiver.gate.set()
    app = Starlette(routes=[Route("/{path:path}", receiver.respond, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, **options))
    server.capture_signals = EmbeddedServer.capture_signals.__get__(server)  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield receiver
    finally:
        receiver.gate.set()
        server.should_exit = True
        await serving


def paths(requests: Sequence[Received]) -> list[str]:
    return [request.path for request in requests]
