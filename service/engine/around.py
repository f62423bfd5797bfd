"""An engine around another one: the base of those that look into what goes through it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from service.engine.base import Chunk, Engine, Sampling


class Around:
    """Passes everything on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def window(self) -> int:
        return self.engine.window

    @property
    def weights(self) -> str:
        return self.engine.weights

    @property
    def pressure(self) -> float:
        return self.engine.pressure

    @property
    def alive(self) -> bool:
        return self.engine.alive

    @property
    def stalled(self) -> float:
        return self.engine.stalled

    def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        return self.engine.generate(tokens, sampling)

    async def warm_up(self, tokens: Sequence[int], sampling: Sampling) -> None:
        await self.engine.warm_up(tokens, sampling)

    async def prefill(self, tokens: Sequence[int]) -> None:
        await self.engine.prefill(tokens)
