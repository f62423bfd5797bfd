"""Finds the known name that a person means, whatever the case, accents, punctuation, legal form or plural."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from agents.office.pools import LEGAL_FORMS


class NotFound(LookupError):
    """No one name is meant."""

    def __init__(self, text: str, similar: tuple[str, ...]) -> None:
        super().__init__(text)
        self.similar = similar
        """Up to three near names."""

    @property
    def question(self) -> str:
        """Which of them is meant, as a further sentence; nothing where there are none."""
        return f" Did you mean {' or '.join(self.similar)}?" if self.similar else ""


class Lookup:
    """An index over names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[tuple[str, ...], str] = {name_key(name): name for name in names}
        self._joined = {" ".join(words): name for words, name in self._names.items()}

    def find(self, text: str) -> str:
        """The one name that `text` means.

        Raises:
            NotFound: None or several could be meant.
        """
        words = name_key(text)
        if exact := self._names.get(words):
            return exact
        partial = [name for known, name in self._names.items() if words and set(words) <= set(known)]
        if len(partial) == 1:
            return partial[0]
        if not partial:
            close = get_close_matches(" ".join(words), self._joined, n=2, cutoff=0.86)
            if len(close) == 1:
                return self._joined[close[0]]
        raise NotFound(text, tuple(partial[:3]) or self._near(words))

    def _near(self, words: tuple[str, ...]) -> tuple[str, ...]:
        close = [self._joined[match] for match in get_close_matches(" ".join(words), self._joined, n=3, cutoff=0.6)]
        sharing = [name for known, name in self._names.items() if set(words) & set(known)]
        return tuple(dict.fromkeys(close + sharing))[:3]


@lru_cache(maxsize=16_384)
def name_key(text: str) -> tuple[str, ...]:
    """The words that tell names apart: two names with the same key are the same to a reader."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).replace(" and ", " & ")
    plain = re.sub(r"['\u2019]s\b|['\u2019./]", "", plain)
    words = re.findall(r"[a-z0-9]+", plain)
    kept = [word for word in words if word not in _LEGAL_WORDS] or words
    return tuple(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in kept)


_LEGAL_WORDS = {re.sub(r"[^a-z]", "", form.casefold()) for form in LEGAL_FORMS} | {"kg"}
