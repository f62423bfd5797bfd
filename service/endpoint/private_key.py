"""A private key in a mounted file, with which an agent signs what others are to know as its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from joserfc.errors import InvalidKeyTypeError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.errors import ConfigError

NIST = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
"""The algorithm of a key on each curve."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Half of it is secret."""

    id: str
    """The key's thumbprint (RFC 7638): the same for the same key, wherever it is mounted."""
    algorithm: str
    public: dict[str, Any]
    """As a JWK."""
    key: ECKey | OKPKey | RSAKey

    @classmethod
    def read(cls, path: Path, curves: Mapping[str, str], what: str) -> Self:
        """The key in a PEM file: RSA, or on one of the `curves`, given with their algorithms, which sign `what`.

        Raises ConfigError, which says nothing of what is in the file, if there is no such key in it.
        """
        try:
            key = _import(path.read_bytes())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        except (ValueError, TypeError):  # an encrypted one is a TypeError
            raise ConfigError(f"{path}: not a private key in PEM form without a password") from None
        if key is None or not key.is_private:
            raise ConfigError(f"{path}: not a private key for signatures")
        algorithm = "RS256" if isinstance(key, RSAKey) else curves.get(key.curve_name)
        if algorithm is None:
            raise ConfigError(f"{path}: a key on a curve that signs no {what}; the curves are {', '.join(curves)}")
        about = {"kid": key.thumbprint(), "alg": algorithm, "use": "sig"}
        return cls(about["kid"], algorithm, {**key.as_dict(private=False), **about}, key)


def _import(pem: bytes) -> ECKey | OKPKey | RSAKey | None:
    for kind in (ECKey, OKPKey, RSAKey):
        try:
            return kind.import_key(pem)
        except InvalidKeyTypeError:
            continue
    return None
