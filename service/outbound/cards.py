"""Other agents' cards: read where they are new, up to a size, and believed if a pinned key has signed them.

Which keys may sign a card is never taken from the card, nor from where it points to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from a2a.client.card_resolver import parse_agent_card
from a2a.types import AgentCard
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from a2a.utils.signing import NoSignatureError, SignatureVerificationError, create_signature_verifier
from google.protobuf.json_format import ParseError
from jwt import InvalidKeyError, PyJWK, PyJWTError

from service.errors import ConfigError, ServiceError

_CARD_BYTES = 2**20
_ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]
"""None whose key both ends would have to know."""


@dataclass(frozen=True, slots=True)
class PinnedKeys:
    """Public keys by their ids, any of which may have signed a card."""

    _keys: Mapping[str, PyJWK]

    @classmethod
    def read(cls, path: Path) -> Self:
        """A file with a JWK set, as agents publish theirs. Raises ConfigError for one without keys that will do."""
        try:
            keys = [_key(data) for data in json.loads(path.read_bytes())["keys"]]
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        except (ValueError, LookupError, TypeError, AttributeError, PyJWTError):
            raise ConfigError(f"{path}: not a JWK set of public keys, each with a `kid`") from None
        if not keys:
            raise ConfigError(f"{path}: there is no key in it")
        return cls(dict(keys))

    def verify(self, card: AgentCard) -> None:
        """Raises ServiceError if none of them has signed it."""
        try:
            create_signature_verifier(self._find, _ALGORITHMS)(card)
        except NoSignatureError:
            raise ServiceError("its card is not signed") from None
        except SignatureVerificationError:
            raise ServiceError("its card has no valid signature by a pinned key") from None

    def _find(self, key_id: object, url: object) -> PyJWK:
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise InvalidKeyError("not pinned")
        return key


def _key(data: dict[str, Any]) -> tuple[str, PyJWK]:
    key = PyJWK(data)
    if key.algorithm_name not in _ALGORITHMS or not key.key_id or "d" in data:
        raise ValueError("not the public key of a pair")
    return key.key_id, key


@dataclass(frozen=True, slots=True)
class ReadCard:
    """A card, and what its server calls this version of it."""

    card: AgentCard
    etag: str | None = None


async def read_card(
    http: httpx.AsyncClient, url: str, keys: PinnedKeys | None = None, known: ReadCard | None = None
) -> ReadCard:
    """The card of the agent at `url`; the `known` one if it is still that.

    Raises ServiceError for what is no card, or none that one of the `keys` has signed, if there are any.
    """
    place = f"{url.rstrip('/')}{AGENT_CARD_WELL_KNOWN_PATH}"
    condition = {"If-None-Match": known.etag} if known and known.etag else {}
    try:
        async with http.stream("GET", place, headers={"Accept": "application/json", **condition}) as response:
            if known and response.status_code == httpx.codes.NOT_MODIFIED:
                return known
            if response.status_code != httpx.codes.OK:
                raise ServiceError(f"{place} answers {response.status_code}")
            body = await _read(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ServiceError(f"{place} cannot be read: {error or type(error).__name__}") from error
    try:
        card = parse_agent_card(json.loads(body))
    except (ValueError, RecursionError, ParseError, TypeError, AttributeError) as error:
        raise ServiceError(f"what is at {place} is no card: {error}") from error
    if keys:
        keys.verify(card)
    return ReadCard(card, response.headers.get("ETag"))


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _CARD_BYTES:
            raise ServiceError(f"its card has more than {_CARD_BYTES} bytes")
    return bytes(body)
