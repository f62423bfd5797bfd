"""Where tasks are kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from a2a.server.context import ServerCallContext
from a2a.server.tasks import DatabaseTaskStore
from a2a.types import Artifact, ListTasksRequest, ListTasksResponse, Part, Task, TaskState, TaskStatus
from google.protobuf.json_format import MessageToDict
from sqlalchemy import inspect, select
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from service import extension
from service.endpoint.parts import agent_message, text_part
from service.sessions.database import upsert
from service.to_the_end import to_the_end

logger = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
_RUNNING = ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING")
_OUTAGES = (OperationalError, InterfaceError, TimeoutError, OSError)
"""Errors of the database, not of what is written."""
_LOST = "This agent was restarted while it worked on this. What was begun may have been done: ask in the same context."


@dataclass(slots=True)
class _Unwritten:
    """The newest state of a task that the database does not have yet."""

    task: Task
    context: ServerCallContext
    first: bool
    """Nobody has been told of the task yet: if it cannot be written, there is none."""
    error: Exception | None = None
    """Why it could not be written."""


class Tasks(DatabaseTaskStore):
    """The SDK's store, made for streams: the SDK saves the whole task at each update, and waits before it sends it on.

    While a task works, its newest state is written every `WRITE_SECONDS`; every other state at once. All that waits
    goes in one transaction: turns that begin together cost hardly more than one. What cannot be written is tried again.
    Readers see the newest either way. An answer that came in many pieces is one part, and events of our extension are
    no history.
    """

    async def __aenter__(self) -> Self:
        await self.initialize()
        mapper = inspect(self.task_model)
        self._columns = {attribute.columns[0].key: attribute.key for attribute in mapper.column_attrs}
        self._upsert = upsert(self.engine, mapper.local_table)
        self._expected: set[str] = set()
        self._unwritten: dict[str, _Unwritten] = {}
        self._writing = asyncio.Lock()
        self._writer = asyncio.create_task(self._write_often())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.cancel()
        await asyncio.wait({self._writer})
        await self._write()

    def expect(self, task_id: str) -> None:
        """Says that there is no such task yet, so that the SDK's looking for it, three times, costs nothing."""
        self._expected.add(task_id)

    async def save(self, task: Task, context: ServerCallContext) -> None:
        # The SDK hands this very object to its subscribers and callers, so they too see it as it is made here.
        for artifact in task.artifacts:
            _join_texts(artifact)
        _forget_events(task)
        self._unwritten[task.id] = unwritten = _Unwritten(task, context, first=task.id in self._expected)
        self._expected.discard(task.id)
        if task.status.state == TaskState.TASK_STATE_WORKING:
            return
        await to_the_end(self._write())
        if unwritten.error is not None:
            raise unwritten.error

    async def get(self, task_id: str, context: ServerCallContext) -> Task | None:
        if task_id in self._expected:
            return None
        if unwritten := self._unwritten.get(task_id):
            if self.owner_resolver(unwritten.context) != self.owner_resolver(context):
                return None
            copy = Task()
            copy.CopyFrom(unwritten.task)
            return copy
        return await to_the_end(super().get(task_id, context))

    async def list(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        await to_the_end(self._write())
        return await to_the_end(super().list(params, context))

    async def fail_the_lost(self) -> None:
        """Ends the tasks that a process which is no more was working on: nobody else ever would."""
        state = self.task_model.status["state"].as_string()
        async with self.async_session_maker.begin() as session:
            for row in await session.scalars(select(self.task_model).where(state.in_(_RUNNING))):
                message = agent_message(row.id, row.context_id, [text_part(_LOST)])
                status = TaskStatus(state=TaskState.TASK_STATE_FAILED, message=message)
                status.timestamp.GetCurrentTime()
                row.status = MessageToDict(status)  # type: ignore[assignment]  # the column is declared as what it means
                row.last_updated = status.timestamp.ToDatetime()

    async def _write_often(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await to_the_end(self._write())

    async def _write(self) -> None:
        async with self._writing:  # an older state on its way must not come after a newer one
            await self._try(list(self._unwritten.values()))

    async def _try(self, batch: Sequence[_Unwritten]) -> None:
        error: Exception | None = None
        try:
            await self._commit(batch)
        except Exception as reason:
            if len(batch) > 1 and not isinstance(reason, _OUTAGES):
                for each in batch:  # one that cannot be written is no reason to lose the others
                    await self._try([each])
                return
            error = reason
            if not all(each.error for each in batch):  # else it was told before
                logger.exception("cannot be written: %s", ", ".join(each.task.id for each in batch))
        for each in batch:
            each.error = error
            if (error is None or each.first) and self._unwritten.get(each.task.id) is each:
                del self._unwritten[each.task.id]

    async def _commit(self, batch: Sequence[_Unwritten]) -> None:
        """In one transaction. The SDK's own way reads every task before it writes it: that takes five times as long."""
        if not batch:
            return
        rows = [self._to_orm(each.task, self.owner_resolver(each.context)) for each in batch]
        values = [{column: getattr(row, name) for column, name in self._columns.items()} for row in rows]
        async with self.engine.begin() as connection:
            await connection.execute(self._upsert, values)


def _forget_events(task: Task) -> None:
    """What happened inside a turn is told once: the SDK would keep every update's message for ever."""
    if any(extension.URI in message.extensions for message in task.history):
        said = [message for message in task.history if extension.URI not in message.extensions]
        del task.history[:]
        task.history.extend(said)


def _join_texts(artifact: Artifact) -> None:
    parts: list[Part] = []
    for part in artifact.parts:
        if parts and part.HasField("text") and parts[-1].HasField("text") and parts[-1].media_type == part.media_type:
            parts[-1].text += part.text
        else:
            parts.append(part)
    if len(parts) < len(artifact.parts):
        del artifact.parts[:]
        artifact.parts.extend(parts)
