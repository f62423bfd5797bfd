"""What a tool is: a description the model reads, and an async call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType, Protocol

from service.events import Emit
from service.messages import Caller, ToolCall


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model knows it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of the arguments: an object."""


CallKey = NewType("CallKey", str)
"""Names one call in all the world: the same where a call is made again because nobody knows what came of it."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a tool may know about the call it serves."""

    call: ToolCall
    caller: Caller
    emit: Emit
    """Hears what happens inside the call, as the peer's own events."""

    @property
    def key(self) -> CallKey:
        return CallKey(f"{self.caller.turn}/{self.call.id}")


class Tool(Protocol):
    """Anything that can be called. It raises ToolError, or anything else, where it fails: the toolbox reports it."""

    @property
    def spec(self) -> ToolSpec: ...

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        """The result as text the model can read."""
        ...


class StillRuns(asyncio.CancelledError):
    """What a tool raises when it is cancelled and leaves behind what it cannot stop, which ends with `over`."""

    def __init__(self, over: asyncio.Future[None]) -> None:
        super().__init__()
        self.over = over
