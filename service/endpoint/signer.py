"""What this agent sends to webhooks, signed: a JWT about each body, by a key whose public half anybody can read."""

from __future__ import annotations

import hashlib
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from service.errors import ConfigError

_VALID_SECONDS = 300
_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
"""By curve. Of Ed25519 libraries do not agree what it is called."""


class Signer:
    """One key."""

    def __init__(self, key: ECKey | RSAKey, algorithm: str, issuer: str) -> None:
        self._key = key
        self._algorithm = algorithm
        self._issuer = issuer
        self.public: dict[str, Any] = KeySet([key]).as_dict(private=False, alg=algorithm, use="sig")["keys"][0]
        """As a JWK."""

    @classmethod
    def read(cls, path: Path, issuer: str) -> Self:
        """The private key in a PEM file. Raises ConfigError for what is none, or none to sign with."""
        try:
            key = _key(path.read_bytes())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        if key is None or not key.is_private:
            raise ConfigError(f"{path}: not a private key, without a password, in PEM form")
        algorithm = "RS256" if isinstance(key, RSAKey) else _ALGORITHMS.get(key.curve_name)
        if algorithm is None:
            raise ConfigError(f"{path}: keys of this kind sign nothing here; give one of P-256 or RSA")
        return cls(key, algorithm, issuer)

    def sign(self, body: bytes, audience: str) -> str:
        """A JWT that says who sent `body` to whom, and when."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "iat": now,
            "exp": now + _VALID_SECONDS,
            "jti": str(uuid.uuid4()),
            "request_body_sha256": hashlib.sha256(body).hexdigest(),
        }
        header = {"alg": self._algorithm, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[self._algorithm])


def _key(pem: bytes) -> ECKey | RSAKey | None:
    kinds: tuple[type[ECKey | RSAKey], ...] = (ECKey, RSAKey)
    for kind in kinds:
        with suppress(JoseError, ValueError, TypeError):
            return kind.import_key(pem)
    return None
