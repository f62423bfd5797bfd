"""One task run through the loop: the conversation it became, and whether it was done."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from service.decode import DecodeLoop, StopReason
from service.errors import ServiceError
from service.events import CallFinished, CallStarted, Emit, Event, TextDelta, ignore
from service.journal import NullJournal
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
    invented: tuple[str, ...]
    """Numbers and addresses in the answers that the model had not read by then, neither from the user nor in a result.
    """
    sampled: int
    """Tokens."""
    seconds: float


async def rollout(
    task: Task, loop: DecodeLoop, emit: Emit = ignore, keep: Callable[[Transcript], Awaitable[None]] = ignore
) -> Episode:
    """Says each of the task's turns and lets the loop answer; what cuts a turn off is the episode's problem."""
    calls: list[CallStarted] = []
    finished: dict[str, CallFinished] = {}
    results: list[str] = []
    answers: list[str] = []
    ledger = _Ledger()

    async def listen(event: Event) -> None:
        match event:
            case CallStarted():
                calls.append(event)
            case CallFinished():
                finished[event.call_id] = event
                if not event.is_error:
                    results.append(event.text)
            case TextDelta():
                ledger.say(event.text)
        await emit(event)

    async def watch(transcript: Transcript) -> None:
        for arrival in transcript.spans[-1].arrivals:
            if event := finished.get(arrival.call_id):  # of a refused call nobody hears
                ledger.read(event.text)
        await keep(transcript)

    transcript, sampled, problem = Transcript(), 0, None
    started = time.monotonic()
    try:
        for said in task.said:
            finished.clear()  # each turn numbers its calls anew
            ledger.read(said)
            turn = await loop.run(loop.ask(transcript, said), Caller(), listen, NullJournal(watch))
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
    ledger.check()
    seconds = time.monotonic() - started
    return Episode(task, transcript, tuple(answers), tuple(calls), problem, tuple(ledger.invented), sampled, seconds)


class _Ledger:
    """What the model has read against what it says."""

    def __init__(self) -> None:
        self._known = ""
        self._said = ""
        self.invented: list[str] = []

    def read(self, text: str) -> None:
        self.check()
        self._known += f" {text}"

    def say(self, text: str) -> None:
        self._said += text

    def check(self) -> None:
        """Of what was said since the last time."""
        self.invented += [word for word in _FIGURE.findall(self._said) if not self._knows(word)]
        self._said = ""

    def _knows(self, word: str) -> bool:
        """Not as a part of a longer number."""
        return re.search(rf"(?<!\d){re.escape(word)}(?!\d)", self._known) is not None


_FIGURE = re.compile(r"[\w.@-]*[\d@](?:[\w.@-]*\w)?")
"""A word with a digit in it, or an address."""
