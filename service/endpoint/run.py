"""One turn in the hands of this process: its events become its task's, and its end is written before it is told.

How a task ends:

    COMPLETED   the model ended its turn by itself
    FAILED      the turn was cut off by a limit: the artifact has what was written so far, the status which limit
                the conversation does not fit the model, or the engine failed
    CANCELED    the caller asked for it

or rests, INPUT_REQUIRED or AUTH_REQUIRED, because a call wants to know something first; the next message answers it.
If it ends without being gone on with, since it is cancelled then or given up, that is told at once, and the turn is
taken once more for its calls to clean up.

When the service has to end before a turn does, it lets go of it: another process goes on from where its journal is, or
this one does once it is started again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto

from a2a.types import Task, TaskState, TaskStatus

from service import extension
from service.decode import StopReason
from service.endpoint.agent import Agent, Outcome
from service.endpoint.ends import Ends
from service.endpoint.log import Log, Logs
from service.endpoint.parts import agent_message, text_part
from service.endpoint.storage import Storage
from service.errors import ContextFull, EngineError, LeaseLost, ServiceError
from service.sessions.outages import log_failure
from service.sessions.turns import Held, Turns, question_id
from service.sessions.writes import Statement
from service.task_states import TERMINAL
from service.usage import NOTHING, Usage

logger = logging.getLogger(__name__)

ATTEMPTS = 5
"""How many processes may die over a turn, none of which gets on with it, before it is given up."""
_PAUSE_SECONDS = 0.5
"""Before an end that could not be written is written again."""

_CANCELED = Outcome(TaskState.TASK_STATE_CANCELED)
_STOPS = {TaskState.TASK_STATE_CANCELED: "canceled", TaskState.TASK_STATE_FAILED: "failed"}
"""Why a turn ends in such a state, where the loop has not said."""
_GIVEN_UP = Outcome(
    TaskState.TASK_STATE_FAILED,
    f"This agent has failed {ATTEMPTS} times while it worked on this; it is given up.",
    error=ServiceError(f"{ATTEMPTS} processes have died over this turn"),
)


class Phase(Enum):
    """How far a run is. It only goes on."""

    NEW = auto()
    """Its task has not taken its first step: cancelled before that, it would take none."""
    DECODING = auto()
    CANCELLED = auto()
    """Its caller wants it to end."""
    LEFT = auto()
    """This process has to end before it does: it is for another to go on with."""
    LOST = auto()
    """Another process has it already."""
    SETTLED = auto()
    """Its outcome is known: from now on nothing gets in the way of telling it."""


class Run:
    """One turn, from when it is held until it has ended, rests or is another process's."""

    def __init__(
        self,
        held: Held,
        task: Task,
        owner: str,
        agent: Agent,
        storage: Storage,
        logs: Logs,
        ends: Ends,
        answer_seconds: float,
    ) -> None:
        """`answer_seconds` is how long it may rest for an answer."""
        self.held = held
        self.renewed = held.since
        """When its lease was last asked for."""
        self.phase = Phase.NEW
        self._task = task
        self._owner = owner
        self._agent = agent
        self._storage = storage
        self._logs = logs
        self._ends = ends
        self._answer_seconds = answer_seconds
        self._working: asyncio.Task[None] | None = None
        self._decoded = False
        """Whether the turn was gone on with: then it has cleaned up after itself."""

    def cancel(self) -> None:
        """Ends it, engine and calls included."""
        if not self.held.cancelled:
            self._interrupt(Phase.CANCELLED)

    def leave(self) -> None:
        """Ends it here, for another process to go on."""
        self._interrupt(Phase.LEFT)

    def lose(self) -> None:
        """Ends it here: another process has it."""
        self._interrupt(Phase.LOST)

    def _interrupt(self, phase: Phase) -> None:
        if self.phase in (Phase.NEW, Phase.DECODING):
            self.phase = phase
            if self._working:
                self._working.cancel()

    @property
    def _goes_on_elsewhere(self) -> bool:
        return self.phase in (Phase.LEFT, Phase.LOST)

    async def work(self) -> None:
        """The whole of it."""
        self._working = asyncio.current_task()
        if self.phase is Phase.NEW:
            self.phase = Phase.DECODING
        if self._task.status.state in TERMINAL:
            await self._clean_up()
            return
        with self._logs.hold(self._task, self._owner) as log:
            log.is_ours = True
            try:
                await self._finish(log, await self._outcome(log))
            except LeaseLost:
                self._ends.lost()
            except asyncio.CancelledError:
                if not self._goes_on_elsewhere:
                    self._ends.left()  # its end could not be written in the time that there was
                    raise
                await self._let_go(log)
            finally:
                log.is_ours = False

    async def _outcome(self, log: Log) -> Outcome:
        if self._goes_on_elsewhere:
            raise asyncio.CancelledError
        try:
            outcome = await self._decode(log)
        except asyncio.CancelledError:
            if self.phase is not Phase.CANCELLED or self._working is None:
                raise
            self._working.uncancel()
            outcome = _CANCELED
        if not self._goes_on_elsewhere:
            self.phase = Phase.SETTLED
        return outcome

    async def _decode(self, log: Log) -> Outcome:
        held, cancelled = self.held, self.held.cancelled or self.phase is Phase.CANCELLED
        if held.attempts > ATTEMPTS:  # nothing at all is tried with it any more
            return _CANCELED if cancelled else _GIVEN_UP
        try:
            if cancelled:
                return replace(_CANCELED, usage=await self._agent.took(held))
            self._decoded = True
            return await self._agent.turn(held, log, lambda: self._goes_on_elsewhere)
        except LeaseLost:
            raise
        except ContextFull as error:
            return Outcome(TaskState.TASK_STATE_FAILED, f"The conversation is full: {error}.", StopReason.CONTEXT)
        except EngineError as error:
            return Outcome(TaskState.TASK_STATE_FAILED, "The model failed while it was answering.", error=error)
        except Exception as error:
            # What an exception says is for the log: to the caller it may tell too much, and never helps.
            return _broken(error)

    async def _finish(self, log: Log, outcome: Outcome) -> None:
        outcome = replace(outcome, usage=outcome.usage or log.usage)
        try:
            task, statements = self._end(log, outcome)
        except Exception as error:  # what cannot be written, such as half a character, is no reason not to end
            outcome = _broken(error, outcome.usage)
            task, statements = self._end(log, outcome)
        while True:
            try:
                await self._storage.writes.write(*statements, lease=self.held.lease)
                break
            except LeaseLost:
                raise
            except Exception as error:
                log_failure("a task has ended, but that cannot be written", error)
                await asyncio.sleep(_PAUSE_SECONDS)
        try:
            seconds = max(0.0, time.time() - self.held.began)
            self._ends.ended(_why(outcome), seconds, outcome.usage, log.calls, outcome.error)
            if not self._decoded:  # then nobody has told here what an earlier holder stored last
                await self._storage.tell_events(log)
        finally:
            log.tell_state(task)

    def _end(self, log: Log, outcome: Outcome) -> tuple[Task, tuple[Statement, ...]]:
        """The task as it ends or rests, and what is to be written."""
        task, message = log.snapshot(), None
        lease, turns = self.held.lease, self._storage.turns
        if outcome.text:
            named = question_id(lease) if outcome.questions else None
            message = agent_message(task.id, task.context_id, [text_part(outcome.text)], message_id=named)
        task.status.CopyFrom(TaskStatus(state=outcome.state, message=message))
        task.status.timestamp.GetCurrentTime()
        if outcome.usage or outcome.stop:
            task.metadata.update(extension.task_metadata(outcome.stop, outcome.usage))
        then = turns.ended(lease.turn_id)
        if outcome.questions:
            then = (turns.asks(lease.turn_id, outcome.questions, self._answer_seconds),)
        elif self.held.begun and not self._decoded:
            then = (turns.left(lease.turn_id),)
        return task, (*self._storage.resting(task, log.owner), *then)

    async def _clean_up(self) -> None:
        """After a turn that has ended without being gone on with, which was told then."""
        lease = self.held.lease
        try:
            if self.held.attempts <= ATTEMPTS:
                await self._agent.give_up(self.held)
        except asyncio.CancelledError:
            if not self._goes_on_elsewhere:
                raise
            await self._give_back()
            return
        except Exception:
            logger.exception("turn %s cannot be cleaned up after", lease.turn_id)
        with suppress(LeaseLost):
            await self._storage.writes.write(*self._storage.turns.ended(lease.turn_id), lease=lease)

    async def _let_go(self, log: Log) -> None:
        text = "This agent is being restarted, and will go on with this: subscribe again."
        message = agent_message(log.task.id, log.task.context_id, [text_part(text)])
        log.tell_status(TaskStatus(state=TaskState.TASK_STATE_WORKING, message=message))
        self._logs.close(log)
        if self.phase is Phase.LOST:
            self._ends.lost()
        else:
            self._ends.left()
        await self._give_back()

    async def _give_back(self) -> None:
        if self.phase is Phase.LEFT:
            await give_back(self._storage.turns, self.held)


def _broken(error: Exception, usage: Usage = NOTHING) -> Outcome:
    return Outcome(TaskState.TASK_STATE_FAILED, "Something went wrong inside this agent.", usage=usage, error=error)


def _why(outcome: Outcome) -> str:
    """Why the turn ends or rests, for operators."""
    return outcome.stop or (StopReason.ASKS if outcome.questions else _STOPS.get(outcome.state, StopReason.DONE))


async def give_back(turns: Turns, *taken: Held) -> None:
    """Lets go of turns."""
    try:
        await turns.let_go([held.lease for held in taken])
    except Exception as error:  # then they are others' once the leases are over
        logger.warning("turns cannot be let go of: %s", error)
