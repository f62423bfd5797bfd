"""Conversations that end with the process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.sessions.base import Turnstile, growth
from service.transcript import Transcript


class MemorySessions:
    def __init__(self) -> None:
        self._transcripts: dict[str, Transcript] = {}
        self._turnstile = Turnstile()

    @asynccontextmanager
    async def lease(self, context_id: str, new: bool = False) -> AsyncIterator[MemorySession]:
        async with self._turnstile.hold(context_id):
            yield MemorySession(self._transcripts, context_id)

    async def read(self, context_id: str) -> Transcript:
        return self._transcripts.get(context_id, Transcript())


class MemorySession:
    def __init__(self, transcripts: dict[str, Transcript], context_id: str) -> None:
        self._transcripts = transcripts
        self._context_id = context_id

    @property
    def transcript(self) -> Transcript:
        return self._transcripts.get(self._context_id, Transcript())

    async def save(self, transcript: Transcript) -> None:
        growth(self.transcript, transcript)
        self._transcripts[self._context_id] = transcript
