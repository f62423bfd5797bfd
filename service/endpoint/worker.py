"""Takes turns and decodes them: a turn's events become its task's, and its end is written before it is told.

How a task ends:

    COMPLETED   the model ended its turn by itself
    FAILED      the turn was cut off by a limit: the artifact has what was written so far, the status which limit
                the conversation does not fit the model, or the engine failed
    CANCELED    the caller asked for it

or rests, INPUT_REQUIRED or AUTH_REQUIRED, because a call wants to know something first; the next message answers it.
If it is cancelled then, that is told at once, and the turn is taken once more for its calls to clean up.

When the service has to end before a turn does, it lets go of it: another process goes on from where its journal is, or
this one does once it is started again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from a2a.types import Task, TaskState, TaskStatus

from service import extension
from service.endpoint.admission import Admission
from service.endpoint.agent import Agent, Outcome
from service.endpoint.log import Log, Logs
from service.endpoint.parts import agent_message, text_part
from service.endpoint.tasks import Tasks
from service.errors import ContextFull, EngineError, LeaseLost
from service.sessions.outages import is_outage, through_outages
from service.sessions.timeline import Timelines
from service.sessions.turns import Accepted, Held, Seen, Turns
from service.sessions.webhooks import Webhooks
from service.sessions.writes import Statement, Writes
from service.task_states import TERMINAL
from service.to_the_end import to_the_end

logger = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
"""How often the state of a task that works is written."""
_STATES_AT_ONCE = 50
"""How many are made ready together: meanwhile nothing else is done."""
ATTEMPTS = 5
"""How many processes may die over a turn, none of which gets on with it, before it is given up."""
_POLL_SECONDS = 0.5
"""How soon what other processes did is seen."""
_PRESSURE = 0.9
"""Of the engine's memory for conversations: beyond, those that are decoded must end before others begin."""
_LOOK_SECONDS = 2.0
"""How soon it is seen that an answer did not come in time, where nothing else happens."""
_LAST_WORD_SECONDS = 5.0
"""How long the end of a turn may take to be written once the service has to end."""

_CANCELED = Outcome(TaskState.TASK_STATE_CANCELED)
_GIVEN_UP = Outcome(
    TaskState.TASK_STATE_FAILED, f"This agent has failed {ATTEMPTS} times while it worked on this; it is given up."
)


@dataclass(slots=True, eq=False)
class _Run:
    """A turn that this process decodes."""

    held: Held
    renewed: float
    """When its lease was last asked for."""
    task: asyncio.Task[None] = field(init=False)
    entered: bool = False
    """Whether its task has taken its first step: cancelled before that, it would take none."""
    cancelled: bool = False
    left: bool = False
    """Whether it is another process's to go on with."""
    settled: bool = False
    """Whether its outcome is known: from now on nothing gets in the way of telling it."""

    def cancel(self) -> None:
        if not (self.cancelled or self.left or self.settled or self.held.cancelled):
            self.cancelled = True
            self._interrupt()

    def leave(self) -> None:
        if not (self.cancelled or self.left or self.settled):
            self.left = True
            self._interrupt()

    def _interrupt(self) -> None:
        if self.entered:
            self.task.cancel()


