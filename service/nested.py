"""What JSON and YAML hold: lists and mappings, nested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """The same with every string changed, but for the keys."""
    match value:
        case str():
            return change(value)
        case list():
            return [map_strings(item, change) for item in value]
        case dict():
            return {key: map_strings(item, change) for key, item in value.items()}
    return value
