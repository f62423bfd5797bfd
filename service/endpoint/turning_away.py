"""How callers over HTTP are told that a message is not taken now: the service is to end, or has too much to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from a2a.server.context import ServerCallContext
from a2a.utils.errors import InternalError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.endpoint.admission import Busy
from service.endpoint.parsed import call_of
from service.endpoint.refusals import RETRY_AFTER_SECONDS, SHUTTING_DOWN, Refusal, refuse
from service.telemetry.logs import BOUNDED

logger = logging.getLogger(__name__)

_WORK_METHODS = ("SendMessage", "SendStreamingMessage", "message/send", "message/stream")
"""What starts a turn over JSON-RPC, in 1.0 and in 0.3."""
_WORK_PATHS = ("/message:send", "/message:stream")
"""The same over HTTP+JSON: how the paths end, whatever version or tenant stands before."""
_BUSY = "innerloop.busy"
"""Where, in the request's scope, it is left why a message was turned away."""

_SHUTTING_DOWN = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    InternalError(SHUTTING_DOWN),
    {"Retry-After": str(RETRY_AFTER_SECONDS)},
)


class TurnAway:
    """Refuses new work with 503 once the service is to end; tasks are read, followed and cancelled for as long as it is
    there. A message that a handler found too much, and said so by `note_busy`, is answered with 429 or 503, and when to
    try again: the SDK knows no such status.

    Stands behind `WholeBody`: what a JSON-RPC request wants is in its body.
    """

    def __init__(self, app: ASGIApp, draining: Callable[[], bool]) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        if self._draining() and _is_work(scope):
            logger.info("message refused: %s", SHUTTING_DOWN, extra=BOUNDED)
            await refuse(scope, receive, send, _SHUTTING_DOWN)
            return
        scope[_BUSY] = None
        replaced = False

        async def answer(message: Message) -> None:
            nonlocal replaced
            busy: Busy | None = scope[_BUSY]
            if busy is None:
                await send(message)
            elif not replaced:
                replaced = True
                await refuse(scope, receive, send, _too_busy(busy))

        await self._app(scope, receive, answer)


def note_busy(context: ServerCallContext, busy: Busy) -> None:
    """Leaves it for `TurnAway`, if the request came over HTTP."""
    context.state.get("scope", {})[_BUSY] = busy


def _is_work(scope: Scope) -> bool:
    return call_of(scope).get("method") in _WORK_METHODS or scope["path"].endswith(_WORK_PATHS)


def _too_busy(busy: Busy) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS if busy.caller else HTTPStatus.SERVICE_UNAVAILABLE,
        InternalError(busy.message),
        {"Retry-After": str(busy.retry_seconds)},
    )
