"""Connections on which nothing is asked do not last, and there are only so many; answers take as long as they like."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from service.process import connections, server
from tests.conftest import Agent, RunServer, Says, echo, eventually, say

GET = b"GET /readyz HTTP/1.1\r\nHost: a.example\r\n\r\n"
SOON = 0.3


class Peer:
    """The other end of one connection, as nothing but bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def rest(self) -> bytes:
        """All that comes until the connection ends, which it must."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def trickle(self, data: bytes, seconds: float, piece: int = 1) -> None:
        """Piece by piece until all are sent, or the connection is closed."""
        for at in range(0, len(data), piece):
            try:
                self.writer.write(data[at : at + piece])
                await self.writer.drain()
            except ConnectionError:
                return
            await asyncio.sleep(seconds)

    async def answer(self) -> bytes:
        """One, whose body has a length."""
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            return head + await self.reader.readexactly(int(length.split(b":")[1]))


@asynccontextmanager
async def connected(agent: Agent) -> AsyncIterator[Peer]:
    url = httpx.URL(agent.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


def post(path: str, content: object, *, of: int | None = None) -> bytes:
    body = json.dumps(content).encode()
    lines = f"POST {path} HTTP/1.1\r\nHost: a.example\r\nA2A-Version: 1.0\r\nContent-Type: application/json\r\n"
    return f"{lines}Content-Length: {of or len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", SOON)
    monkeypatch.setattr(server, "IDLE_SECONDS", SOON)


async def test_who_sends_nothing_is_let_go(run_server: RunServer, soon: None) -> None:
    agent = await run_server(echo)
    async with connected(agent) as peer:
        assert await peer.rest() == b""


async def test_headers_that_come_for_ever(run_server: RunServer, soon: None) -> None:
    """A byte now and then, so that no single wait is long."""
    agent = await run_server(echo)
    async with connected(agent) as peer:
        sending = asyncio.create_task(peer.trickle(b"GET / HTTP/1.1\r\nX: " + b"x" * 1000, SOON / 5))
        assert (await peer.rest()).startswith(b"HTTP/1.1 408 ")
        sending.cancel()


async def test_headers_of_the_next_request_that_come_for_ever(run_server: RunServer, soon: None) -> None:
    agent = await run_server(echo)
    async with connected(agent) as peer:
        peer.writer.write(GET)
        assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")
        sending = asyncio.create_task(peer.trickle(GET[:-2] + b"X: " + b"x" * 1000, SOON / 5))
        assert (await peer.rest()).startswith(b"HTTP/1.1 408 ")
        sending.cancel()


async def test_a_body_that_nobody_reads_any_more(run_server: RunServer, soon: None) -> None:
    """Its request has been answered before it was there."""
    agent = await run_server(echo)
    async with connected(agent) as peer:
        peer.writer.write(b"GET /readyz HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n")
        assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")
        sending = asyncio.create_task(peer.trickle(b"x" * 1000, SOON / 5))
        assert await peer.rest() == b""
        sending.cancel()


async def test_requests_one_after_the_other_and_at_once(run_server: RunServer, soon: None) -> None:
    agent = await run_server(echo)
    async with connected(agent) as peer:
        for _ in range(3):
            peer.writer.write(GET)
            assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")
        peer.writer.write(3 * GET)
        for _ in range(3):
            assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")


async def test_a_stream_lasts(run_server: RunServer, soon: None) -> None:
    """However long nothing is asked meanwhile; afterwards the clock runs again."""
    agent = await run_server(echo)
    agent.engine.gate.clear()
    async with connected(agent) as peer:
        peer.writer.write(post("/message:stream", {"message": say("hello")}))
        await agent.engine.started.wait()
        await asyncio.sleep(3 * SOON)
        agent.engine.gate.set()
        assert b"TASK_STATE_COMPLETED" in await peer.rest()


async def test_headers_without_end(run_server: RunServer) -> None:
    agent = await run_server(echo)
    async with connected(agent) as peer:
        peer.writer.write(b"GET / HTTP/1.1\r\nX: ")
        sending = asyncio.create_task(peer.trickle(b"x" * 2**20, 0.001, piece=2**10))
        assert (await peer.rest()).startswith(b"HTTP/1.1 431 ")
        sending.cancel()


async def test_headers_without_end_behind_a_stream(run_server: RunServer) -> None:
    """While an answer is on its way nothing else can be said, so that the connection is cut."""
    agent = await run_server(echo)
    agent.engine.gate.clear()
    async with connected(agent) as peer:
        peer.writer.write(post("/message:stream", {"message": say("hello")}))
        await agent.engine.started.wait()
        peer.writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 2**20)
        await peer.rest()
    agent.engine.gate.set()
    await agent.listed("COMPLETED")


async def test_who_does_not_read_is_let_go(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", SOON)
    agent = await run_server(lambda _: Says("Long."), engine={"window": 100_000})
    task = await agent.send("😀" * 16_000)
    async with connected(agent) as peer:
        open_before = len(agent.server.server_state.connections)
        asked = f"GET /tasks/{task['id']} HTTP/1.1\r\nHost: a.example\r\nA2A-Version: 1.0\r\n\r\n".encode()

        async def is_cut() -> bool:
            if not peer.writer.is_closing():
                peer.writer.write(20 * asked)  # whose answers are never read
            return len(agent.server.server_state.connections) < open_before

        await eventually(is_cut)


async def test_one_connection_too_many(run_server: RunServer) -> None:
    """It is told so, in the terms of what it asked; whoever watches the service still hears that it is alive."""
    agent = await run_server(echo, machine={"connections": 2})
    async with connected(agent) as first, connected(agent), connected(agent) as third:
        third.writer.write(post("/", {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "x"}}))
        head, content = (await third.rest()).split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: " in head
        assert json.loads(content)["error"]["code"] == -32603
        async with connected(agent) as probe:
            probe.writer.write(2 * GET)
            assert (await probe.answer()).startswith(b"HTTP/1.1 200 ")
            assert (await probe.answer()).startswith(b"HTTP/1.1 200 ")
        first.writer.write(GET)
        assert (await first.answer()).startswith(b"HTTP/1.1 200 ")

    async def are_gone() -> bool:
        return not agent.server.server_state.connections

    await eventually(are_gone)
    async with connected(agent) as later:
        later.writer.write(post("/", {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "x"}}))
        assert (await later.answer()).startswith(b"HTTP/1.1 200 ")


async def test_many_connections_too_many_are_closed(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_RESERVE", 1)
    agent = await run_server(echo, machine={"connections": 1})
    async with connected(agent) as first, connected(agent), connected(agent) as third:
        assert await third.rest() == b""
        first.writer.write(GET)
        assert (await first.answer()).startswith(b"HTTP/1.1 200 ")


async def test_websockets_are_not_spoken(run_server: RunServer) -> None:
    """Their connections would have none of these limits."""
    agent = await run_server(echo)
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"
    async with connected(agent) as peer:
        peer.writer.write(f"GET /readyz HTTP/1.1\r\nHost: a.example\r\n{upgrade}\r\n".encode())
        assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")


def test_files_are_allowed_for_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1_500), hard))
        connections.allow_open_files(1_000)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(2_000, hard)
        connections.allow_open_files(10)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(2_000, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
