"""What this agent sends to webhooks, signed: a JWT about each body, by a key whose public half anybody can read."""

from __future__ import annotations

import hashlib
import time
import uuid
from pathlib import Path
from typing import Any, Self

from joserfc import jwt

from service.endpoint.private_key import NIST, PrivateKey

_VALID_SECONDS = 300


class Signer:
    """One key: RSA, or on a NIST curve. Of Ed25519 libraries do not agree what it is called."""

    def __init__(self, key: PrivateKey, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    @classmethod
    def read(cls, path: Path, issuer: str) -> Self:
        """The private key in a PEM file. Raises ConfigError."""
        return cls(PrivateKey.read(path, NIST, "webhooks' bodies"), issuer)

    @property
    def public(self) -> dict[str, Any]:
        """As a JWK."""
        return self._key.public

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
        header = {"alg": self._key.algorithm, "kid": self._key.id}
        return jwt.encode(header, claims, self._key.key, algorithms=[self._key.algorithm])
