"""Who may ask: whose a request is comes before anything else of it, on every path that is not open to all.

    headers, address ──► Auth.identify ──► Identity          the first way that there are credentials for decides
                              ├──────────► Unauthenticated   401, without credentials or with wrong ones
                              └──────────► Unverifiable      503

Where no way is on, everybody is the same anonymous caller.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from a2a.auth.user import UnauthenticatedUser, User
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from a2a.utils.errors import A2AError, InternalError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.endpoint.identity import Unauthenticated, Unverifiable, Way
from service.endpoint.probes import PROBES
from service.endpoint.refusals import RETRY_AFTER_SECONDS, Refusal, refuse
from service.endpoint.well_known import HOME_PATH, JWKS_PATH
from service.telemetry.logs import BOUNDED, fields

logger = logging.getLogger(__name__)

OPEN_PATHS = (HOME_PATH, AGENT_CARD_WELL_KNOWN_PATH, JWKS_PATH, *PROBES)
"""What anybody may read."""


class Auth:
    """The ways that are on, in the order in which they are tried."""

    def __init__(self, ways: Sequence[Way] = ()) -> None:
        self._ways = ways

    async def identify(self, headers: Headers, address: str | None) -> User:
        """Whose a request is, by its headers and the IP address that it comes from. For every binding the same.

        Raises Unauthenticated, with a challenge, and Unverifiable.
        """
        if not self._ways:
            return UnauthenticatedUser()
        try:
            return await self._identify(headers, address)
        except (Unauthenticated, Unverifiable) as error:
            logger.warning("caller refused: %s", error, extra=BOUNDED | fields(address=address))
            raise

    async def _identify(self, headers: Headers, address: str | None) -> User:
        any_way = ", ".join(way.scheme.challenge for way in self._ways)
        try:
            for way in self._ways:
                if identity := await way.identify(headers, address):
                    return identity
        except Unauthenticated as error:
            error.challenge = error.challenge or any_way
            raise
        raise Unauthenticated("this agent answers only callers that it knows", any_way)

    @property
    def schemes(self) -> Mapping[str, Mapping[str, Any]]:
        """The security schemes of the card by name, as ProtoJSON. Any one of them will do."""
        return {way.scheme.name: way.scheme.card for way in self._ways}

    def without_credentials(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        secret = {way.scheme.header.encode() for way in self._ways}
        return [header for header in headers if header[0] not in secret]


class Authenticate:
    """Refuses callers who do not prove who they are. The credentials of the others go no further than this.

    Sets the scope's `user`.
    """

    def __init__(self, app: ASGIApp, auth: Auth) -> None:
        self._app = app
        self._auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The scope's path is what is routed by; a request's URL is made of its Host header too.
        if scope["type"] != "http" or (scope["path"] in OPEN_PATHS and scope["method"] in ("GET", "HEAD")):
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else None
        try:
            user = await self._auth.identify(Headers(scope=scope), address)
        except Unauthenticated as error:
            await refuse(scope, receive, send, _unauthenticated(error))
        except Unverifiable as error:
            await refuse(scope, receive, send, _unverifiable(str(error)))
        else:
            scope["user"] = user
            scope["headers"] = self._auth.without_credentials(scope["headers"])
            await self._app(scope, receive, send)


def _unauthenticated(error: Unauthenticated) -> Refusal:
    wanted = A2AError(str(error), {"challenge": error.challenge})
    return Refusal(HTTPStatus.UNAUTHORIZED, wanted, {"WWW-Authenticate": error.challenge})


def _unverifiable(why: str) -> Refusal:
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        InternalError(why),
        {"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
