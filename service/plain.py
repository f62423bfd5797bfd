"""What others say, as text that is no more than what can be seen of it.

Control characters move cursors and split log lines, formatting ones turn the reading direction around or hide words
from people that a model reads, and half a surrogate pair, which JSON can spell, is in no encoding. The markers of chat
formats are no matter here: to a tokenizer, text is text.
"""

from __future__ import annotations

import json
import unicodedata

_KEPT = "\n\t\u200c\u200d"
"""Lines and columns, and the joiners that some scripts and emoji are written with."""
_HIDDEN = ("Cc", "Cf", "Cs")
"""Unicode's categories of control and formatting characters, and of surrogates."""


def sound(text: str) -> str:
    """With a question mark for each half of a surrogate pair: then every encoding has it."""
    return text.encode(errors="replace").decode()


def plain(text: str) -> str:
    """Without what cannot be seen. Piece by piece the same as in one."""
    return "".join(char for char in text if char in _KEPT or unicodedata.category(char) not in _HIDDEN)


def visible(text: str) -> str:
    """With what cannot be seen as JSON escapes it, for what must look like what it is."""
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def one_line(text: str, limit: int) -> str:
    """One line of printable text, cut to `limit` characters."""
    printable = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: 4 * limit])
    return " ".join(printable.split())[:limit]