class Worker:
    """One process's share of the work."""

    def __init__(
        self,
        agent: Agent,
        writes: Writes,
        turns: Turns,
        tasks: Tasks,
        webhooks: Webhooks,
        timelines: Timelines,
        logs: Logs,
        *,
        at_once: int,
        renew_seconds: float,
        queued: int,
        answer_seconds: float,
        pressure: Callable[[], float],
    ) -> None:
        """Decodes up to `at_once` turns, and fewer while the engine is under `pressure`; `queued` more may wait."""
        self._agent = agent
        self._writes = writes
        self._turns = turns
        self._tasks = tasks
        self._webhooks = webhooks
        self._timelines = timelines
        self._logs = logs
        self._at_once = at_once
        self._renew_seconds = renew_seconds
        self._answer_seconds = answer_seconds
        self._pressure = pressure
        self._admission = Admission(turns, queued, at_once)
        self._runs: dict[str, _Run] = {}
        self._reserved = 0
        """Places of turns that are being accepted."""
        self._wanted = asyncio.Event()
        """Set when there may be turns to take."""
        self._draining = False

    def __len__(self) -> int:
        """How many turns it decodes now."""
        return len(self._runs)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Takes turns for as long as this is open; before it is left comes `drain`."""
        self._wanted.set()  # there may be turns that an earlier process left
        duties = [self._take_turns, self._write_states]
        if self._turns.shared:
            duties += [self._renew, self._watch_others]
        tasks = [asyncio.create_task(_forever(duty), name=duty.__name__) for duty in duties]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def accept(self, accepted: Accepted, task: Task, owner: str, *also: Statement, begins: bool) -> Seen | None:
        """Stores a turn with its task and what is `also` to be written, and decodes it as soon as may be.

        That is at once if it `begins` its conversation. Of a message that was accepted before, says which turn is its.
        Raises Busy if too many wait already.
        """
        return await to_the_end(self._accept(accepted, task, owner, also, begins))

    async def _accept(
        self, accepted: Accepted, task: Task, owner: str, also: Sequence[Statement], begins: bool
    ) -> Seen | None:
        hold = begins and self._free > 0 and not self._draining
        if not hold:
            await self._admission.check(accepted.caller, None if begins else accepted.conversation_id)
        self._reserved += hold
        try:
            result = await self._turns.accept(accepted, self._tasks.row(task, owner), *also, hold=hold)
        finally:
            self._reserved -= hold
        if isinstance(result, Seen):
            return result
        if result is None:
            self._wanted.set()
        elif self._draining:  # since a moment ago
            await self._give_back(result)
        else:
            self._start(result, task, owner)
        return None

    async def answer(self, accepted: Accepted, text: str, task: Task, owner: str, *also: Statement) -> Seen | None:
        """Stores the answer that a turn rests for, with its task, and goes on with it as soon as may be.

        Of a message that was accepted before, says which turn is its. Raises LookupError if the turn asks nothing.
        """
        seen = await self._turns.answer(accepted, text, self._tasks.row(task, owner), *also)
        self._wanted.set()
        return seen

    def resting(self, task: Task, owner: str) -> tuple[Statement, ...]:
        """What is to be written of a task that has ended or asks: with it, its webhooks are owed that."""
        return self._tasks.row(task, owner), self._webhooks.owed(task.id)

    def knows(self, task_id: str) -> bool:
        """Whether nobody can know more of a task: it is decoded here, and no other process can have taken it since."""
        run = self._runs.get(task_id)
        return run is not None and self._turns.lasts(run.renewed)

    def cancel(self, task_id: str) -> None:
        """Ends a turn that is decoded here, engine and calls included. Of any other, nothing happens."""
        if run := self._runs.get(task_id):
            run.cancel()

    async def drain(self, seconds: float) -> None:
        """Takes no more turns, gives those that are decoded this long to end, then lets go of them."""
        self._draining = True
        await self._wait(seconds)
        self._writes.hurry()
        for run in self._runs.values():
            run.leave()
        await self._wait(_LAST_WORD_SECONDS)
        for run in self._runs.values():
            run.task.cancel()
        await self._wait(None)
        self._logs.close_all()

    @property
    def _free(self) -> int:
        """How many more turns may be decoded now."""
        busy = len(self._runs) + self._reserved
        return 0 if busy and self._pressure() > _PRESSURE else self._at_once - busy

    def _start(self, held: Held, task: Task, owner: str) -> None:
        if task.id in self._runs:  # its acceptance took longer than a lease lasts, and it was taken meanwhile
            return
        run = _Run(held, held.since)
        self._runs[task.id] = run
        run.task = asyncio.create_task(self._work(run, task, owner), name=f"turn {task.id}")

    async def _wait(self, seconds: float | None) -> None:
        if tasks := {run.task for run in self._runs.values()}:
            await asyncio.wait(tasks, timeout=seconds)

    # What is done all the time.

    async def _take_turns(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), _POLL_SECONDS if self._turns.shared else _LOOK_SECONDS)
        self._wanted.clear()
        if self._draining or self._free <= 0:
            return
        # What this process could not renew in time it may still decode: if nobody has taken it, it keeps it.
        try:
            taken = await self._turns.claim(self._free, but=list(self._runs))
        except Exception:
            self._wanted.set()  # they are still there
            raise
        ids = [held.lease.turn_id for held in taken]
        tasks = await through_outages(lambda: self._tasks.read(ids)) if taken else {}
        # Others may have come meanwhile that could begin at once.
        room = 0 if self._draining else max(0, self._free)
        for held in taken[:room]:
            turn_id = held.lease.turn_id
            if turn_id in tasks:
                self._start(held, *tasks[turn_id])
            else:
                logger.error("turn %s has no task: it is over", turn_id)
                await self._writes.write(*self._turns.ended(turn_id), lease=held.lease)
        if surplus := taken[room:]:
            await self._give_back(*surplus)
            self._wanted.set()

    async def _write_states(self) -> None:
        """Writes the tasks that have changed since the last time."""
        await asyncio.sleep(WRITE_SECONDS)
        changed = [(log, run) for log in self._logs if log.changed and (run := self._runs.get(log.task.id))]
        for at in range(0, len(changed), _STATES_AT_ONCE):
            await self._write_some(changed[at : at + _STATES_AT_ONCE])

    async def _write_some(self, changed: Sequence[tuple[Log, _Run]]) -> None:
        logs, writes = [], []
        for log, run in changed:
            if log.is_ours and not run.settled:  # else its last state is on its way
                log.changed = False
                logs.append(log)
                # At once: a turn that ends before this function waits must not have its last state overwritten.
                writes.append(self._writes.submit(self._tasks.row(log.task, log.owner), lease=run.held.lease))
        if not writes:
            return
        owed = self._writes.submit(self._webhooks.changed([log.task.id for log in logs]))
        gathered = asyncio.gather(owed, *writes, return_exceptions=True)
        unowed, *unwritten = await asyncio.shield(gathered)
        for log, error in zip(logs, unwritten, strict=True):
            error = error or unowed
            if isinstance(error, Exception) and not isinstance(error, LeaseLost):
                log.changed = True
                logger.error("the state of task %s cannot be written: %s", log.task.id, error)

    async def _renew(self) -> None:
        await asyncio.sleep(self._renew_seconds)
        runs, asked = {run.held.lease: run for run in self._runs.values()}, time.monotonic()
        lost, cancelled = await self._turns.renew(runs.keys()) if runs else (set(), set())
        for lease, run in runs.items():
            if lease in lost:
                run.leave()
                continue
            run.renewed = asked
            if lease.turn_id in cancelled:
                run.cancel()

    async def _watch_others(self) -> None:
        await asyncio.sleep(_POLL_SECONDS)
        others = {log.task.id: (log, log.told) for log in self._logs if not log.is_ours}
        found = await self._tasks.read(others.keys()) if others else {}
        # After the tasks: of those that have ended, no event is missing.
        events = await self._timelines.read_after({key: log.seq for key, (log, _) in others.items() if log.curious})
        for task_id, (task, _) in found.items():
            log, told = others[task_id]
            if not (log.is_ours or log.ended) and log.told == told:  # else what was read may be older
                log.tell_events(events.get(task_id, ()))
                log.catch_up(task)

    # One turn.

    async def _work(self, run: _Run, task: Task, owner: str) -> None:
        lease, began = run.held.lease, time.monotonic()
        run.entered = True
        try:
            if task.status.state in TERMINAL:
                await self._clean_up(run)
                return
            with self._logs.hold(task, owner) as log:
                log.is_ours = True
                try:
                    outcome = await self._outcome(run, log)
                    await self._finish(run, log, outcome)
                except LeaseLost:
                    logger.warning("turn %s: another process has taken it", lease.turn_id)
                except asyncio.CancelledError:
                    if not run.left:
                        raise
                    await self._let_go(run, log)
                finally:
                    log.is_ours = False
        finally:
            del self._runs[lease.turn_id]
            self._admission.took(time.monotonic() - began)
            self._wanted.set()

    async def _clean_up(self, run: _Run) -> None:
        """After a turn that was cancelled while it rested, which was told then."""
        lease = run.held.lease
        try:
            await self._agent.give_up(run.held)
        except asyncio.CancelledError:
            if not run.left:
                raise
            if self._draining:  # else it is another's already
                await self._give_back(run.held)
            return
        except Exception:
            logger.exception("turn %s cannot be cleaned up after", lease.turn_id)
        with suppress(LeaseLost):
            await self._writes.write(*self._turns.ended(lease.turn_id), lease=lease)

    async def _outcome(self, run: _Run, log: Log) -> Outcome:
        if run.left:
            raise asyncio.CancelledError
        try:
            outcome = await self._decode(run, log)
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not run.cancelled or current is None:
                raise
            current.uncancel()
            outcome = _CANCELED
        run.settled = True
        return outcome

    async def _decode(self, run: _Run, log: Log) -> Outcome:
        cancelled = run.held.cancelled or run.cancelled
        if run.held.attempts > ATTEMPTS:  # nothing at all is tried with it any more
            return _CANCELED if cancelled else _GIVEN_UP
        try:
            if cancelled:
                return replace(_CANCELED, usage=await self._agent.took(run.held))
            return await self._agent.turn(run.held, log, lambda: run.left)
        except LeaseLost:
            raise
        except ContextFull as error:
            return Outcome(TaskState.TASK_STATE_FAILED, f"The conversation is full: {error}.")
        except EngineError:
            logger.exception("task %s: the engine failed", log.task.id)
            return Outcome(TaskState.TASK_STATE_FAILED, "The model failed while it was answering.")
        except Exception:
            # What an exception says is for the log: to the caller it may tell too much, and never helps.
            logger.exception("task %s failed", log.task.id)
            return Outcome(TaskState.TASK_STATE_FAILED, "Something went wrong inside this agent.")

    async def _finish(self, run: _Run, log: Log, outcome: Outcome) -> None:
        task = log.snapshot()
        message = agent_message(task.id, task.context_id, [text_part(outcome.text)]) if outcome.text else None
        task.status.CopyFrom(TaskStatus(state=outcome.state, message=message))
        task.status.timestamp.GetCurrentTime()
        if (usage := outcome.usage or log.usage) or outcome.stop:
            task.metadata.update(extension.task_metadata(outcome.stop, usage))
        lease, last = run.held.lease, self.resting(task, log.owner)
        then = self._turns.ended(lease.turn_id)
        if outcome.questions:
            then = (self._turns.asks(lease.turn_id, outcome.questions, self._answer_seconds),)
        while True:
            try:
                await self._writes.write(*last, *then, lease=lease)
                break
            except LeaseLost:
                raise
            except Exception:
                logger.exception("task %s has ended, but that cannot be written", task.id)
                await asyncio.sleep(WRITE_SECONDS)
        log.tell_state(task)

    async def _let_go(self, run: _Run, log: Log) -> None:
        text = "This agent is being restarted, and will go on with this: subscribe again."
        message = agent_message(log.task.id, log.task.context_id, [text_part(text)])
        log.tell_status(TaskStatus(state=TaskState.TASK_STATE_WORKING, message=message))
        self._logs.close(log)
        if self._draining:  # else it is another's already
            await self._give_back(run.held)

    async def _give_back(self, *taken: Held) -> None:
        try:
            await self._turns.let_go([held.lease for held in taken])
        except Exception as error:  # then they are others' once the leases are over
            logger.warning("turns cannot be let go of: %s", error)


async def _forever(duty: Callable[[], Awaitable[None]]) -> None:
    """Again and again; what fails is tried again."""
    while True:
        try:
            await duty()
        except Exception as error:
            if is_outage(error):
                logger.warning("the database is away: %s", error)
            else:
                logger.exception("a worker's duty failed")
            await asyncio.sleep(_POLL_SECONDS)
