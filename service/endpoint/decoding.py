"""The agent that is served: a turn is decoded, from wherever its journal has it."""

from __future__ import annotations

from collections.abc import Callable

from a2a.types import TaskState, TaskStatus

from service.decode import DecodeLoop, StopReason, Turn
from service.delegation import Delegation
from service.endpoint.agent import Outcome
from service.endpoint.log import Log
from service.endpoint.metered import TurnMetrics
from service.endpoint.storage import Storage
from service.endpoint.traced import TurnSpans
from service.endpoint.updates import TaskUpdates
from service.messages import Caller
from service.sessions.turns import Held
from service.transcript import Transcript
from service.usage import NOTHING, Usage

_CUT_OFF = {
    StopReason.TOKENS: "its limit of tokens",
    StopReason.CALLS: "its limit of calls",
    StopReason.SECONDS: "its limit of time",
    StopReason.CONTEXT: "the end of the model's window",
}


class Decoding:
    """A decode loop, with the stored conversations that it goes on with."""

    def __init__(self, loop: DecodeLoop, storage: Storage, spans: TurnSpans, metrics: TurnMetrics) -> None:
        self._loop = loop
        self._storage = storage
        self._spans = spans
        self._metrics = metrics

    def check(self, past: Transcript, text: str) -> None:
        """Raises ContextFull."""
        self._loop.ask(past, text)

    async def turn(self, held: Held, log: Log, let_go: Callable[[], bool]) -> Outcome:
        with self._metrics.turn(let_go) as count, self._spans.turn(held, log.task.context_id) as span:
            turn = await self._turn(held, log, let_go)
            self._spans.ended(span, turn)
            count(turn)
        return _judge(turn)

    async def _turn(self, held: Held, log: Log, let_go: Callable[[], bool]) -> Turn:
        session = await self._storage.session(held)
        timeline = await self._storage.timelines.open(held.lease, begun=held.begun)
        transcript, said = session.transcript, ""
        if held.begun:
            said = self._loop.said(transcript)
        else:
            transcript = self._loop.ask(transcript, held.ask["text"])
        delegation = Delegation.from_json(held.ask.get("delegation", {}))
        caller = Caller(delegation, held.lease.turn_id, held.began, lambda: session.lost or let_go())
        log.tell_status(TaskStatus(state=TaskState.TASK_STATE_WORKING))
        async with TaskUpdates(log, timeline, said, self._metrics.heard) as updates:
            return await self._loop.run(transcript, caller, updates.emit, session)

    async def give_up(self, held: Held) -> None:
        session = await self._storage.session(held)
        await self._loop.give_up(session.transcript, held.lease.turn_id, session)

    async def took(self, held: Held) -> Usage:
        if not held.begun:
            return NOTHING
        session = await self._storage.session(held)
        return self._loop.took(session.transcript, session)


def _judge(turn: Turn) -> Outcome:
    if turn.stop is StopReason.DONE:
        return Outcome(TaskState.TASK_STATE_COMPLETED, stop=turn.stop, usage=turn.usage)
    if turn.stop is StopReason.ASKS:
        question = turn.questions[0]  # the others are asked once this is answered
        wants = (
            TaskState.TASK_STATE_AUTH_REQUIRED if question.wants_credentials else TaskState.TASK_STATE_INPUT_REQUIRED
        )
        return Outcome(wants, question.text, usage=turn.usage, questions=turn.questions)
    why = f"The answer was cut off: the turn reached {_CUT_OFF[turn.stop]}."
    return Outcome(TaskState.TASK_STATE_FAILED, why, turn.stop, turn.usage)
