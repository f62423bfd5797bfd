"""What a tool is: a description the model reads, and an async call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType, Protocol

from service.events import Emit
from service.messages import Answer, Caller, ToolCall
from service.plain import sound


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model knows it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of the arguments: an object."""


CallKey = NewType("CallKey", str)
"""Names one call in all the world: the same where a call is made again because nobody knows what came of it."""


def call_key(turn: str, call: ToolCall) -> CallKey:
    """Of a call in the turn that is named so."""
    return CallKey(f"{turn}/{call.id}")


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a tool may know about the call it serves."""

    call: ToolCall
    caller: Caller
    emit: Emit
    """Hears what happens inside the call, as the peer's own events."""
    answers: tuple[Answer, ...] = ()
    """What was answered where the call asked back, in order. All have a text."""
    again: bool = False
    """Whether another process may have made the call before, of which nobody knows what came."""

    @property
    def key(self) -> CallKey:
        return call_key(self.caller.turn, self.call)


class Tool(Protocol):
    """Anything that can be called. It raises ToolError, or anything else, where it fails: the toolbox reports it.

    It raises Asks where it wants to know something first.
    """

    @property
    def spec(self) -> ToolSpec: ...

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        """The result as text the model can read."""
        ...


class Asks(Exception):
    """What a tool raises that wants to know something from whoever asked for the turn.

    The turn rests until there is an answer. Then the tool is called again, with this answer beside the earlier ones.
    """

    def __init__(self, question: str, *, wants_credentials: bool = False, memo: str = "") -> None:
        """`memo` comes back with the answer."""
        super().__init__(question)
        self.question = sound(question)  # a model may have written it
        self.wants_credentials = wants_credentials
        self.memo = memo


class StillRuns(asyncio.CancelledError):
    """What a tool raises when it is cancelled and leaves behind what it cannot stop, which ends with `over`."""

    def __init__(self, over: asyncio.Future[None]) -> None:
        super().__init__()
        self.over = over
