"""What a request over HTTP says, parsed once and kept in its scope for all who look at it in front of the SDK."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

_CONTENT = "innerloop.content"


def keep_content(scope: Scope, content: Any) -> None:
    """The request's body is this JSON."""
    scope[_CONTENT] = content


def has_content(scope: Scope) -> bool:
    """Whether the request has a body."""
    return _CONTENT in scope


def content_of(scope: Scope) -> Any:
    """The body's JSON; an empty object if there is none."""
    return scope.get(_CONTENT, {})


def call_of(scope: Scope) -> dict[str, Any]:
    """The JSON-RPC request, if it is one; else empty."""
    content = content_of(scope) if scope["path"] == "/" else {}
    return content if isinstance(content, dict) else {}


def keep_only_id(scope: Scope) -> None:
    """Once nobody looks at the rest any more: a stream would keep it for as long as it lives."""
    if has_content(scope):
        keep_content(scope, {"id": call_of(scope).get("id")})
