"""What outlives the process that decodes a turn.

    a call closes ─► keep ─► it starts ─► it ends ─► note ─► its result comes in ─► keep

Another process goes on from what was kept last: calls with a noted result are not run again, and no call has run of
which nobody knows. What was sampled after that is sampled anew. With what is kept at the end goes why the turn stopped:
then nothing of it is done any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

from service.events import ignore
from service.messages import Answer, ToolResult
from service.transcript import Arrival, Transcript


class Finished(NamedTuple):
    """A call that has ended."""

    result: ToolResult
    arrival: Arrival


class Begun(NamedTuple):
    """A call that asked back, and began after that to do what it may do once only."""

    answers: int
    """How many it had."""


class Journal(Protocol):
    """Of one turn."""

    @property
    def noted(self) -> Mapping[str, Finished | Begun]:
        """By call id, what an earlier process noted last."""
        ...

    @property
    def answers(self) -> Mapping[str, tuple[Answer, ...]]:
        """By call id, what was answered where a call asked back, in order."""
        ...

    @property
    def stop(self) -> str | None:
        """Why the turn stopped, if it did before an earlier process could tell."""
        ...

    async def keep(self, transcript: Transcript, stop: str | None = None) -> None:
        """The conversation has grown into this; if the turn stopped there, why."""
        ...

    async def begin(self, call_id: str, answers: int) -> None:
        """A call that asked back has so many answers, and does now what it may do once only."""
        ...

    async def note(self, finished: Finished) -> None:
        """A call has ended, whose result is to come in."""
        ...


class NullJournal:
    """A journal of what nobody goes on with: `hear` is told what would be kept."""

    def __init__(self, hear: Callable[[Transcript], Awaitable[None]] = ignore) -> None:
        self._hear = hear
        self.noted: Mapping[str, Finished | Begun] = {}
        self.answers: Mapping[str, tuple[Answer, ...]] = {}
        self.stop: str | None = None

    async def keep(self, transcript: Transcript, stop: str | None = None) -> None:
        await self._hear(transcript)

    async def begin(self, call_id: str, answers: int) -> None:
        pass

    async def note(self, finished: Finished) -> None:
        pass
