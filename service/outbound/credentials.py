"""What we show another agent or server to be let in: a secret from a file, for one origin and no other."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.errors import ConfigError
from service.urls import port_of

_HEADER = r"[A-Za-z0-9-]{1,64}"


@dataclass(frozen=True)
class Credential(httpx.Auth):
    """Goes with each request to the origin of `url`. Wherever else a card points to, nobody gets to see it."""

    url: str
    file: Path
    """Read whenever it is needed: what is mounted is replaced from time to time."""
    header: str | None = None
    """The one that an API key goes into; without it, the secret is a bearer token."""

    def check(self) -> None:
        """Raises ConfigError if there is no secret in the file, or no such header."""
        if self.header and not re.fullmatch(_HEADER, self.header):
            raise ConfigError(f"{self.header!r} is not the name of a header")
        try:
            self.shown()
        except OSError as error:
            raise ConfigError(f"{self.file}: {error.strerror or error}") from error
        except ValueError as error:
            raise ConfigError(f"{self.file}: {error}") from None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        try:
            request.headers.update(self.headers(str(request.url)))
        except (OSError, ValueError) as error:
            raise httpx.RequestError(f"no credential in {self.file}: {error}", request=request) from error
        yield request

    def headers(self, url: str) -> dict[str, str]:
        """What a request to `url` shows. Raises as `shown` does."""
        return self.shown() if _origin(httpx.URL(url)) == _origin(httpx.URL(self.url)) else {}

    def shown(self) -> dict[str, str]:
        """For whoever has checked where it goes. Raises OSError or ValueError if there is no secret in the file."""
        secret = self.file.read_bytes().decode("latin-1").strip()
        if not secret or not secret.isascii() or not secret.isprintable():
            raise ValueError("not one line of ASCII text")
        return {self.header: secret} if self.header else {"Authorization": f"Bearer {secret}"}


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, port_of(url)
