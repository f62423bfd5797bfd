"""Our extensions, as a caller asks for them and is told that they are active."""

from __future__ import annotations

from collections.abc import Sequence

from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import delegation, extension


def active(asked: Sequence[str]) -> str:
    """What the header of a response says, given those of the request. Empty if none of ours was asked for."""
    return ", ".join(sorted({extension.URI, delegation.URI} & get_requested_extensions(list(asked))))


class EchoExtensions:
    """Names our extensions in the response to whoever asked for them: they are active."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope).getlist(HTTP_EXTENSION_HEADER) if scope["type"] == "http" else []
        echoed = active(asked)

        async def send_with_echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HTTP_EXTENSION_HEADER] = echoed
            await send(message)

        await self._app(scope, receive, send_with_echo if echoed else send)
