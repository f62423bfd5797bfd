"""What contracts settle: for each topic how a question is put, how a clause says it and how an answer states it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from agents.office.names import Names
from agents.office.wordings import HELD_OUT_WORDINGS, WORDINGS

T = TypeVar("T")
Value = int | str
"""An amount, a place, or one of the special values a topic names (`buyer`, `fixed`, ...)."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing a contract can settle."""

    key: str
    noun: str
    """What to search for, and what a contract says nothing about."""
    asking: str
    """The canonical question, as one agent asks another."""
    facts: Mapping[str, str]
    """The sentence that states the value: one for each special value, and `value` for all others."""
    headings: tuple[str, ...]
    draw: Callable[[Names, Random], Value]
    """Draws a value."""
    signs: Mapping[str, str]
    """For each special value a pattern that finds it in an answer; the first that matches counts."""

    def question(self, supplier: str) -> str:
        """The canonical question about a supplier."""
        return self.asking.format(supplier=supplier)

    def fact(self, supplier: str, value: Value, clause: int) -> str:
        """The sentence that answers it."""
        return _form(self.facts, value).format(supplier=supplier, value=_shown(value), clause=clause)

    def absent(self, supplier: str) -> str:
        """The sentence for a contract that leaves the topic open."""
        return f"The contract with {supplier} says nothing about {self.noun}."

    def write(self, value: Value, held_out: bool, rng: Random) -> str:
        """A clause's text that states the value once."""
        wordings = (HELD_OUT_WORDINGS if held_out else WORDINGS)[self.key]
        return rng.choice(_form(wordings, value)).replace("{value}", _shown(value))

    def holds(self, value: Value, answer: str) -> bool:
        """Whether an answer states this value, in whatever words."""
        answer = re.sub(r"clause \d+", "", answer)
        for special, sign in self.signs.items():
            if re.search(sign, answer, re.IGNORECASE):
                return value == special
        if isinstance(value, int):
            return re.search(rf"(?<![\d.,-]){value}(?!\d|[.,]\d)", answer.replace(",", "")) is not None
        return value not in self.signs and value.casefold() in answer.casefold()


def read_question(text: str) -> tuple[Topic, str] | None:
    """The topic and the supplier of a canonical question; None if it is none."""
    for topic in TOPICS.values():
        before, after = topic.asking.split("{supplier}")
        if match := re.fullmatch(rf"\s*{re.escape(before)}(.+?){re.escape(after)}\s*", text, re.IGNORECASE):
            return topic, match[1]
    return None


def _form(forms: Mapping[str, T], value: Value) -> T:
    return forms.get(str(value)) or forms["value"]


