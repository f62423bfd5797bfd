"""What a request that never reaches the SDK is answered with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from a2a.utils.error_handlers import ERROR_INFO_TYPE, build_error_details
from a2a.utils.errors import (
    A2A_ERROR_MAPPING,
    JSON_RPC_ERROR_CODE_MAP,
    A2AError,
    InvalidRequestError,
    JSONParseError,
    MethodNotFoundError,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service.endpoint.parsed import call_of

RETRY_AFTER_SECONDS = 5
SHUTTING_DOWN = "this agent is shutting down"
DOMAIN = "innerloop.dev"
"""Whose name for a reason it is, in `google.rpc.ErrorInfo`, where the protocol has none."""
_NO_CODE = -32000
"""In JSON-RPC, where the protocol has none for it: the one of those for servers that the protocol leaves to them."""
_NAMES = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHENTICATED",
    HTTPStatus.REQUEST_TIMEOUT: "DEADLINE_EXCEEDED",
    HTTPStatus.TOO_MANY_REQUESTS: "RESOURCE_EXHAUSTED",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}
"""What HTTP+JSON calls them. The others are called as the protocol's error is."""


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    error: A2AError
    """In the protocol's words. A bare A2AError where it has none for it. Its data are shown."""
    headers: Mapping[str, str] | None = None

    @classmethod
    def of(cls, error: A2AError) -> Refusal:
        """With the HTTP status that the protocol has for the error."""
        return cls(HTTPStatus(A2A_ERROR_MAPPING[_in_http(error)].http_code), error)

    @property
    def code(self) -> int:
        """The error's code in JSON-RPC."""
        return JSON_RPC_ERROR_CODE_MAP.get(_kind(self.error, JSON_RPC_ERROR_CODE_MAP), _NO_CODE)

    @property
    def name(self) -> str:
        """The status in HTTP+JSON."""
        return _NAMES.get(self.status) or A2A_ERROR_MAPPING[_in_http(self.error)].grpc_status

    @property
    def details(self) -> list[dict[str, Any]]:
        """What names the reason: by the protocol's name, if it has one, else by ours."""
        kind = _in_http(self.error)
        if kind in A2A_ERROR_MAPPING:
            return build_error_details(kind(self.error.message))
        info = {"@type": ERROR_INFO_TYPE, "reason": self.name, "domain": DOMAIN, "metadata": self.error.data or {}}
        return [info]


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answers in the form of the binding the path belongs to."""
    await _answer(scope, refusal)(scope, receive, send)


def refuse_path(request: Request, error: Exception) -> Response:
    """Answers where there is nothing to be asked at a path, or not by this method."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    why = f"there is no {request.method} at this path: the agent's card says where it is asked"
    return _answer(request.scope, Refusal(status, MethodNotFoundError(why), error.headers))


def _answer(scope: Scope, refusal: Refusal) -> JSONResponse:
    status, why = refusal.status, refusal.error.message
    content: dict[str, Any]
    if scope["path"] == "/":
        call_id = call_of(scope).get("id")
        known = call_id if type(call_id) in (str, int) else None
        content = {
            "jsonrpc": "2.0",
            "id": known,
            "error": {"code": refusal.code, "message": why, "data": refusal.details},
        }
        if status == HTTPStatus.BAD_REQUEST:  # what is wrong with a call, JSON-RPC says in the body
            status = HTTPStatus.OK
    else:
        content = {"error": {"code": status, "status": refusal.name, "message": why, "details": refusal.details}}
    return JSONResponse(content, status, refusal.headers)


def _kind(error: A2AError, known: Collection[type[A2AError]]) -> type[A2AError]:
    """The first that is known of those that the error is one of; a bare A2AError if none is."""
    return next((kind for kind in type(error).__mro__ if kind in known), A2AError)


def _in_http(error: A2AError) -> type[A2AError]:
    """What HTTP+JSON takes an error for: that a request is no JSON has a name in JSON-RPC only."""
    return InvalidRequestError if isinstance(error, JSONParseError) else _kind(error, A2A_ERROR_MAPPING)
