"""Our own format: every marker is one token id, so no text, from outside or the model's own, can be mistaken for one.

    <|im_start|>system\\n{instructions}\\n\\nTools:\\n- {name}({arguments}): {description}\\n...<|im_end|>
    <|im_start|>user\\n{text}<|im_end|>
    <|im_start|>assistant\\n
        {text}<|call|>{name} {json}<|end_call|><|call|>{name} {json}<|end_call|><|wait|>
        <|result|>{text}<|end_result|><|result|>{text}<|end_result|>
        {text}<|im_end|>

Every string in a call's arguments is written with a space in front, which is not part of it: ` coolant` is one token
after a space and two after a quotation mark, and a small model copies a word it has never seen far better than it
respells it.

A turn is one assistant message: results are spliced into it. `<|wait|>` says "nothing to do until a result comes"; if
no call runs, it is answered by a bare `<|end_result|>`. The marker ids are spare special tokens of the model's
tokenizer, renamed when its weights are got ready.

In the live form, whose tools are headed `Live tools:`, the model goes on after a call, and each result comes in as soon
as it is there and the model is between two calls or lines. It names its call, the turn's calls being c0, c1, ...:

        {text}<|call|>{name} {json}<|end_call|><|call|>{name} {json}<|end_call|>{text}\\n
        <|result|>c1 {text}<|end_result|>{text}<|wait|><|result|>c0 {text}<|end_result|>{text}<|im_end|>
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from service.chat.base import Reader, Reading
from service.chat.lengths import without_lengths
from service.errors import ConfigError
from service.messages import ToolCall, ToolResult
from service.nested import map_strings
from service.plain import sound
from service.tools.base import ToolSpec
from service.transcript import Origin, Span, Transcript

MARKERS: Final = ("<|im_start|>", "<|im_end|>", "<|call|>", "<|end_call|>", "<|result|>", "<|end_result|>", "<|wait|>")
_MARKER_START: Final = "<|"
"""Every marker begins so: text with it is kept out of call arguments, where a marker's spelling would be valid JSON."""


