"""What a scripted model is to say and to call, drawn by a seed: whoever knows the seed knows what must come out."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from service.chat.base import ChatFormat
from service.messages import ToolCall

ONCE, KEYED = "pay", "reserve"
"""Tools: one that does more when it is called twice, and one that knows a call by its key."""
_WORDS = ("copper", "brass", "linen", "paper", "amber", "slate", "cedar", "wool", "glass", "ivory", "ochre", "pearl")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is said before the model waits or ends."""

    text: str
    calls: tuple[tuple[str, int, int], ...] = ()
    """Tools, amounts, and the milliseconds that they take."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Of one turn. What is said does not depend on what calls return."""

    ask: str
    """The message's text, which names the plan."""
    stretches: tuple[Stretch, ...]

    @property
    def answer(self) -> str:
        return "".join(stretch.text for stretch in self.stretches)

    def tokens(self, chat: ChatFormat) -> list[tuple[int, ...]]:
        """Of each stretch, up to and with its stop token."""
        return [
            chat.write_stretch(
                stretch.text,
                [ToolCall("", tool, json.dumps({"amount": n, "milliseconds": ms})) for tool, n, ms in stretch.calls],
            )
            for stretch in self.stretches
        ]

    def position(self, results: int) -> int:
        """The stretch that follows after this many results. Raises ValueError if none does."""
        before = 0
        for index, stretch in enumerate(self.stretches):
            if before == results:
                return index
            before += len(stretch.calls)
        raise ValueError(f"no stretch of {self.ask!r} follows {results} results")


def draw(ask: str) -> Plan:
    """The plan that a message asks for: the same in every process."""
    draws = random.Random(ask)
    stretches = []
    for index in range(draws.randint(0, 3)):
        calls = tuple(
            (draws.choice((ONCE, KEYED)), draws.randint(1, 999), draws.choice((5, 50, 300, 900)))
            for _ in range(draws.randint(1, 3))
        )
        stretches.append(Stretch(_prose(draws, f"{ask} step {index}: "), calls))
    return Plan(ask, (*stretches, Stretch(_prose(draws, f"{ask} done: "))))


def asks(seed: int, count: int) -> Sequence[str]:
    return [f"{seed}/{number}" for number in range(count)]


def _prose(draws: random.Random, head: str) -> str:
    return head + " ".join(draws.choice(_WORDS) for _ in range(draws.randint(3, 40))) + ". "
