"""What was said, asked and returned, before it is tokens; and who is asking."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model wrote it. Nothing about it has been checked yet."""

    id: str
    """Unique in its turn: `c0`, `c1`, ... in the order asked."""
    name: str
    arguments: str
    """JSON, as sampled."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call came to, as the model will read it."""

    call_id: str
    text: str
    is_error: bool = False


MAX_HOPS = 8
"""How many agents a question may come through on its way, and events on their way back."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a turn."""

    hops: int = 0
    """How many agents the question has come through already."""
