"""Refusing costs nothing that stays: ten thousand requests that come to nothing leave a process as large as it was."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
import pytest

from tests.conftest import say
from tests.endpoint.test_signals import slow_agent

WARM_UP, COUNT, AT_ONCE = 2_000, 10_000, 8
SLACK_KIB = 4 * 1024
"""Of what is not freed at once: 400 bytes a request, much less than the smallest of them is."""


def kib(pid: int) -> int:
    """Resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def http_requests() -> list[bytes]:
    """One of each kind of which nothing comes."""

    def rpc(method: str, params: Any, **members: Any) -> bytes:
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **members}).encode()

    def send(**message: Any) -> bytes:
        return rpc("SendMessage", {"message": say("hello", **message)})

    bodies = [
        ("POST", "/", rpc("GetTask", {"id": "no-such-task"})),
        ("POST", "/", rpc("GetTask", {"id": "a\0b"})),
        ("POST", "/", rpc("SubscribeToTask", {"id": "no-such-task"})),
        ("POST", "/", rpc("ListTasks", {"pageToken": "nonsense"})),
        ("POST", "/", rpc("NoSuchMethod", {})),
        ("POST", "/", rpc("SendMessage", {"message": {"parts": "hello"}})),
        ("POST", "/", rpc("SendMessage", {"message": {"messageId": "m", "metadata": {"a": ["x" * 1000] * 20}}})),
        ("POST", "/", rpc("message/send", {"message": {"parts": "hello"}})),
        ("POST", "/", rpc("GetTask", {"id": "x"}, extra=1)),
        ("POST", "/", send(taskId="no-such-task")),
        ("POST", "/", send(contextId="x" * 100)),
        ("POST", "/", send(parts=[{"raw": "aGk=", "mediaType": "image/png"}])),
        ("POST", "/", send(parts=[{"text": "x" * 17_000}])),
        ("POST", "/", b"[" * 5_000),
        ("POST", "/", b"nonsense"),
        ("POST", "/", b"\xff\xfe"),
        ("POST", "/", b"x" * 300_000),
        ("POST", "/message:send", b'{"message": {"parts": "hello"}}'),
        ("POST", "/message:stream", b'{"message": 7}'),
        ("POST", "/v1/message:send", b'{"message": 7}'),
        ("POST", "/tasks/no-such-task:cancel", b""),
        ("POST", "/tasks/no-such-task/pushNotificationConfigs", b'{"url": "https://a.example"}'),
        ("GET", "/tasks/%00", b""),
        ("GET", "/tasks?status=none", b""),
        ("GET", "/nothing", b""),
        ("DELETE", "/", b""),
    ]
    head = (
        "{} {} HTTP/1.1\r\nHost: a\r\nA2A-Version: 1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    )
    requests = [head.format(verb, path, len(body)).encode() + body for verb, path, body in bodies]
    without_version = requests[0].replace(b"A2A-Version: 1.0\r\n", b"")
    without_type = requests[0].replace(b"Content-Type: application/json\r\n", b"")
    return [*requests, without_version, without_type, b"nonsense\r\n\r\n", b"GET /" + b"x" * 70_000]


async def ask_http(url: str, requests: Iterator[bytes]) -> None:
    """One after the other over a connection, until that is closed; then over another."""
    where = httpx.URL(url)
    while True:
        reader, writer = await asyncio.open_connection(where.host, where.port, limit=2**20)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    request = next(requests, None)
                    if request is None:
                        return
                    writer.write(request)
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    assert not head.startswith(b"http/1.1 5"), request
                    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
                    await reader.readexactly(int(length.split(b":")[1]))
        finally:
            writer.close()


async def ask_grpc(address: str, count: int) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        get: Any = channel.unary_unary("/lf.a2a.v1.A2AService/GetTask")
        for number in range(count):
            body = (b"\x12\x01x", b"\xff\xff", b"")[number % 3]
            with suppress(grpc.aio.AioRpcError):
                await get(body, metadata=(("a2a-version", "1.0"),) if number % 2 else ())


async def ask(url: str, address: str, count: int) -> None:
    requests = itertools.islice(itertools.cycle(http_requests()), count * 9 // 10)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(ask_http(url, requests))
        tasks.create_task(ask_grpc(address, count // 10))


async def test_refusals_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNERLOOP_GRPC_PORT", "0")
    async with slow_agent(tmp_path) as agent:
        url, pid = agent.url, agent.process.pid
        async with httpx.AsyncClient() as http:
            card = (await http.get(f"{url}/.well-known/agent-card.json")).json()
        (address,) = {each["url"] for each in card["supportedInterfaces"] if each["protocolBinding"] == "GRPC"}
        await ask(url, address, WARM_UP)
        before = kib(pid)
        await ask(url, address, COUNT)
        assert kib(pid) - before < SLACK_KIB
