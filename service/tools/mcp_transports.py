"""How MCP servers are reached: over Streamable HTTP, or over the standard streams of a child process."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp import StdioServerParameters, stdio_client, types
from mcp.client.streamable_http import streamable_http_client

from service.outbound.client import CONNECT_SECONDS
from service.outbound.credentials import Credential
from service.telemetry import traces

UNREACHABLE = -32019
"""The code, among those that every implementation may use as it likes, of the error that a request gets which was not
sent, or not let in. One that was, and has no answer, gets CONNECTION_CLOSED, as the SDK has it.
"""

_CLOSE_SECONDS = 2.0
_MESSAGE_BYTES = 8 * 2**20
"""Over HTTP. Pictures, of which the model reads only that they are there, may be large."""
_LINE_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that is reached over HTTP."""

    url: str
    credential: Credential | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A server that is a child process of ours."""

    words: tuple[str, ...]
    folder: Path
    """In which it runs."""
    environment: Mapping[str, str]
    """What it gets besides PATH, HOME and the like."""


@asynccontextmanager
async def over_http(endpoint: Endpoint, broken: Callable[[], None]) -> AsyncIterator[Any]:
    """The SDK's streams. `broken` is called when the server may have ended.

    No other origin is reached than the URL's: elsewhere the SDK follows no redirects.
    """
    http = httpx2.AsyncClient(
        auth=_Shown(endpoint.credential) if endpoint.credential else None,
        timeout=httpx2.Timeout(CONNECT_SECONDS, read=None),  # a call may take long
        transport=_Transport(broken),
        trust_env=False,
    )
    async with (
        http,
        streamable_http_client(endpoint.url, http_client=http, max_sse_event_size=_MESSAGE_BYTES) as streams,
    ):
        yield streams


class _Transport(httpx2.AsyncHTTPTransport):
    """Where one request fails, that one gets an error. The SDK would end the session, and all calls with it."""

    def __init__(self, broken: Callable[[], None]) -> None:
        super().__init__()
        self._broken = broken

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":  # at the session's end, of mere politeness: what comes of it is no matter
            request.extensions["timeout"]["read"] = _CLOSE_SECONDS
            with suppress(httpx2.TransportError):
                await (await super().handle_async_request(request)).aclose()
            return httpx2.Response(httpx2.codes.NO_CONTENT)
        # Of the call that it is for: the SDK sends it in the context in which it was made.
        request.headers.update(traces.sent())
        try:
            response = await super().handle_async_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return _failed(UNREACHABLE, str(error) or type(error).__name__)
        except httpx2.TransportError as error:
            return _failed(types.CONNECTION_CLOSED, str(error) or type(error).__name__)
        if response.status_code == httpx2.codes.UNAUTHORIZED:
            await response.aclose()
            return _failed(UNREACHABLE, "401 Unauthorized")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        if request.method == "GET" and response.is_success:  # stays open as long as the server does
            response.stream = _Body(response.stream, math.inf, self._broken)
        elif response.headers.get("content-type", "").startswith("application/json"):  # of others the SDK limits events
            response.stream = _Body(response.stream, _MESSAGE_BYTES)
        return response


def _failed(code: int, why: str) -> httpx2.Response:
    error = {"code": code, "message": why}
    return httpx2.Response(httpx2.codes.BAD_GATEWAY, json={"jsonrpc": "2.0", "id": None, "error": error})


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit: float, closed: Callable[[], None] = lambda: None) -> None:
        self._stream = stream
        self._limit = limit
        self._closed = closed

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        size = 0
        try:
            async for chunk in self._stream:
                size += len(chunk)
                if size > self._limit:
                    raise httpx2.StreamError(f"a response of more than {self._limit} bytes")
                yield chunk
        except httpx2.TransportError as error:
            raise httpx2.StreamError(str(error)) from error

    async def aclose(self) -> None:
        self._closed()
        await self._stream.aclose()


class _Shown(httpx2.Auth):
    """A credential, in the terms of the SDK's HTTP library."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response]:
        try:
            request.headers.update(self._credential.headers(str(request.url)))
        except (OSError, ValueError) as error:
            raise httpx2.RequestError(f"no credential: {error}", request=request) from error
        yield request


_BEGIN = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execvp(sys.argv[1], sys.argv[1:])"
"""Runs in the child before the server does, which is told to end, by SIGTERM, also if we are killed before we can: the
SDK starts it and has no place for that. Its input ends then too, but what computes does not read.
"""


@asynccontextmanager
async def over_stdio(command: Command, hear: Callable[[str], None], broken: Callable[[], None]) -> AsyncIterator[Any]:
    """The SDK's streams, to a child process. `hear` gets the lines of its error output; `broken` when these end."""
    reading, writing = os.pipe()
    hearing = asyncio.create_task(_hear(reading, hear))
    hearing.add_done_callback(lambda _: broken())
    server = StdioServerParameters(
        command=sys.executable,
        args=["-ISc", _BEGIN, *command.words],
        env=dict(command.environment),
        cwd=command.folder,
    )
    try:
        with os.fdopen(writing, "w") as errors:
            async with stdio_client(server, errors) as streams:
                errors.close()  # our end of it, so that it ends with the child
                yield streams
    finally:
        await asyncio.wait({hearing}, timeout=_CLOSE_SECONDS)
        hearing.cancel()


async def _hear(pipe: int, hear: Callable[[str], None]) -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
    rest = b""
    try:
        while data := await reader.read(_LINE_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-_LINE_BYTES:]
            for line in lines:
                if line.strip():
                    hear(line.decode(errors="replace"))
    finally:
        transport.close()
