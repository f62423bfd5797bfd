"""One task run through the loop: the conversation it became, and whether it was done."""

from __future__ import annotations

import time
from dataclasses import dataclass

from service.decode import DecodeLoop, Keep, StopReason
from service.errors import ServiceError
from service.events import CallFinished, CallStarted, Emit, Event, ignore
from service.messages import Caller
from service.training.task import Task
from service.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Episode:
    """What came of one task. A failed one is data, not a crash."""

    task: Task
    transcript: Transcript
    answers: tuple[str, ...]
    """Each turn's text."""
    calls: tuple[CallStarted, ...]
    """In the order asked."""
    problem: str | None
    """None if the task was solved; else what is wrong, in a few words."""
    sampled: int
    """Tokens."""
    seconds: float


async def rollout(task: Task, loop: DecodeLoop, emit: Emit = ignore, keep: Keep = ignore) -> Episode:
    """Says each of the task's turns and lets the loop answer; what cuts a turn off is the episode's problem."""
    calls: list[CallStarted] = []
    results: list[str] = []
    answers: list[str] = []

    async def listen(event: Event) -> None:
        if isinstance(event, CallStarted):
            calls.append(event)
        elif isinstance(event, CallFinished) and not event.is_error:
            results.append(event.text)
        await emit(event)

    transcript, sampled, problem = Transcript(), 0, None
    started = time.monotonic()
    try:
        for said in task.said:
            turn = await loop.run(loop.ask(transcript, said), Caller(), listen, keep)
            transcript = turn.transcript
            answers.append(turn.text)
            sampled += turn.sampled
            if turn.stop is not StopReason.DONE:
                problem = f"cut off: {turn.stop}"
                break
        else:
            problem = task.check(answers, results)
    except ServiceError as error:
        problem = str(error)
    return Episode(task, transcript, tuple(answers), tuple(calls), problem, sampled, time.monotonic() - started)
