"""A turn's events as updates of its task, gathered: the SDK copies and saves the whole task at each update."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from typing import Self

from a2a.server.tasks import TaskUpdater
from a2a.types import Part, TaskState

from service import extension
from service.endpoint.parts import agent_message, event_part, text_part
from service.events import CallProgress, Event, TextDelta

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
ARTIFACT_ID = "answer"


class Answer:
    """The sink of one turn. What comes first goes out at once, the rest every `GATHER_SECONDS`.

    The model's prose becomes one artifact. Other events become data parts of WORKING updates, for callers who asked.
    `emit` never waits: while the SDK is slow, updates become fewer and larger. Leaving sends what is left.
    """

    def __init__(self, updater: TaskUpdater, *, with_events: bool) -> None:
        self._updater = updater
        self._with_events = with_events
        self._pending: list[Event] = []
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._begun = False
        """Whether the artifact exists, so that text is appended to it."""

    async def emit(self, event: Event) -> None:
        if self._with_events or isinstance(event, TextDelta):
            self._pending.append(event)
            self._news.set()

    async def __aenter__(self) -> Self:
        self._sender = asyncio.create_task(self._send_often())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self._news.set()
        await self._sender

    async def _send_often(self) -> None:
        while not self._closing.is_set():
            await self._news.wait()
            self._news.clear()
            await self._send()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), GATHER_SECONDS)
        await self._send()

    async def _send(self) -> None:
        events, self._pending = self._pending, []
        for is_text, run in groupby(_joined(events), lambda event: isinstance(event, TextDelta)):
            if is_text:
                await self._send_text("".join(event.text for event in run if isinstance(event, TextDelta)))
            else:
                await self._send_events([part for event in run if (part := _part(event))])

    async def _send_text(self, text: str) -> None:
        await self._updater.add_artifact([text_part(text)], ARTIFACT_ID, name=ARTIFACT_ID, append=self._begun)
        self._begun = True

    async def _send_events(self, parts: list[Part]) -> None:
        if not parts:
            return
        message = agent_message(self._updater.task_id, self._updater.context_id, parts, [extension.URI])
        await self._updater.update_status(TaskState.TASK_STATE_WORKING, message)


def _part(event: Event) -> Part | None:
    try:
        return event_part(event)
    except Exception:  # what a model or a peer wrote is no reason to stop telling
        logger.exception("an event cannot be told: %s", event.kind)
        return None


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
            return TextDelta(text=first.text + second.text)
        case CallProgress(), CallProgress() if first.call_id == second.call_id:
            inner = _join(first.event, second.event)
            return inner and CallProgress(call_id=first.call_id, event=inner)
    return None
