"""What anybody can read of an agent: its card, with all that caches want to know, and the keys that sign it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from email.utils import formatdate, parsedate
from typing import Any

from a2a.server.request_handlers.response_helpers import agent_card_to_dict
from a2a.types import AgentCard
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOME_PATH = "/"
JWKS_PATH = "/.well-known/jwks.json"
_MAX_AGE = "public, max-age=60"


def card_route(card: AgentCard) -> Route:
    """In place of the SDK's, whose ETag is a weak one, and which knows of no date.

    The card does not change while the process lives; of replicas with a key on a NIST curve, each has signed its own.
    """
    body = json.dumps(agent_card_to_dict(card), ensure_ascii=False).encode()
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()}"',
        "Last-Modified": formatdate(time.time(), usegmt=True),
        "Cache-Control": _MAX_AGE,
    }

    async def show(request: Request) -> Response:
        if _is_current(request.headers, headers):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    return Route(AGENT_CARD_WELL_KNOWN_PATH, show)  # a GET, so HEAD too


def home_route() -> Route:
    """Where people look first: leads to the card. Machines POST there, which is JSON-RPC."""
    where = AGENT_CARD_WELL_KNOWN_PATH.removeprefix("/")  # relative: a proxy may have its own path before ours
    answer = {"message": "This is an A2A agent. Its card says what it can do, and how it is asked.", "card": where}

    async def show(_: Request) -> Response:
        return JSONResponse(answer, 307, {"Location": where})

    return Route(HOME_PATH, show)


def jwks_route(keys: Sequence[dict[str, Any]]) -> Route:
    """The public keys as a JWK set."""

    async def show(_: Request) -> Response:
        return JSONResponse({"keys": keys}, headers={"Cache-Control": _MAX_AGE})

    return Route(JWKS_PATH, show)


def _is_current(asked: Headers, ours: dict[str, str]) -> bool:
    """Whether the client has what we would send it (RFC 9110, 13.2.2)."""
    if none_match := asked.getlist("if-none-match"):
        tags = {tag.strip().removeprefix("W/") for tag in ",".join(none_match).split(",")}
        return "*" in tags or ours["ETag"] in tags
    since, modified = parsedate(asked.get("if-modified-since")), parsedate(ours["Last-Modified"])
    return since is not None and modified is not None and since >= modified
