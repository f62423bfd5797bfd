"""Schemas without how long strings may be: a grammar that keeps text out of strings cannot follow that too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_VALUES = ("const", "enum", "default", "examples")
"""What these have is no schema."""


def without_lengths(schema: Any) -> Any:
    """The same, but for the lengths of strings. xgrammar would ignore them, and print a warning each time.

    Arguments are checked by the whole schema anyway.
    """
    match schema:
        case list():
            return [without_lengths(each) for each in schema]
        case Mapping():
            return {
                key: value if key in _VALUES else without_lengths(value)
                for key, value in schema.items()
                if not _is_length(key, value)
            }
    return schema


def _is_length(key: str, value: object) -> bool:
    return key in ("minLength", "maxLength") and type(value) is int  # else it is a property that is called so
