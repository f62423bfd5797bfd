"""Keys to sign with, made for a test."""

from __future__ import annotations

import json
from pathlib import Path

from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.endpoint.signatures import SigningKey

KINDS = ("P-256", "P-384", "P-521", "Ed25519", "RSA")


def write_key(path: Path, kind: str = "P-256") -> Path:
    """A new private key in a PEM file."""
    key: ECKey | OKPKey | RSAKey
    match kind:
        case "RSA":
            key = RSAKey.generate_key(2048)
        case "Ed25519":
            key = OKPKey.generate_key(kind)
        case _:
            key = ECKey.generate_key(kind)
    path.write_bytes(key.as_pem(private=True))
    return path


def write_pins(path: Path, *keys: Path) -> Path:
    """Their public halves as a JWK set."""
    path.write_text(json.dumps({"keys": [SigningKey.read(key).public for key in keys]}))
    return path
