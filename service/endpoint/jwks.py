"""The public keys that an issuer publishes, as they are now: it adds some and drops others at any time."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from service.errors import ConfigError
from service.outbound.client import open_http

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 10.0
"""How often they are read at most: anybody can send tokens with made-up key ids."""
FRESH_SECONDS = 300.0
"""After which they are read again: a key that was dropped is not believed for much longer."""
_READ_SECONDS = 5.0
_LONGEST = 2**20
"""Bytes of a JWKS."""
_KEY_TYPES = ("RSA", "EC", "OKP")
"""The asymmetric ones."""


class Jwks:
    """Of one issuer, in a file or at a URL. While they cannot be read, those that were known stay."""

    def __init__(self, source: str) -> None:
        """Raises ConfigError for a file without keys, and for a URL by which others could slip theirs in."""
        self.keys = KeySet([])
        self.known = False
        """Whether they were ever read."""
        self._began = -math.inf
        self._reading: asyncio.Task[None] | None = None
        self._fetch: Callable[[], Awaitable[bytes]]
        if "://" in source:
            _check_url(source)
            tls = httpx.create_ssl_context()  # made once: it takes long, and nothing else is done meanwhile
            self._fetch = lambda: _download(source, tls)
            return
        path = Path(source)
        self._fetch = lambda: asyncio.to_thread(path.read_bytes)
        try:
            self.keys, self.known = _parse(path.read_bytes()), True
        except (OSError, ValueError) as error:
            raise ConfigError(f"the JWKS {path} cannot be read: {error}") from error
        if not self.keys:
            raise ConfigError(f"the JWKS {path} has no public keys for signatures")

    def keep_fresh(self) -> None:
        """Begins to read them if they are old. Nobody waits for that."""
        self._begin(FRESH_SECONDS)

    async def refresh(self) -> None:
        """Reads them, once for all who want that at the same time, if they were not read only just."""
        if reading := self._begin(PAUSE_SECONDS):
            await asyncio.shield(reading)

    def _begin(self, pause: float) -> asyncio.Task[None] | None:
        if self._reading is None or self._reading.done():
            now = time.monotonic()
            if now - self._began < pause:
                return None
            self._began, self._reading = now, asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        try:
            self.keys, self.known = _parse(await self._fetch()), True
        except (OSError, ValueError, httpx.HTTPError) as error:
            logger.warning("the JWKS cannot be read: %s", str(error) or type(error).__name__)


def _check_url(source: str) -> None:
    try:
        url = httpx.URL(source)
    except httpx.InvalidURL as error:
        raise ConfigError(f"the JWKS's URL cannot be used: {error}") from error
    if not (url.scheme == "https" or (url.scheme == "http" and url.host in ("localhost", "127.0.0.1", "::1"))):
        raise ConfigError("the JWKS's URL begins with https://, unless it is on this machine")


async def _download(url: str, tls: ssl.SSLContext) -> bytes:
    """Raises httpx.HTTPError, TimeoutError, and ValueError for an answer that is no use."""
    content = b""
    async with asyncio.timeout(_READ_SECONDS), open_http(tls) as http, http.stream("GET", url) as response:
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"HTTP {response.status_code}")
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _LONGEST:
                raise ValueError(f"more than {_LONGEST} bytes")
    return content


def _parse(content: bytes) -> KeySet:
    """Those that can check signatures; others may be there for other uses. Raises ValueError if it is no JWKS."""
    try:
        found = json.loads(content)["keys"]
        return KeySet([key for data in found if (key := _import(data))])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a JWKS") from error


def _import(data: dict[str, Any]) -> Key | None:
    if data.get("kty") not in _KEY_TYPES or data.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(data)
    except (JoseError, ValueError):
        logger.warning("a key of the JWKS cannot be used")
        return None
