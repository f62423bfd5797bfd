"""Model families: their own templates, token by token; nothing from outside becomes a control token."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xgrammar
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from renderers import Message, RendererConfig, create_renderer
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from service.chat.families import FamilyFormat
from service.decode import DecodeLoop, StopReason
from service.engine.scripted import ScriptedEngine
from service.errors import ConfigError
from service.journal import NullJournal
from service.messages import Answer, Caller, ToolCall, ToolResult
from service.plain import sound
from service.tools.base import Asks, CallContext, ToolSpec
from service.tools.toolbox import Limited, Toolbox
from service.transcript import Origin, Span, Transcript
from tests.byte_tokenizer import CALLS, MESSAGES, OTHERS, qwen_tokenizer
from tests.conftest import ORDER, read_in_pieces
from tests.test_decode import stretches_of

TODAY = ToolSpec("today", "Tells the date.", {"type": "object", "properties": {}, "additionalProperties": False})


@pytest.fixture(scope="module")
def qwen() -> Tokenizer:
    return qwen_tokenizer()


class Order:
    """The tool."""

    spec = ORDER

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        return f"{arguments['quantity']} {arguments['item']}"


@pytest.fixture(scope="module", params=itertools.product(["qwen3", "qwen3.5", "qwen3.6"], [True, False]), ids=str)
def kind(request: pytest.FixtureRequest) -> tuple[str, bool]:
    """A family, and whether the model reasons."""
    found: tuple[str, bool] = request.param
    return found


@pytest.fixture(scope="module")
def family(kind: tuple[str, bool], qwen: Tokenizer) -> FamilyFormat:
    return FamilyFormat(qwen, *kind)


def read(tokenizer: Tokenizer, tokens: Sequence[int]) -> str:
    return str(tokenizer.decode(list(tokens), skip_special_tokens=False))


def control(tokenizer: Tokenizer, tokens: Sequence[int]) -> list[str]:
    added = tokenizer.get_added_tokens_decoder()
    return [added[token].content for token in tokens if token in added]


def begin(family: FamilyFormat) -> Transcript:
    """A conversation up to the model's first stretch."""
    begun = Transcript.of([Span(Origin.GIVEN, family.begin("Help.", [ORDER]))])
    return begun.append(*family.ask("Hello.", begun))


def sampled(tokens: Sequence[int]) -> Span:
    return Span(Origin.SAMPLED, tuple(tokens))


outside = st.lists(
    st.text(max_size=8) | st.sampled_from([*MESSAGES, *CALLS, *OTHERS, "\ufdd0", "\ud83d", "<", "think>"]), max_size=5
).map("".join)


@given(text=outside)
def test_text_from_outside_is_only_text(qwen: Tokenizer, family: FamilyFormat, text: str) -> None:
    def conversation(text: str) -> list[str]:
        spec = ToolSpec(text, text, {"type": "object", "properties": {text: {"description": text}}})
        grown = Transcript.of([Span(Origin.GIVEN, family.begin(text, [spec]))])
        grown = grown.append(*family.ask(text, grown))
        grown = grown.append(sampled(family.write_stretch("", [ToolCall("", "order", "{}")])))
        grown = grown.append(*family.write_results([ToolResult("c0", text), ToolResult("c1", text, True)], grown))
        grown = grown.append(sampled(family.write_stretch("Done.", [])))
        return control(qwen, grown.append(*family.ask(text, grown)).tokens)

    assert conversation(text) == conversation("x")


def test_a_conversation_is_what_the_family_writes(
    kind: tuple[str, bool], qwen: Tokenizer, family: FamilyFormat
) -> None:
    """Grown step by step, it has the tokens that the family's template gives to the whole."""
    name, thinking = kind
    thought = {"reasoning_content": "So it is."} if thinking else {}
    asked = [{"type": "function", "id": f"c{n}", "function": {"name": "order", "arguments": {"n": n}}} for n in (0, 1)]
    messages = [
        Message(role="system", content="Help."),
        Message(role="user", content="Hello."),
        Message(role="assistant", content="Now.", tool_calls=asked, **thought),
        Message(role="tool", content="sent", tool_call_id="c0"),
        Message(role="tool", content="error: none left", tool_call_id="c1"),
        Message(role="assistant", content="One was sent.", **thought),
    ]
    described = {"name": ORDER.name, "description": ORDER.description, "parameters": ORDER.parameters}
    config = TypeAdapter[Any](RendererConfig).validate_python({"name": name, "enable_thinking": thinking})
    renderer = create_renderer(PreTrainedTokenizerFast(tokenizer_object=qwen), config)
    whole = renderer.render_ids(messages, tools=[{"type": "function", "function": described}])

    def grow(grown: Transcript) -> Transcript:
        """As the model would, up to the end of its message."""
        assert read(qwen, whole[: len(grown)]) == read(qwen, grown.tokens)
        end = whole.index(family.stop[0], len(grown)) + 1
        return grown.append(sampled(whole[len(grown) : end]))

    grown = grow(begin(family))
    results = [ToolResult("c0", "sent"), ToolResult("c1", "none left", is_error=True)]
    grown = grow(grown.append(*family.write_results(results, grown)))
    assert list(grown.tokens) == whole[: len(grown)]
    assert read(qwen, whole[len(grown) :]) == "\n"


