"""API keys, of which a file has the hashes: whoever reads it cannot use them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers

from service.endpoint.identity import Identity, Scheme, Unauthenticated
from service.errors import ConfigError

ISSUER = "urn:innerloop:api-keys"
_LINE = re.compile(r"(\S+)\s+([0-9a-fA-F]{64})")


class ApiKeys:
    """The header X-API-Key.

    A line of the file is a name and the SHA-256 of a key in hexadecimal; a name may have several keys. Empty lines and
    those that begin with # are left out. Keys are random and long, so a plain hash is enough.
    """

    scheme = Scheme(
        "apiKey",
        {"apiKeySecurityScheme": {"location": "header", "name": "X-API-Key"}},
        'ApiKey realm="agent"',
        "x-api-key",
    )

    def __init__(self, path: Path) -> None:
        """Raises ConfigError for a file that cannot be read, or has another line."""
        self._names = _read(path)

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        given = headers.getlist(self.scheme.header)
        if not given:
            return None
        digest = hashlib.sha256(given[0].encode("latin-1")).digest()
        # All are compared, each in constant time: how long it takes says nothing about any.
        found = [name for known, name in self._names.items() if hmac.compare_digest(known, digest)]
        if len(given) > 1 or not found:
            raise Unauthenticated("the API key is not known")
        return Identity(ISSUER, found[0])


def _read(path: Path) -> Mapping[bytes, str]:
    """Names by digest."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file of API keys {path} cannot be read: {error}") from error
    names: dict[bytes, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:  # the line is not shown: it may be a key
            raise ConfigError(f"{path}, line {number}: not a name and the SHA-256 of its key in hexadecimal")
        name, digest = match[1], bytes.fromhex(match[2])
        if digest in names:
            raise ConfigError(f"{path}, line {number}: {names[digest]} has the same key")
        names[digest] = name
    return names
