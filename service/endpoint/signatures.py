"""Signatures of the card, by which others know that it is this agent's: JWS over its canonical JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from a2a.types import AgentCard
from a2a.utils.signing import create_agent_card_signer
from jwt import PyJWK

from service.endpoint.private_key import NIST, PrivateKey

_CURVES = NIST | {"Ed25519": "EdDSA"}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of those that sign the card."""

    _key: PrivateKey

    @classmethod
    def read(cls, path: Path) -> Self:
        """The private key in a PEM file. Raises ConfigError."""
        return cls(PrivateKey.read(path, _CURVES, "cards"))

    @property
    def id(self) -> str:
        return self._key.id

    @property
    def public(self) -> dict[str, Any]:
        """As a JWK."""
        return self._key.public

    def sign(self, card: AgentCard) -> None:
        """Adds a signature to the card."""
        private = PyJWK({**self._key.public, **self._key.key.as_dict(private=True)})
        protected = {"kid": self.id, "alg": self._key.algorithm, "typ": "JOSE"}
        create_agent_card_signer(private, protected)(card)  # type: ignore[arg-type] # `jku` may be left out


def signed(card: AgentCard, keys: Sequence[SigningKey]) -> AgentCard:
    """The card with a signature of each key, so that who knows one of them can tell."""
    for key in keys:
        key.sign(card)
    return card
