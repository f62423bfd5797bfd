"""Whether a procurement task was done: the orders in the database and the facts in the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypedDict

from agents.office.clauses import Topic, Value
from agents.office.company import Office


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase order by what the catalogue calls its parts."""

    supplier: str
    item: str
    quantity: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class Fact:
    """What a contract says about a topic; the value is None if it says nothing."""

    topic: Topic
    value: Value | None

    def stated_in(self, answer: str) -> bool:
        if self.value is None:
            return "nothing about" in answer.casefold() or "no clause" in answer.casefold()
        return self.topic.holds(self.value, answer)


class Expected(TypedDict, total=False):
    """What a right turn leaves behind."""

    orders: tuple[Order, ...]
    """Made exactly once in the whole conversation, and reported by number in this turn's answer."""
    unwanted: tuple[Order, ...]
    """Not made."""
    facts: tuple[Fact, ...]
    """Stated in the answer."""
    words: tuple[str, ...]
    """Found in the answer, in any case of letters."""


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at the answers and at the orders made since this was built."""

    office: Office
    known: frozenset[str]
    """Numbers of the expected and unwanted orders that were there before."""
    turns: tuple[Expected, ...]

    def __call__(self, answers: Sequence[str], results: Sequence[str]) -> str | None:
        placed = {number for result in results for number in re.findall(r"^PO-\d+", result)}
        told: set[str] = set()
        for answer, expected in zip(answers, self.turns, strict=True):
            reported = set(re.findall(r"PO-\d+", answer))
            for order in expected.get("orders", ()):
                made = _numbers(self.office, order) - self.known
                if len(made) != 1:
                    return f"ordered {len(made)} times, not 1: {order.quantity} x {order.item}"
                if not made <= reported:
                    return "the order's number is not in the answer"
                told |= made
            for order in expected.get("unwanted", ()):
                if _numbers(self.office, order) - self.known:
                    return f"ordered, and should not be: {order.quantity} x {order.item}"
            if strange := reported - told:
                return f"reports {', '.join(sorted(strange))}"
            if problem := _unsaid(answer, expected):
                return problem
        if strange := placed - told:
            return f"ordered what nobody asked for: {', '.join(sorted(strange))}"
        return None


def _unsaid(answer: str, expected: Expected) -> str | None:
    said = re.sub(r"Ordered .*?\(PO-\d+\)\.?", "", answer)
    for fact in expected.get("facts", ()):
        if not fact.stated_in(said):
            return f"does not say about {fact.topic.noun}: {fact.value}"
    missing = [word for word in expected.get("words", ()) if word.casefold() not in answer.casefold()]
    return f"does not say {missing[0]!r}" if missing else None


def check(office: Office, *turns: Expected) -> Check:
    """A check that takes the orders already in the database as known."""
    concerned = [order for turn in turns for order in (*turn.get("orders", ()), *turn.get("unwanted", ()))]
    known = frozenset[str]().union(*(_numbers(office, order) for order in concerned))
    return Check(office, known, turns)


def _numbers(office: Office, order: Order) -> set[str]:
    with closing(office.connect()) as database:
        rows = database.execute(
            "SELECT number FROM purchase_order WHERE supplier = ? AND item = ? AND quantity = ?",
            (order.supplier, order.item, order.quantity),
        )
        return {number for (number,) in rows}
