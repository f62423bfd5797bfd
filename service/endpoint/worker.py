"""Takes turns to decode, as many at a time as may be, and keeps their leases for as long as they run.

    accepted ─┬─► held at once ──┐
              └─► waits ──► taken ─┴─► a Run ──► ended, rests, or let go of

What other processes do with their turns, those that follow a task here hear from its stored state.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from a2a.types import Task

from service.endpoint.admission import Admission
from service.endpoint.agent import Agent
from service.endpoint.ends import Ends
from service.endpoint.log import Log, Logs
from service.endpoint.run import Phase, Run, give_back
from service.endpoint.storage import Step, Storage
from service.endpoint.traced import work_on
from service.errors import LeaseLost
from service.sessions.outages import log_failure, through_outages
from service.sessions.turns import Accepted, Held, Seen
from service.sessions.writes import Statement
from service.telemetry.metrics import Metrics
from service.to_the_end import to_the_end

logger = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
"""How often the state of a task that works is written."""
_STATES_AT_ONCE = 50
"""How many are made ready together: meanwhile nothing else is done."""
_POLL_SECONDS = 0.5
"""How soon what other processes did is seen."""
_PRESSURE = 0.9
"""Of the engine's memory for conversations: beyond, those that are decoded must end before others begin."""
_LOOK_SECONDS = 2.0
"""How soon it is seen that an answer did not come in time, where nothing else happens."""
_LAST_WORD_SECONDS = 5.0
"""How long the end of a turn may take to be written once the service has to end."""


