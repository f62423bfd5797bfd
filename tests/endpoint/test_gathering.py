"""Events are gathered on their way to the task store, in order, and none is lost."""

from __future__ import annotations

import asyncio
from typing import Any

from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types import TaskArtifactUpdateEvent, TaskStatusUpdateEvent
from google.protobuf.json_format import MessageToDict

from service.endpoint.answer import Answer
from service.events import CallFinished, CallProgress, CallStarted, TextDelta

STARTED = CallStarted(call_id="c0", tool="add", arguments="{}")
FINISHED = CallFinished(call_id="c0", tool="add", text="5", is_error=False, seconds=0.1)


class Queue(EventQueue):
    """Keeps what is put in; each put takes as long as a slow store."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self.updates: list[Any] = []

    async def enqueue_event(self, event: Any) -> None:
        await asyncio.sleep(self._seconds)
        if isinstance(event, TaskArtifactUpdateEvent):
            self.updates.append("".join(part.text for part in event.artifact.parts))
        elif isinstance(event, TaskStatusUpdateEvent):
            self.updates.append([MessageToDict(part.data) for part in event.status.message.parts])

    async def dequeue_event(self) -> Any: ...
    async def tap(self, *args: Any, **options: Any) -> Any: ...
    async def close(self, immediate: bool = False) -> None: ...
    def is_closed(self) -> bool:
        return False

    def task_done(self) -> None: ...


def answer(queue: Queue, *, with_events: bool = True) -> Answer:
    return Answer(TaskUpdater(queue, "task", "context"), with_events=with_events)


async def test_text_that_comes_fast_is_one_update() -> None:
    queue = Queue()
    async with answer(queue) as sink:
        for _ in range(1000):
            await sink.emit(TextDelta(text="x"))
    assert queue.updates == ["x" * 1000]


async def test_the_first_text_does_not_wait() -> None:
    queue = Queue()
    async with answer(queue) as sink:
        await sink.emit(TextDelta(text="a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert queue.updates == ["a"]
        await sink.emit(TextDelta(text="b"))
        await sink.emit(TextDelta(text="c"))
    assert queue.updates == ["a", "bc"]


async def test_a_slow_store_makes_updates_larger_not_the_turn_slower() -> None:
    queue = Queue(seconds=0.2)
    async with answer(queue) as sink, asyncio.timeout(0.15):
        for _ in range(20):
            await sink.emit(TextDelta(text="x"))
            await asyncio.sleep(0.001)
    assert "".join(queue.updates) == "x" * 20
    assert len(queue.updates) <= 2


async def test_order_is_kept_and_neighbours_share_an_update() -> None:
    queue = Queue()
    async with answer(queue) as sink:
        for event in (TextDelta(text="a"), STARTED, FINISHED, TextDelta(text="b"), TextDelta(text="c")):
            await sink.emit(event)
    assert queue.updates[0] == "a"
    assert [data["kind"] for data in queue.updates[1]] == ["call_started", "call_finished"]
    assert queue.updates[2] == "bc"


async def test_a_peer_s_text_is_joined_as_well() -> None:
    queue = Queue()
    async with answer(queue) as sink:
        for call_id, text in (("c0", "a"), ("c0", "b"), ("c1", "c")):
            await sink.emit(CallProgress(call_id=call_id, event=TextDelta(text=text)))
    assert [(data["call_id"], data["event"]["text"]) for data in queue.updates[0]] == [("c0", "ab"), ("c1", "c")]


async def test_without_events_only_text_is_sent() -> None:
    queue = Queue()
    async with answer(queue, with_events=False) as sink:
        for event in (STARTED, TextDelta(text="a"), FINISHED):
            await sink.emit(event)
    assert queue.updates == ["a"]


async def test_what_came_before_a_failure_is_sent() -> None:
    queue = Queue()
    try:
        async with answer(queue) as sink:
            await sink.emit(TextDelta(text="a"))
            raise RuntimeError
    except RuntimeError:
        pass
    assert queue.updates == ["a"]
