"""What vLLM lets a model sample: every token is looked up in the mask that xgrammar makes of our constraint.

vLLM gives the matcher the request's stop tokens, and a stop token may come only where the grammar is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

import pytest
import xgrammar
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from service.chat.inner import MARKERS, InnerFormat
from service.messages import ToolCall
from service.tools.base import ToolSpec

SCHEMA = {
    "type": "object",
    "properties": {"item": {"type": "string"}, "quantity": {"type": "integer"}},
    "required": ["item", "quantity"],
    "additionalProperties": False,
}
TOOLS = [ToolSpec("order", "Orders.", SCHEMA), ToolSpec("orders", "Lists.", {"type": "object", "properties": {}})]

Allowed = Callable[[Iterable[int]], set[str]]
"""Given a stretch so far, the markers that may come next; fails if the stretch itself breaks the grammar."""


@pytest.fixture(scope="module")
def allowed(tokenizer: Tokenizer, chat: InnerFormat) -> Callable[[Sequence[ToolSpec]], Allowed]:
    ids: dict[str, int] = tokenizer.get_vocab()
    markers = {marker: ids[marker] for marker in MARKERS}
    vocabulary = sorted(ids, key=ids.__getitem__)
    info = xgrammar.TokenizerInfo(
        vocabulary, xgrammar.VocabType.BYTE_LEVEL, stop_token_ids=[markers["<|im_end|>"]], vocab_size=len(vocabulary)
    )
    compiler = xgrammar.GrammarCompiler(info)

    def of(tools: Sequence[ToolSpec]) -> Allowed:
        constraint = chat.constraint(tools, begun=False)
        assert constraint
        grammar = compiler.compile_structural_tag(constraint)

        def next_markers(stretch: Iterable[int]) -> set[str]:
            matcher = xgrammar.GrammarMatcher(grammar, override_stop_tokens=list(chat.stop))
            for token in stretch:
                assert matcher.accept_token(token), f"{chat.read((token,))!r} is not allowed"
            mask = xgrammar.allocate_token_bitmask(1, len(vocabulary))
            matcher.fill_next_token_bitmask(mask)
            words = [int(word) for word in mask[0]]
            sampled = {token for token in ids.values() if words[token // 32] >> token % 32 & 1} - {*chat.banned(tools)}
            return {marker for marker, token in markers.items() if token in sampled}

        return next_markers

    return of


calls = st.builds(
    lambda item, quantity: ToolCall("", "order", json.dumps({"item": item, "quantity": quantity})),
    st.text(max_size=12).filter(lambda text: "<|" not in text),
    st.integers(-(10**6), 10**6),
)


@given(text=st.text(max_size=20), asked=st.lists(calls, max_size=3), at=st.integers(0, 400))
def test_at_no_point_of_any_stretch_can_a_result_be_sampled(
    allowed: Callable[[Sequence[ToolSpec]], Allowed], chat: InnerFormat, text: str, asked: list[ToolCall], at: int
) -> None:
    stretch = chat.write_stretch(text, asked)[:-1]
    markers = allowed(TOOLS)(stretch[: at % (len(stretch) + 1)])
    assert not markers & {"<|result|>", "<|end_result|>", "<|im_start|>"}


def test_a_stretch_may_stop_anywhere_but_inside_a_call(
    allowed: Callable[[Sequence[ToolSpec]], Allowed], chat: InnerFormat
) -> None:
    after = allowed(TOOLS)
    call = ToolCall("", "order", '{"item": "x", "quantity": 3}')
    called = chat.write_stretch("I order.", [call])[:-1]
    anything = {"<|call|>", "<|wait|>", "<|im_end|>"}
    assert after(()) == anything
    assert after(chat.write_stretch("Hello.", [])[:-1]) == anything
    assert after(called) == anything
    assert after((*called, *chat.write_stretch("And", [call, call])[:-1])) == anything
    assert after(called[:-1]) == {"<|end_call|>"}
    assert after(called[:-2]) == set()


@pytest.mark.parametrize("name", ["place", "orde", "order {"])
def test_only_tools_that_exist_can_be_called(
    allowed: Callable[[Sequence[ToolSpec]], Allowed], chat: InnerFormat, name: str
) -> None:
    with pytest.raises(AssertionError, match="is not allowed"):
        allowed(TOOLS)(chat.write_stretch("", [ToolCall("", name, "{}")])[:-1])


@pytest.mark.parametrize(
    ("begun", "wrong"),
    [
        ('{"item": ', "3"),
        ('{"item": "x', "<|"),
        ('{"item": "x", "quantity": ', '"'),
        ('{"item": "x", "quantity": 3', ","),
        ("{", "}"),
    ],
)
def test_arguments_follow_the_schema_and_spell_no_marker(
    allowed: Callable[[Sequence[ToolSpec]], Allowed], chat: InnerFormat, begun: str, wrong: str
) -> None:
    def stretch(arguments: str) -> tuple[int, ...]:
        return chat.write_stretch("", [ToolCall("", "order", arguments)])[:-2]

    allowed(TOOLS)(stretch(begun))
    with pytest.raises(AssertionError, match="is not allowed"):
        allowed(TOOLS)(stretch(begun + wrong))


@pytest.mark.parametrize("size", ["small", "12345"])
def test_strings_of_the_schema_have_their_space(
    allowed: Callable[[Sequence[ToolSpec]], Allowed], chat: InnerFormat, size: str
) -> None:
    """Also where the schema lists them, and where a property is called as a keyword is."""
    options = {"anyOf": [{"enum": ["small", "large"]}, {"type": "string"}]}
    schema = {"type": "object", "properties": {"enum": options, "const": {"const": "x"}}, "required": ["enum", "const"]}
    call = ToolCall("", "pack", json.dumps({"enum": size, "const": "x"}))
    assert allowed([ToolSpec("pack", "Packs.", schema)])(chat.write_stretch("", [call])[:-2]) == {"<|end_call|>"}


def test_lengths_of_strings_are_left_out(
    allowed: Callable[[Sequence[ToolSpec]], Allowed], chat: InnerFormat, capfd: pytest.CaptureFixture[str]
) -> None:
    """xgrammar, which could not follow them, says nothing."""
    sized = {
        "type": "object",
        "properties": {"minLength": {"type": "string", "minLength": 9}, "maxLength": True},
        "required": ["minLength", "maxLength"],
    }
    call = ToolCall("", "pack", '{"minLength": "short", "maxLength": 5}')
    assert allowed([ToolSpec("pack", "Packs.", sized)])(chat.write_stretch("", [call])[:-2]) == {"<|end_call|>"}
    assert capfd.readouterr().err == ""


def test_without_tools_there_is_only_prose(tokenizer: Tokenizer, chat: InnerFormat) -> None:
    assert chat.constraint([], begun=False) is None
    special = {id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    assert special - {*chat.banned([])} == {tokenizer.token_to_id("<|im_end|>")}
