"""What stands in front of the SDK, as plain ASGI middleware."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from a2a.utils.errors import (
    A2AError,
    ContentTypeNotSupportedError,
    InternalError,
    InvalidRequestError,
    JSONParseError,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import delegation, extension
from service.endpoint.admission import Busy
from service.endpoint.reading import check_request
from service.endpoint.refusals import RETRY_AFTER_SECONDS, Refusal, refuse

BODY_SECONDS = 30.0
_DISCARD_AT_MOST = 32 * 2**20
_PROBES = ("/healthz", "/readyz")
_JSON_TYPES = ("application/json", "application/a2a+json")
_WORK_METHODS = ("SendMessage", "SendStreamingMessage", "message/send", "message/stream")
"""What starts a turn over JSON-RPC, in 1.0 and in 0.3."""
_WORK_PATHS = ("/message:send", "/message:stream")
"""The same over HTTP+JSON: how the paths end, whatever version or tenant stands before."""

_TOO_LARGE = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, InvalidRequestError("the request is too large"))
_UNREADABLE = Refusal.of(JSONParseError("the request is not JSON in UTF-8"))
_NOT_JSON = Refusal(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE, ContentTypeNotSupportedError("a request has Content-Type: application/json")
)
_TOO_SLOW = Refusal(
    HTTPStatus.REQUEST_TIMEOUT,
    InvalidRequestError("the request did not come in time"),
    {"Connection": "close"},  # else the rest of the body could still come, and keep the connection
)
_SHUTTING_DOWN = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    InternalError("this agent is shutting down"),
    {"Retry-After": str(RETRY_AFTER_SECONDS)},
)
_FULL = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    InternalError("this agent has too many connections"),
    {"Retry-After": str(RETRY_AFTER_SECONDS), "Connection": "close"},
)


class OnlyProbes:
    """Refuses all but the question whether the service is alive: one that is full must not be taken for dead."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in _PROBES:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, _FULL)


class WholeBody:
    """Refuses bodies of more than `limit` bytes with 413, ones that take longer than `seconds` to come with 408, what
    is not said to be JSON with 415, and what a JSON reader chokes on with 400. All others go on in one piece.

    Without the check of the type, any web page could have its reader's browser give an agent on loopback orders.

    The rest of a body that is too large is read and dropped, so that the client gets to read the answer.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        chunks: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self._seconds):
                while more and size <= _DISCARD_AT_MOST:
                    message = await receive()
                    if message["type"] != "http.request":  # the client is gone
                        return
                    chunk, more = message.get("body", b""), message.get("more_body", False)
                    size += len(chunk)
                    if size <= self._limit:
                        chunks.append(chunk)
        except TimeoutError:
            await refuse(scope, receive, send, _TOO_SLOW)
            return
        body = b"".join(chunks)
        if size > self._limit:
            await refuse(scope, receive, send, _TOO_LARGE)
        elif body and Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower() not in _JSON_TYPES:
            await refuse(scope, receive, send, _NOT_JSON)
        elif body and not _is_readable(body):
            await refuse(scope, receive, send, _UNREADABLE)
        else:
            await self._app(scope, _replay({"type": "http.request", "body": body}, receive), send)


class RefuseWhileDraining:
    """Refuses new work with 503 once the service is to end. All else goes on: tasks are read, followed, cancelled.

    Stands behind `WholeBody`: what a JSON-RPC request wants is in its body, which comes from there in one piece.
    """

    def __init__(self, app: ASGIApp, draining: Callable[[], bool]) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._draining() or scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        message = await receive()
        call = _call(message["body"]) if scope["path"] == "/" else {}
        if call.get("method") in _WORK_METHODS or scope["path"].endswith(_WORK_PATHS):
            await refuse(scope, receive, send, _SHUTTING_DOWN, call.get("id"))
        else:
            await self._app(scope, _replay(message, receive), send)


class Wellformed:
    """Refuses requests that the SDK would choke on or misread: see `reading`.

    Stands behind `WholeBody`, as `RefuseWhileDraining` does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = b""
        if scope["method"] not in ("GET", "HEAD"):
            message = await receive()
            body, receive = message["body"], _replay(message, receive)
        try:
            check_request(scope, body)
        except A2AError as error:
            await refuse(scope, receive, send, Refusal.of(error), _call(body).get("id"))
        else:
            await self._app(scope, receive, send)


class TellBusy:
    """Answers with 429 or 503, and when to try again, where a message was turned away: the SDK knows no such status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        heard: list[Message] = []
        scope[BUSY] = None
        replaced = False

        async def listen() -> Message:
            message = await receive()
            heard.append(message)
            return message

        async def answer(message: Message) -> None:
            nonlocal replaced
            busy: Busy | None = scope[BUSY]
            if busy is None:
                await send(message)
            elif not replaced:
                replaced = True
                call = _call(heard[0].get("body", b"")) if heard else {}
                await refuse(scope, receive, send, _too_busy(busy), call.get("id"))

        await self._app(scope, listen, answer)


def _too_busy(busy: Busy) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS if busy.caller else HTTPStatus.SERVICE_UNAVAILABLE,
        InternalError(busy.message),
        {"Retry-After": str(busy.retry_seconds)},
    )


BUSY = "innerloop.busy"
"""Where, in the request's scope, it is left why a message was turned away."""


class EchoExtensions:
    """Names our extensions in the response to whoever asked for them: they are active."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["A2A-Extensions"] = ", ".join(active)
            await send(message)

        asked = Headers(scope=scope).getlist(HTTP_EXTENSION_HEADER) if scope["type"] == "http" else []
        active = sorted({extension.URI, delegation.URI} & get_requested_extensions(asked))
        await self._app(scope, receive, echo if active else send)


def _replay(message: Message, receive: Receive) -> Receive:
    """Gives again what was received already."""
    messages = [message]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _is_readable(body: bytes) -> bool:
    """False for what is not JSON in UTF-8, half characters, and what is nested too deeply."""
    try:
        content = json.loads(body.decode())
        if b"\\ud" in body.lower():  # escaped: half a character each, which may lack its other half
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _call(body: bytes) -> dict[str, Any]:
    """A JSON-RPC request; empty if it is none."""
    try:
        call = json.loads(body.decode())
    except (ValueError, RecursionError):
        return {}
    return call if isinstance(call, dict) else {}
