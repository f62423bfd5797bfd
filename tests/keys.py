"""Keys to sign with, made for a test."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
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


def write_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Of a host, signed by nobody else, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file, key_file
