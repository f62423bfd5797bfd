"""The tools of the contracts agent: find a clause in a supplier's contract, then read it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from typing import NamedTuple

from agents.office.company import Office, connect
from agents.office.lookup import Lookup, NotFound

_SHOWN = 3
_HEADING_WEIGHT = 4


class Contracts:
    """The contracts in one office's database, as they are there at each call.

    The tools raise ValueError with a message made for the model to read.
    """

    def __init__(self, database: str) -> None:
        self._database = Office.open(database).database

    def search_contract(self, supplier: str, query: str) -> str:
        """Finds the clauses of a supplier's contract that fit a query best.

        Args:
            supplier: The supplier's name.
            query: What the clause is about, in a few words.
        """
        _, clauses = self._contract(supplier)
        best = _best(clauses, query) if clauses else []
        return "\n".join(f"{clause.number} {clause.heading}" for clause in best) or "No clause fits."

    def read_clause(self, supplier: str, clause: int) -> str:
        """Reads one clause of a supplier's contract.

        Args:
            supplier: The supplier's name.
            clause: The clause's number.
        """
        name, clauses = self._contract(supplier)
        found = next((known for known in clauses if known.number == clause), None)
        if found is None:
            raise ValueError(f"The contract with {name} has clauses 1 to {len(clauses)}.")
        return f"{found.number} {found.heading}: {found.text}"

    def _contract(self, supplier: str) -> tuple[str, list[_Clause]]:
        """The name of the supplier that is meant, and the clauses of its contract."""
        with closing(connect(self._database)) as database:
            names = Lookup(name for (name,) in database.execute("SELECT supplier FROM contract ORDER BY rowid"))
            try:
                found = names.find(supplier)
            except NotFound as error:
                raise ValueError(f'No contract with "{supplier}".{error.question}') from error
            clauses = "SELECT number, heading, text FROM clause WHERE supplier = ? ORDER BY number"
            return found, [_Clause(*row) for row in database.execute(clauses, (found,))]


class _Clause(NamedTuple):
    """A clause as it stands in the database."""

    number: int
    heading: str
    text: str


def _best(clauses: Sequence[_Clause], query: str) -> list[_Clause]:
    """The clauses that fit the query, those with the highest BM25 scores, best first.

    One fits whose heading shares a word with the query, or whose text has all of its words.
    """
    headings = [_stems(clause.heading) for clause in clauses]
    texts = [heading * _HEADING_WEIGHT + _stems(clause.text) for heading, clause in zip(headings, clauses, strict=True)]
    counts = [Counter(text) for text in texts]
    mean = sum(map(len, texts)) / len(texts)

    wanted = sorted(set(_stems(query)))

    def fits(index: int) -> bool:
        return any(stem in headings[index] for stem in wanted) or all(stem in counts[index] for stem in wanted)

    def score(index: int) -> float:
        total = 0.0
        for stem in wanted:
            holding = sum(stem in count for count in counts)
            rarity = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            often = counts[index][stem]
            total += rarity * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * len(texts[index]) / mean))
        return total

    scores = {index: score(index) for index in range(len(clauses)) if wanted and fits(index)}
    ranked = sorted(scores, key=lambda index: -scores[index])
    return [clauses[index] for index in ranked[:_SHOWN]]


def _stems(text: str) -> list[str]:
    """The stems of all words but those that say nothing."""
    return [_stem(word) for word in re.findall(r"[a-z0-9]+", text.casefold()) if word not in _STOPWORDS]


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    """A word without its ending, cut to six letters."""
    if len(word) <= 3:
        return word
    return re.sub(r"(ations?|ates?|ances?|ments?|bility|ble|ies|y|ing|ed|es|e|s)$", "", word)[:6]


_STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be by do does for from has have how if in is it its no not of on or our shall that the "
        "their they this to us was we what when which who will with contract supplier buyer party parties",
    )
)
