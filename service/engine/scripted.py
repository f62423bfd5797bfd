"""An engine that says what it is told: for tests of logic, and for showing how a task is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from service.engine.base import Chunk, Finish, Sampling
from service.engine.stall import StallWatch

Script = Callable[[tuple[int, ...], Sampling], Iterable[Sequence[int]]]
"""Given the whole prompt, the chunks of tokens that follow it."""


class ScriptedEngine:
    """Plays a script: stops at stop tokens and limits as a real engine does."""

    def __init__(self, script: Script, *, window: int = 8192, seconds_per_chunk: float = 0.0) -> None:
        self._script = script
        self._seconds_per_chunk = seconds_per_chunk
        self._window = window
        self.requests: list[tuple[tuple[int, ...], Sampling]] = []
        """Every prompt as it was given."""
        self.outputs: list[tuple[int, ...]] = []
        """What was given back for each request, as far as it was read."""
        self.warmed_up: list[tuple[tuple[int, ...], Sampling]] = []
        self.prefilled: list[tuple[int, ...]] = []
        self.aborted = 0
        """Streams that were closed before their end."""
        self.alive = True
        self.pressure = 0.0
        self._stall = StallWatch()

    @property
    def window(self) -> int:
        return self._window

    @property
    def weights(self) -> str:
        return "scripted"

    @property
    def stalled(self) -> float:
        return self._stall.stalled

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        prompt = tuple(tokens)
        number = len(self.requests)
        self.requests.append((prompt, sampling))
        self.outputs.append(())
        room = min(sampling.max_tokens, self._window - len(prompt))
        done = False
        try:
            for piece in self._script(prompt, sampling):
                with self._stall:
                    await asyncio.sleep(self._seconds_per_chunk)
                if banned := {*piece} & {*sampling.banned}:
                    raise ValueError(f"the script says what may not be sampled: {sorted(banned)}")
                chunk, finish = _cut(tuple(piece), room, sampling.stop)
                room -= len(chunk)
                self.outputs[number] += chunk
                done = finish is not None
                yield Chunk(chunk, (-0.5,) * len(chunk) if sampling.logprobs else None, finish)
                if done:
                    return
            done = True
            yield Chunk((), () if sampling.logprobs else None, Finish.STOP)
        finally:
            self.aborted += not done

    async def warm_up(self, tokens: Sequence[int], sampling: Sampling) -> None:
        """Nothing: it takes no longer the first time, and the script is for those who ask."""
        self.warmed_up.append((tuple(tokens), sampling))

    async def prefill(self, tokens: Sequence[int]) -> None:
        self.prefilled.append(tuple(tokens))


def _cut(tokens: tuple[int, ...], room: int, stop: Sequence[int]) -> tuple[tuple[int, ...], Finish | None]:
    for index, token in enumerate(tokens[:room]):
        if token in stop:
            return tokens[: index + 1], Finish.STOP
    if len(tokens) >= room:
        return tokens[:room], Finish.LENGTH
    return tokens, None
