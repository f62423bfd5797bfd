"""Signatures of the card, by which others know that it is this agent's: JWS over its canonical JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from a2a.types import AgentCard
from a2a.utils.signing import create_agent_card_signer
from joserfc.errors import InvalidKeyTypeError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from jwt import PyJWK

from service.errors import ConfigError

_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
"""The algorithm of a key on each curve."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Half of it is secret."""

    id: str
    """The key's thumbprint (RFC 7638): the same for the same key, wherever it is mounted."""
    algorithm: str
    public: dict[str, Any]
    """As a JWK."""
    _private: PyJWK

    @classmethod
    def read(cls, path: Path) -> Self:
        """The private key in a PEM file. Raises ConfigError, which says nothing of what is in it, if there is none."""
        try:
            key = _import_key(path.read_bytes())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        except (ValueError, TypeError):  # an encrypted one is a TypeError
            raise ConfigError(f"{path}: not a private key in PEM form without a password") from None
        if key is None or not key.is_private:
            raise ConfigError(f"{path}: not a private key for signatures")
        algorithm = "RS256" if isinstance(key, RSAKey) else _CURVES.get(key.curve_name)
        if algorithm is None:
            raise ConfigError(f"{path}: a key on a curve that signs no cards; the curves are {', '.join(_CURVES)}")
        about = {"kid": key.thumbprint(), "alg": algorithm, "use": "sig"}
        private = PyJWK({**key.as_dict(private=True), **about})
        return cls(about["kid"], algorithm, {**key.as_dict(private=False), **about}, private)

    def sign(self, card: AgentCard) -> None:
        """Adds a signature to the card."""
        protected = {"kid": self.id, "alg": self.algorithm, "typ": "JOSE"}
        create_agent_card_signer(self._private, protected)(card)  # type: ignore[arg-type] # `jku` may be left out


def signed(card: AgentCard, keys: Sequence[SigningKey]) -> AgentCard:
    """The card with a signature of each key, so that who knows one of them can tell."""
    for key in keys:
        key.sign(card)
    return card


def _import_key(pem: bytes) -> ECKey | OKPKey | RSAKey | None:
    for kind in (ECKey, OKPKey, RSAKey):
        try:
            return kind.import_key(pem)
        except InvalidKeyTypeError:
            continue
    return None