@given(text=st.text(max_size=20), value=outside.map(sound), cuts=st.lists(st.integers(1, 5)))
def test_reading_undoes_writing(family: FamilyFormat, text: str, value: str, cuts: list[int]) -> None:
    """Whatever the pieces the tokens come in, a call closes with its last token; prose keeps all but outer space."""
    text, value = text.replace("\ufdd0", ""), value.replace("\ufdd0", "").strip() or "x"
    calls = [ToolCall(f"c{n}", "order", json.dumps({"item": value, "quantity": n}, ensure_ascii=False)) for n in (3, 4)]
    tokens = family.write_stretch(text, calls)
    reader = family.reader([ORDER], first_call=3)
    reading = read_in_pieces(reader, tokens, cuts)
    assert reading.text.strip() == text.strip()
    assert [(call.id, call.name, json.loads(call.arguments)) for call in reading.calls] == [
        (call.id, call.name, json.loads(call.arguments)) for call in calls
    ]


CALL = {
    "qwen3": '<tool_call>\n{"name": "order", "arguments": {"item": "nuts", "quantity": 5}}\n</tool_call>',
    "qwen3.5": "<tool_call>\n<function=order>\n<parameter=item>\nnuts\n</parameter>\n<parameter=quantity>\n5\n"
    "</parameter>\n</function>\n</tool_call>",
}
CALL["qwen3.6"] = CALL["qwen3.5"]


@pytest.fixture
def thought(qwen: Tokenizer, kind: tuple[str, bool], family: FamilyFormat) -> list[int]:
    """Reasoning in which a call is thought of."""
    text = f"<think>\nI might {CALL[kind[0]]} it.\n</think>\n\n"
    opened = read(qwen, begin(family).tokens).endswith("<think>\n")
    return list(qwen.encode(text.removeprefix("<think>\n") if opened else text).ids)


def test_what_is_thought_of_is_neither_said_nor_done(
    qwen: Tokenizer, kind: tuple[str, bool], family: FamilyFormat, thought: list[int]
) -> None:
    reader = family.reader([ORDER], 0)
    readings = [reader.feed((token,)) for token in (*thought, *qwen.encode(f"I do.{CALL[kind[0]]}<|im_end|>").ids)]
    assert "".join(reading.text for reading in readings) == "I do."
    (call,) = [call for reading in readings for call in reading.calls]
    assert (call.id, call.name, json.loads(call.arguments)) == ("c0", "order", {"item": "nuts", "quantity": 5})


def test_a_character_in_two_tokens_is_held_back(family: FamilyFormat) -> None:
    tokens = family.write_stretch("é", [])
    reader = family.reader([], 0)
    assert [text for token in tokens if (text := reader.feed((token,)).text)] == ["é"]


def test_a_call_that_never_closes_is_no_call(family: FamilyFormat) -> None:
    tokens = family.write_stretch("", [ToolCall("", "order", '{"item": "nuts", "quantity": 1}')])
    cut = next(at for at in range(len(tokens), 0, -1) if tokens[at - 1] in family.controls - {*family.stop})
    reading = family.reader([ORDER], 0).feed((*tokens[: cut - 1], family.stop[0]))
    assert reading.calls == ()
    assert "nuts" not in reading.text


BEYOND = ("9" * 5_000, "[" * 5_000 + "]" * 5_000)
"""Digits and brackets that are valid JSON, and more than is read."""


@pytest.mark.parametrize(
    "body", ["{nuts}", '{"name": 5}', "[]", *(f'{{"name": "order", "arguments": {{"item": {it}}}}}' for it in BEYOND)]
)
def test_a_call_that_cannot_be_read_is_still_a_call(qwen: Tokenizer, body: str) -> None:
    """The model reads that there is no such tool, and may write it again."""
    tokens = qwen.encode(f"<tool_call>{body}</tool_call><|im_end|>").ids
    reading = FamilyFormat(qwen, "qwen3", False).reader([ORDER], 0).feed(tokens)
    assert reading.calls == (ToolCall("c0", "", body),)


