"""What the loop needs of a chat format: conversations written as tokens, and tokens read as text and calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.messages import ToolCall, ToolResult
from service.tools.base import ToolSpec
from service.transcript import Span, Transcript


@dataclass(frozen=True, slots=True)
class Reading:
    """What some tokens came to."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    """Calls that closed within these tokens."""


class Reader(Protocol):
    """Reads one stretch as it is sampled. Single use."""

    @property
    def safe(self) -> bool:
        """Whether results may come in after what was read: between calls or lines. For live formats."""
        ...

    def feed(self, tokens: Sequence[int]) -> Reading:
        """Takes the next tokens. Text that ends within a character is held back until the character is whole."""
        ...


class ChatFormat(Protocol):
    """One model family's way to write a conversation.

    Whatever comes from outside (instructions, users, tools, cards) is encoded so that it contains no control token.
    """

    @property
    def stop(self) -> tuple[int, ...]:
        """Token ids that end a stretch."""
        ...

    @property
    def controls(self) -> frozenset[int]:
        """The control tokens that a model samples."""
        ...

    @property
    def live(self) -> bool:
        """Whether the model goes on while its calls run. If not, it ends its stretch and then gets all results."""
        ...

    def begin(self, instructions: str, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        """The head of a conversation: who the model is and what it can call."""
        ...

    def ask(self, text: str, after: Transcript) -> tuple[Span, ...]:
        """The user's message as the next spans, with what is needed to close a turn that was cut off."""
        ...

    def write_results(self, results: Sequence[ToolResult], after: Transcript) -> tuple[Span, ...]:
        """Results, in the order given, as the next spans; where there are none, nothing or an empty span."""
        ...

    def write_nothing(self, after: Transcript) -> tuple[Span, ...]:
        """What a model reads that waits for results while no call runs; nothing if it does not wait."""
        ...

    def write_stretch(self, text: str, calls: Sequence[ToolCall]) -> tuple[int, ...]:
        """What a perfect model would sample: text, then calls. For demonstrations only."""
        ...

    def banned(self, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        """Token ids that a model with these tools may not sample anywhere, such as those that open a result."""
        ...

    def constraint(self, tools: Sequence[ToolSpec], *, begun: bool) -> str | None:
        """The grammar calls must follow, as a structural tag in JSON; None if there are no tools or no grammar.

        Of a whole stretch, or of what is left of one that another process has `begun`, after one of its calls.
        """
        ...

    def reader(self, tools: Sequence[ToolSpec], first_call: int) -> Reader:
        """A reader for the next stretch, whose calls are numbered from `first_call`."""
        ...
