"""Schemas of strangers, made into ones that can do no harm.

A tool's schema is read by the model, checks its arguments, and becomes the grammar that calls are sampled by: one that
the grammar's compiler does not take would fail every turn. So of a stranger's schema that is taken which all three are
sure to understand, and references are written out: they may point to other machines, or to themselves. What is left
out, such as patterns, bounds and conditions, only makes it looser, and whose schema it is checks arguments anyway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from service.plain import one_line, plain

_CHARS = 16_000
_SCHEMAS = 500
_DEPTH = 16
_NAME_CHARS = 64
_DESCRIPTION_CHARS = 300
_LARGEST = 2**53
"""Beyond this, not everybody reads the same number."""
_CONTROL = re.compile(r"<\||</?\w+>")
"""How control tokens are spelled, whatever the model's family: no call can hold one."""
_TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}


def tame(schema: object) -> dict[str, Any]:
    """The schema of an object, in words that everybody knows. Raises ValueError, which says why there is none."""
    tamed = _Taming(schema).tame(schema, depth=0)
    if tamed.get("type") != "object":
        raise ValueError("its arguments are not an object")
    if len(json.dumps(tamed)) > _CHARS:
        raise ValueError(f"its schema has more than {_CHARS} characters")
    return tamed


class _Taming:
    def __init__(self, root: object) -> None:
        self._root = root
        self._left = _SCHEMAS

    def tame(self, schema: object, depth: int) -> dict[str, Any]:
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            raise ValueError("its schema is too large, or refers to itself")
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            raise ValueError("its schema is not an object")
        match schema:
            case {"$ref": reference}:
                return self.tame(self._referred(reference), depth + 1) | _description(schema)
            case {"allOf": [only], **rest} if "type" not in rest:
                return self.tame(only, depth + 1) | _description(schema)
        return _description(schema) | self._keywords(schema, depth + 1)

    def _keywords(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        tamed: dict[str, Any] = {}
        for key, value in schema.items():
            match key, value:
                case "type", str() if value in _TYPES:
                    tamed[key] = value
                case "type", [_, *_] if all(isinstance(each, str) and each in _TYPES for each in value):
                    tamed[key] = value
                case "enum", [_, *_]:
                    tamed[key] = [_scalar(each) for each in value]
                case "const", None | str() | bool() | int() | float():
                    tamed[key] = _scalar(value)
                case "default", None | str() | bool() | int() | float():
                    with suppress(ValueError):  # it need not be said
                        tamed[key] = _scalar(value)
                case "properties", Mapping():
                    tamed[key] = {_name(name): self.tame(each, depth) for name, each in value.items()}
                case "required", list() if isinstance(schema.get("properties"), Mapping):
                    tamed[key] = [name for name in schema["properties"] if name in value]
                case "additionalProperties", _ if "patternProperties" not in schema:
                    tamed[key] = value if isinstance(value, bool) else self.tame(value, depth)
                case "items", Mapping() if "prefixItems" not in schema:
                    tamed[key] = self.tame(value, depth)
                case "anyOf" | "oneOf", [_, *_] if not schema.keys() & {"type", "properties", "enum", "const"}:
                    tamed["anyOf"] = [self.tame(each, depth) for each in value]
        return tamed

    def _referred(self, reference: object) -> object:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise ValueError("its schema refers to another one")
        found = self._root
        for step in reference[1:].split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or key not in found:
                raise ValueError("its schema refers to nothing")
            found = found[key]
        return found


def _description(schema: Mapping[str, Any]) -> dict[str, Any]:
    text = schema.get("description")
    return {"description": one_line(text, _DESCRIPTION_CHARS)} if isinstance(text, str) and text else {}


def _name(name: str) -> str:
    if not name or one_line(name, _NAME_CHARS) != name or "<" in name or ">" in name:
        raise ValueError(f"{one_line(name, _NAME_CHARS)!r} cannot be the name of an argument in a call")
    return name


def _scalar(value: object) -> object:
    """A value that is the same in everybody's JSON, and that a call can hold."""
    match value:
        case None | bool():
            return value
        case str() if plain(value) == value and not _CONTROL.search(value):
            return value
        case int() | float() if abs(value) < _LARGEST:
            return value
    raise ValueError("its schema has a value that no call can hold")
