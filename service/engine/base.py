"""What the loop needs of an engine, and nothing more: token ids in, token ids out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose the next tokens."""

    max_tokens: int
    stop: tuple[int, ...]
    """Token ids that end the stretch; the one that does is the stretch's last token."""
    temperature: float = 0.0
    """0 takes the most likely token."""
    top_p: float = 1.0
    seed: int | None = None
    logprobs: bool = False
    banned: tuple[int, ...] = ()
    """Token ids that are never sampled."""
    constraint: str | None = None
    """A structural tag (JSON): the grammar that tool calls must follow while they are sampled."""


class Finish(StrEnum):
    """Why the engine stopped by itself."""

    STOP = "stop"
    """A stop token was sampled."""
    LENGTH = "length"
    """`max_tokens` or the window ran out: the stretch is cut."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens that arrived together."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...] | None = None
    """One per token if they were asked for: natural logarithms, taken within the constraint, but before temperature,
    `top_p` and `banned` count.
    """
    finish: Finish | None = None
    """Set on the last chunk only."""
    cached: int = 0
    """Of the prompt's tokens, those that were not computed again; said once, with the first chunk."""


class Engine(Protocol):
    """One model, loaded."""

    @property
    def window(self) -> int:
        """How many tokens the model can attend to, prompt and output together."""
        ...

    @property
    def weights(self) -> str:
        """The version of the weights, kept with every sampled span."""
        ...

    @property
    def alive(self) -> bool:
        """False once it can never generate again: only a new process helps."""
        ...

    @property
    def pressure(self) -> float:
        """How much of its memory for conversations those that it generates for may take, from 0 to 1 and beyond."""
        ...

    @property
    def stalled(self) -> float:
        """Seconds in which it has done nothing though somebody waits for its tokens; any thread may ask."""
        ...

    def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        """Streams the continuation of `tokens`. Closing the stream aborts the request.

        Raises EngineError if the engine fails.
        """
        ...

    async def warm_up(self, tokens: Sequence[int], sampling: Sampling) -> None:
        """Does what takes long only the first time that something is sampled so after such tokens.

        Raises EngineError if the engine fails.
        """
        ...

    async def prefill(self, tokens: Sequence[int]) -> None:
        """Computes `tokens`, so that whatever begins with them is generated sooner. Cancelling aborts it.

        Raises EngineError if the engine fails.
        """
        ...
