"""The store of tasks: few writes while a task works, and nobody notices."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from a2a.server.context import ServerCallContext
from a2a.types import Artifact, ListTasksRequest, Part, Task, TaskState, TaskStatus
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from service.endpoint.tasks import Tasks
from service.sessions.database import open_database

ANYBODY = ServerCallContext()


@pytest.fixture
def written(tasks: Tasks) -> list[str]:
    """The states that reach the database."""
    states: list[str] = []

    def listen(_: object, __: object, statement: str, rows: object, *___: object) -> None:
        if statement.startswith("INSERT INTO tasks"):
            states.extend(re.findall(r"TASK_STATE_(\w+)", repr(rows)))

    event.listen(tasks.engine.sync_engine, "after_cursor_execute", listen)
    return states


@contextmanager
def refusing(folder: Path, what: str) -> Iterator[None]:
    """A database that takes no task with `what` in its id or state."""
    condition = f"WHEN NEW.id || NEW.status LIKE '%{what}%'"
    with closing(sqlite3.connect(folder / "tasks.sqlite3")) as database:
        database.execute(
            f"CREATE TRIGGER refuse BEFORE INSERT ON tasks {condition} BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
        try:
            yield
        finally:
            database.execute("DROP TRIGGER refuse")


@pytest.fixture
async def tasks(tmp_path: Path) -> AsyncIterator[Tasks]:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/tasks.sqlite3") as database, Tasks(database) as tasks:
        yield tasks


def task(state: str, *texts: str, id: str = "t") -> Task:
    artifacts = [Artifact(artifact_id="answer", parts=[Part(text=text) for text in texts])] if texts else []
    return Task(id=id, context_id="c", status=TaskStatus(state=f"TASK_STATE_{state}"), artifacts=artifacts)


async def test_a_stream_of_updates_is_few_writes(tasks: Tasks, written: list[str]) -> None:
    await tasks.save(task("SUBMITTED"), ANYBODY)
    for count in range(100):
        await tasks.save(task("WORKING", "x" * count), ANYBODY)
    await tasks.save(task("COMPLETED", "x" * 100), ANYBODY)
    assert written == ["SUBMITTED", "COMPLETED"]


async def test_a_task_that_works_on_is_written_now_and_then(tasks: Tasks, written: list[str]) -> None:
    await tasks.save(task("WORKING", "x"), ANYBODY)
    assert written == []
    async with asyncio.timeout(5):
        while not written:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.6)
    assert written == ["WORKING"]


async def test_tasks_that_begin_together_share_a_transaction(tasks: Tasks) -> None:
    commits: list[None] = []
    event.listen(tasks.engine.sync_engine, "commit", lambda _: commits.append(None))
    await asyncio.gather(*(tasks.save(task("SUBMITTED", id=f"t{index}"), ANYBODY) for index in range(8)))
    assert len(commits) <= 2
    page = await tasks.list(ListTasksRequest(), ANYBODY)
    assert {seen.id for seen in page.tasks} == {f"t{index}" for index in range(8)}


async def test_a_task_that_cannot_be_written_takes_no_other_with_it(tasks: Tasks, tmp_path: Path) -> None:
    for id in ("good", "bad", "more"):
        tasks.expect(id)
    with refusing(tmp_path, "bad"):
        good, bad, more = await asyncio.gather(
            *(tasks.save(task("SUBMITTED", id=id), ANYBODY) for id in ("good", "bad", "more")), return_exceptions=True
        )
    assert (good, more) == (None, None)
    assert isinstance(bad, IntegrityError)
    assert {seen.id for seen in (await tasks.list(ListTasksRequest(), ANYBODY)).tasks} == {"good", "more"}
    assert await tasks.get("bad", ANYBODY) is None


@pytest.mark.parametrize("state", ["WORKING", "COMPLETED"])
async def test_a_state_that_cannot_be_written_is_tried_again(
    tasks: Tasks, tmp_path: Path, written: list[str], caplog: pytest.LogCaptureFixture, state: str
) -> None:
    await tasks.save(task("SUBMITTED"), ANYBODY)
    with refusing(tmp_path, state):
        with nullcontext() if state == "WORKING" else pytest.raises(IntegrityError):
            await tasks.save(task(state), ANYBODY)
        await asyncio.sleep(1.2)
        seen = await tasks.get("t", ANYBODY)
        assert seen is not None
        assert seen.status.state == TaskState.Value(f"TASK_STATE_{state}")
        assert written == ["SUBMITTED"]
        assert caplog.text.count("cannot be written: t") == 1
    async with asyncio.timeout(5):
        while len(written) == 1:
            await asyncio.sleep(0.05)
    assert written == ["SUBMITTED", state]


async def test_a_state_that_was_written_after_all_is_no_error(tasks: Tasks, tmp_path: Path) -> None:
    """Somebody else's writing of it failed."""
    await tasks.save(task("SUBMITTED"), ANYBODY)
    async with tasks._writing:
        saving = asyncio.create_task(tasks.save(task("COMPLETED"), ANYBODY))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with refusing(tmp_path, "COMPLETED"):
            await tasks._try(list(tasks._unwritten.values()))
    await saving


async def test_an_outage_is_no_task_s_fault(tasks: Tasks, caplog: pytest.LogCaptureFixture) -> None:
    for index in range(3):
        await tasks.save(task("WORKING", id=f"t{index}"), ANYBODY)
    tries: list[None] = []

    def refuse(*_: object) -> None:
        tries.append(None)
        raise OperationalError("", {}, Exception("gone"))

    event.listen(tasks.engine.sync_engine, "before_cursor_execute", refuse)
    with pytest.raises(OperationalError):
        await tasks.save(task("COMPLETED", id="t3"), ANYBODY)
    event.remove(tasks.engine.sync_engine, "before_cursor_execute", refuse)
    assert len(tries) == 1
    assert "cannot be written: t0, t1, t2, t3" in caplog.text


async def test_readers_see_what_is_not_written_yet(tasks: Tasks) -> None:
    await tasks.save(task("WORKING", "new"), ANYBODY)
    seen = await tasks.get("t", ANYBODY)
    assert seen is not None
    assert seen.artifacts[0].parts[0].text == "new"
    page = await tasks.list(ListTasksRequest(), ANYBODY)
    assert page.tasks[0].artifacts[0].parts[0].text == "new"


async def test_what_readers_do_to_a_task_stays_theirs(tasks: Tasks) -> None:
    await tasks.save(task("WORKING", "new"), ANYBODY)
    seen = await tasks.get("t", ANYBODY)
    assert seen is not None
    del seen.artifacts[:]
    again = await tasks.get("t", ANYBODY)
    assert again is not None
    assert len(again.artifacts) == 1


async def test_the_last_state_of_a_working_task_is_written_at_the_end(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/tasks.sqlite3"
    async with open_database(url) as database, Tasks(database) as tasks:
        await tasks.save(task("WORKING", "x"), ANYBODY)
    async with open_database(url) as database, Tasks(database) as tasks:
        seen = await tasks.get("t", ANYBODY)
    assert seen is not None
    assert seen.status.state == TaskState.TASK_STATE_WORKING


async def test_pieces_of_text_become_one_part(tasks: Tasks) -> None:
    saved = task("COMPLETED", "a", "b", "c")
    saved.artifacts[0].parts.append(Part(url="https://a.example"))
    saved.artifacts[0].parts.append(Part(text="d"))
    await tasks.save(saved, ANYBODY)
    seen = await tasks.get("t", ANYBODY)
    assert seen is not None
    assert [part.text or part.url for part in seen.artifacts[0].parts] == ["abc", "https://a.example", "d"]