@pytest.mark.parametrize("cut", ["", "I th", "I th</think>\n\nI s", "I th</think>\n\n<tool_call>\n"])
def test_a_turn_that_was_cut_off_is_closed(
    qwen: Tokenizer, kind: tuple[str, bool], family: FamilyFormat, cut: str
) -> None:
    begun = begin(family)
    if not kind[1]:
        cut = cut.rpartition("</think>\n\n")[2]
    opened = read(qwen, begun.tokens).endswith("<think>\n")
    before = "<think>\n" if kind[1] and cut and not opened else ""
    stretch = qwen.encode(before + cut).ids
    after = begun.append(sampled(stretch))
    grown = after.append(*family.ask("And?", after))
    closing = ("</think>" if (opened or before) and "</think>" not in cut else "") + "<|im_end|>"
    assert read(qwen, grown.tokens[len(after) :]).startswith(f"{closing}\n<|im_start|>user\nAnd?<|im_end|>\n")
    assert grown.spans[len(after.spans)] == Span(Origin.FORCED, tuple(qwen.encode(closing).ids))


def test_a_turn_that_ended_while_it_reasoned_goes_on(qwen: Tokenizer, family: FamilyFormat) -> None:
    begun = begin(family)
    stretch = qwen.encode("<think>\nI th<|im_end|>").ids
    grown = begun.append(sampled(stretch))
    assert read(qwen, grown.append(*family.ask("And?", grown)).tokens).count("<|im_end|>\n<|im_start|>user\nAnd?") == 1


Accepts = Callable[[Sequence[int]], bool]


@pytest.fixture(scope="module")
def accepts(qwen: Tokenizer, family: FamilyFormat) -> Accepts:
    return acceptor(qwen, family, begun=False)


def acceptor(
    qwen: Tokenizer, family: FamilyFormat, tools: Sequence[ToolSpec] = (ORDER, TODAY), *, begun: bool
) -> Accepts:
    """Whether the grammar lets a stretch, or the rest of one, be sampled and end there."""
    ids: dict[str, int] = qwen.get_vocab()
    vocabulary = sorted(ids, key=ids.__getitem__)
    info = xgrammar.TokenizerInfo(
        vocabulary, xgrammar.VocabType.BYTE_LEVEL, stop_token_ids=[*family.stop], vocab_size=len(vocabulary)
    )
    constraint = family.constraint(tools, begun=begun)
    assert constraint
    grammar = xgrammar.GrammarCompiler(info).compile_structural_tag(constraint)

    def accepts(stretch: Sequence[int]) -> bool:
        matcher = xgrammar.GrammarMatcher(grammar, override_stop_tokens=list(family.stop))
        return all(token not in family.banned([ORDER]) and matcher.accept_token(token) for token in stretch)

    return accepts


@pytest.mark.parametrize("text", ["", "Now: 5 < 6."])
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_what_the_family_writes_may_be_sampled(family: FamilyFormat, accepts: Accepts, text: str, calls: int) -> None:
    call = ToolCall("", "order", '{"item": "nuts", "quantity": 5}')
    assert accepts(family.write_stretch(text, [call] * calls))
    assert accepts(family.write_stretch(text, [ToolCall("", "today", "{}")] * calls))


def test_a_draft_may_not_be_sampled(
    qwen: Tokenizer, family: FamilyFormat, accepts: Accepts, thought: list[int]
) -> None:
    """Nor calls that are not what their schema says, hidden in reasoning."""
    said = family.write_stretch("I do.", [])
    assert not accepts((*thought, *said[said.index(qwen.encode("I").ids[0]) :]))


def test_what_is_left_of_a_stretch_has_no_reasoning(
    qwen: Tokenizer, kind: tuple[str, bool], family: FamilyFormat, thought: list[int]
) -> None:
    """Where another process goes on with it, after a call."""
    accepts = acceptor(qwen, family, begun=True)
    rest = qwen.encode(f"And:{CALL[kind[0]]}<|im_end|>").ids
    assert accepts(rest)
    assert not accepts((*thought, *rest))


