"""What a caller is shown of a task: what our extension adds to it, if the request activates it, else nothing of that.

Whoever subscribes gets the events so far with the task, and then those that come after them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from typing import TypeVar

from a2a.server.context import ServerCallContext
from a2a.types import Task, TaskStatusUpdateEvent
from google.protobuf.struct_pb2 import Value

from service import extension
from service.endpoint.ask import wants_events
from service.endpoint.log import Log, Update, is_event
from service.sessions.timeline import Timelines
from service.task_states import RESTING

_Said = TypeVar("_Said", Task, TaskStatusUpdateEvent)


class Shown:
    """To callers who may see the task: whose it is is known before anything here is asked."""

    def __init__(self, timelines: Timelines) -> None:
        self._timelines = timelines

    async def task(self, task: Task, context: ServerCallContext) -> Task:
        """`task` is a copy, and was read before: so if it has ended, none of its events is missing."""
        if not wants_events(context):
            return without_record(task)
        extension.add_events(task.metadata, await self._timelines.read(task.id))
        return task

    def listed(self, tasks: Iterable[Task], context: ServerCallContext) -> None:
        """Changes copies: events are not for lists, which would be long."""
        if not wants_events(context):
            for task in tasks:
                task.CopyFrom(without_record(task))

    async def follow(
        self, log: Log, context: ServerCallContext, until: Collection[int] = RESTING
    ) -> AsyncGenerator[Task | Update]:
        """The task as it is, then each update until one of these states is reached or the log is closed."""
        wants, seq = wants_events(context), 0
        async with aclosing(log.follow(with_events=wants, until=until)) as updates:
            async for update in updates:
                if isinstance(update, Task):
                    task = await self.task(update, context)
                    seq = max(map(_seq, extension.events_of(task.metadata)), default=0)
                    yield task
                elif not isinstance(update, TaskStatusUpdateEvent):
                    yield update
                elif not wants:
                    yield without_record(update)
                elif not is_event(update):
                    yield update
                elif new := _newer(update, seq):
                    yield new


def without_record(said: _Said) -> _Said:
    """The same for who does not know the extension: a copy, if it has anything of that."""
    if extension.URI not in said.metadata.fields:
        return said
    copy = type(said)()
    copy.CopyFrom(said)
    copy.metadata.fields.pop(extension.URI)
    if not copy.metadata.fields:
        copy.ClearField("metadata")
    return copy


def _newer(update: TaskStatusUpdateEvent, seq: int) -> TaskStatusUpdateEvent | None:
    """What an update tells beyond the events up to this number; None if it is nothing."""
    parts = [part for part in update.status.message.parts if not 0 < _seq(part.data) <= seq]
    if len(parts) == len(update.status.message.parts):
        return update
    if not parts:
        return None
    newer = TaskStatusUpdateEvent()
    newer.CopyFrom(update)
    newer.status.message.ClearField("parts")
    newer.status.message.parts.extend(parts)
    return newer


def _seq(event: Value) -> int:
    """0 if it has none."""
    return int(event.struct_value.fields.get("seq", Value()).number_value)
