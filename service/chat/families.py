"""The Qwen3 families: their chat templates as the package `renderers` has them, made safe and append-only.

    <|im_start|>system\\n{instructions}\\n{tools}<|im_end|>\\n
    <|im_start|>user\\n{text}<|im_end|>\\n
    <|im_start|>assistant\\n<think>\\n{reasoning}\\n</think>\\n\\n{text}<tool_call>\\n{call}\\n</tool_call><|im_end|>\\n
    <|im_start|>user\\n<tool_response>\\n{text}\\n</tool_response><|im_end|>\\n
    <|im_start|>assistant\\n...

A family has its own way to describe tools and to write a call. A conversation only grows: what comes next is rendered
by itself and appended, whatever was sampled before, and reasoning stays where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter
from renderers import Message, RendererConfig, ToolCallParseStatus, create_renderer
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from service.chat.base import Reader, Reading
from service.chat.lengths import without_lengths
from service.errors import ConfigError
from service.messages import ToolCall, ToolResult
from service.plain import sound
from service.tools.base import ToolSpec
from service.transcript import Origin, Span, Transcript

_SAMPLED: Final = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<|im_end|>", "<|endoftext|>")
"""What a model writes by itself: all other control tokens surround what it is given."""

_SEAM: Final = "\ufdd0"
"""Text is cut here before it is encoded, so that no token spans the cut. Unicode keeps it out of all text."""


class FamilyFormat:
    """The format of one of the families. Needs a tokenizer with its control tokens."""

    def __init__(self, tokenizer: Tokenizer, family: str, thinking: bool) -> None:
        """`family` is `qwen3`, `qwen3.5` or `qwen3.6`; without `thinking`, each answer begins with empty reasoning.

        Raises ConfigError if the tokenizer is of another family.
        """
        added: dict[int, str] = {id: token.content for id, token in tokenizer.get_added_tokens_decoder().items()}
        ids = {text: id for id, text in added.items()}
        if missing := [text for text in _SAMPLED if text not in ids]:
            raise ConfigError(f"the tokenizer lacks {', '.join(missing)}: this model is not of the family {family}")
        self._tokenizer = tokenizer
        self._encoder = _Encoder(tokenizer)
        fields = {"name": family, "enable_thinking": thinking, "thinking_retention": "all"}
        self._renderer = create_renderer(self._encoder, TypeAdapter[Any](RendererConfig).validate_python(fields))
        self._xml = family != "qwen3"
        self._thinking = thinking
        think, thought, call, end_call, *stop = (ids[text] for text in _SAMPLED)
        self._stop = tuple(stop)
        self._ids = _Ids(think, thought, call, end_call, ids["<|im_start|>"], frozenset(added))
        self._spellings = sorted(ids, key=len, reverse=True)
        self._spelling = re.compile("|".join(map(re.escape, self._spellings)))
        self._head = self._renderer.render_ids([_SYSTEM])
        self._prompt = self._renderer.render_ids([_SYSTEM, _USER], add_generation_prompt=True)
        self._thinks_at_once = think in self._prompt and thought not in self._prompt
        """Whether the prompt opens the reasoning, so that the model begins within it."""

    @property
    def stop(self) -> tuple[int, ...]:
        return self._stop

    @property
    def controls(self) -> frozenset[int]:
        ids = self._ids
        return frozenset((ids.think, ids.thought, ids.call, ids.end_call, *self._stop))

    @property
    def live(self) -> bool:
        return False

    def begin(self, instructions: str, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        system = Message(role="system", content=self._harmless(instructions))
        described = json.loads(self._harmless(json.dumps(_describe(tools), ensure_ascii=False)))
        rendered = self._renderer.render([system, _USER], tools=described or None)
        return tuple(rendered.token_ids[: rendered.message_indices.index(1)])

    def ask(self, text: str, after: Transcript) -> tuple[Span, ...]:
        question = Message(role="user", content=self._harmless(text))
        if len(after.spans) > 1:  # more than the head
            closing, message = self._next([question], after)
            return (Span(Origin.FORCED, closing), Span(Origin.GIVEN, message))
        rendered = self._renderer.render([_SYSTEM, question], add_generation_prompt=True)
        return (Span(Origin.GIVEN, tuple(rendered.token_ids[rendered.message_indices.index(1) :])),)

    def write_results(self, results: Sequence[ToolResult], after: Transcript) -> tuple[Span, ...]:
        if not results:
            return ()
        messages = [Message(role="tool", content=self._harmless(result.as_read)) for result in results]
        closing, message = self._next(messages, after)
        return (Span(Origin.FORCED, closing), Span(Origin.RETURNED, message))

    def write_nothing(self, after: Transcript) -> tuple[Span, ...]:
        return ()

    def write_stretch(self, text: str, calls: Sequence[ToolCall]) -> tuple[int, ...]:
        asked = [
            {
                "type": "function",
                "id": call.id,
                "function": {"name": call.name, "arguments": json.loads(self._harmless(call.arguments))},
            }
            for call in calls
        ]
        answer = Message(role="assistant", content=self._harmless(text), tool_calls=asked)
        whole = self._renderer.render_ids([_SYSTEM, _USER, answer])
        end = len(whole) - whole[::-1].index(self._stop[0])
        return self._after_prompt(whole[:end])

    def banned(self, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        """What opens a message or surrounds a result, and what else is not for this model."""
        ids, sampled = self._ids, {*self._stop}
        if self._thinking:
            sampled |= {ids.think, ids.thought}
        if tools:
            sampled |= {ids.call, ids.end_call}
        return tuple(sorted(ids.special - sampled))

    def constraint(self, tools: Sequence[ToolSpec], *, begun: bool) -> str | None:
        """Reasoning ends before anything is said or called; a call names a tool and has arguments of its schema."""
        if not tools:
            return None
        ids = self._ids
        reasoning = {
            "type": "tag",
            "begin": "" if self._thinks_at_once else {"type": "token", "token": ids.think},
            "content": {"type": "any_tokens", "exclude_tokens": [ids.think, ids.call, ids.end_call, *self._stop]},
            "end": {"type": "token", "token": ids.thought},
        }
        said = {
            "type": "token_triggered_tags",
            "trigger_tokens": [ids.call],
            "exclude_tokens": [ids.end_call, ids.think, ids.thought],
            "tags": [self._call_tag(tool) for tool in tools],
        }
        if self._thinks_at_once and not begun:
            said = {"type": "sequence", "elements": [reasoning, said]}
        elif self._thinking and not begun:
            said = {"type": "sequence", "elements": [{"type": "optional", "content": reasoning}, said]}
        return json.dumps({"type": "structural_tag", "format": said})

    def reader(self, tools: Sequence[ToolSpec], first_call: int) -> Reader:
        def read_call(id: str, body: list[int]) -> ToolCall:
            """A call that cannot be read names no tool, and the model reads so."""
            raw = self._encoder.decode(body)
            try:
                tokens = [self._ids.call, *body, self._ids.end_call]
                (call,) = self._renderer.parse_response(tokens, tools=_describe(tools)).tool_calls
                if call.status is ToolCallParseStatus.OK and isinstance(call.name, str):
                    return ToolCall(id, call.name, json.dumps(call.arguments))
            except (ValueError, RecursionError):  # of a number too long to be read, of brackets without end
                pass
            return ToolCall(id, "", raw)

        return _FamilyReader(self._tokenizer, self._ids, self._thinks_at_once, read_call, first_call)

    def _call_tag(self, tool: ToolSpec) -> dict[str, Any]:
        arguments = {
            "type": "json_schema",
            "json_schema": without_lengths(tool.parameters),
            "style": "qwen_xml" if self._xml else "json",
            "excludes": self._spellings,  # in a string, a control token would be valid
            "max_whitespace_cnt": 1,
        }
        before, after = f'\n{{"name": "{tool.name}", "arguments": ', "}\n"
        if self._xml:
            before, after = f"\n<function={tool.name}>\n", "\n</function>\n"
        elements = [_const(before), arguments, _const(after)]
        if self._xml and not tool.parameters.get("properties"):
            elements = [_const(before + after.removeprefix("\n"))]
        return {
            "type": "tag",
            "begin": {"type": "token", "token": self._ids.call},
            "content": {"type": "sequence", "elements": elements},
            "end": {"type": "token", "token": self._ids.end_call},
        }

    def _next(self, messages: Sequence[Message], after: Transcript) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What closes the model's message, if that is still open, and what follows up to the model's next one."""
        # What follows a closed message does not depend on what it said.
        bridged = self._renderer.bridge_to_next_turn(self._head, [self._stop[0]], [*messages])
        assert bridged, "a message that is closed can be followed by another"
        following = tuple(bridged.token_ids[len(self._head) + 1 :])
        if after.tokens[-1] in self._stop:
            return (), following
        message = after.tokens[len(after) - after.tokens[::-1].index(self._ids.message) :]
        reasons = self._ids.think in message and self._ids.thought not in message
        return ((self._ids.thought, self._stop[0]) if reasons else (self._stop[0],)), following

    def _after_prompt(self, whole: list[int]) -> tuple[int, ...]:
        """What follows the prompt in `whole`, where the prompt's last characters may be part of a longer token."""
        prompt = self._prompt
        same = next((at for at, pair in enumerate(zip(prompt, whole, strict=False)) if pair[0] != pair[1]), len(prompt))
        rest = whole[same:]
        if begun := self._encoder.decode(prompt[same:]):
            rest = self._encoder.encode(self._encoder.decode(rest[:1]).removeprefix(begun)) + rest[1:]
        return tuple(rest)

    def _harmless(self, text: str) -> str:
        """The text, cut where it spells a control token."""
        return self._spelling.sub(lambda found: found[0][0] + _SEAM + found[0][1:], text.replace(_SEAM, "\ufffd"))


