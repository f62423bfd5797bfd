"""The turns that run now, and how they are ended from outside: by a cancelled task, by the service's end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from a2a.types import TaskState


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ends."""

    state: TaskState
    text: str = ""
    """For the caller; empty where the state says it all."""
    stop: str | None = None
    """Why the turn stopped, if it was decoded to a stop."""


CANCELED = Outcome(TaskState.TASK_STATE_CANCELED)
SHUT_DOWN = Outcome(
    TaskState.TASK_STATE_FAILED,
    "This agent is shutting down. What was begun may have been done: ask in the same context.",
)


class Running:
    """Every turn from its acceptance to the last word about it."""

    def __init__(self) -> None:
        self.draining = False
        """Set for good once the service is to end: nothing new may start."""
        self._places: dict[str, Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def place(self, task_id: str) -> Iterator[Place]:
        """Registers the asyncio task that calls this as the one that runs `task_id`."""
        current = asyncio.current_task()
        assert current is not None
        self._places[task_id] = place = Place(current)
        try:
            yield place
        finally:
            del self._places[task_id]

    async def cancel(self, task_id: str) -> None:
        """Ends the turn, engine and calls included, and waits until its task has been told. Unknown: does nothing."""
        if place := self._places.get(task_id):
            place.end(CANCELED)
            await asyncio.wait({place.task})

    async def drain(self, seconds: float) -> None:
        """Lets nothing new start, gives running turns this long to finish, then ends them as failed."""
        self.draining = True
        await self._wait(seconds)
        for place in self._places.values():
            place.end(SHUT_DOWN)
        await self._wait(None)

    async def _wait(self, seconds: float | None) -> None:
        if tasks := {place.task for place in self._places.values()}:
            await asyncio.wait(tasks, timeout=seconds)


class Place:
    """One turn that runs."""

    def __init__(self, task: asyncio.Task[object]) -> None:
        self.task = task
        self._verdict: Outcome | None = None
        self._settled = False

    def end(self, verdict: Outcome) -> None:
        """Cancels the turn; the first verdict counts, and none does once the turn is settled."""
        if self._verdict is None and not self._settled:
            self._verdict = verdict
            self.task.cancel()

    def settle(self) -> None:
        """Says that the outcome is known: from now on nothing gets in the way of telling it."""
        self._settled = True

    def take_verdict(self) -> Outcome | None:
        """What was decided about this turn from outside. Called once its cancellation has arrived, which ends there."""
        if self._verdict is not None:
            self.task.uncancel()
        return self._verdict
