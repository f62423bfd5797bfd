"""What stands in front of the SDK, as plain ASGI middleware."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import extension
from service.endpoint.running import Running

RETRY_AFTER_SECONDS = 5
_DISCARD_AT_MOST = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a request that never reaches the SDK is answered with."""

    status: HTTPStatus
    name: str
    """The status in HTTP+JSON."""
    code: int
    """The error's code in JSON-RPC."""
    why: str


_TOO_LARGE = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "INVALID_ARGUMENT", -32600, "the request is too large")
_UNREADABLE = Refusal(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", -32700, "the request is not JSON in UTF-8")
_SHUTTING_DOWN = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", -32603, "this agent is shutting down")


class BodyLimit:
    """Refuses bodies of more than `limit` bytes with 413, and what a JSON reader chokes on with 400.

    The rest of a body that is too large is read and dropped, so that the client gets to read the answer.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []
        size, more = 0, scope["method"] not in ("GET", "HEAD")
        while more and size <= _DISCARD_AT_MOST:
            message = await receive()
            if message["type"] != "http.request":  # the client is gone
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
            if size <= self._limit:
                messages.append(message)
        if size > self._limit:
            await _refuse(scope, receive, send, _TOO_LARGE)
            return
        if not _is_readable(b"".join(message.get("body", b"") for message in messages)):
            await _refuse(scope, receive, send, _UNREADABLE)
            return

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replay, send)


class RefuseWhileDraining:
    """Refuses new work with 503 once the service is to end. What only reads, or cancels over HTTP+JSON, still works."""

    def __init__(self, app: ASGIApp, running: Running) -> None:
        self._app = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._running.draining and _is_work(scope):
            await _refuse(scope, receive, send, _SHUTTING_DOWN)
        else:
            await self._app(scope, receive, send)


class EchoExtensions:
    """Names our extension in the response to whoever asked for it: it is active."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["A2A-Extensions"] = extension.URI
            await send(message)

        asked = scope["type"] == "http" and extension.URI in get_requested_extensions(
            Headers(scope=scope).getlist(HTTP_EXTENSION_HEADER)
        )
        await self._app(scope, receive, echo if asked else send)


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answers in the form of the binding the path belongs to."""
    status = refusal.status
    content: dict[str, Any] = {"error": {"code": status, "status": refusal.name, "message": refusal.why}}
    if scope["path"] == "/":
        content = {"jsonrpc": "2.0", "id": None, "error": {"code": refusal.code, "message": refusal.why}}
        if status == HTTPStatus.BAD_REQUEST:  # what is wrong with a call, JSON-RPC says in the body
            status = HTTPStatus.OK
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    await JSONResponse(content, status, headers)(scope, receive, send)


def _is_readable(body: bytes) -> bool:
    """False for what is not UTF-8, half characters, and JSON nested too deeply. Other faults the SDK reports itself."""
    try:
        content = json.loads(body.decode())
        if b"\\ud" in body.lower():  # escaped: half a character each, which may lack its other half
            json.dumps(content, ensure_ascii=False).encode()
    except (UnicodeError, RecursionError):
        return False
    except ValueError:
        pass
    return True


def _is_work(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    return not path.endswith((":cancel", ":subscribe"))
