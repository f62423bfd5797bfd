"""What is taken of a stranger's schema."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import xgrammar
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from service.chat.base import ChatFormat
from service.chat.families import FamilyFormat
from service.chat.inner import InnerFormat
from service.messages import ToolCall
from service.tools.base import ToolSpec
from service.tools.schemas import tame
from tests.byte_tokenizer import byte_tokenizer, qwen_tokenizer

WORDS = ["type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "$defs", "enum", "const", "required"]
WORDS += ["additionalProperties", "pattern", "patternProperties", "minLength", "description", "default", "not"]
WORDS += ["a", "<|", "<|im_end|>", "<think>", "\ud83d"]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
VALUES |= st.sampled_from(["object", "array", "string", "integer", "#", "#/$defs/a", "https://elsewhere.example"])
SCHEMAS: st.SearchStrategy[Any] = VALUES.map(lambda value: {"const": value})
SCHEMAS |= st.sampled_from(WORDS).map(lambda name: {"type": "object", "properties": {name: {}}, "required": [name]})
ANY = SCHEMAS | st.recursive(
    VALUES | SCHEMAS,
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
        ({"type": "string", "default": "<auto>"}, {"type": "string"}),
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
        (of({"enum": ["a\x1b[31m"]}), "a value that no call can hold"),
        (of({"enum": [float("nan")]}), "a value that no call can hold"),
        (of({"const": 1e300}), "a value that no call can hold"),
        ({"type": "object", "properties": {"a\u202e": {}}}, "cannot be the name of an argument"),
        ({"type": "object", "properties": {"": {}}}, "cannot be the name of an argument"),
        (of(False), "is not an object"),
        ({"type": "object", "properties": {"a<|b": {}}}, "cannot be the name of an argument"),
        ({"type": "object", "properties": {"<think>": {}}}, "cannot be the name of an argument"),
        (of({"enum": ["plain", "a<|b"]}), "a value that no call can hold"),
        (of({"const": "</tool_call>"}), "a value that no call can hold"),
        (of({"enum": ["\ud83d"]}), "a value that no call can hold"),
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


class Sampler:
    """Samples calls of one format, one token per byte, as the engine would."""

    def __init__(self, tokenizer: Tokenizer, chat: ChatFormat, call: str) -> None:
        ids: dict[str, int] = tokenizer.get_vocab()
        self._chat, self._tokenizer = chat, tokenizer
        self._call = ids[call]
        vocabulary = sorted(ids, key=ids.__getitem__)
        info = xgrammar.TokenizerInfo(
            vocabulary, xgrammar.VocabType.BYTE_LEVEL, stop_token_ids=[*chat.stop], vocab_size=len(vocabulary)
        )
        self._compiler = xgrammar.GrammarCompiler(info)
        # The first of these that may come next, so that the call closes soon.
        closing = [*sorted(chat.controls), *(ids[char] for char in '"}],:0')]
        self._order = [*closing, *sorted({*ids.values()} - {*closing, ids["Ġ"], ids["Ċ"]}), ids["Ġ"], ids["Ċ"]]

    def sample(self, tool: ToolSpec) -> ToolCall:
        """A call of the tool. Fails where no token may come, or the call does not close."""
        constraint = self._chat.constraint([tool], begun=True)
        assert constraint
        matcher = xgrammar.GrammarMatcher(
            self._compiler.compile_structural_tag(constraint), override_stop_tokens=[*self._chat.stop]
        )
        sampled = [self._call]
        assert matcher.accept_token(self._call)
        mask = xgrammar.allocate_token_bitmask(1, len(self._order))
        reader = self._chat.reader([tool], 0)
        reader.feed(sampled)
        for _ in range(20_000):
            matcher.fill_next_token_bitmask(mask)
            words = mask[0].tolist()
            token = next((id for id in self._order if words[id // 32] >> id % 32 & 1), None)
            assert token is not None, f"nothing may follow {self._tokenizer.decode(sampled, skip_special_tokens=False)}"
            assert matcher.accept_token(token)
            sampled.append(token)
            if calls := reader.feed((token,)).calls:
                return calls[0]
        raise AssertionError(f"{self._tokenizer.decode(sampled[:1000], skip_special_tokens=False)} does not close")


@pytest.fixture(scope="module", params=["inner", "qwen3"])
def sampler(request: pytest.FixtureRequest) -> Sampler:
    if request.param == "inner":
        return Sampler(byte_tokenizer(), InnerFormat(byte_tokenizer()), "<|call|>")
    return Sampler(qwen_tokenizer(), FamilyFormat(qwen_tokenizer(), "qwen3", False), "<tool_call>")


@given(schema=ANY)
def test_whatever_comes_is_refused_or_a_schema_by_which_calls_can_be_sampled(sampler: Sampler, schema: Any) -> None:
    try:
        tamed = tame(of(schema, required=["a"], **{"$defs": {"a": schema}}))
    except ValueError:
        return
    jsonschema.Draft202012Validator.check_schema(tamed)
    assert sampler.sample(ToolSpec("made", "Made.", tamed)).name == "made"


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
