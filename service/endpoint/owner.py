"""Whose a task and a conversation are: nobody else's request ever meets them."""

from __future__ import annotations

import hashlib
import json

from a2a.auth.user import UnauthenticatedUser
from a2a.server.context import ServerCallContext

from service.endpoint.identity import Identity
from service.sessions.tables import ID_LENGTH

_LENGTH = 255
"""As wide as the A2A SDK makes the column of a task's owner."""


def owner_of(context: ServerCallContext) -> str:
    """Names the issuer, the subject and the tenant in one string of at most 255 characters, each triple differently.

    The anonymous caller's is empty, as long as it names no tenant.
    """
    return _named(*_caller(context), context.tenant)


def quota_key(context: ServerCallContext) -> str:
    """Names who asks, whatever the tenant: how much somebody may ask for does not grow with the tenants he names."""
    return hashlib.sha256(_named(*_caller(context), "").encode()).hexdigest()


def _caller(context: ServerCallContext) -> tuple[str, str]:
    match context.user:
        case Identity(issuer=issuer, subject=subject):
            return issuer, subject
        case UnauthenticatedUser():
            return "", ""
        case other:
            raise TypeError(f"nobody has said who a {type(other).__name__} is")


def _named(*parts: str) -> str:
    if not any(parts):
        return ""
    name = json.dumps(parts)  # quoted, so that no part can look like two
    return name if len(name) <= _LENGTH else f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def conversation_key(owner: str, context_id: str) -> str:
    """What a conversation is stored by: two owners who name the same context have two conversations."""
    if not owner:
        return context_id
    return hashlib.sha256(f"{len(owner)} {owner}{context_id}".encode()).hexdigest()[:ID_LENGTH]
