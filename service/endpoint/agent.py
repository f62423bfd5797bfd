"""What the worker knows of an agent: it is given turns, and says what they came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from a2a.types import TaskState

from service.endpoint.log import Log
from service.messages import Question
from service.sessions.turns import Held
from service.transcript import Transcript
from service.usage import NOTHING, Usage


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ends, or that it rests."""

    state: TaskState
    text: str = ""
    """For the caller; empty where the state says it all."""
    stop: str | None = None
    """Why the turn stopped, if it was decoded to a stop."""
    usage: Usage = NOTHING
    questions: tuple[Question, ...] = ()
    """What is to be answered, one after the other, if the turn only rests."""
    error: Exception | None = None
    """For which it failed, if that was a fault of this service: for the log only."""


class Agent(Protocol):
    """Whatever answers messages."""

    def check(self, past: Transcript, text: str) -> None:
        """Raises ContextFull if a message can have no answer in this conversation."""
        ...

    async def turn(self, held: Held, log: Log, let_go: Callable[[], bool]) -> Outcome:
        """Answers one message, and tells the log what comes of it.

        Cancelled, it ends what it has begun, unless it is to `let_go`, for another process to go on.
        """
        ...

    async def give_up(self, held: Held) -> None:
        """Ends what is left elsewhere of a turn that has ended without being gone on with."""
        ...

    async def took(self, held: Held) -> Usage:
        """What a turn has taken that is ended without being gone on with."""
        ...
