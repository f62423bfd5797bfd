"""Where it is asked whether the service is alive, and whether it may be asked."""

from __future__ import annotations

from http import HTTPStatus

from a2a.utils.errors import InternalError
from starlette.types import ASGIApp, Receive, Scope, Send

from service.endpoint.refusals import RETRY_AFTER_SECONDS, Refusal, refuse

PROBES = ("/healthz", "/readyz")
_ANSWERED = (*PROBES, "/livez", "/startupz")
"""Also those of the management port: a kubelet that is turned away would end the process."""

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
        if scope["path"] in _ANSWERED:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, _FULL)
