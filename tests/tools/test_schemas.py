"""What is taken of a stranger's schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import xgrammar
from hypothesis import given
from hypothesis import strategies as st

from service.tools.schemas import tame

WORDS = ["type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "$defs", "enum", "const", "required"]
WORDS += ["additionalProperties", "pattern", "patternProperties", "minLength", "description", "default", "not"]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
VALUES |= st.sampled_from(["object", "array", "string", "integer", "#", "#/$defs/a", "https://elsewhere.example"])
ANY = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner),
    max_leaves=30,
)


def of(argument: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": argument}, **more}


def argument(tamed: dict[str, Any]) -> Any:
    return tamed["properties"]["a"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": "string", "title": "A", "pattern": "(a+)+$", "format": "date"}, {"type": "string"}),
        ({"type": ["string", "null"], "description": "One\n\x1b[31mtwo."}, None),
        (
            {"type": "array", "items": {"type": "integer", "minimum": 3}},
            {"type": "array", "items": {"type": "integer"}},
        ),
        ({"oneOf": [{"const": 1}, {"type": "string"}]}, {"anyOf": [{"const": 1}, {"type": "string"}]}),
        ({"type": "object", "patternProperties": {"a": True}, "additionalProperties": False}, {"type": "object"}),
        ({"enum": ["a", 1, None]}, {"enum": ["a", 1, None]}),
        ({"$ref": "#/$defs/b~1c", "description": "Its own."}, {"type": "string", "description": "Its own."}),
        ({"allOf": [{"$ref": "#/$defs/b~1c"}], "default": "x"}, {"type": "string"}),
        (True, {}),
    ],
)
def test_what_everybody_understands_is_taken(before: Any, after: Any) -> None:
    if after is None:
        after = {"type": ["string", "null"], "description": "One [31mtwo."}
    assert argument(tame(of(before, **{"$defs": {"b/c": {"type": "string"}}}))) == after


def test_of_the_names_that_must_be_given_those_are_taken_that_there_are() -> None:
    assert tame(of({}, required=["b", "a", "a", 3]))["required"] == ["a"]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ([], "is not an object"),
        ({"type": "string"}, "its arguments are not an object"),
        (of({"$ref": "https://169.254.169.254/schema"}), "refers to another one"),
        (of({"$ref": "file:///etc/passwd"}), "refers to another one"),
        (of({"$ref": "#/nowhere"}), "refers to nothing"),
        (of({"$ref": "#"}), "refers to itself"),
        (of({"$ref": "#/$defs/a"}, **{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 9}}}), "refers to itself"),
        (of({"enum": ["x" * 20_000]}), "more than 16000 characters"),
        (of({"enum": ["a\x1b[31m"]}), "a value that is not"),
        (of({"enum": [float("nan")]}), "a value that is not"),
        (of({"const": 1e300}), "a value that is not"),
        ({"type": "object", "properties": {"a\u202e": {}}}, "is not plain or too long"),
        ({"type": "object", "properties": {"": {}}}, "is not plain or too long"),
        (of(False), "is not an object"),
    ],
)
def test_what_could_do_harm_is_refused(schema: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        tame(schema)


def test_references_that_multiply_are_given_up_soon() -> None:
    """Each refers twice to the next: written out, a billion."""
    twice = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)}
    with pytest.raises(ValueError, match="too large"):
        tame(of({"$ref": "#/$defs/d0"}, **{"$defs": twice}))


@given(ANY)
def test_whatever_comes_is_refused_or_a_schema_that_a_grammar_can_be_made_of(schema: Any) -> None:
    try:
        tamed = tame(of(schema, **{"$defs": {"a": schema}}))
    except ValueError:
        return
    jsonschema.Draft202012Validator.check_schema(tamed)
    xgrammar.Grammar.from_json_schema(json.dumps(tamed), max_whitespace_cnt=1)


FITS = {
    "type": "object",
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string", "minLength": 2}}}},
    "properties": {
        "where": {"$ref": "#/$defs/place"},
        "when": {"oneOf": [{"type": "string", "pattern": "^[0-9-]+$"}, {"type": "integer", "minimum": 0}]},
        "who": {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
        "how": {"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False},
    },
    "required": ["where"],
    "anyOf": [{"required": ["when"]}, {"required": ["who"]}],
}


@pytest.mark.parametrize(
    "value",
    [
        {"where": {"city": "Köln", "zip": 5}, "when": "2026-01-01"},
        {"where": {}, "when": 0, "who": ["Ada", 1, 2]},
        {"where": {"city": "Bonn"}, "who": [], "how": {"x1": 1}, "else": None},
    ],
)
def test_what_fitted_before_fits_after(value: Any) -> None:
    for schema in (FITS, tame(FITS)):
        jsonschema.Draft202012Validator(schema).validate(value)