@dataclass(frozen=True, slots=True)
class _Ids:
    """Of the control tokens."""

    think: int
    thought: int
    call: int
    end_call: int
    message: int
    special: frozenset[int]
    """All of them, and whatever else the tokenizer has that is not text."""


class _FamilyReader:
    def __init__(
        self,
        tokenizer: Tokenizer,
        ids: _Ids,
        thinking: bool,
        read_call: Callable[[str, list[int]], ToolCall],
        first_call: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._ids = ids
        self._thinking = thinking
        self._read_call = read_call
        self._next = first_call
        self._stream = DecodeStream(skip_special_tokens=True)
        self._begun = False
        """Whether anything was said since the last marker: newlines before that belong to the template."""
        self._body: list[int] | None = None
        """Tokens of the call being written; None outside."""

    @property
    def safe(self) -> bool:
        return False

    def feed(self, tokens: Sequence[int]) -> Reading:
        text: list[str] = []
        calls: list[ToolCall] = []
        for token in tokens:
            if token in self._ids.special:
                self._stream, self._begun = DecodeStream(skip_special_tokens=True), False
            if token == self._ids.think:
                self._thinking = True
            elif token == self._ids.thought:
                self._thinking = False
            elif self._thinking:
                continue  # a call in here is only thought of
            elif token == self._ids.call:
                self._body = []
            elif token == self._ids.end_call and self._body is not None:
                calls.append(self._read_call(f"c{self._next}", self._body))
                self._next += 1
                self._body = None
            elif token in self._ids.special:
                continue
            elif self._body is not None:
                self._body.append(token)
            else:
                piece = self._stream.step(self._tokenizer, token) or ""
                text.append(piece if self._begun else piece.lstrip("\n"))
                self._begun = self._begun or bool(text[-1])
        return Reading("".join(text), tuple(calls))


class _Encoder:
    """A tokenizer as `renderers` wants it, which respects the seams in a text."""

    name_or_path = ""
    unk_token_id = None
    eos_token_id = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def encode(self, text: str, *_: Any, **__: Any) -> list[int]:
        pieces = self._tokenizer.encode_batch(sound(text).split(_SEAM), add_special_tokens=False)
        return [id for piece in pieces for id in piece.ids]

    def decode(self, token_ids: Sequence[int], *_: Any, skip_special_tokens: bool = False, **__: Any) -> str:
        text: str = self._tokenizer.decode(list(token_ids), skip_special_tokens=skip_special_tokens)
        return text

    def convert_tokens_to_ids(self, tokens: Any) -> Any:
        if isinstance(tokens, str):
            return self._tokenizer.token_to_id(tokens)
        return [self._tokenizer.token_to_id(token) for token in tokens]


def _const(text: str) -> dict[str, Any]:
    return {"type": "const_string", "value": text}


def _describe(tools: Sequence[ToolSpec]) -> list[Any]:
    """As chat templates are given tools."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in tools
    ]


_SYSTEM: Final = Message(role="system", content="")
_USER: Final = Message(role="user", content="Hello.")
"""What surrounds a message is learnt by rendering it beside these."""
