"""What happens on the way through a turn, and who hears it.

    loop, tools --await emit(event)--> a sink: endpoint (A2A), command line, rollout (nobody)

A sink is awaited like ASGI's `send`: it may slow the loop down, or gather events and return at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from service.delegation import MAX_DEPTH
from service.usage import Usage


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)

    at: float | None = Field(default=None, allow_inf_nan=False)
    """When, in seconds since 1970; set where it is told to others."""
    seq: int | None = Field(default=None, ge=1, le=2**53)
    """Its number in its task, from 1 on; none if it is told once and not kept."""


class TextDelta(_Event):
    """The model wrote prose."""

    kind: Literal["text"] = "text"
    text: str


class CallStarted(_Event):
    """A call closed and its tool was started."""

    kind: Literal["call_started"] = "call_started"
    call_id: str
    tool: str
    arguments: str
    """JSON, if it can be read at all."""
    omitted_chars: int | None = None
    """How many characters of the arguments are not there, where only their beginning is kept."""


class CallProgress(_Event):
    """Something happened inside a running call: a peer agent reports its own event."""

    kind: Literal["call_progress"] = "call_progress"
    call_id: str
    event: Event = Field(discriminator="kind")


class CallFinished(_Event):
    """A call ended, one way or the other."""

    kind: Literal["call_finished"] = "call_finished"
    call_id: str
    tool: str
    text: str
    """The result as the model will read it."""
    omitted_chars: int | None = None
    """How many characters of the text are not there, where only its beginning is kept."""
    is_error: bool
    seconds: float = Field(allow_inf_nan=False)


class Waiting(_Event):
    """The model has nothing to do until one of these calls ends."""

    kind: Literal["waiting"] = "waiting"
    call_ids: tuple[str, ...]


class Spliced(_Event):
    """Results came into the token sequence, and the model goes on."""

    kind: Literal["spliced"] = "spliced"
    call_ids: tuple[str, ...]
    position: int
    """How many tokens the conversation has with them."""


class UsageReported(_Event):
    """What a turn has used so far. Told of a peer's turn, and of our own if it fails or is cancelled."""

    kind: Literal["usage"] = "usage"
    usage: Usage


class Omitted(_Event):
    """From here on, what happens inside calls is told to those only who listen: there was too much of it to keep."""

    kind: Literal["omitted"] = "omitted"


Event = TextDelta | CallStarted | CallProgress | CallFinished | Waiting | Spliced | UsageReported | Omitted

Emit = Callable[[Event], Awaitable[None]]
"""Hears events, one at a time or several at once: tools report while the model decodes."""

CallProgress.model_rebuild()
_wire: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


async def ignore(event: object) -> None:
    """The sink for callers who only want the result."""


def to_json(event: Event) -> dict[str, Any]:
    """The event as it travels between agents."""
    return event.model_dump(mode="json", exclude_none=True)


def from_json(data: object, depth: int = MAX_DEPTH) -> Event | None:
    """The event another agent reported; None if it is not one that we know, or has come through more agents."""
    try:
        event = _wire.validate_python(data)
    except ValidationError:
        return None
    return event if _depth(event) <= depth else None


def event_schema() -> dict[str, Any]:
    """The JSON schema of events as they travel."""
    return _wire.json_schema(mode="serialization")


def innermost(event: Event) -> Event:
    """What an agent tells of itself, through all that have told it on."""
    while isinstance(event, CallProgress):
        event = event.event
    return event


def _depth(event: Event) -> int:
    depth = 0
    while isinstance(event, CallProgress):
        depth, event = depth + 1, event.event
    return depth
