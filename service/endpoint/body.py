"""The body of a request over HTTP: whole, in time, of a limited size, and JSON."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

from a2a.utils.errors import ContentTypeNotSupportedError, InvalidRequestError, JSONParseError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.endpoint.parsed import keep_content
from service.endpoint.refusals import Refusal, refuse
from service.telemetry.logs import BOUNDED

logger = logging.getLogger(__name__)

BODY_SECONDS = 30.0
_DISCARD_AT_MOST = 32 * 2**20
_JSON_TYPES = ("application/json", "application/a2a+json")

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


class WholeBody:
    """Refuses bodies of more than `limit` bytes with 413, ones that take longer than `seconds` to come with 408, what
    is not said to be JSON with 415, and what a JSON reader chokes on with 400. All others go on in one piece, and in
    the scope as they were `parsed`.

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
            _log(_TOO_SLOW)
            await refuse(scope, receive, send, _TOO_SLOW)
            return
        body = b"".join(chunks)
        if size > self._limit:
            _log(_TOO_LARGE)
            await refuse(scope, receive, send, _TOO_LARGE)
            return
        if body:
            if Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower() not in _JSON_TYPES:
                await refuse(scope, receive, send, _NOT_JSON)
                return
            try:
                keep_content(scope, _parse(body))
            except (ValueError, RecursionError):
                await refuse(scope, receive, send, _UNREADABLE)
                return
        await self._app(scope, _replay({"type": "http.request", "body": body}, receive), send)


def _log(refusal: Refusal) -> None:
    """Of those for which a limit is the reason: what is no JSON is only answered."""
    logger.info("message refused: %s", refusal.error.message, extra=BOUNDED)


def _parse(body: bytes) -> Any:
    """Raises ValueError or RecursionError for what is not JSON in UTF-8, half characters, and what is nested too
    deeply.
    """
    content = json.loads(body.decode())
    if b"\\ud" in body.lower():  # escaped: half a character each, which may lack its other half
        json.dumps(content, ensure_ascii=False).encode()
    return content


def _replay(message: Message, receive: Receive) -> Receive:
    """Gives again what was received already."""
    messages = [message]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
