"""Who asks, and the ways to find out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from a2a.auth.user import User
from starlette.datastructures import Headers


@dataclass(frozen=True, slots=True)
class Identity(User):
    """A caller who has proved who it is."""

    issuer: str
    """Who vouches for it."""
    subject: str
    """What its issuer calls it."""

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def user_name(self) -> str:
        return self.subject


class Unauthenticated(Exception):
    """The caller has not proved who it is. Its text is fit for the caller."""

    def __init__(self, why: str, challenge: str = "") -> None:
        """`challenge` is for WWW-Authenticate, where it is not just any credentials that are wanted."""
        super().__init__(why)
        self.challenge = challenge


class Unverifiable(Exception):
    """Whether the caller is who it says cannot be checked now. Its text is fit for the caller."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How callers are told of one kind of credentials."""

    name: str
    card: Mapping[str, Any]
    """The card's SecurityScheme, as ProtoJSON."""
    challenge: str
    """What asks for them in WWW-Authenticate: an auth-scheme with its realm."""
    header: str
    """In which they come, in lower case."""


class Way(Protocol):
    """Finds out who asks by one kind of credentials."""

    @property
    def scheme(self) -> Scheme: ...

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        """Whose the credentials in a request's `headers` are; None if it has none of this kind.

        `address` is the IP address at the other end of the connection. Raises Unauthenticated for what proves nothing,
        and Unverifiable.
        """
