"""What was said, asked and returned, before it is tokens; and who is asking."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from service.delegation import Delegation
from service.usage import NOTHING, Usage


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model wrote it. Nothing about it has been checked yet."""

    id: str
    """Unique in its turn: `c0`, `c1`, ... in the order asked."""
    name: str
    arguments: str
    """JSON, if it can be read at all."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call came to, as the model will read it."""

    call_id: str
    text: str
    is_error: bool = False
    usage: Usage = NOTHING
    """What the agents took that the call asked."""
    below: int = 0
    """Calls that these agents say they have made."""

    @property
    def as_read(self) -> str:
        """The text, and that it is an error if it is one."""
        return f"error: {self.text}" if self.is_error else self.text


@dataclass(frozen=True, slots=True)
class Question:
    """What a call wants to know before it goes on."""

    call_id: str
    text: str
    wants_credentials: bool = False
    """Whether it is not an answer that is wanted but a login, somewhere else."""
    memo: str = ""
    """What the call wants to be told beside the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """To a question."""

    text: str | None
    """None if none came in time."""
    memo: str = ""
    """The question's."""


def never() -> bool:
    """Whether a turn is let go of that nobody else could go on with."""
    return False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a turn."""

    delegation: Delegation = field(default_factory=Delegation)
    """What the question has come through already, and what is left of what it may cost."""
    turn: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Names the turn, whichever process decodes it."""
    began: float | None = None
    """When it began to be decoded, by another process perhaps, in seconds since 1970; now, if it is not said."""
    let_go: Callable[[], bool] = never
    """Whether another process will go on with the turn: then what runs elsewhere for it is left to run."""
