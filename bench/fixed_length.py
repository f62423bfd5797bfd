"""An engine whose answers all have the same length, whatever the model would rather say."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from service.engine.around import Around
from service.engine.base import Chunk, Engine, Sampling


class FixedLength(Around):
    """Decodes `length` tokens for every request. Remembers what it was asked."""

    def __init__(self, engine: Engine, length: int) -> None:
        super().__init__(engine)
        self.length = length
        self.asked: list[tuple[Sequence[int], Sampling]] = []
        self.decoded: list[int] = []
        """Tokens, of each request that came to its end."""

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        sampling = replace(sampling, stop=(), max_tokens=self.length)
        self.asked.append((tokens, sampling))
        async with aclosing(super().generate(tokens, sampling)) as stream:
            decoded = 0
            async for chunk in stream:
                decoded += len(chunk.tokens)
                yield chunk
        self.decoded.append(decoded)
