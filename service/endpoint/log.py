"""A task while somebody works on it or follows it: its newest state, and what has happened, for all who listen.

    worker ──tell──► Log ──► followers, each at its own pace: none holds up the turn or another

The log of a task that another process works on is told what its stored state shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from a2a.types import Artifact, Part, Task, TaskArtifactUpdateEvent, TaskState, TaskStatus, TaskStatusUpdateEvent

from service import extension
from service.endpoint.parts import agent_message, event_parts
from service.events import Event
from service.task_states import RESTING, TERMINAL
from service.usage import NOTHING

Update = TaskStatusUpdateEvent | TaskArtifactUpdateEvent


@dataclass(slots=True, eq=False)
class _Entry:
    """An update and the one after it: what all followers have passed, nothing holds any more."""

    update: Update
    next: _Entry | None = None


class Log:
    """Of one task."""

    def __init__(self, task: Task, owner: str) -> None:
        self.task = task
        self.owner = owner
        self.holders = 0
        self.is_ours = False
        """Whether this process works on the task."""
        self.closed = False
        """Whether nothing will be told here any more, though the task has not ended."""
        self.changed = False
        """Whether the task has changed since this was last set to False."""
        self.told = 0
        """How many updates there were."""
        self.seq = 0
        """The number of the newest event that was told."""
        self.curious = 0
        """How many of its followers want to hear of events."""
        self.usage = NOTHING
        """What the turn took, if it did not come to its end in this process."""
        self.calls = 0
        """How many the turn has made, as far as this process knows."""
        self._last = _Entry(TaskStatusUpdateEvent())  # stands before the first
        self._news = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing will ever be told here any more."""
        return self.closed or self.task.status.state in TERMINAL

    def tell_status(self, status: TaskStatus) -> None:
        status.timestamp.GetCurrentTime()
        self._tell(TaskStatusUpdateEvent(task_id=self.task.id, context_id=self.task.context_id, status=status))

    def tell_events(self, events: Iterable[Event]) -> None:
        """Tells those of a turn's events that were not told here yet."""
        new = [event for event in events if event.seq is None or event.seq > self.seq]
        self.seq = max((event.seq or 0 for event in new), default=0) or self.seq
        task = self.task
        if parts := event_parts(new):
            message = agent_message(task.id, task.context_id, parts, [extension.URI])
            self.tell_status(TaskStatus(state=TaskState.TASK_STATE_WORKING, message=message))

    def tell_text(self, artifact_id: str, part: Part, *, append: bool) -> None:
        self.tell_artifact(Artifact(artifact_id=artifact_id, name=artifact_id, parts=[part]), append=append)

    def tell_artifact(self, artifact: Artifact, *, append: bool) -> None:
        task = self.task
        self._tell(
            TaskArtifactUpdateEvent(task_id=task.id, context_id=task.context_id, artifact=artifact, append=append)
        )

    def tell_state(self, task: Task) -> None:
        """Tells how the task, as it is now, differs from what was told."""
        for artifact in task.artifacts:
            known = next((each for each in self.task.artifacts if each.artifact_id == artifact.artifact_id), Artifact())
            text, before = "".join(part.text for part in artifact.parts), "".join(part.text for part in known.parts)
            if text != before:
                append = bool(before) and text.startswith(before)
                part = Part(text=text[len(before) :] if append else text, media_type=artifact.parts[0].media_type)
                self.tell_text(artifact.artifact_id, part, append=append)
        if task.status != self.task.status:
            update = TaskStatusUpdateEvent(task_id=task.id, context_id=task.context_id, status=task.status)
            if task.HasField("metadata"):
                update.metadata.CopyFrom(task.metadata)
            self._tell(update)

    def catch_up(self, task: Task) -> None:
        """Tells how the task is now, to which others may have said something since. What has ended stays as it is."""
        if self.task.status.state in TERMINAL:
            return
        for artifact in self.task.artifacts:
            if not any(each.artifact_id == artifact.artifact_id for each in task.artifacts):  # its process has died
                self.tell_text(artifact.artifact_id, Part(text=""), append=False)
        self.tell_state(task)
        self.task.CopyFrom(task)

    def close(self) -> None:
        """Lets all go who follow."""
        self.closed = True
        self._wake()

    async def follow(
        self, *, with_events: bool = False, until: Collection[int] = frozenset(RESTING)
    ) -> AsyncGenerator[Task | Update]:
        """The task as it is, then each update until one of these states is reached or the log is closed."""
        entry = self._last
        state = self.task.status.state
        self.curious += with_events
        try:
            yield self.snapshot()
            while state not in until:
                if entry.next is None:
                    if self.closed:
                        return
                    await self._news.wait()
                    continue
                entry = entry.next
                update = entry.update
                if isinstance(update, TaskStatusUpdateEvent):
                    state = update.status.state
                if with_events or not is_event(update):
                    yield update
        finally:
            self.curious -= with_events

    async def wait(self, until: Collection[int] = frozenset(RESTING)) -> None:
        """Until one of these states is reached or the log is closed."""
        async with aclosing(self.follow(until=until)) as updates:
            async for _ in updates:
                pass

    def snapshot(self) -> Task:
        """A copy of the task."""
        copy = Task()
        copy.CopyFrom(self.task)
        return copy

    def _tell(self, update: Update) -> None:
        if self.task.status.state in TERMINAL:  # nobody listens any more, and what was told of the end stays true
            return
        if not is_event(update):  # what happens inside a turn is no part of the task
            self._change(update)
        self.told += 1
        self._last.next = self._last = _Entry(update)
        self._wake()

    def _change(self, update: Update) -> None:
        if isinstance(update, TaskArtifactUpdateEvent):
            _write(self.task, update.artifact, append=update.append)
        else:
            self.task.status.CopyFrom(update.status)
            if update.HasField("metadata"):
                self.task.metadata.MergeFrom(update.metadata)
        self.changed = True

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Logs:
    """All that are held by somebody in this process."""

    def __init__(self) -> None:
        self._logs: dict[str, Log] = {}
        self._closed = False

    def __iter__(self) -> Iterator[Log]:
        return iter(list(self._logs.values()))

    def get(self, task_id: str) -> Log | None:
        return self._logs.get(task_id)

    @contextmanager
    def hold(self, task: Task, owner: str) -> Iterator[Log]:
        """The log of a task, which is now as in `task`, unless this process knows better since it works on it.

        It does not where the task has ended: then it has not heard yet that this is written, or lost the task before.
        """
        log = self._logs.get(task.id)
        if log is None or log.ended:
            self._logs[task.id] = log = Log(task, owner)
        elif not log.is_ours or task.status.state in TERMINAL:
            log.catch_up(task)  # it has heard of what other processes did only up to now and then
        log.closed |= self._closed
        log.holders += 1
        try:
            yield log
        finally:
            log.holders -= 1
            if not log.holders and self._logs.get(task.id) is log:
                del self._logs[task.id]

    def close(self, log: Log) -> None:
        """Lets go who follows; whoever asks for the task from now on gets another log."""
        if self._logs.get(log.task.id) is log:
            del self._logs[log.task.id]
        log.close()

    def close_all(self) -> None:
        """Lets go who follows anything, now and from now on: nothing will be told in this process any more."""
        self._closed = True
        for log in self:
            self.close(log)


def is_event(update: Update) -> bool:
    """Whether it is for those only who asked for our extension."""
    return isinstance(update, TaskStatusUpdateEvent) and extension.URI in update.status.message.extensions


def _write(task: Task, artifact: Artifact, *, append: bool) -> None:
    """As the protocol has it, but that text goes into the part that is there: an answer in pieces is one."""
    known = next((each for each in task.artifacts if each.artifact_id == artifact.artifact_id), None)
    if known is None:
        task.artifacts.append(artifact)
    elif not append:
        known.CopyFrom(artifact)
    else:
        for part in artifact.parts:
            if known.parts and known.parts[-1].HasField("text") and part.HasField("text"):
                known.parts[-1].text += part.text
            else:
                known.parts.append(part)
