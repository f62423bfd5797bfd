"""The store of tasks: few writes while a task works, and nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from a2a.server.context import ServerCallContext
from a2a.server.models import TaskModel
from a2a.server.tasks import DatabaseTaskStore
from a2a.types import Artifact, ListTasksRequest, Part, Task, TaskState, TaskStatus
from sqlalchemy import event
from sqlalchemy.exc import StatementError

from service.endpoint.tasks import Tasks
from service.sessions.database import open_database

ANYBODY = ServerCallContext()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The states that reach the database. A task that is called bad cannot."""
    states: list[str] = []
    to_row = DatabaseTaskStore._to_orm

    def listen(self: DatabaseTaskStore, task: Task, owner: str) -> TaskModel:
        states.append(TaskState.Name(task.status.state).removeprefix("TASK_STATE_"))
        row = to_row(self, task, owner)
        if task.id == "bad":
            row.status = object()  # type: ignore[assignment]
        return row

    monkeypatch.setattr(DatabaseTaskStore, "_to_orm", listen)
    return states


@pytest.fixture
async def tasks(tmp_path: Path, written: list[str]) -> AsyncIterator[Tasks]:
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


@pytest.mark.parametrize("state", ["SUBMITTED", "COMPLETED"])
async def test_a_task_that_cannot_be_written_takes_no_other_with_it(tasks: Tasks, state: str) -> None:
    good, bad, more = await asyncio.gather(
        *(tasks.save(task(state, id=id), ANYBODY) for id in ("good", "bad", "more")), return_exceptions=True
    )
    assert (good, more) == (None, None)
    assert isinstance(bad, StatementError)
    for id in ("good", "more"):
        seen = await tasks.get(id, ANYBODY)
        assert seen is not None
        assert seen.status.state == TaskState.Value(f"TASK_STATE_{state}")
    assert await tasks.get("bad", ANYBODY) is None


async def test_a_working_task_that_cannot_be_written_is_told_of_in_the_log(
    tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    await tasks.save(task("WORKING", id="bad"), ANYBODY)
    await tasks.save(task("COMPLETED", id="good"), ANYBODY)
    assert "task bad could not be written" in caplog.text
    seen = await tasks.get("good", ANYBODY)
    assert seen is not None
    assert seen.status.state == TaskState.TASK_STATE_COMPLETED


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
