"""A turn's events as updates of its task, gathered: a token at a time would be a message for every word."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from itertools import groupby

from service.endpoint.log import Log
from service.endpoint.parts import text_part
from service.errors import LeaseLost
from service.events import CallProgress, CallStarted, Event, TextDelta, UsageReported
from service.sessions.timeline import Timeline
from service.to_the_end import to_the_end

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
ARTIFACT_ID = "answer"


class TaskUpdates(AbstractAsyncContextManager["TaskUpdates"]):
    """The sink of one turn. What comes first goes out at once, the rest every `GATHER_SECONDS`.

    The model's prose becomes one artifact. Other events become data parts of WORKING updates, once they are stored.
    Leaving sends what is left.
    """

    def __init__(
        self, log: Log, timeline: Timeline, said: str = "", listen: Callable[[Event], None] | None = None
    ) -> None:
        """`said` is what another process has said of it: the artifact becomes that first, whatever it was.

        `listen` hears what happens besides, each event when it is new.
        """
        self._log = log
        self._timeline = timeline
        self._listen = listen
        self._pending: list[Event] = []
        self._storing: list[asyncio.Future[None]] = []
        """That must be done before what is pending is told."""
        self._keeps = True
        """Whether all events could be stored."""
        self._sender: asyncio.Task[None] | None = None
        """Sends, while there is something to send."""
        self._closing = asyncio.get_running_loop().create_future()
        self._begun = False
        """Whether the artifact exists, so that text is appended to it."""
        log.calls = sum(isinstance(event, CallStarted) for event in timeline.kept)
        if said or log.task.artifacts:
            self._send_text(said)
        log.tell_events(timeline.kept)

    async def emit(self, event: Event) -> None:
        if isinstance(event, UsageReported):
            self._log.usage = event.usage
            return
        if isinstance(event, TextDelta):  # there is one for every token, and nobody is told when
            self._pending.append(event)
        else:
            self._add(event.model_copy(update={"at": event.at or time.time()}))
        if self._sender is None and not self._closing.done():  # what a call says that was left to itself is not told
            self._sender = asyncio.create_task(self._send_often())

    def _add(self, event: Event) -> None:
        if added := self._timeline.add(event):
            if self._listen:
                self._listen(event)
            self._log.calls += isinstance(event, CallStarted)
            self._pending.append(added.event)
            if added.stored:
                self._storing.append(added.stored)

    async def __aexit__(self, *_: object) -> None:
        self._closing.set_result(None)
        if self._sender:
            await to_the_end(self._sender)  # a cancel that comes now must not take the last words with it

    async def _send_often(self) -> None:
        while self._pending:
            await self._send()
            await asyncio.wait({self._closing}, timeout=GATHER_SECONDS)
        self._sender = None

    async def _send(self) -> None:
        events, self._pending = self._pending, []
        await self._stored()
        for is_text, run in groupby(_joined(events), lambda event: isinstance(event, TextDelta)):
            if is_text:
                self._send_text("".join(event.text for event in run if isinstance(event, TextDelta)))
            elif self._keeps:
                self._log.tell_events(run)

    async def _stored(self) -> None:
        """Waits for what is pending. If it cannot be stored, no more events are told: others may get their numbers."""
        storing, self._storing = self._storing, []
        if storing:
            await asyncio.wait(storing)
        for error in filter(None, [each.exception() for each in storing]):
            if self._keeps and not isinstance(error, LeaseLost):
                logger.error("task %s: what happens in it cannot be told any more: %s", self._log.task.id, error)
            self._keeps = False

    def _send_text(self, text: str) -> None:
        self._log.tell_text(ARTIFACT_ID, text_part(text), append=self._begun)
        self._begun = True


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    """The same events with text that follows text, inside a call as outside, as one."""
    last: Event | None = None
    for event in events:
        joined = _join(last, event) if last is not None else None
        if joined is None and last is not None:
            yield last
        last = joined or event
    if last is not None:
        yield last


def _join(first: Event, second: Event) -> Event | None:
    match first, second:
        case TextDelta(), TextDelta():
            return first.model_copy(update={"text": first.text + second.text})
        case CallProgress(), CallProgress() if first.call_id == second.call_id:
            inner = _join(first.event, second.event)
            return inner and first.model_copy(update={"event": inner})
    return None
