"""What a request over HTTP says, parsed once and kept in its scope for all who look at it in front of the SDK."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

_CONTENT = "innerloop.content"


def with_content(scope: Scope, content: Any) -> Scope:
    """The scope of a request whose body is this JSON."""
    return {**scope, _CONTENT: content}


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
