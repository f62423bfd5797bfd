"""Other model families: their chat templates as the package `renderers` has them, made safe and append-only.

`renderers` knows how a family writes messages and how its answers read, token by token. What it leaves to us:
- a conversation only grows: what comes next is rendered by itself and appended to what was sampled;
- text from outside that spells a control token stays text;
- an answer is read while it is sampled. Only a control token can end prose, reasoning or a call, so at each of them
  the renderer reads the stretch again, and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from renderers import Message, ParsedResponse, RendererConfig, ToolCallParseStatus, create_renderer
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream
from xgrammar import get_model_structural_tag

from service.chat.base import Reader, Reading
from service.errors import ConfigError
from service.messages import ToolCall, ToolResult
from service.tools.base import ToolSpec
from service.transcript import Origin, Span, Transcript

_SYNTAX: Final = {"qwen3": "qwen_3", "qwen3.5": "qwen_3_5", "qwen3.6": "qwen_3_5"}
"""The families that were tried, and what xgrammar calls the syntax of their calls. `renderers` has more: some of them
end prose or calls with ordinary text, some open the next message with the token that ends the last."""

_SEAM: Final = "\ufdd0"
"""Text is cut here before it is encoded, so that no token spans the cut. Unicode keeps it out of all text."""


class FamilyFormat:
    """One family's format. Needs a tokenizer with that family's control tokens."""

    def __init__(self, tokenizer: Tokenizer, family: str, options: Mapping[str, Any]) -> None:
        """`options` are fields of the family's config in `renderers`, such as `enable_thinking`.

        Raises ConfigError for a family or option we do not know, and for a tokenizer that does not fit.
        """
        if family not in _SYNTAX:
            raise ConfigError(f"chat: {family}: there is no such format: use inner, inner-live, {', '.join(_SYNTAX)}")
        self._encoder = _Encoder(tokenizer)
        # Reasoning stays where it was sampled: nothing is written anew.
        fields = {**options, "name": family, "thinking_retention": "all"}
        try:
            config = TypeAdapter[Any](RendererConfig).validate_python(fields)
            self._renderer = create_renderer(self._encoder, config)
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"chat: {first['loc'][-1]}: {first['msg']}") from error
        except AssertionError as error:  # its way to say that a control token is missing
            raise ConfigError(f"chat: this model is not of the family {family}: {error}") from error
        self._tokenizer = tokenizer
        self._family = family
        self._stop = tuple(self._renderer.get_stop_token_ids())
        example = self._renderer.render(_EXAMPLE, tools=_describe([_SAY]), add_generation_prompt=True)
        added = tokenizer.get_added_tokens_decoder()
        marks = [mark for mark in zip(example.token_ids, example.sampled_mask, strict=True) if mark[0] in added]
        self._controls = frozenset(id for id, sampled in marks if sampled).union(self._stop)
        self._banned = tuple(sorted({id for id, _ in marks} - self._controls))
        self._special = self._controls.union(self._banned)
        spellings = sorted((added[id].content for id in self._special), key=len, reverse=True)
        self._spelling = re.compile("|".join(map(re.escape, spellings)))
        self._prompt = example.token_ids
        """Ends as every prompt does: with the model's turn opened, for some families with its reasoning too."""
        self._head = example.token_ids[: example.message_indices.index(1)]
        self._reasons = self._renderer.parse_response([], prompt_ids=self._prompt).reasoning_complete is False
        """Whether the model begins within its reasoning."""

    @property
    def stop(self) -> tuple[int, ...]:
        return self._stop

    @property
    def controls(self) -> frozenset[int]:
        return self._controls

    @property
    def live(self) -> bool:
        return False

    def begin(self, instructions: str, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        messages = [Message(role="system", content=self._harmless(instructions)), _EXAMPLE[1]]
        described = json.loads(self._harmless(json.dumps(_describe(tools), ensure_ascii=False)))
        rendered = self._renderer.render(messages, tools=described or None)
        return tuple(rendered.token_ids[: rendered.message_indices.index(1)])

    def ask(self, text: str, after: Transcript) -> tuple[Span, ...]:
        question = Message(role="user", content=self._harmless(text))
        if len(after.spans) > 1:  # more than the head
            closing, opening = self._go_on([question], after)
            return (Span(Origin.FORCED, closing), Span(Origin.GIVEN, opening))
        rendered = self._renderer.render([_EXAMPLE[0], question], add_generation_prompt=True)
        return (Span(Origin.GIVEN, tuple(rendered.token_ids[rendered.message_indices.index(1) :])),)

    def write_results(self, results: Sequence[ToolResult], after: Transcript) -> tuple[Span, ...]:
        if not results:
            return ()
        texts = (f"error: {result.text}" if result.is_error else result.text for result in results)
        closing, opening = self._go_on([Message(role="tool", content=self._harmless(text)) for text in texts], after)
        return (Span(Origin.FORCED, closing), Span(Origin.RETURNED, opening))

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
        prompt = self._renderer.render_ids(_EXAMPLE[:2], add_generation_prompt=True)
        rendered = self._renderer.render([*_EXAMPLE[:2], answer])
        end = max(at for at, sampled in enumerate(rendered.sampled_mask) if sampled) + 1
        return self._after(prompt, rendered.token_ids[:end])

    def banned(self, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        """What opens a message or surrounds a result."""
        return self._banned

    def constraint(self, tools: Sequence[ToolSpec]) -> str | None:
        if not tools:
            return None
        tag = get_model_structural_tag(
            _SYNTAX[self._family],
            _describe(tools),
            reasoning="enabled" if self._reasons else "auto",
            max_whitespace_cnt=1,
        )
        return str(tag.model_dump_json())

    def reader(self, tools: Sequence[ToolSpec], first_call: int) -> Reader:
        def parse(tokens: list[int]) -> ParsedResponse:
            return self._renderer.parse_response(tokens, tools=_describe(tools), prompt_ids=self._prompt)

        return _FamilyReader(parse, self._special, self._tokenizer, first_call)

    def _go_on(self, messages: Sequence[Message], after: Transcript) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What closes the model's turn, if that is still open, and the messages with the model's next turn opened."""
        stretch = after.spans[-1].tokens if after.spans[-1].origin is Origin.SAMPLED else ()
        prompt = after.tokens[: len(after) - len(stretch)]
        # What follows a closed turn does not depend on what was said in it.
        opened = self._bridge(self._head, self._stop[:1], messages)
        if stretch and stretch[-1] in self._stop:
            return (), opened
        closed = self._bridge(prompt, stretch, messages)
        return closed[: len(closed) - len(opened)], opened

    def _bridge(self, prompt: Sequence[int], stretch: Sequence[int], messages: Sequence[Message]) -> tuple[int, ...]:
        bridged = self._renderer.bridge_to_next_turn([*prompt], [*stretch], [*messages])
        if bridged is None:
            raise RuntimeError(f"{self._family} cannot go on after these tokens: {stretch[-8:]}")
        return tuple(bridged.token_ids[len(prompt) + len(stretch) :])

    def _after(self, prompt: list[int], whole: list[int]) -> tuple[int, ...]:
        """What follows `prompt` in `whole`, which says the same but may have cut its last characters otherwise."""
        same = next((at for at, pair in enumerate(zip(prompt, whole, strict=False)) if pair[0] != pair[1]), len(prompt))
        rest = whole[same:]
        if left := self._encoder.decode(prompt[same:]):
            rest = self._encoder.encode(self._encoder.decode(rest[:1]).removeprefix(left)) + rest[1:]
        return tuple(rest)

    def _harmless(self, text: str) -> str:
        """The text, cut where it spells a control token."""
        return self._spelling.sub(lambda found: found[0][0] + _SEAM + found[0][1:], text.replace(_SEAM, "\ufffd"))


class _FamilyReader:
    def __init__(
        self,
        parse: Callable[[list[int]], ParsedResponse],
        special: frozenset[int],
        tokenizer: Tokenizer,
        first_call: int,
    ) -> None:
        self._parse = parse
        self._special = special
        self._tokenizer = tokenizer
        self._first_call = first_call
        self._tokens: list[int] = []
        self._closed = 0
        """Calls of this stretch."""
        self._prose = self._begun = False
        self._look()

    @property
    def safe(self) -> bool:
        return False

    def feed(self, tokens: Sequence[int]) -> Reading:
        text: list[str] = []
        calls: list[ToolCall] = []
        for token in tokens:
            self._tokens.append(token)
            if token in self._special:
                calls += self._look()
            elif self._prose:
                piece = self._stream.step(self._tokenizer, token) or ""
                text.append(piece if self._begun else piece.lstrip("\n"))
                self._begun = self._begun or bool(text[-1])
        return Reading("".join(text), tuple(calls))

    def _look(self) -> list[ToolCall]:
        """Learns where the stretch now stands; returns the calls that closed since the last look."""
        parsed = self._parse(self._tokens)
        closed = [call for call in parsed.tool_calls if call.status is not ToolCallParseStatus.UNCLOSED_BLOCK]
        self._prose = len(closed) == len(parsed.tool_calls) and parsed.reasoning_complete is not False
        self._stream = DecodeStream(skip_special_tokens=True)
        self._begun = False
        new = closed[self._closed :]
        calls = [
            ToolCall(f"c{number}", call.name or "", _json(call.arguments) if call.name else call.raw)
            for number, call in enumerate(new, self._first_call + self._closed)
        ]
        self._closed += len(new)
        return calls


class _Encoder:
    """A tokenizer as `renderers` wants it, which respects the seams in a text."""

    name_or_path = ""
    unk_token_id = None
    eos_token_id = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def encode(self, text: str, *_: Any, **__: Any) -> list[int]:
        pieces = self._tokenizer.encode_batch(text.split(_SEAM), add_special_tokens=False)
        return [id for piece in pieces for id in piece.ids]

    def decode(self, token_ids: Sequence[int], *_: Any, skip_special_tokens: bool = False, **__: Any) -> str:
        text: str = self._tokenizer.decode(list(token_ids), skip_special_tokens=skip_special_tokens)
        return text

    def convert_tokens_to_ids(self, tokens: Any) -> Any:
        if isinstance(tokens, str):
            return self._tokenizer.token_to_id(tokens)
        return [self._tokenizer.token_to_id(token) for token in tokens]


def _describe(tools: Sequence[ToolSpec]) -> list[Any]:
    """As chat templates are given tools."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in tools
    ]


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_SAY: Final = ToolSpec("say", "Says it.", {"type": "object", "properties": {"it": {"type": "string"}}})
_EXAMPLE: Final = [
    Message(role="system", content=""),
    Message(role="user", content="Hello."),
    Message(
        role="assistant",
        content="Hm.",
        reasoning_content="Hm.",
        tool_calls=[{"type": "function", "id": "c0", "function": {"name": "say", "arguments": {"it": "hello"}}}],
    ),
    Message(role="tool", content="said", tool_call_id="c0"),
]
"""A conversation with everything in it, which shows what a family surrounds it with."""
