"""Quantities as people write them: mostly in digits, now and then in words or by the dozen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from agents.office.names import Names


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, and how it is written."""

    number: int
    alone: str
    """ "two dozen", "a couple"."""
    before: str
    """Before what there is so many of: "two dozen", "a couple of"."""

    @property
    def is_worded(self) -> bool:
        return self.alone.replace(",", "") != str(self.number)

    def fill(self, template: str) -> str:
        """Puts it into the slot `{n}`."""
        if not self.is_worded:
            return template.replace("{n}", self.alone)
        template = re.sub(r"\{n\}(?= (?:new|individual|units|pieces|pcs?)\b)", self.before, template)
        template = re.sub(r"\{n\}(?= \{)", self.before, template)
        return _DOUBLED.sub(r"\1 ", template.replace("{n}", self.alone))

    def fits(self, template: str) -> bool:
        """Whether people write it there: nobody writes "twelvex"."""
        return not self.is_worded or not _FOR_DIGITS.search(template)


_DOUBLED = re.compile(r"\b(another|further|extra|additional) an? ")
_FOR_DIGITS = re.compile(r"x ?\{n\}|\{n\} ?(?:x\b|pcs?\b|count|off|ea\b|\()|[:+] ?\{n\}")


def draw(names: Names, worded: float, rng: Random) -> Quantity:
    """A quantity to order; `worded` is the share of those that are not written in digits."""
    if rng.random() < worded:
        if not names.held_out and rng.random() < 0.45:
            return rng.choice(_NAMED)
        low, high, step = rng.choice(_RANGES)
        written = in_words(number := names.number(rng, low, high, step), rng)
        return Quantity(number, written, written)
    low, high = rng.choices(((1, 12), (5, 99), (100, 999), (1000, 9000)), (2, 6, 2, 0.5))[0]
    number = names.number(rng, low, high)
    return in_digits(number, rng)


def in_digits(number: int, rng: Random) -> Quantity:
    """Every second time with a comma for thousands."""
    written = f"{number:,}" if number >= 1000 and rng.random() < 0.5 else str(number)
    return Quantity(number, written, written)


_RANGES = ((2, 20, 1), (2, 20, 1), (20, 99, 1), (20, 90, 10), (100, 900, 50), (100, 999, 1), (1000, 9000, 100))


def in_words(number: int, rng: Random) -> str:
    """From 1 to 9999: 250 as "two hundred and fifty", or one of the other ways in which people write it."""
    if number >= 1100 and number % 100 == 0 and number < 2000 and rng.random() < 0.4:
        return f"{_ONES[number // 100]} hundred"
    parts: list[str] = []
    for size, name in ((1000, "thousand"), (100, "hundred")):
        count, number = divmod(number, size)
        if count:
            parts.append(f"{'a' if count == 1 and not parts and rng.random() < 0.4 else _ONES[count]} {name}")
    if not number:
        return " ".join(parts)
    joint = " and " if parts and rng.random() < 0.7 else " "
    return (" ".join(parts) + joint + _below_hundred(number, rng)).strip()


def _below_hundred(number: int, rng: Random) -> str:
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"{'-' if rng.random() < 0.75 else ' '}{_ONES[ones]}" if ones else "")


_ONES = (
    *("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _named(number: int, alone: str, of: str = "") -> Quantity:
    return Quantity(number, alone, alone + of)


_NAMED = (
    *(_named(12, "a dozen"), _named(12, "a dozen"), _named(12, "one dozen"), _named(12, "1 dozen")),
    *(_named(6, "half a dozen"), _named(6, "half a dozen"), _named(6, "a half dozen"), _named(6, "a half-dozen")),
    *(_named(24, "two dozen"), _named(24, "two dozen"), _named(24, "two dozens", " of"), _named(24, "2 dozen")),
    *(_named(36, "three dozen"), _named(36, "three dozen"), _named(36, "3 dozen"), _named(48, "four dozen")),
    *(_named(48, "4 dozen"), _named(60, "five dozen"), _named(60, "5 dozen"), _named(72, "six dozen")),
    *(_named(84, "seven dozen"), _named(96, "eight dozen"), _named(108, "nine dozen"), _named(120, "ten dozen")),
    *(_named(120, "10 dozen"), _named(240, "twenty dozen"), _named(144, "twelve dozen"), _named(144, "a gross", " of")),
    *(
        _named(2, "a pair", " of"),
        _named(2, "a pair", " of"),
        _named(2, "a couple", " of"),
        _named(2, "a couple", " of"),
    ),
    *(_named(4, "two pairs", " of"), _named(6, "three pairs", " of"), _named(8, "four pairs", " of")),
    *(_named(20, "a score", " of"), _named(100, "a hundred"), _named(100, "a hundred"), _named(1000, "a thousand")),
    *(_named(200, "a couple of hundred"), _named(1000, "1k"), _named(2000, "2k"), _named(4000, "4k")),
)
"""Learnt as they are, those that are held out as numbers too; so no held-out number is written like this."""


def part(held_out: bool, rng: Random) -> str:
    """A quantity that is not whole, with slots for the item: nobody can order so many."""
    return rng.choice(_HELD_OUT_PARTS if held_out else _PARTS)


_PARTS = (
    "half a {item}",
    "half a {item}",
    "half of a {item}",
    "1.5 {items}",
    "1.5 {items}",
    "2.5 {items}",
    "0.5 {items}",
    "0.5 x {item}",
    "3.5 {items}",
    "4.5 x {item}",
    "0.75 {items}",
    "1.25 {items}",
    "10.5 {items}",
    "12.5 units of {item}",
    "2 1/2 {items}",
    "1 1/2 {items}",
    "1/2 {item}",
    "1/2 a {item}",
    "6.25 pieces of {item}",
    "a third of a {item}",
    "two thirds of a {item}",
    "a quarter of a {item}",
    "three quarters of a {item}",
    "one and a half {items}",
    "one and a half {items}",
    "two and a half {items}",
    "three and a half {items}",
    "ten and a half {items}",
    "a {item} and a half",
    "a tenth of a {item}",
    "a half {item}",
    "5,5 {items}",
    "7.2 {items}",
    "20.5 {items}",
    "8.4 {items}",
)
_HELD_OUT_PARTS = (
    "half of one {item}",
    "four and a half {items}",
    "6.5 {items}",
    "3 1/2 {items}",
    "a fifth of a {item}",
    "11.5 units of {item}",
)
