"""Somebody who issues tokens, with real keys, and publishes the public ones in a file or at a URL."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

from service.settings import AuthSection, JwtSection

ISSUER, AUDIENCE = "https://issuer.example", "https://agent.example"


class Issuer:
    """Has one key at a time."""

    def __init__(self) -> None:
        self.rotate("one")

    def rotate(self, kid: str) -> None:
        self.key: ECKey | RSAKey | OKPKey = ECKey.generate_key("P-256", {"kid": kid})

    def jwks(self) -> str:
        return json.dumps(KeySet([self.key]).as_dict(private=False))

    def publish(self, folder: Path) -> AuthSection:
        """The keys in a file, and tokens signed with them as the way to be known."""
        path = folder / "jwks.json"
        path.write_text(self.jwks())
        return trust(str(path))

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good one for alice, but for what is said; what is None is left out."""
        written = {"alg": "ES256", "kid": self.key.kid, **(header or {})}
        written = {name: value for name, value in written.items() if value is not None}
        registry = JWSRegistry(algorithms=[written["alg"]], strict_check_header=False)
        return jwt.encode(written, claims_of(**claims), self.key, registry=registry)

    def critical(self) -> str:
        """One whose header must be understood, and is not."""
        unknown = {"x": HeaderParameter("", "int")}
        registry = JWSRegistry(unknown, ["ES256"])
        return jwt.encode(
            {"alg": "ES256", "kid": self.key.kid, "crit": ["x"], "x": 1}, claims_of(), self.key, registry=registry
        )

    def forged(self, algorithm: str, secret: bytes = b"") -> str:
        """One without a signature, or with one that takes `secret`."""
        header = {"alg": algorithm, "kid": self.key.kid, "typ": "JWT"}
        signed = f"{encoded(header)}.{encoded(claims_of())}"
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest() if secret else b""
        return f"{signed}.{_base64(signature)}"


def trust(jwks: str) -> AuthSection:
    return AuthSection(jwt=JwtSection(jwks=jwks, issuer=ISSUER, audience=AUDIENCE))


def claims_of(**claims: Any) -> dict[str, Any]:
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": int(time.time()) + 600}
    return {name: value for name, value in {**good, **claims}.items() if value is not None}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class KeyServer:
    """Answers every request with `content`, while `open` is set."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.status = 200
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
        async with server:
            yield

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        await self.open.wait()
        body = self.content.encode()
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


def encoded(part: Any) -> str:
    """A part of a token."""
    return _base64(json.dumps(part).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