class Worker:
    """One process's share of the work."""

    def __init__(
        self,
        agent: Agent,
        storage: Storage,
        *,
        at_once: int,
        queued: int,
        answer_seconds: float,
        pressure: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        """Decodes up to `at_once` turns, and fewer while the engine is under `pressure`; `queued` more may wait."""
        self.logs = Logs()
        """Of the tasks that this process works on, or that somebody follows here."""
        self.ends = Ends(metrics)
        """Tells how turns end, also those that nobody has begun."""
        self._agent = agent
        self._storage = storage
        self._turns = storage.turns
        self._at_once = at_once
        self._answer_seconds = answer_seconds
        self._pressure = pressure
        self._metrics = metrics
        self._admission = Admission(storage.turns, queued, at_once, metrics)
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Of the runs."""
        self._reserved = 0
        """Places of turns that are being accepted."""
        self._wanted = asyncio.Event()
        """Set when there may be turns to take."""
        self._draining = False

    def __len__(self) -> int:
        """How many turns it decodes now."""
        return len(self._runs)

    @property
    def oldest_seconds(self) -> float:
        """For how long it has had the turn that it has had for longest. Any thread may ask."""
        now = time.monotonic()
        return max((now - run.held.since for run in list(self._runs.values())), default=0.0)

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
            await self._admission.check(accepted.quota_key, None if begins else accepted.conversation_id)
        self._reserved += hold
        try:
            result = await self._turns.accept(accepted, self._storage.tasks.row(task, owner), *also, hold=hold)
        finally:
            self._reserved -= hold
        if isinstance(result, Seen):
            return result
        if result is None:
            self._wanted.set()
        elif self._draining:  # since a moment ago
            await give_back(self._turns, result)
        else:
            self._start(result, task, owner)
        return None

    async def answer(self, accepted: Accepted, text: str, question: str | None, step: Step) -> Seen | None:
        """Stores the answer that a turn rests for, with its task's step, and goes on with it as soon as may be.

        Of a message that was accepted before, says which turn is its. Raises LookupError if the turn asks nothing, and
        NotAsked if it asks something else than the `question` that is named.
        """
        seen = await self._turns.answer(accepted, text, question, step)
        self._wanted.set()
        return seen

    def known(self, task_id: str) -> Log | None:
        """The log of a task of which nobody can know more.

        It is decoded here, no other process can have taken it since, and no end of it is on its way to the database.
        """
        run, log = self._runs.get(task_id), self.logs.get(task_id)
        if run is None or log is None or not log.is_ours or run.phase is Phase.SETTLED:
            return None
        return log if self._turns.lasts(run.renewed) else None

    def cancel(self, task_id: str) -> None:
        """Ends a turn that is decoded here, engine and calls included. Of any other, nothing happens."""
        if run := self._runs.get(task_id):
            run.cancel()

    async def drain(self, seconds: float) -> None:
        """Takes no more turns, gives those that are decoded this long to end, then lets go of them."""
        self._draining = True
        await self._wait(seconds)
        self._storage.writes.hurry()
        for run in self._runs.values():
            run.leave()
        await self._wait(_LAST_WORD_SECONDS)
        for task in self._tasks:
            task.cancel()
        await self._wait(None)
        self.logs.close_all()

    @property
    def _free(self) -> int:
        """How many more turns may be decoded now."""
        busy = len(self._runs) + self._reserved
        return 0 if busy and self._pressure() > _PRESSURE else self._at_once - busy

    def _start(self, held: Held, task: Task, owner: str) -> None:
        if task.id in self._runs:  # its acceptance took longer than a lease lasts, and it was taken meanwhile
            return
        run = Run(held, task, owner, self._agent, self._storage, self.logs, self.ends, self._answer_seconds)
        self._runs[task.id] = run
        working = asyncio.create_task(self._work(run, task), name=f"turn {task.id}")
        self._tasks.add(working)
        working.add_done_callback(self._tasks.discard)

    async def _work(self, run: Run, task: Task) -> None:
        began = time.monotonic()
        try:
            work_on(run.held, task)
            await run.work()
        finally:
            del self._runs[run.held.lease.turn_id]
            self._admission.took(time.monotonic() - began)
            self._wanted.set()

    async def _wait(self, seconds: float | None) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

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
        tasks = await through_outages(lambda: self._storage.tasks.read(ids)) if taken else {}
        # Others may have come meanwhile that could begin at once.
        room = 0 if self._draining else max(0, self._free)
        for held in taken[:room]:
            turn_id = held.lease.turn_id
            if held.attempts > 1:
                self._metrics.taken_over(1, None)
            if turn_id in tasks:
                self._start(held, *tasks[turn_id])
            else:
                logger.error("turn %s has no task: it is over", turn_id)
                await self._storage.writes.write(*self._turns.ended(turn_id), lease=held.lease)
        if surplus := taken[room:]:
            await give_back(self._turns, *surplus)
            self._wanted.set()

    async def _write_states(self) -> None:
        """Writes the tasks that have changed since the last time."""
        await asyncio.sleep(WRITE_SECONDS)
        changed = [(log, run) for log in self.logs if log.changed and (run := self._runs.get(log.task.id))]
        for at in range(0, len(changed), _STATES_AT_ONCE):
            await self._write_some(changed[at : at + _STATES_AT_ONCE])

    async def _write_some(self, changed: Sequence[tuple[Log, Run]]) -> None:
        storage = self._storage
        logs, writes = [], []
        for log, run in changed:
            if log.is_ours and run.phase is not Phase.SETTLED:  # else its last state is on its way
                log.changed = False
                logs.append(log)
                # At once: a turn that ends before this function waits must not have its last state overwritten.
                writes.append(storage.writes.submit(storage.tasks.row(log.task, log.owner), lease=run.held.lease))
        if not writes:
            return
        owed = storage.writes.submit(storage.webhooks.changed([log.task.id for log in logs]))
        gathered = asyncio.gather(owed, *writes, return_exceptions=True)
        unowed, *unwritten = await asyncio.shield(gathered)
        for log, error in zip(logs, unwritten, strict=True):
            error = error or unowed
            if isinstance(error, Exception) and not isinstance(error, LeaseLost):
                log.changed = True
                log_failure("the state of a task cannot be written", error, task_id=log.task.id)

    async def _renew(self) -> None:
        await asyncio.sleep(self._turns.renew_seconds)
        runs, asked = {run.held.lease: run for run in self._runs.values()}, time.monotonic()
        lost, cancelled = await self._turns.renew(runs.keys()) if runs else (set(), set())
        for lease, run in runs.items():
            if lease in lost:
                run.lose()
                continue
            run.renewed = asked
            if lease.turn_id in cancelled:
                run.cancel()

    async def _watch_others(self) -> None:
        await asyncio.sleep(_POLL_SECONDS)
        others = {log.task.id: (log, log.told) for log in self.logs if not log.is_ours}
        found = await self._storage.tasks.read(others.keys()) if others else {}
        # After the tasks: of those that have ended, no event is missing.
        curious = {key: log.seq for key, (log, _) in others.items() if log.curious}
        events = await self._storage.timelines.read_after(curious)
        for task_id, (task, _) in found.items():
            log, told = others[task_id]
            if not (log.is_ours or log.ended) and log.told == told:  # else what was read may be older
                log.tell_events(events.get(task_id, ()))
                log.catch_up(task)


async def _forever(duty: Callable[[], Awaitable[None]]) -> None:
    """Again and again; what fails is tried again."""
    while True:
        try:
            await duty()
        except Exception as error:
            log_failure("a worker's duty failed", error)
            await asyncio.sleep(_POLL_SECONDS)
