"""The paths of the A2A bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from a2a.auth.user import User
from a2a.server.context import ServerCallContext
from a2a.server.request_handlers import RequestHandler
from a2a.server.routes import (
    DefaultServerCallContextBuilder,
    create_jsonrpc_routes,
    create_rest_routes,
)
from a2a.types import AgentCard
from a2a.utils.constants import PROTOCOL_VERSION_0_3, PROTOCOL_VERSION_1_0, VERSION_HEADER
from starlette.requests import Request
from starlette.routing import BaseRoute

from service.endpoint.versions import check_version, said_version
from service.endpoint.well_known import card_route, home_route, jwks_route


class ContextBuilder(DefaultServerCallContextBuilder):
    """Reads version and tenant from the query too, where the protocol allows them and the SDK does not look, and says
    what to send instead of a version that is not spoken at a path.

    Whose the request is, the middleware in front has found out.
    """

    def build(self, request: Request) -> ServerCallContext:
        context = super().build(request)
        context.state["scope"] = request.scope
        said = context.state["headers"][VERSION_HEADER.lower()] = said_version(request.headers, request.query_params)
        if (path := request.scope["path"]) != "/":  # of JSON-RPC, the method says it: that is known already
            # A tenant may be called v1 too.
            is_legacy = path.startswith("/v1/") and "tenant" not in request.path_params
            check_version(said, PROTOCOL_VERSION_0_3 if is_legacy else PROTOCOL_VERSION_1_0)
        context.tenant = request.query_params.get("tenant", "")
        return context

    def build_user(self, request: Request) -> User:
        user: User = request.scope["user"]  # without it, nobody is served
        return user


def make_routes(handler: RequestHandler, card: AgentCard, keys: Sequence[dict[str, Any]]) -> list[BaseRoute]:
    """Card, JSON-RPC and HTTP+JSON, each for 1.0 and 0.3. The last route takes any path that others left.

    `keys` are the public ones of whatever this agent signs, as JWKs.
    """
    context = ContextBuilder()
    return [
        card_route(card),
        jwks_route(keys),
        *create_jsonrpc_routes(handler, "/", context, enable_v0_3_compat=True),
        home_route(),  # after JSON-RPC: to a PUT the first of the two answers, and its Allow says POST
        *create_rest_routes(handler, context, enable_v0_3_compat=True),
    ]
