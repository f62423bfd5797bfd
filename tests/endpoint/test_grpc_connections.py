"""gRPC's connections and calls that ask for nothing do not last either, and there are only so many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import pytest
from a2a.types import GetTaskRequest, ListTasksRequest, SubscribeToTaskRequest
from a2a.types.a2a_pb2_grpc import A2AServiceStub

from service.endpoint import grpc as binding
from tests.conftest import Agent, RunServer, echo
from tests.endpoint.bindings import TASK_NOT_FOUND
from tests.endpoint.test_grpc import CURRENT, address, assert_refused, connected, reason, refused, request

SERVICE = "/lf.a2a.v1.A2AService/"
SOON_MS = 300

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, PING = 4, 1, 6
END_HEADERS, ACK = 4, 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Of HTTP/2."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def field(name: bytes, value: bytes) -> bytes:
    """A header, not indexed and not compressed."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


CALL = b"".join(
    field(name, value)
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", f"{SERVICE}GetTask".encode()),
        (b":authority", b"a.example"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
        (b"a2a-version", b"1.0"),
    )
)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of connections are reached within a second."""
    waits = ("handshake_timeout_ms", "connection_idle_ms", "keepalive_time_ms", "keepalive_timeout_ms")
    options = [(name, SOON_MS if name.endswith(waits) else value) for name, value in binding._OPTIONS]
    monkeypatch.setattr(binding, "_OPTIONS", tuple(options))


@asynccontextmanager
async def opened(agent: Agent) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = (await address(agent)).rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Once it is."""
    async with asyncio.timeout(10):
        try:
            while await reader.read(2**16):
                pass
        except ConnectionError:
            pass
    return True


async def trickle(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(SOON_MS / 5000)


@pytest.mark.parametrize("said", [b"", PREFACE[:10], PREFACE])
async def test_who_says_too_little_is_let_go(run_server: RunServer, soon: None, said: bytes) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with opened(agent) as (reader, writer):
        writer.write(said)
        assert await is_closed(reader)


async def test_a_connection_that_begins_for_ever(run_server: RunServer, soon: None) -> None:
    """Byte by byte."""
    agent = await run_server(echo, grpc_port=0)
    async with opened(agent) as (reader, writer):
        sending = asyncio.create_task(trickle(writer, PREFACE + frame(SETTINGS, 0, 0, b"\0" * 600)))
        assert await is_closed(reader)
        sending.cancel()


async def test_a_connection_without_calls(run_server: RunServer, soon: None) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with opened(agent) as (reader, writer):
        writer.write(PREFACE + frame(SETTINGS, 0, 0))
        assert await is_closed(reader)


async def test_headers_that_come_for_ever(run_server: RunServer, soon: None) -> None:
    """They are no call yet."""
    agent = await run_server(echo, grpc_port=0)
    async with opened(agent) as (reader, writer):
        writer.write(PREFACE + frame(SETTINGS, 0, 0))
        headers = frame(HEADERS, END_HEADERS, 1, CALL + field(b"x", b"x" * 100) * 100)
        sending = asyncio.create_task(trickle(writer, headers))
        assert await is_closed(reader)
        sending.cancel()


async def test_a_request_that_never_comes(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "BODY_SECONDS", SOON_MS / 1000)
    agent = await run_server(echo, grpc_port=0)
    async with grpc.aio.insecure_channel(await address(agent)) as channel:
        for method in ("GetTask", "SendMessage"):
            error = await refused(channel.stream_unary(SERVICE + method)(metadata=CURRENT))
            assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            assert reason(error) == "INVALID_REQUEST"
        error = await refused(channel.stream_stream(f"{SERVICE}SendStreamingMessage")(metadata=CURRENT).read())
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        stub: Any = A2AServiceStub(channel)  # type: ignore[no-untyped-call]
        assert_refused(await refused(stub.GetTask(GetTaskRequest(id="x"), metadata=CURRENT)), TASK_NOT_FOUND)


async def test_a_call_without_a_request(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with grpc.aio.insecure_channel(await address(agent)) as channel:
        call: Any = channel.stream_unary(f"{SERVICE}GetTask")(metadata=CURRENT)
        await call.done_writing()
        error = await refused(call)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert reason(error) == "INVALID_REQUEST"


async def test_a_stream_lasts(run_server: RunServer, soon: None) -> None:
    """However little is said in it."""
    agent = await run_server(echo, grpc_port=0)
    agent.engine.gate.clear()
    async with connected(agent) as stub:
        events = aiter(stub.SendStreamingMessage(request("hello"), metadata=CURRENT))
        assert (await anext(events)).HasField("task")
        await asyncio.sleep(5 * SOON_MS / 1000)
        agent.engine.gate.set()
        assert [event async for event in events]


async def test_one_connection_too_many(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0, machine={"connections": 1})
    async with connected(agent) as first:
        await first.ListTasks(ListTasksRequest(), metadata=CURRENT)
        # Channels with the same settings would share a connection.
        async with connected(agent, ("grpc.use_local_subchannel_pool", 1)) as second:
            error = await refused(second.ListTasks(ListTasksRequest(), metadata=CURRENT))
            assert error.code() is grpc.StatusCode.UNAVAILABLE
        await first.ListTasks(ListTasksRequest(), metadata=CURRENT)


async def test_one_call_too_many(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0, machine={"connections": 2})
    agent.engine.gate.clear()
    async with connected(agent) as stub:
        task = (await stub.SendMessage(request("hello", at_once=True), metadata=CURRENT)).task
        following = [stub.SubscribeToTask(SubscribeToTaskRequest(id=task.id), metadata=CURRENT) for _ in range(2)]
        for call in following:
            assert (await call.read()).task.id == task.id
        error = await refused(stub.GetTask(GetTaskRequest(id=task.id), metadata=CURRENT))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for call in following:
            call.cancel()
    agent.engine.gate.set()
    await agent.listed("COMPLETED")