def test_a_call_may_not_hold_a_control_token(qwen: Tokenizer, kind: tuple[str, bool], accepts: Accepts) -> None:
    """It would end there for us, and go on for the grammar."""
    before, after = CALL[kind[0]].split("nuts")
    begun = "" if not kind[1] else "I do.\n</think>\n\n" if kind[0] != "qwen3" else "<think>\nI do.\n</think>\n\n"
    for item in ("nuts", "a</tool_call>b", "a<|fim_prefix|>b"):
        assert accepts(qwen.encode(f"{begun}{before}{item}{after}<|im_end|>").ids) == (item == "nuts")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sell", '{"item": "nuts", "quantity": 5}'),
        ("order", '{"item": "nuts"}'),
        ("order", '{"item": "nuts", "quantity": "many"}'),
        ("order", '{"item": "nuts", "quantity": 5, "price": 1}'),
    ],
)
def test_a_call_follows_its_schema(family: FamilyFormat, accepts: Accepts, name: str, arguments: str) -> None:
    assert not accepts(family.write_stretch("", [ToolCall("", name, arguments)]))


def test_lengths_of_strings_are_left_out_of_the_grammar(
    qwen: Tokenizer, family: FamilyFormat, capfd: pytest.CaptureFixture[str]
) -> None:
    """xgrammar, which could not follow them, says nothing."""
    sized = {
        "type": "object",
        "properties": {"maxLength": {"type": "string", "maxLength": 3}},
        "required": ["maxLength"],
    }
    accepts = acceptor(qwen, family, [ToolSpec("pack", "Packs.", sized)], begun=False)
    assert accepts(family.write_stretch("", [ToolCall("", "pack", '{"maxLength": "longer"}')]))
    assert capfd.readouterr().err == ""


def test_without_tools_there_is_only_prose(qwen: Tokenizer, kind: tuple[str, bool], family: FamilyFormat) -> None:
    assert family.constraint([], begun=False) is None
    allowed = set(control(qwen, list(qwen.get_added_tokens_decoder()))) - {*control(qwen, family.banned([]))}
    assert allowed == {"<|im_end|>", "<|endoftext|>", *(("<think>", "</think>") if kind[1] else ())}


def test_a_model_of_another_family_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match=r"lacks <think>.*: this model is not of the family qwen3"):
        FamilyFormat(tokenizer, "qwen3", False)


async def test_a_turn_that_rested_reasons_again_unheard(qwen: Tokenizer, family: FamilyFormat) -> None:
    """The stretch after the answer is a new one: its reasoning is not said."""

    class Asking(Order):
        async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
            if not context.answers:
                raise Asks("Really?")
            return await super().__call__(arguments, context)

    stretches = [
        family.write_stretch("Now. ", [ToolCall("", "order", '{"item": "nuts", "quantity": 5}')]),
        family.write_stretch("Sent.", []),
    ]
    engine = ScriptedEngine(lambda prompt, _: [(token,) for token in stretches[len(engine.requests) - 1]])
    loop = DecodeLoop(engine, family, Toolbox([Limited(Asking(), asks_first=True)]), "Help.")
    journal = NullJournal()
    rests = await loop.run(loop.ask(Transcript(), "Order 5 nuts."), Caller(), journal=journal)
    assert rests.stop is StopReason.ASKS
    journal.answers = {"c0": (Answer("Yes."),)}
    turn = await loop.run(rests.transcript, Caller(), journal=journal)
    assert turn.text.split() == ["Now.", "Sent."]
    assert engine.requests[1][1].constraint == family.constraint([ORDER], begun=False)


async def test_the_loop_runs_it(qwen: Tokenizer, family: FamilyFormat) -> None:
    """A turn with a call, and a second one: the engine is given exactly what is kept, which only grows."""
    stretches = [
        family.write_stretch("Now. ", [ToolCall("", "order", '{"item": "nuts", "quantity": 5}')]),
        family.write_stretch("Sent.", []),
        family.write_stretch("You are welcome.", []),
    ]
    engine = ScriptedEngine(lambda prompt, _: [(token,) for token in stretches[len(engine.requests) - 1]])
    loop = DecodeLoop(engine, family, Toolbox([Limited(Order())]), "Help.")
    first = await loop.run(loop.ask(Transcript(), "Order 5 nuts."), Caller())
    second = await loop.run(loop.ask(first.transcript, "Thanks."), Caller())
    assert [first.text.split(), second.text] == [["Now.", "Sent."], "You are welcome."]
    assert "<tool_response>\n5 nuts\n</tool_response>" in read(qwen, first.transcript.tokens)
    assert stretches_of(second.transcript) == stretches
    for prompt, _ in engine.requests:
        assert second.transcript.tokens[: len(prompt)] == prompt
