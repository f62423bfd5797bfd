"""The versions of the protocol, and how a request says which one it speaks."""

from __future__ import annotations

from a2a.utils.constants import PROTOCOL_VERSION_0_3, VERSION_HEADER
from a2a.utils.errors import VersionNotSupportedError
from starlette.datastructures import Headers, QueryParams

from service.plain import one_line

_SAID_CHARS = 20


def said_version(headers: Headers, query: QueryParams) -> str:
    """Of a request over HTTP, which the protocol lets say it in the query too. Empty if it does not say."""
    return headers.get(VERSION_HEADER, query.get(VERSION_HEADER, ""))


def check_version(said: str, spoken: str) -> None:
    """Raises VersionNotSupportedError, which says what to send, unless what is `spoken` here is what the caller says.

    Who says nothing speaks 0.3.
    """
    if (said or PROTOCOL_VERSION_0_3).split(".")[0] == spoken.split(".")[0]:
        return
    if said:
        why = f"version {one_line(said, _SAID_CHARS)!r} is not spoken here"
    else:
        why = f"a request without {VERSION_HEADER} is one of {PROTOCOL_VERSION_0_3}, which is not spoken here"
    raise VersionNotSupportedError(
        f"{why}: send {VERSION_HEADER}: {spoken}; this agent speaks 1.0, and 0.3 by the methods and paths of 0.3"
    )
