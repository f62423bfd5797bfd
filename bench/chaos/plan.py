"""What a scripted model is to say and to call, drawn by a seed: whoever knows the seed knows what must come out."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.chat.base import ChatFormat
from service.messages import ToolCall

EFFECTS = {"pay": "paid", "reserve": "reserved", "wire": "wired", "book": "booked"}
"""Tools with an effect, and what their results say once it is there."""
KEYED = ("reserve", "book")
"""Those that know a call by its key. The others do more when they are called twice."""
APPROVED = ("wire", "book")
"""Those that are asked for first."""
ASK, PEER = "ask_user", "peer"
_KINDS = {"pay": 5, "reserve": 5, "wire": 1, "book": 1, ASK: 1, PEER: 2}
_WORDS = ("copper", "brass", "linen", "paper", "amber", "slate", "cedar", "wool", "glass", "ivory", "ochre", "pearl")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    tool: str
    arguments: Mapping[str, Any]

    @property
    def amount(self) -> int | None:
        """Of a call with an effect."""
        return self.arguments.get("amount")

    @property
    def message(self) -> str:
        """What a peer is asked, which names its plan; empty for other calls."""
        return str(self.arguments.get("message", ""))

    @property
    def question(self) -> str | None:
        """What the tool itself asks the user."""
        if self.tool in APPROVED:
            given = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
            return f"May I call {self.tool}({given})?"
        return str(self.arguments["question"]) if self.tool == ASK else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is said up to where the model may have to wait."""

    text: str
    calls: tuple[Call, ...] = ()
    waits: bool = True
    """For the calls, in the live form. In the turn form every stretch with calls does."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Of one turn. What is said does not depend on what calls return."""

    ask: str
    """The message's text, which names the plan."""
    stretches: tuple[Stretch, ...]

    @property
    def answer(self) -> str:
        return "".join(stretch.text for stretch in self.stretches)

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(call for stretch in self.stretches for call in stretch.calls)

    def tokens(self, chat: ChatFormat) -> tuple[int, ...]:
        """All that the model samples, stop tokens included."""
        tokens: tuple[int, ...] = ()
        for stretch in self.stretches:
            calls = [ToolCall("", call.tool, json.dumps(call.arguments)) for call in stretch.calls]
            said = chat.write_stretch(stretch.text, calls)
            tokens += said[:-1] if chat.live and not stretch.waits else said
        return tokens


def draw(ask: str) -> Plan:
    """The plan that a message asks for: the same in every process. What a peer is asked is shorter, and ends there."""
    draws, is_peers = random.Random(ask), ask.count("/") > 1
    stretches = []
    for index in range(draws.randint(0, 2 if is_peers else 3)):
        calls = tuple(_call(draws, f"{ask}/{index}.{place}", is_peers) for place in range(draws.randint(1, 3)))
        stretches.append(Stretch(_prose(draws, f"{ask} step {index}: "), calls, waits=draws.random() < 0.6))
    return Plan(ask, (*stretches, Stretch(_prose(draws, f"{ask} done: "))))


def asks(seed: int, count: int) -> Sequence[str]:
    return [f"{seed}/{number}" for number in range(count)]


def answer_to(question: str) -> str:
    """What a user says to it. To one of four that ask whether something may be done it is no."""
    if "May I call" not in question:
        return f"an answer to {question}"
    return "no" if random.Random(question).random() < 0.25 else "yes"


def _call(draws: random.Random, name: str, is_peers: bool) -> Call:
    kind = draws.choices([*_KINDS], [*_KINDS.values()])[0]
    if kind == ASK:
        return Call(kind, {"question": f"What about {name}?"})
    if kind == PEER and not is_peers:
        return Call(kind, {"message": name})
    milliseconds = draws.choice((5, 50, 300, 900))
    return Call("pay" if kind == PEER else kind, {"amount": draws.randrange(10**6), "milliseconds": milliseconds})


def _prose(draws: random.Random, head: str) -> str:
    """Lines, between which a result can come in."""
    words = [draws.choice(_WORDS) for _ in range(draws.randint(3, 40))]
    return head + "".join(word + ("\n" if draws.random() < 0.1 else " ") for word in words) + ".\n"
