"""All that is stored, as this process sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from a2a.types import Task
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.endpoint.log import Log
from service.endpoint.tasks import Tasks
from service.sessions.database import open_database
from service.sessions.outages import through_outages
from service.sessions.session import Session, read_conversation
from service.sessions.timeline import Timelines
from service.sessions.turns import Held, Turns
from service.sessions.webhooks import Webhooks
from service.sessions.writes import Statement, Writes
from service.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Storage:
    """One database, and what each kind of thing in it is read and written by."""

    database: AsyncEngine
    writes: Writes
    turns: Turns
    tasks: Tasks
    webhooks: Webhooks
    timelines: Timelines

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, lease_seconds: float) -> AsyncIterator[Self]:
        """At an SQLAlchemy URL. Leaving it waits until all is written. Raises ConfigError if it cannot be used."""
        async with open_database(url, silence_seconds=lease_seconds) as database, Writes(database) as writes:
            yield await cls.of(database, writes, lease_seconds)

    @classmethod
    async def of(cls, database: AsyncEngine, writes: Writes, lease_seconds: float) -> Self:
        """A database that is open already."""
        return cls(
            database,
            writes,
            Turns(database, writes, lease_seconds),
            Tasks(database),
            Webhooks(database, writes),
            Timelines(database, writes),
        )

    def resting(self, task: Task, owner: str) -> tuple[Statement, ...]:
        """What is to be written of a task that has ended or asks: with it, its webhooks are owed that."""
        return self.tasks.row(task, owner), self.webhooks.owed(task.id)

    async def tell_events(self, log: Log) -> None:
        """Tells those who want to hear of them the events that are stored by now: before an end, or they miss some."""
        if log.curious:
            task_id = log.task.id
            newer = await through_outages(lambda: self.timelines.read_after({task_id: log.seq}))
            log.tell_events(newer.get(task_id, ()))

    async def conversation(self, conversation_id: str) -> Transcript:
        """What is stored now, whoever holds it. Empty for an unknown conversation."""
        return await read_conversation(self.database, conversation_id)

    async def session(self, held: Held) -> Session:
        """The conversation of a turn that is held, once the database is there to tell."""
        where = (self.writes, self.database, held.lease, held.conversation_id)
        return Session(*where) if held.begins else await Session.open(*where, begun=held.begun)


class Step:
    """A task's next state, made of the one that is stored when it is written: until then others may change that."""

    def __init__(self, storage: Storage, task_id: str, move: Callable[[Task], Task], *also: Statement) -> None:
        """`also` is written with it."""
        self._storage = storage
        self._task_id = task_id
        self._move = move
        self._also = also
        self.task = Task()
        """As it is written."""

    async def __call__(self, connection: AsyncConnection) -> Sequence[Statement]:
        stored, owner = await self._storage.tasks.read_within(connection, self._task_id)
        self.task = self._move(stored)
        return self._storage.tasks.row(self.task, owner), *self._also
