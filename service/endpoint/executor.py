"""A message becomes a turn, and the turn's events become the task's.

How a task ends:

    COMPLETED   the model ended its turn by itself
    FAILED      the turn was cut off by a limit: the artifact has what was written so far, the status which limit
                the conversation does not fit the model, the engine failed, or the service had to end
    CANCELED    the caller asked for it

The conversation keeps what the loop saved on the way: calls made, results spliced in, and the end.
"""

from __future__ import annotations

import asyncio
import logging

from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types import Task, TaskState, TaskStatus

from service import extension
from service.decode import DecodeLoop, StopReason, Turn
from service.endpoint.answer import Answer
from service.endpoint.ask import Ask, AskContext
from service.endpoint.parts import agent_message, text_part
from service.endpoint.running import SHUT_DOWN, Outcome, Running
from service.errors import ContextFull, EngineError
from service.journal import Heard
from service.sessions.base import Sessions
from service.to_the_end import to_the_end

logger = logging.getLogger(__name__)

_CUT_OFF = {
    StopReason.TOKENS: "its limit of tokens",
    StopReason.CALLS: "its limit of calls",
    StopReason.SECONDS: "its limit of time",
    StopReason.CONTEXT: "the end of the model's window",
}


class Executor(AgentExecutor):
    """Runs turns for the A2A SDK. Holds no policy of its own."""

    def __init__(self, loop: DecodeLoop, sessions: Sessions, running: Running, *, at_once: int) -> None:
        self._loop = loop
        self._sessions = sessions
        self._running = running
        self._slots = asyncio.Semaphore(at_once)

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert isinstance(context, AskContext)  # the door makes no other
        ask = context.ask
        updater = TaskUpdater(event_queue, ask.task_id, ask.context_id)
        with self._running.place(ask.task_id) as place:
            try:
                if context.current_task is None:
                    # To the end: the SDK takes no last word about a task that it never heard of.
                    await to_the_end(event_queue.enqueue_event(_submitted(ask)))
                outcome = SHUT_DOWN if self._running.draining else await self._outcome(ask, updater)
                place.settle()
            except asyncio.CancelledError:
                verdict = place.take_verdict()
                if verdict is None:
                    raise
                outcome = verdict
            await _finish(ask, updater, outcome)

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.task_id is not None
        await self._running.cancel(context.task_id)

    async def _outcome(self, ask: Ask, updater: TaskUpdater) -> Outcome:
        try:
            return _judge(await self._turn(ask, updater))
        except ContextFull as error:
            return Outcome(TaskState.TASK_STATE_FAILED, f"The conversation is full: {error}.")
        except EngineError:
            logger.exception("task %s: the engine failed", ask.task_id)
            return Outcome(TaskState.TASK_STATE_FAILED, "The model failed while it was answering.")
        except Exception:
            # What an exception says is for the log: to the caller it may tell too much, and never helps.
            logger.exception("task %s failed", ask.task_id)
            return Outcome(TaskState.TASK_STATE_FAILED, "Something went wrong inside this agent.")

    async def _turn(self, ask: Ask, updater: TaskUpdater) -> Turn:
        # The conversation before the slot: turns that wait for their own conversation keep nobody else waiting.
        async with self._sessions.lease(ask.context_id, new=ask.begins) as session, self._slots:
            transcript = self._loop.ask(session.transcript, ask.text)
            await updater.start_work()
            async with Answer(updater, with_events=ask.with_events) as answer:
                return await self._loop.run(transcript, ask.caller, answer.emit, Heard(session.save))


def _judge(turn: Turn) -> Outcome:
    if turn.stop is StopReason.DONE:
        return Outcome(TaskState.TASK_STATE_COMPLETED, stop=turn.stop)
    return Outcome(
        TaskState.TASK_STATE_FAILED, f"The answer was cut off: the turn reached {_CUT_OFF[turn.stop]}.", turn.stop
    )


async def _finish(ask: Ask, updater: TaskUpdater, outcome: Outcome) -> None:
    message = agent_message(ask.task_id, ask.context_id, [text_part(outcome.text)]) if outcome.text else None
    metadata = {extension.URI: {"stop": outcome.stop}} if outcome.stop else None
    await updater.update_status(outcome.state, message, metadata=metadata)


def _submitted(ask: Ask) -> Task:
    task = Task(
        id=ask.task_id,
        context_id=ask.context_id,
        status=TaskStatus(state=TaskState.TASK_STATE_SUBMITTED),
        history=[ask.message],
    )
    task.status.timestamp.GetCurrentTime()
    return task
