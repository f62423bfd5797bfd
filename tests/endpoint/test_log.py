"""Who follows a task hears all of it, at its own pace."""

from __future__ import annotations

import asyncio
from typing import Any

from a2a.types import Artifact, Part, Task, TaskState, TaskStatus

from service.endpoint.log import Log, Logs
from service.events import Waiting

WORKING = TaskState.TASK_STATE_WORKING
DONE = TaskState.TASK_STATE_COMPLETED


def task(state: TaskState, text: str = "") -> Task:
    artifacts = [Artifact(artifact_id="answer", parts=[Part(text=text)])] if text else []
    return Task(id="t", context_id="c", status=TaskStatus(state=state), artifacts=artifacts)


def say(log: Log, text: str, *, append: bool = True) -> None:
    log.tell_text("answer", Part(text=text), append=append)


async def heard(log: Log, *, with_events: bool = False, pause: float = 0.0) -> list[Any]:
    """States and texts, as a follower gets them."""
    found: list[Any] = []
    async for event in log.follow(with_events=with_events):
        await asyncio.sleep(pause)
        if isinstance(event, Task):
            found.append(("task", "".join(part.text for each in event.artifacts for part in each.parts)))
        elif hasattr(event, "artifact"):
            found.append(event.artifact.parts[0].text)
        else:
            found.append(TaskState.Name(event.status.state).removeprefix("TASK_STATE_"))
    return found


async def test_followers_hear_what_comes_and_begin_with_what_there_was() -> None:
    log = Log(task(WORKING), "")
    early = asyncio.create_task(heard(log))
    await asyncio.sleep(0)
    say(log, "a", append=False)
    slow = asyncio.create_task(heard(log, pause=0.01))
    await asyncio.sleep(0)
    for text in "bcd":
        say(log, text)
        await asyncio.sleep(0)
    log.tell_status(TaskStatus(state=DONE))
    assert await early == [("task", ""), "a", "b", "c", "d", "COMPLETED"]
    assert await slow == [("task", "a"), "b", "c", "d", "COMPLETED"]
    assert await heard(log) == [("task", "abcd")]


async def test_events_are_for_who_asks_and_no_part_of_the_task() -> None:
    log = Log(task(WORKING), "")
    plain, curious = (asyncio.create_task(heard(log, with_events=asks)) for asks in (False, True))
    await asyncio.sleep(0)
    assert log.curious == 1
    for seqs in ((1,), (1,), (1, 2)):  # as a process tells them that reads what another has stored
        log.tell_events(Waiting(seq=seq, call_ids=("c0",)) for seq in seqs)
    assert (log.task, log.changed) == (task(WORKING), False)
    log.tell_status(TaskStatus(state=DONE))
    assert await plain == [("task", ""), "COMPLETED"]
    assert await curious == [("task", ""), "WORKING", "WORKING", "COMPLETED"]
    assert log.curious == 0


async def test_a_stored_state_is_told_as_what_it_adds() -> None:
    log = Log(task(WORKING, "one"), "")
    following = asyncio.create_task(heard(log))
    await asyncio.sleep(0)
    for state, text in ((WORKING, "one"), (WORKING, "one, two"), (WORKING, "other"), (DONE, "other")):
        log.tell_state(task(state, text))
    assert await following == [("task", "one"), ", two", "other", "COMPLETED"]


async def test_a_closed_log_lets_its_followers_go_and_the_next_get_another() -> None:
    logs = Logs()
    with logs.hold(task(WORKING), "") as log:
        following = asyncio.create_task(heard(log))
        await asyncio.sleep(0)
        logs.close(log)
        assert await following == [("task", "")]
        with logs.hold(task(WORKING), "") as another:
            assert another is not log
        assert logs.get("t") is None


async def test_a_log_lasts_as_long_as_somebody_holds_it() -> None:
    logs = Logs()
    with logs.hold(task(WORKING), "") as log:
        with logs.hold(task(WORKING), "") as same:
            assert same is log
        assert logs.get("t") is log
    assert logs.get("t") is None


async def test_the_log_of_what_another_process_works_on_is_as_the_task_was_read_last() -> None:
    logs, later = Logs(), task(WORKING, "ab")
    later.history.add(message_id="m")
    with logs.hold(task(WORKING, "a"), "") as log:
        follower = asyncio.create_task(heard(log))
        await asyncio.sleep(0)
        with logs.hold(later, "") as same:
            assert same is log
            assert same.snapshot() == later
        log.is_ours = True
        log.tell_status(TaskStatus(state=DONE))
    assert await follower == [("task", "a"), "b", "COMPLETED"]


async def test_who_works_on_a_task_knows_it_best() -> None:
    logs = Logs()
    with logs.hold(task(WORKING, "ab"), "") as log:
        log.is_ours = True
        with logs.hold(task(WORKING, "a"), "") as same:
            assert same.snapshot() == task(WORKING, "ab")


async def test_what_has_ended_does_not_change_any_more() -> None:
    """Whatever a process says that does not know yet that it has lost the task."""
    logs = Logs()
    with logs.hold(task(WORKING, "ab"), "") as log:
        log.is_ours = True
        with logs.hold(task(DONE, "a"), "") as same:
            assert same is log
        say(log, "c")
        log.tell_status(TaskStatus(state=WORKING))
        log.tell_state(task(WORKING, "abcd"))
        log.catch_up(task(WORKING, "abcd"))
        assert log.snapshot() == task(DONE, "a")


async def test_a_log_is_as_the_task_is_stored() -> None:
    """Also where that has less than was told, since the process has died that told it."""
    log, empty, less = Log(task(WORKING), ""), task(WORKING), task(DONE)
    empty.artifacts.add(artifact_id="answer").parts.add(text="")
    follower = asyncio.create_task(heard(log))
    await asyncio.sleep(0)
    for stored in (empty, task(WORKING, "a"), less):
        stored.metadata["known"] = True
        log.catch_up(stored)
        assert log.snapshot() == stored
    assert await follower == [("task", ""), "a", "", "COMPLETED"]
