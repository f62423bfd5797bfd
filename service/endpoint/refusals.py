"""What a request that never reaches the SDK is answered with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from a2a.utils.error_handlers import build_error_details
from a2a.utils.errors import (
    A2A_ERROR_MAPPING,
    JSON_RPC_ERROR_CODE_MAP,
    A2AError,
    InvalidRequestError,
    JSONParseError,
)
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from service.endpoint.parsed import call_of

RETRY_AFTER_SECONDS = 5
_NO_CODE = -32000
"""In JSON-RPC, where the protocol has none for it."""
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
    """In the protocol's words. A bare A2AError where it has none for it."""
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
        """What names the reason, if the protocol has a name for it."""
        kind = _in_http(self.error)
        return build_error_details(kind(self.error.message)) if kind in A2A_ERROR_MAPPING else []


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answers in the form of the binding the path belongs to."""
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
    await JSONResponse(content, status, refusal.headers)(scope, receive, send)


def _kind(error: A2AError, known: Collection[type[A2AError]]) -> type[A2AError]:
    """The first that is known of those that the error is one of; a bare A2AError if none is."""
    return next((kind for kind in type(error).__mro__ if kind in known), A2AError)


def _in_http(error: A2AError) -> type[A2AError]:
    """What HTTP+JSON takes an error for: that a request is no JSON has a name in JSON-RPC only."""
    return InvalidRequestError if isinstance(error, JSONParseError) else _kind(error, A2A_ERROR_MAPPING)
