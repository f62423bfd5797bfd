"""What the endpoint needs of stored conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from service.transcript import Transcript

CONTEXT_ID_LENGTH = 36
"""As long as a UUID, and as wide as the A2A SDK makes the same column in its table of tasks."""


class Session(Protocol):
    """A conversation, held by one turn."""

    @property
    def transcript(self) -> Transcript:
        """What is stored."""
        ...

    async def save(self, transcript: Transcript) -> None:
        """Stores what the conversation has grown into. Raises ValueError if it is not a continuation."""
        ...


class Sessions(Protocol):
    """All conversations."""

    def lease(self, context_id: str, new: bool = False) -> AbstractAsyncContextManager[Session]:
        """Waits until no other turn holds the conversation, in the order of asking. An unknown one is empty.

        Of one that is said to be new, nobody looks for what is stored.
        """
        ...

    async def read(self, context_id: str) -> Transcript:
        """What is stored now, whoever holds it. Empty for an unknown conversation."""
        ...


class Turnstile:
    """Lets one holder through per key, first come first served. Keeps nothing about keys that nobody asks for.

    It works within one process: a database of conversations belongs to one process at a time.
    """

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        lock, holders = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, holders + 1)
        try:
            async with lock:
                yield
        finally:
            lock, holders = self._locks.pop(key)
            if holders > 1:
                self._locks[key] = (lock, holders - 1)


def growth(stored: Transcript, transcript: Transcript) -> Transcript:
    """The spans that `transcript` has beyond `stored`. Raises ValueError if it does not continue it."""
    known = len(stored.spans)
    if transcript.spans[:known] != stored.spans:
        raise ValueError("a transcript only grows: this one does not continue what is stored")
    return Transcript.of(transcript.spans[known:])
