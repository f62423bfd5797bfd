"""Whether a procurement task was done: the orders in the database and the facts in the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypedDict, Unpack

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
    """What a right conversation leaves behind."""

    orders: tuple[Order, ...]
    """Made exactly once and reported by number in the last answer."""
    earlier: tuple[Order, ...]
    """Made exactly once, in an earlier turn."""
    unwanted: tuple[Order, ...]
    """Not made."""
    facts: tuple[Fact, ...]
    """Stated in the last answer."""
    words: tuple[str, ...]
    """Found in the last answer, in any case of letters."""


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at the answer and at the orders made since this was built; for the fields see `Expected`."""

    office: Office
    known: frozenset[str]
    """Numbers of such orders from before."""
    orders: tuple[Order, ...] = ()
    earlier: tuple[Order, ...] = ()
    unwanted: tuple[Order, ...] = ()
    facts: tuple[Fact, ...] = ()
    words: tuple[str, ...] = ()

    def __call__(self, answer: str, results: Sequence[str]) -> str | None:
        reported = set(re.findall(r"PO-\d+", answer))
        placed = {number for result in results for number in re.findall(r"^PO-\d+", result)}
        for order in (*self.orders, *self.earlier, *self.unwanted):
            made = _numbers(self.office, order) - self.known
            expected = 0 if order in self.unwanted else 1
            if len(made) != expected:
                return f"ordered {len(made)} times, not {expected}: {order.quantity} x {order.item}"
            if order in self.orders and not made <= reported:
                return "the order's number is not in the answer"
            reported -= made
            placed -= made
        if placed:
            return f"ordered what nobody asked for: {', '.join(sorted(placed))}"
        if reported:
            return f"reports {', '.join(sorted(reported))}"
        said = re.sub(r"Ordered .*?\(PO-\d+\)\.?", "", answer)
        for fact in self.facts:
            if not fact.stated_in(said):
                return f"does not say about {fact.topic.noun}: {fact.value}"
        missing = [word for word in self.words if word.casefold() not in answer.casefold()]
        return f"does not say {missing[0]!r}" if missing else None


def check(office: Office, **expected: Unpack[Expected]) -> Check:
    """A check that takes the orders already in the database as known."""
    concerned = (*expected.get("orders", ()), *expected.get("earlier", ()), *expected.get("unwanted", ()))
    known = frozenset[str]().union(*(_numbers(office, order) for order in concerned))
    return Check(office, known=known, **expected)


def _numbers(office: Office, order: Order) -> set[str]:
    with closing(office.connect()) as database:
        rows = database.execute(
            "SELECT number FROM purchase_order WHERE supplier = ? AND item = ? AND quantity = ?",
            (order.supplier, order.item, order.quantity),
        )
        return {number for (number,) in rows}
