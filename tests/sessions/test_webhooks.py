"""What webhooks are owed, over both databases: one process at a time tells of it, and none of it is forgotten.

1. A webhook is owed its task's state from its beginning, and whenever the task rests; told, it is owed nothing.
2. What changes while it is told is owed anew; what changes often is owed once, a little later.
3. What failed is owed later, unless something more urgent has come up. What rests is urgent.
4. Of a holder that is silent for too long, another takes it; what the first one says then is not heard.
5. Who has failed often comes after who has not.
6. Told of its task's end, it is kept for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from service.sessions import tables, webhooks
from service.sessions.database import open_database
from service.sessions.webhooks import Due, Webhooks
from service.sessions.writes import Statement, Writes

CONFIG = {"url": "https://a.example"}


class Outbox(Webhooks):
    """That can be asked to write what is written with tasks."""

    async def write(self, *statements: Statement) -> None:
        await self._writes.write(*statements)

    async def take(self) -> Due:
        (due,) = await self.claim(9)
        return due

    async def count(self) -> int:
        async with self._database.connect() as connection:
            return (await connection.scalars(select(func.count()).select_from(tables.webhooks))).one()


@pytest.fixture
async def outbox(database_url: str) -> AsyncIterator[Outbox]:
    """With one webhook."""
    async with open_database(database_url) as database, Writes(database) as writes:
        outbox = Outbox(database, writes)
        await outbox.store("task", "one", CONFIG)
        yield outbox


async def test_1_what_is_owed_is_told_once(outbox: Outbox) -> None:
    due = await outbox.take()
    assert (due.task_id, due.id, due.config, due.attempts) == ("task", "one", CONFIG, 1)
    assert not await outbox.claim(9)
    await outbox.delivered(due, last=False)
    assert not await outbox.claim(9)
    await outbox.write(outbox.owed("another task"))
    assert not await outbox.claim(9)
    await outbox.write(outbox.owed("task"))
    assert (await outbox.take()).attempts == 1


async def test_2_what_changes_while_it_is_told_is_owed_anew(outbox: Outbox) -> None:
    due = await outbox.take()
    await outbox.write(outbox.owed("task"))
    assert not await outbox.claim(9)
    await outbox.delivered(due, last=False)
    await outbox.delivered(await outbox.take(), last=False)
    assert not await outbox.claim(9)


async def test_2_what_changes_often_is_owed_once(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    await outbox.delivered(await outbox.take(), last=False)
    await outbox.write(outbox.changed(["task", "another task"]))
    assert not await outbox.claim(9)
    await outbox.write(outbox.owed("task"))
    await outbox.delivered(await outbox.take(), last=False)
    monkeypatch.setattr(webhooks, "PAUSE_SECONDS", -1)
    for _ in range(3):
        await outbox.write(outbox.changed(["task"]))
    await outbox.delivered(await outbox.take(), last=False)
    assert not await outbox.claim(9)


async def test_3_what_failed_is_owed_later(outbox: Outbox) -> None:
    await outbox.failed(await outbox.take(), -1)
    due = await outbox.take()
    assert due.attempts == 2
    assert due.waited > 0
    await outbox.failed(due, 60)
    assert not await outbox.claim(9)
    await outbox.write(outbox.changed(["task"]))
    assert not await outbox.claim(9)
    await outbox.write(outbox.owed("task"))
    assert (await outbox.take()).attempts == 1


async def test_3_what_becomes_urgent_meanwhile_is_not_put_off(outbox: Outbox) -> None:
    due = await outbox.take()
    await outbox.write(outbox.owed("task"))
    await outbox.failed(due, 60)
    assert (await outbox.take()).attempts == 1


async def test_4_another_takes_what_a_dead_process_held(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LEASE_SECONDS", -1)
    first = await outbox.take()
    monkeypatch.setattr(webhooks, "LEASE_SECONDS", 60)
    second = await outbox.take()
    assert second.attempts == 2
    for late in (outbox.delivered(first, last=True), outbox.failed(first, -1), outbox.drop(first)):
        await late
        assert not await outbox.claim(9)
    assert await outbox.read("task") == {"one": CONFIG}
    await outbox.put_back(second)
    assert (await outbox.take()).attempts == 2


async def test_4_what_is_said_of_a_config_is_not_said_of_the_next(outbox: Outbox) -> None:
    due = await outbox.take()
    await outbox.store("task", "one", {"url": "https://b.example"})
    await outbox.drop(due)
    await outbox.delivered(due, last=True)
    assert (await outbox.take()).config == {"url": "https://b.example"}


async def test_4_no_two_take_the_same(outbox: Outbox) -> None:
    for number in range(19):
        await outbox.store("task", f"c{number}", CONFIG)
    taken = [due.id for claimed in await asyncio.gather(*(outbox.claim(2) for _ in range(10))) for due in claimed]
    while more := await outbox.claim(2):
        taken += [due.id for due in more]
    assert len(taken) == len(set(taken)) == 20


async def test_5_who_has_failed_waits_for_who_has_not(outbox: Outbox) -> None:
    await outbox.failed(await outbox.take(), -1)
    await outbox.store("task", "two", CONFIG)
    assert [(await outbox.claim(1))[0].id for _ in "ab"] == ["two", "one"]


async def test_6_what_was_told_of_the_end_is_kept_for_a_while(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    await outbox.store("task", "two", CONFIG)
    first, second = await outbox.claim(9)
    await outbox.delivered(first, last=True)
    await outbox.sweep()
    assert await outbox.count() == 2
    monkeypatch.setattr(webhooks, "KEPT_SECONDS", -1)
    await outbox.delivered(second, last=True)
    await outbox.sweep()
    assert await outbox.read("task") == {first.id: CONFIG}
    for _ in range(2):
        await outbox.remove("task", first.id)
    assert await outbox.count() == 0