def _shown(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _amount(low: int, high: int, step: int = 1) -> Callable[[Names, Random], Value]:
    return lambda names, rng: names.number(rng, low, high, step)


def _bearer(names: Names, rng: Random) -> Value:
    return rng.choice(("supplier", "buyer", "shared"))


def _increase(names: Names, rng: Random) -> Value:
    return "fixed" if rng.random() < 0.3 else names.number(rng, 2, 15)


def _place(names: Names, rng: Random) -> Value:
    return names.city(rng)


_NONE: Mapping[str, str] = {}

_ALL = (
    Topic(
        key="tariffs",
        noun="tariffs",
        asking="Does {supplier} bear the tariffs?",
        facts={
            "supplier": "{supplier} bears the tariffs (clause {clause}).",
            "buyer": "The buyer bears the tariffs, not {supplier} (clause {clause}).",
            "shared": "{supplier} and the buyer share the tariffs equally (clause {clause}).",
        },
        headings=(
            "Tariffs",
            "Customs duties and tariffs",
            "Import tariffs",
            "Tariffs and import duties",
            "Duties and tariffs",
            "Tariffs and customs",
        ),
        draw=_bearer,
        signs={
            "shared": r"\b(share|shares|shared|split|equally|half|halves)\b",
            "buyer": r"\b(buyer|we|you|customer)( alone)?( must| has to| have to)? (bear|pay|cover)"
            r"|\bby (the buyer|us)\b|(?<!buyer )(?<!we )(?<!you )\b(do|does|will|must|need)( not|n't)\b",
            "supplier": r"\b(bear|pay|cover|absorb|carr(y|ie)|borne|paid)",
        },
    ),
    Topic(
        key="payment",
        noun="payment terms",
        asking="What is the payment term with {supplier}?",
        facts={"value": "Payment to {supplier} is due within {value} days (clause {clause})."},
        headings=(
            "Payment",
            "Payment term",
            "Invoices and payment",
            "Terms of payment",
            "Payment of invoices",
            "Invoicing and payment terms",
        ),
        draw=_amount(7, 120),
        signs=_NONE,
    ),
    Topic(
        key="warranty",
        noun="warranty",
        asking="What is the warranty from {supplier}?",
        facts={"value": "The warranty from {supplier} is {value} months (clause {clause})."},
        headings=(
            "Warranty",
            "Warranty period",
            "Product warranty",
            "Warranty for defects",
            "Warranty and guarantee",
            "Supplier's warranty",
        ),
        draw=_amount(6, 72),
        signs=_NONE,
    ),
    Topic(
        key="termination",
        noun="termination notice",
        asking="What is the termination notice with {supplier}?",
        facts={"value": "The contract with {supplier} can be ended with {value} days' notice (clause {clause})."},
        headings=(
            "Termination",
            "Termination notice",
            "Term and termination",
            "Cancellation and termination",
            "Termination by notice",
            "Duration and termination",
        ),
        draw=_amount(10, 190),
        signs=_NONE,
    ),
    Topic(
        key="penalty",
        noun="late delivery penalties",
        asking="What is the late delivery penalty of {supplier}?",
        facts={"value": "{supplier} pays {value}% for each week of late delivery (clause {clause})."},
        headings=(
            "Late delivery and penalty",
            "Penalty for late delivery",
            "Late delivery penalty",
            "Delay penalty",
            "Late delivery and penalties",
            "Penalty for delay",
        ),
        draw=_amount(2, 18),
        signs=_NONE,
    ),
    Topic(
        key="liability",
        noun="liability caps",
        asking="What is the liability cap of {supplier}?",
        facts={"value": "The liability of {supplier} is capped at EUR {value} (clause {clause})."},
        headings=(
            "Liability",
            "Liability cap",
            "Limitation of liability",
            "Cap on liability",
            "Limited liability",
            "Liability for damages",
        ),
        draw=_amount(20_000, 950_000, 5_000),
        signs=_NONE,
    ),
    Topic(
        key="price_increase",
        noun="price increases",
        asking="How much may {supplier} raise prices?",
        facts={
            "value": "{supplier} may raise prices by at most {value}% a year (clause {clause}).",
            "fixed": "The prices of {supplier} are fixed (clause {clause}).",
        },
        headings=(
            "Prices",
            "Price increase",
            "Price adjustment",
            "Prices and price increases",
            "Changes of price",
            "Price review",
        ),
        draw=_increase,
        signs={"fixed": r"\b(fixed|firm|cannot|can't|may not|must not|no increase)\b"},
    ),
    Topic(
        key="delivery",
        noun="delivery times",
        asking="What is the delivery time of {supplier}?",
        facts={"value": "{supplier} delivers within {value} weeks (clause {clause})."},
        headings=(
            "Delivery",
            "Delivery time",
            "Time of delivery",
            "Delivery period",
            "Delivery and lead time",
            "Shipment and delivery",
        ),
        draw=_amount(2, 20),
        signs=_NONE,
    ),
    Topic(
        key="law",
        noun="governing law",
        asking="Which law governs the contract with {supplier}?",
        facts={"value": "The contract with {supplier} is governed by the law of {value} (clause {clause})."},
        headings=(
            "Governing law",
            "Applicable law",
            "Law",
            "Choice of law",
            "Governing law and disputes",
            "Jurisdiction and governing law",
        ),
        draw=_place,
        signs=_NONE,
    ),
    Topic(
        key="minimum_order",
        noun="minimum order values",
        asking="What is the minimum order value at {supplier}?",
        facts={"value": "The minimum order value at {supplier} is EUR {value} (clause {clause})."},
        headings=(
            "Minimum order",
            "Minimum order value",
            "Orders and minimum value",
            "Minimum value of orders",
            "Order minimum",
            "Minimum purchase order",
        ),
        draw=_amount(50, 9_900, 10),
        signs=_NONE,
    ),
    Topic(
        key="insurance",
        noun="insurance cover",
        asking="What insurance must {supplier} carry?",
        facts={"value": "{supplier} must carry insurance of EUR {value} (clause {clause})."},
        headings=(
            "Insurance",
            "Insurance cover",
            "Required insurance",
            "Business insurance",
            "Insurance obligations",
            "Supplier's insurance",
        ),
        draw=_amount(100_000, 9_900_000, 50_000),
        signs=_NONE,
    ),
    Topic(
        key="confidentiality",
        noun="confidentiality",
        asking="How long does confidentiality with {supplier} last?",
        facts={"value": "Confidentiality with {supplier} lasts {value} years (clause {clause})."},
        headings=(
            "Confidentiality",
            "Confidentiality period",
            "Confidential information",
            "Confidentiality and secrecy",
            "Duty of confidentiality",
            "Confidentiality (NDA)",
        ),
        draw=_amount(2, 18),
        signs=_NONE,
    ),
)

TOPICS: Mapping[str, Topic] = {topic.key: topic for topic in _ALL}
"""All topics by key."""
