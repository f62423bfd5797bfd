"""Draws names and numbers. The word or number itself decides whether it is held out, so the halves never meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from zlib import crc32

from agents.office.pools import (
    ARTICLES,
    FIRST_NAMES,
    LEGAL_FORMS,
    PLACES,
    QUALIFIERS,
    SIZES,
    STEMS,
    SURNAMES,
    SYLLABLES,
    TRADES,
)


def word_is_held_out(word: str) -> bool:
    """About one word in seven."""
    return crc32(word.encode()) % 7 == 3


def number_is_held_out(number: int) -> bool:
    """One number in seven."""
    return number % 7 == 3


@dataclass(frozen=True, slots=True)
class Names:
    """Draws names and numbers from one half of the pools."""

    held_out: bool = False
    invents: bool = False
    """Some words are made up, where a few hundred, seen for the thousandth time, would be remembered and not copied."""

    def supplier(self, rng: Random) -> str:
        """A company's name of one to four words; what is not a trade or a legal form comes from this half only."""
        shape = rng.choices(_SHAPES, weights=_SHAPE_WEIGHTS)[0]
        return shape(self, rng)

    def item(self, rng: Random) -> str:
        """A catalogue item in the singular, such as `steel bracket`, `M8 hex bolt` or `oak desk 160 cm`."""
        noun = self._invented(rng) if self._invents(rng) else self._word(rng, ARTICLES)
        form = rng.random()
        if form < 0.65:
            return f"{rng.choice(QUALIFIERS)} {noun}"
        if form < 0.75:
            return f"{rng.choice(QUALIFIERS)} {noun} {rng.choice(SIZES)}"
        if form < 0.9:
            return f"{noun} {rng.choice(SIZES)}"
        return noun

    def person(self, rng: Random) -> str:
        """First name and surname."""
        return f"{self._word(rng, FIRST_NAMES)} {self._word(rng, SURNAMES)}"

    def city(self, rng: Random) -> str:
        """A city, country or state."""
        return self._word(rng, PLACES)

    def number(self, rng: Random, low: int, high: int, step: int = 1) -> int:
        """A multiple of `step` between `low` and `high`, both included, from this half."""
        while True:
            number = rng.randrange(low, high + 1, step)
            if number_is_held_out(number) == self.held_out:
                return number

    def stem(self, rng: Random) -> str:
        """The distinctive word of a company's name."""
        if self._invents(rng):
            return self._invented(rng).capitalize()
        kind = rng.random()
        if kind < 0.35:
            return self._word(rng, STEMS)
        if kind < 0.5:
            return self._word(rng, SURNAMES)
        while True:
            word = "".join(rng.choice(part) for part in SYLLABLES[: rng.choice((2, 3, 3))]).capitalize()
            if word_is_held_out(word) == self.held_out:
                return word

    def _invents(self, rng: Random) -> bool:
        return self.invents and rng.random() < 0.5

    def _invented(self, rng: Random) -> str:
        """Letter by letter, as the words of the pools go on."""
        while True:
            word = ""
            while not word.endswith("."):
                word += rng.choice(_letters_after()[word[-2:]])
            word = word.removesuffix(".")
            # Its plural has to be told from it.
            if 4 <= len(word) <= 11 and word[-1] in "bdgklmnprt" and not word_is_held_out(word):
                return word

    def _word(self, rng: Random, pool: tuple[str, ...]) -> str:
        return rng.choice(_half(pool, self.held_out))


REAL = Names()
"""For offices that people are shown."""


@cache
def _half(pool: tuple[str, ...], held_out: bool) -> Sequence[str]:
    return [word for word in pool if word_is_held_out(word) == held_out]


@cache
def _letters_after() -> Mapping[str, str]:
    """For the last two letters of what there is of a word, those that may come next; a full stop ends it."""
    found: dict[str, str] = {}
    for word in " ".join((*ARTICLES, *QUALIFIERS, *STEMS, *SURNAMES)).lower().split():
        if word.isascii() and word.isalpha():
            for at, letter in enumerate(f"{word}."):
                before = word[max(0, at - 2) : at]
                found[before] = found.get(before, "") + letter
    return found


_SHAPES: tuple[Callable[[Names, Random], str], ...] = (
    lambda names, rng: f"{names.stem(rng)} {rng.choice(TRADES)}",
    lambda names, rng: f"{names.stem(rng)} {rng.choice(LEGAL_FORMS)}",
    lambda names, rng: names.stem(rng),
    lambda names, rng: f"{names.stem(rng)} & {names.stem(rng)}",
    lambda names, rng: f"{names.stem(rng)} {rng.choice(TRADES)} {rng.choice(LEGAL_FORMS)}",
    lambda names, rng: f"{names.stem(rng)} {names.stem(rng)}",
    lambda names, rng: f"{names.stem(rng)}-{names.stem(rng)}",
    lambda names, rng: (
        f"{names._word(rng, SURNAMES)} & {rng.choice(('Sons', 'Co.', 'Partners', 'Brothers', 'Daughters'))}"
    ),
    lambda names, rng: f"{names._word(rng, SURNAMES)}'s {rng.choice(TRADES)}",
    lambda names, rng: f"{rng.choice(TRADES)} {rng.choice(('of', 'van', 'von', 'de'))} {names.stem(rng)}",
    lambda names, rng: f"{names.stem(rng)} {names.stem(rng)} {rng.choice(TRADES)}",
)
_SHAPE_WEIGHTS = (30, 12, 10, 8, 10, 8, 4, 5, 3, 3, 7)
