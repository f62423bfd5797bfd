"""Three processes over one PostgreSQL: any answers for any task, and a task outlives those that work on it."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.chat.inner import InnerFormat
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.transcript import Origin, Transcript
from tests.conftest import eventually, say
from tests.endpoint.slow_agent import ADD_AND_SLEEP
from tests.endpoint.test_signals import (
    CURIOUS,
    INTERRUPTED,
    TWO_CALLS,
    Notes,
    Process,
    ended,
    events_in,
    slow_agent,
    story,
)

SHORT_LEASE = 2.0
short_lease = pytest.mark.parametrize("lease_seconds", [SHORT_LEASE])
"""Where a process falls silent. Elsewhere no lease ends, however slow the machine is."""
LONG = " ".join(f"{number}" for number in range(60))


class Replicas(list[Process]):
    """Processes of one agent."""

    url: str

    async def worker_of(self, task_id: str) -> Process:
        """The process that works on a task: the one whose engine was given a prompt."""
        prompts = [asyncio.create_task(each.prompt()) for each in self]
        done, waiting = await asyncio.wait(prompts, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        await asyncio.wait(prompts)
        (found,) = (replica for replica, prompt in zip(self, prompts, strict=True) if prompt in done)
        return found

    async def transcript(self, context_id: str) -> Transcript:
        async with open_database(self.url) as database:
            return await read_conversation(database, context_id)


@pytest.fixture
def lease_seconds() -> float:
    return 60.0


@pytest.fixture
async def replicas(
    tmp_path: Path, new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch, lease_seconds: float
) -> AsyncIterator[Replicas]:
    url = new_postgres()
    monkeypatch.setenv("INNERLOOP_DATABASE", url)
    monkeypatch.setenv("INNERLOOP_LEASE_SECONDS", str(lease_seconds))
    async with AsyncExitStack() as stack:
        found = Replicas()
        found.url = url
        for name in "abc":
            (tmp_path / name).mkdir()
            found.append(await stack.enter_async_context(slow_agent(tmp_path / name)))
        yield found


async def begin(replica: Process, text: str, **message: Any) -> dict[str, Any]:
    """A task that works."""
    params = {"message": say(text, **message), "configuration": {"returnImmediately": True}}
    task: dict[str, Any] = (await replica.call("SendMessage", params))["result"]["task"]
    return task


def text_of(task: dict[str, Any]) -> str:
    return "".join(part["text"] for artifact in task["artifacts"] for part in artifact["parts"])


async def speaks(replica: Process, task_id: str) -> None:
    """Returns once it has begun to say the answer."""
    async for event in replica.follow("SubscribeToTask", {"id": task_id}):
        if "artifactUpdate" in event:
            return
    raise AssertionError("it has said all")


async def followed(replica: Process, task_id: str) -> tuple[str, str]:
    """What a subscriber hears: the answer, and the last state."""
    text, state = "", ""
    async for event in replica.follow("SubscribeToTask", {"id": task_id}):
        if task := event.get("task"):
            text, state = text_of({"artifacts": [], **task}), task["status"]["state"]
        elif update := event.get("artifactUpdate"):
            piece = text_of({"artifacts": [update["artifact"]]})
            text = text + piece if update.get("append") else piece
        elif update := event.get("statusUpdate"):
            state = update["status"]["state"]
    return text, state


async def test_any_replica_answers_for_any_task(replicas: Replicas) -> None:
    task = await begin(replicas[0], LONG)
    hears = [asyncio.create_task(followed(replica, task["id"])) for replica in replicas]
    for replica in replicas:
        assert (await replica.rpc("GetTask", task["id"]))["contextId"] == task["contextId"]
    assert {await each for each in hears} == {(LONG, "TASK_STATE_COMPLETED")}
    for replica in replicas:
        assert text_of(await replica.rpc("GetTask", task["id"])) == LONG


@short_lease
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
async def test_another_replica_goes_on_with_a_task_whose_process_is_silent(
    replicas: Replicas, sent: signal.Signals
) -> None:
    """And when that one comes back, it adds nothing."""
    task = await begin(replicas[0], LONG)
    worker = await replicas.worker_of(task["id"])
    others = [replica for replica in replicas if replica is not worker]
    hears = asyncio.create_task(followed(others[0], task["id"]))
    await speaks(worker, task["id"])
    worker.process.send_signal(sent)
    assert await hears == (LONG, "TASK_STATE_COMPLETED")
    before = await replicas.transcript(task["contextId"])
    if sent is signal.SIGSTOP:
        worker.process.send_signal(signal.SIGCONT)
        await eventually(worker.is_ready)
        await asyncio.sleep(2 * SHORT_LEASE)
        assert text_of(await worker.rpc("GetTask", task["id"])) == LONG
    assert await replicas.transcript(task["contextId"]) == before
    assert [span.origin for span in before.spans] == [Origin.GIVEN, Origin.GIVEN, Origin.SAMPLED]


@short_lease
async def test_a_call_is_not_made_again_by_the_next_replica(replicas: Replicas, chat: InnerFormat) -> None:
    task = await begin(replicas[0], ADD_AND_SLEEP)
    worker = await replicas.worker_of(task["id"])

    async def sleeps() -> bool:
        spans = (await replicas.transcript(task["contextId"])).spans
        return [span.origin for span in spans].count(Origin.SAMPLED) == 4

    await eventually(sleeps)
    worker.process.kill()
    (other, *_) = (replica for replica in replicas if replica is not worker)
    assert (await ended(other, task["id"]))["status"]["state"] == "TASK_STATE_COMPLETED"
    told = chat.read((await replicas.transcript(task["contextId"])).tokens)
    assert (told.count("<|result|>"), told.count(INTERRUPTED)) == (2, 1)


async def test_a_task_is_cancelled_from_any_replica(replicas: Replicas) -> None:
    task = await begin(replicas[0], LONG)
    worker = await replicas.worker_of(task["id"])
    (other, *_) = (replica for replica in replicas if replica is not worker)
    assert (await other.rpc("CancelTask", task["id"]))["status"]["state"] == "TASK_STATE_CANCELED"
    assert (await worker.rpc("GetTask", task["id"]))["status"]["state"] == "TASK_STATE_CANCELED"


async def test_the_same_message_to_all_is_one_task(replicas: Replicas) -> None:
    message = say("hello")
    sent = await asyncio.gather(*(each.call("SendMessage", {"message": message}) for each in replicas for _ in "ab"))
    tasks = [response["result"]["task"] for response in sent]
    assert len({task["id"] for task in tasks}) == 1
    assert {text_of(task) for task in tasks} == {"hello"}


async def test_messages_in_one_context_take_turns_wherever_they_come(replicas: Replicas, chat: InnerFormat) -> None:
    asked = [f"question {number}" for number in range(9)]
    sending = zip(itertools.cycle(replicas), asked, strict=False)
    sent = [each.call("SendMessage", {"message": say(text, contextId="shared")}) for each, text in sending]
    tasks = [response["result"]["task"] for response in await asyncio.gather(*sent)]
    assert sorted(text_of(task) for task in tasks) == asked
    told = chat.read((await replicas.transcript("shared")).tokens)
    turns = told.split("<|im_start|>user\n")[1:]
    assert sorted(turn.split("<|im_end|>")[0] for turn in turns) == asked
    for turn in turns:
        question, answer = turn.split("<|im_end|>\n<|im_start|>assistant\n")
        assert answer.split("<|im_end|>")[0] == question


async def test_what_a_replica_lets_go_of_another_goes_on_with(replicas: Replicas) -> None:
    task = await begin(replicas[0], LONG)
    worker = await replicas.worker_of(task["id"])
    await speaks(worker, task["id"])
    worker.process.send_signal(signal.SIGINT)
    (other, *_) = (replica for replica in replicas if replica is not worker)
    with suppress(httpx.TransportError):
        await followed(worker, task["id"])
    assert text_of(await ended(other, task["id"])) == LONG
    assert await worker.process.wait() == 0


@short_lease
async def test_every_event_is_heard_once_whatever_dies(replicas: Replicas) -> None:
    """1. One client follows the worker and is cut off with it, two follow elsewhere, one of them without our extension.
    2. The worker is killed.  3. The first subscribes again.
    """
    task = await begin(replicas[0], ADD_AND_SLEEP)
    worker = await replicas.worker_of(task["id"])
    others = [replica for replica in replicas if replica is not worker]
    cut_off, elsewhere, plain = Notes(), Notes(), Notes()
    followers = [
        asyncio.create_task(elsewhere.follow(others[0], task["id"])),
        asyncio.create_task(plain.follow(others[0], task["id"], asks=False)),
    ]
    following = asyncio.create_task(cut_off.follow(worker, task["id"]))
    await eventually(cut_off.sleeps)
    worker.process.kill()
    with pytest.raises(httpx.TransportError):
        await following
    await cut_off.follow(others[1], task["id"])
    await asyncio.gather(*followers)
    read = [await replica.rpc("GetTask", task["id"], **CURIOUS) for replica in others]
    assert {story(events_in({"task": task})) for task in read} == {TWO_CALLS}
    assert story(cut_off.events) == story(elsewhere.events) == TWO_CALLS
    assert not plain.events
    assert "metadata" not in await others[0].rpc("GetTask", task["id"])
