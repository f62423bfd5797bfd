"""The `inner` format: nothing from outside becomes a control token, and reading undoes writing."""

from __future__ import annotations

import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from service.chat.inner import MARKERS, InnerFormat
from service.errors import ConfigError
from service.messages import ToolCall, ToolResult
from service.tools.base import ToolSpec
from service.transcript import Origin, Span, Transcript
from tests.conftest import read_in_pieces


@pytest.fixture(scope="module", params=["bytes", pytest.param("model", marks=pytest.mark.model)])
def either(request: pytest.FixtureRequest) -> InnerFormat:
    """The format with one token per byte, and with the real model's tokenizer."""
    written: InnerFormat = request.getfixturevalue("chat" if request.param == "bytes" else "inner")
    return written


characters = st.characters(codec="utf-8", max_codepoint=0x3FFFF, exclude_characters="\x04\x06\x13\x14\x16\x1d")
"""The real tokenizer has no token for some bytes: these control characters, and the planes above, which are empty."""


def spellings(chat: InnerFormat) -> list[str]:
    """Of all special tokens, those that are none of ours included."""
    return [chat.read((token,)) for token in sorted(chat.special)]


@cache
def outside(chat: InnerFormat) -> st.SearchStrategy[str]:
    """Generated text, with the special tokens' own spellings and pieces of them mixed in."""
    whole = spellings(chat)
    halves = [half for text in whole for half in (text[: len(text) // 2], text[len(text) // 2 :])]
    mixed_in = st.sampled_from(whole) | st.sampled_from([*halves, "<|", "|>", "im_end", "<|endoftext|>"])
    return st.lists(st.text(characters, max_size=12) | mixed_in, max_size=6).map("".join)


@cache
def values(chat: InnerFormat) -> st.SearchStrategy[str]:
    """What JSON has, with such text in it, half surrogate pairs as it spells them, and more brackets than are read."""
    text = outside(chat) | st.just("\ud83d")
    leaves = text | st.integers() | st.none()
    nested = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(text, inner))
    written = nested.map(lambda value: json.dumps(value, ensure_ascii=False))
    sound = written.map(lambda value: value.encode(errors="backslashreplace").decode())
    return st.builds(lambda value, deep: f"{'[' * deep}{value}{']' * deep}", sound, st.sampled_from([0] * 9 + [2_000]))


def control(chat: InnerFormat, tokens: tuple[int, ...]) -> list[str]:
    """The control tokens among `tokens`, spelled."""
    return [chat.read((token,)) for token in tokens if token in chat.special]


def check_message(chat: InnerFormat, text: str) -> None:
    head = Transcript.of([Span(Origin.GIVEN, chat.begin("Help.", []))])
    (_, span) = chat.ask(text, head)
    assert control(chat, span.tokens) == ["<|im_start|>", "<|im_end|>", "<|im_start|>"]
    assert chat.read(span.tokens) == f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


@given(data=st.data())
def test_a_message_is_only_text(either: InnerFormat, data: st.DataObject) -> None:
    check_message(either, data.draw(outside(either)))


def test_all_spellings_are_only_text(either: InnerFormat) -> None:
    assert {*MARKERS} <= {*spellings(either)}
    check_message(either, "".join(spellings(either)))


@given(data=st.data())
def test_a_result_is_only_text(either: InnerFormat, data: st.DataObject) -> None:
    text = data.draw(outside(either))
    (_, span) = either.write_results([ToolResult("c0", text), ToolResult("c1", text, is_error=True)], Transcript())
    assert control(either, span.tokens) == ["<|result|>", "<|end_result|>"] * 2
    assert either.read(span.tokens) == f"<|result|>{text}<|end_result|><|result|>error: {text}<|end_result|>"


@given(data=st.data())
def test_instructions_and_descriptions_are_only_text(either: InnerFormat, data: st.DataObject) -> None:
    text, name = data.draw(outside(either)), data.draw(outside(either))
    spec = ToolSpec(name, text, {"type": "object", "properties": {text: {"type": "string"}}})
    assert control(either, either.begin(text, [spec])) == ["<|im_start|>", "<|im_end|>"]


@given(data=st.data(), cuts=st.lists(st.integers(1, 5)))
def test_reading_undoes_writing(either: InnerFormat, data: st.DataObject, cuts: list[int]) -> None:
    """Whatever the pieces the tokens come in; text that only spells a marker is text."""
    text, value = data.draw(outside(either)), data.draw(values(either))
    arguments = f'{{"value": {value}}}'
    tokens = either.write_stretch(text, [ToolCall("", "say", arguments), ToolCall("", "say", "{}")])
    reader = either.reader([], first_call=3)
    reading = read_in_pieces(reader, tokens, cuts)
    assert reading.text == text
    assert reading.calls == (ToolCall("c3", "say", arguments), ToolCall("c4", "say", "{}"))


def test_strings_are_written_after_a_space_and_keys_are_not(chat: InnerFormat) -> None:
    arguments = json.dumps({"to": "Ann", "by": ['post: "air"', "", 3]})
    written = chat.read(chat.write_stretch("", [ToolCall("", "send", arguments)]))
    assert written == '<|call|>send {"to": " Ann", "by": [" post: \\"air\\"", " ", 3]}<|end_call|><|wait|>'


@pytest.mark.parametrize(
    ("sampled", "read"), [('{"to": "Ann"}', '{"to": "Ann"}'), ('{"to": "  Ann"}', '{"to": " Ann"}')]
)
def test_one_space_at_most_is_taken_away(tokenizer: Tokenizer, chat: InnerFormat, sampled: str, read: str) -> None:
    vocabulary = tokenizer.get_vocab()
    tokens = [vocabulary["<|call|>"], *tokenizer.encode(f"send {sampled}").ids, vocabulary["<|end_call|>"]]
    assert chat.reader([], 0).feed(tokens).calls == (ToolCall("c0", "send", read),)


def test_a_character_in_two_tokens_is_held_back(chat: InnerFormat) -> None:
    tokens = chat.write_stretch("é", [])
    assert len(tokens) == 3
    reader = chat.reader([], 0)
    assert [reader.feed((token,)).text for token in tokens] == ["", "é", ""]


def test_a_call_that_never_closes_is_no_call(chat: InnerFormat) -> None:
    tokens = chat.write_stretch("", [ToolCall("", "say", "{}")])
    reader = chat.reader([], 0)
    assert reader.feed(tokens[:-2]).calls == ()


def test_a_tokenizer_without_the_markers_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"lacks <\|im_start\|>"):
        InnerFormat(Tokenizer(models.BPE()))