class InnerFormat:
    """The format of the agents this repository trains. Needs a tokenizer that has all of `MARKERS`."""

    def __init__(self, tokenizer: Tokenizer, live: bool = False) -> None:
        """Raises ConfigError if a marker is missing: then this model was not made for this format."""
        special = {token.content: id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
        if missing := [marker for marker in MARKERS if marker not in special]:
            raise ConfigError(
                f"the tokenizer lacks {', '.join(missing)} among its special tokens: "
                "this model is not tuned for the inner format"
            )
        # Text is text: without this, the spelling of a special token in a user's message would become that token.
        tokenizer.encode_special_tokens = True
        self._tokenizer = tokenizer
        self._message, self._end, self._call, self._end_call, self._result, self._end_result, self._wait = (
            special[marker] for marker in MARKERS
        )
        self._special = frozenset(special.values())
        self._live = live

    @property
    def stop(self) -> tuple[int, ...]:
        return (self._end, self._wait)

    @property
    def controls(self) -> frozenset[int]:
        return frozenset((self._call, self._end_call, *self.stop))

    @property
    def live(self) -> bool:
        return self._live

    def begin(self, instructions: str, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        listing = "".join(f"\n- {_signature(tool)}: {tool.description}" for tool in tools)
        heading = "Live tools:" if self._live else "Tools:"
        head = f"{instructions.strip()}\n\n{heading}{listing}" if tools else instructions.strip()
        return self._turn("system", head)

    def ask(self, text: str, after: Transcript) -> tuple[Span, ...]:
        begun = len(after.spans) > 1  # more than the head
        closing = (*self._closing(after), self._end) if begun and after.tokens[-1] != self._end else ()
        newline = self._encode("\n") if begun else ()
        message = (*newline, *self._turn("user", text), *self._opening)
        return (Span(Origin.FORCED, closing), Span(Origin.GIVEN, message))

    def write_results(self, results: Sequence[ToolResult], after: Transcript) -> tuple[Span, ...]:
        tokens: list[int] = []
        for result in results:
            name = f"{result.call_id} " if self._live else ""
            tokens += (self._result, *self._encode(name + result.as_read), self._end_result)
        if not results:
            return ()
        # Where the model ended its message before its calls, it gets another one.
        ended = after.tokens[-1:] == (self._end,)
        before = (*self._encode("\n"), *self._opening) if ended else self._closing(after)
        return (Span(Origin.FORCED, before), Span(Origin.RETURNED, tuple(tokens)))

    def write_nothing(self, after: Transcript) -> tuple[Span, ...]:
        return (Span(Origin.FORCED, (self._end_result,)),) if after.tokens[-1:] == (self._wait,) else ()

    def write_stretch(self, text: str, calls: Sequence[ToolCall]) -> tuple[int, ...]:
        tokens = list(self._encode(text))
        for call in calls:
            tokens += (self._call, *self._encode(f"{call.name} {_spaced(call.arguments)}"), self._end_call)
        return (*tokens, self._wait if calls else self._end)

    def banned(self, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        """What opens or closes a result or a message, and all other special tokens that are not for the model."""
        return tuple(sorted(self._special - (self.controls if tools else {self._end})))

    def constraint(self, tools: Sequence[ToolSpec], *, begun: bool) -> str | None:
        """A call names a tool and gives arguments of its schema.

        The engine lets a stretch stop wherever this is complete, which is anywhere but inside a call. It cannot say
        which of the stop tokens may come: to vLLM they are all one.
        """
        if not tools:
            return None
        calls = {
            "type": "token_triggered_tags",
            "trigger_tokens": [self._call],
            "exclude_tokens": [self._end_call],
            "tags": [self._call_tag(tool) for tool in tools],
        }
        return json.dumps({"type": "structural_tag", "format": calls})

    def _call_tag(self, tool: ToolSpec) -> dict[str, Any]:
        arguments = {
            "type": "json_schema",
            "json_schema": _spaced_schema(without_lengths(tool.parameters)),
            "excludes": [_MARKER_START],
            "max_whitespace_cnt": 1,
        }
        return {
            "type": "tag",
            "begin": {"type": "token", "token": self._call},
            "content": {
                "type": "sequence",
                "elements": [{"type": "const_string", "value": f"{tool.name} "}, arguments],
            },
            "end": {"type": "token", "token": self._end_call},
        }

    def reader(self, tools: Sequence[ToolSpec], first_call: int) -> Reader:
        return _InnerReader(self._tokenizer, self._call, self._end_call, self._special, first_call)

    @property
    def special(self) -> frozenset[int]:
        """The ids that steer the conversation, which only this format writes and only the model samples."""
        return self._special

    def read(self, tokens: Sequence[int]) -> str:
        """The tokens as text, markers spelled out: for people."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=False)
        return text

    def _closing(self, after: Transcript) -> tuple[int, ...]:
        """What ends the call within which the model was cut off, if it was."""
        marks = (self._message, self._call, self._end_call)
        last = next((token for token in reversed(after.tokens) if token in marks), None)
        return (self._end_call,) if last == self._call else ()

    @property
    def _opening(self) -> tuple[int, ...]:
        return (self._message, *self._encode("assistant\n"))

    def _turn(self, role: str, text: str) -> tuple[int, ...]:
        return (self._message, *self._encode(f"{role}\n{text}"), self._end, *self._encode("\n"))

    def _encode(self, text: str) -> tuple[int, ...]:
        tokens = self._tokenizer.encode(sound(text), add_special_tokens=False).ids
        if not self._special.isdisjoint(tokens):
            raise RuntimeError("text from outside became a control token")
        return tuple(tokens)


class _InnerReader:
    def __init__(self, tokenizer: Tokenizer, call: int, end_call: int, special: frozenset[int], first: int) -> None:
        self._tokenizer = tokenizer
        self._call, self._end_call, self._special = call, end_call, special
        self._next = first
        self._stream = DecodeStream(skip_special_tokens=True)
        self._body: list[int] | None = None
        """Tokens of the call being written; None in prose."""
        self._safe = False

    @property
    def safe(self) -> bool:
        return self._safe

    def feed(self, tokens: Sequence[int]) -> Reading:
        text: list[str] = []
        calls: list[ToolCall] = []
        for token in tokens:
            if token == self._call:
                self._body = []
                self._safe = False
            elif token == self._end_call and self._body is not None:
                calls.append(self._read_call(self._body))
                self._body = None
                self._safe = True
            elif token in self._special:
                continue
            elif self._body is not None:
                self._body.append(token)
            else:
                text.append(self._stream.step(self._tokenizer, token) or "")
                self._safe = text[-1].endswith("\n")
        return Reading("".join(text), tuple(calls))

    def _read_call(self, body: list[int]) -> ToolCall:
        name, _, arguments = self._tokenizer.decode(body, skip_special_tokens=False).partition(" ")
        call = ToolCall(f"c{self._next}", name, _unspaced(arguments))
        self._next += 1
        return call


_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?')
"""A string in JSON, and the colon after it if it is a key."""


def _spaced(arguments: str) -> str:
    """JSON with a space in front of every string but the keys."""
    return _STRING.sub(lambda found: found[0] if found[2] else f'" {found[1]}"', arguments)


def _unspaced(arguments: str) -> str:
    """Takes away what `_spaced` added; a string that has no space in front stays as it is."""
    return _STRING.sub(lambda found: found[0] if found[2] else f'"{found[1].removeprefix(" ")}"', arguments)


def _spaced_schema(schema: Any) -> Any:
    """The schema for arguments with these spaces. Strings with a pattern or a format cannot have one."""
    match schema:
        case list():
            return [_spaced_schema(item) for item in schema]
        case Mapping():
            return {key: _spaced_keyword(key, value) for key, value in schema.items()}
    return schema


def _spaced_keyword(key: str, value: Any) -> Any:
    match key, value:
        case ("enum", list()) | ("const", str()):
            return map_strings(value, lambda text: f" {text}")
    return _spaced_schema(value)


def _signature(tool: ToolSpec) -> str:
    properties: dict[str, Any] = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", ())
    marks = ", ".join(
        f"{name}{'' if name in required else '?'}: {schema.get('type', 'any')}" for name, schema in properties.items()
    )
    return f"{tool.name}({marks})"
