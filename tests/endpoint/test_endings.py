"""How a task ends when the turn does not end by itself, and what is left of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import httpx
import pytest
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import CancelTaskRequest, GetTaskRequest, SubscribeToTaskRequest, Task, TaskState
from a2a.utils.constants import TransportProtocol
from sqlalchemy import update

from service import extension
from service.endpoint import worker
from service.endpoint.agent import Outcome
from service.endpoint.configs import Configs
from service.endpoint.decoding import Decoding
from service.endpoint.tasks import Tasks
from service.endpoint.worker import Worker
from service.errors import EngineError
from service.messages import Question
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.sessions.tables import turns
from service.sessions.turns import Held, Turns
from service.sessions.writes import Writes
from service.transcript import Transcript
from tests.conftest import Agent, Asked, RunServer, Says, echo, eventually, say
from tests.endpoint.bindings import INTERNAL, Call, assert_names_reason, assert_refused, over_both


def sleeps(asked: Asked) -> Says:
    return Says("Wait. ", (("sleep", "{}"),))


async def transcript_of(agent: Agent, context_id: str) -> Transcript:
    async with open_database(agent.database) as database:
        return await read_conversation(database, context_id)


async def test_cancel_closes_the_engine_s_stream(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    sent = asyncio.create_task(agent.send("hello", contextId="c"))
    (task,) = await agent.listed("WORKING")
    cancelled = await agent.rpc("CancelTask", {"id": task["id"]})
    assert cancelled["result"]["status"]["state"] == "TASK_STATE_CANCELED"
    assert (await sent)["status"]["state"] == "TASK_STATE_CANCELED"
    assert agent.engine.aborted == 1
    kept = agent.engine.read((await transcript_of(agent, "c")).tokens)
    assert kept.text == "hello"
    agent.engine.gate.set()
    assert (await agent.send("hello", contextId="c"))["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_cancel_ends_calls_that_run(run_server: RunServer) -> None:
    agent = await run_server(sleeps)
    sent = asyncio.create_task(agent.send("hello"))
    (task,) = await agent.listed("WORKING")
    async with asyncio.timeout(5):
        await agent.rpc("CancelTask", {"id": task["id"]})
        ended = await sent
    assert ended["status"]["state"] == "TASK_STATE_CANCELED"
    assert (await agent.rpc("CancelTask", {"id": task["id"]}))["error"]["code"] == -32002


async def test_cancel_keeps_what_was_kept(run_server: RunServer) -> None:
    """1. A call's result is spliced in.  2. The next stretch is cancelled.  3. A follow-up goes on from 1."""

    def reply(asked: Asked) -> Says:
        if asked.text == "go on":
            return Says(f"after {asked.before[0]}")
        if asked.results:
            agent.engine.gate.clear()
        return Says("", (("add", '{"a": 2, "b": 3}'),))

    agent = await run_server(reply)
    sent = asyncio.create_task(agent.send("2 and 3?", contextId="c"))

    async def decodes_again() -> bool:
        return len(agent.engine.requests) == 2

    await eventually(decodes_again)
    (task,) = await agent.listed("WORKING")
    await agent.rpc("CancelTask", {"id": task["id"]})
    await sent
    kept = await transcript_of(agent, "c")
    assert kept.tokens == agent.engine.requests[1][0]
    agent.engine.gate.set()
    followed = await agent.send("go on", contextId="c")
    assert followed["artifacts"][0]["parts"][0]["text"] == "after 2 and 3?"
    assert agent.engine.requests[2][0][: len(kept)] == kept.tokens


async def test_a_task_that_waits_for_its_context_can_be_cancelled(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("one", contextId="c"))
    await agent.listed("WORKING")
    second = asyncio.create_task(agent.send("two", contextId="c"))
    waiting = next(
        task for task in await agent.listed("WORKING", "SUBMITTED") if task["status"]["state"] == "TASK_STATE_SUBMITTED"
    )
    await agent.rpc("CancelTask", {"id": waiting["id"]})
    assert (await second)["status"]["state"] == "TASK_STATE_CANCELED"
    agent.engine.gate.set()
    assert (await first)["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_task_that_waits_for_a_slot_can_be_cancelled(run_server: RunServer) -> None:
    """1. One turn has the only slot.  2. Another conversation's waits for it, and a third turn for that conversation.
    3. The second is cancelled.  4. The third goes on as if it had never been."""
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"), limits={"running": 1})
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("one", contextId="c"))
    await agent.listed("WORKING")
    second = asyncio.create_task(agent.send("two", contextId="d"))
    waiting = next(task for task in await agent.listed("WORKING", "SUBMITTED") if task["contextId"] == "d")
    third = asyncio.create_task(agent.send("three", contextId="d"))
    await agent.listed("WORKING", "SUBMITTED", "SUBMITTED")
    await agent.rpc("CancelTask", {"id": waiting["id"]})
    assert (await second)["status"]["state"] == "TASK_STATE_CANCELED"
    agent.engine.gate.set()
    answers = [(await task)["artifacts"][0]["parts"][0]["text"] for task in (first, third)]
    assert answers == ["0 before", "0 before"]


async def test_a_turn_can_be_cancelled_before_its_first_step(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Worker._start

    def start_and_cancel(self: Worker, held: Held, task: Task, owner: str) -> None:
        start(self, held, task, owner)
        self.cancel(task.id)

    monkeypatch.setattr(Worker, "_start", start_and_cancel)
    agent = await run_server(echo)
    assert (await agent.send("hello"))["status"]["state"] == "TASK_STATE_CANCELED"
    assert agent.engine.requests == []


async def test_subscribers_hear_of_a_cancel(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    sent = asyncio.create_task(agent.send("hello"))
    (task,) = await agent.listed("WORKING")
    client = await agent.client()
    events = client.subscribe(SubscribeToTaskRequest(id=task["id"]))
    assert (await anext(events)).task.id == task["id"]
    await agent.rpc("CancelTask", {"id": task["id"]})
    last = [event async for event in events][-1]
    assert last.status_update.status.state == TaskState.TASK_STATE_CANCELED
    await sent


async def test_a_client_that_goes_does_not_end_the_turn(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": say("hello")}}
    async with agent.http.stream("POST", agent.url, json=body, headers={"A2A-Version": "1.0"}) as response:
        first = await anext(line async for line in response.aiter_lines() if line.startswith("data: "))
    task_id = json.loads(first.removeprefix("data: "))["result"]["task"]["id"]
    await agent.listed("WORKING")
    client = await agent.client()
    events = client.subscribe(SubscribeToTaskRequest(id=task_id))
    assert (await anext(events)).task.status.state == TaskState.TASK_STATE_WORKING
    agent.engine.gate.set()
    assert [event async for event in events][-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
    task = await client.get_task(GetTaskRequest(id=task_id))
    assert task.artifacts[0].parts[0].text == "You said: hello"


@pytest.mark.parametrize(("limit", "value"), [("tokens", 5), ("calls", 1), ("seconds", 0.2)])
async def test_a_turn_cut_off_by_a_limit_fails_and_says_which(run_server: RunServer, limit: str, value: float) -> None:
    def reply(asked: Asked) -> Says:
        calls = {"calls": ("add", '{"a": 2, "b": 3}'), "seconds": ("sleep", "{}")}
        return Says("Some text.", (calls[limit],) * 2 if limit in calls else ())

    agent = await run_server(reply, limits={limit: value})
    task = await agent.send("hello")
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert task["status"]["message"]["parts"][0]["text"].startswith("The answer was cut off")
    assert task["metadata"][extension.URI]["stop"] == limit
    assert "Some text.".startswith(task["artifacts"][0]["parts"][0]["text"])
    assert len(await transcript_of(agent, task["contextId"])) > 0


async def test_a_turn_that_reaches_the_end_of_the_window(run_server: RunServer) -> None:
    measured = await run_server(echo)
    await measured.send("hello")
    prompt = len(measured.engine.requests[0][0])
    await measured.stop()
    agent = await run_server(echo, engine={"window": prompt + 4})
    task = await agent.send("hello")
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert task["metadata"][extension.URI]["stop"] == "context"
    assert task["artifacts"][0]["parts"][0]["text"] == "You "


async def test_a_whole_turn_says_that_it_is_done(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello"))["metadata"][extension.URI]["stop"] == "done"


@pytest.mark.parametrize("error", [EngineError("secret"), RuntimeError("secret")])
async def test_what_an_exception_says_stays_inside(run_server: RunServer, error: Exception) -> None:
    agent = await run_server(echo)
    agent.engine.error = error
    task = await agent.send("hello", contextId="c")
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert task["status"]["message"]["parts"][0]["text"]
    assert "secret" not in json.dumps(task)
    agent.engine.error = None
    assert (await agent.send("hello", contextId="c"))["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_an_end_that_cannot_be_written_is_an_end(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def half(*_: object) -> Outcome:
        return Outcome(TaskState.TASK_STATE_INPUT_REQUIRED, "\ud83d?", questions=(Question("c0", "\ud83d?"),))

    agent = await run_server(echo)
    monkeypatch.setattr(Decoding, "turn", half)
    assert (await agent.send("hello", contextId="c"))["status"]["state"] == "TASK_STATE_FAILED"
    assert "surrogates not allowed" in caplog.text
    monkeypatch.undo()
    assert (await agent.send("hello", contextId="c"))["status"]["state"] == "TASK_STATE_COMPLETED"


@over_both
async def test_a_broken_store_is_an_internal_error_without_details(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    agent = await run_server(echo)
    monkeypatch.setattr(Tasks, "get", broken)
    monkeypatch.setattr(Tasks, "list", broken)
    for method in ("GetTask", "ListTasks", "CancelTask", "SubscribeToTask"):
        response = await call(agent, method, {} if method == "ListTasks" else {"id": "t"})
        assert_refused(response, INTERNAL)
        assert "secret" not in response.text
    for method in ("SendMessage", "SendStreamingMessage"):
        response = await call(agent, method, {"message": say("hello", taskId="t")})
        assert_refused(response, INTERNAL)
        assert "secret" not in response.text


@over_both
@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
async def test_a_store_that_takes_no_task_is_an_internal_error_without_details(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, call: Call, method: str
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    agent = await run_server(echo)
    monkeypatch.setattr(Writes, "write", broken)
    response = await call(agent, method, {"message": say("hello")})
    assert_refused(response, INTERNAL)
    assert "secret" not in response.text


async def drains(agent: Agent) -> bool:
    response: httpx.Response = await agent.http.get(f"{agent.url}/readyz")
    return response.status_code == 503


@dataclass
class Draining:
    """A service that is to end, but has a turn to wait for."""

    agent: Agent
    task_id: str
    sent: asyncio.Task[Any]
    stopping: asyncio.Task[None]

    @classmethod
    async def begin(cls, run_server: RunServer) -> Self:
        agent = await run_server(echo, drain_seconds=30)
        agent.engine.gate.clear()
        sent = asyncio.create_task(agent.send("hello"))
        (task,) = await agent.listed("WORKING")
        assert not await drains(agent)
        stopping = asyncio.create_task(agent.stop())
        await eventually(lambda: drains(agent))
        return cls(agent, task["id"], sent, stopping)

    async def end(self) -> str:
        """The state that the turn ends in."""
        self.agent.engine.gate.set()
        task = await self.sent
        await self.stopping
        state: str = task["status"]["state"]
        return state


async def test_draining_lets_turns_end(run_server: RunServer) -> None:
    draining = await Draining.begin(run_server)
    assert (await draining.agent.http.get(f"{draining.agent.url}/healthz")).status_code == 200
    assert await draining.end() == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage", "message/send", "message/stream"])
async def test_draining_refuses_new_work_over_json_rpc(run_server: RunServer, method: str) -> None:
    draining = await Draining.begin(run_server)
    agent = draining.agent
    for given, named in (("seven", "seven"), (7, 7), (None, None), (True, None), ([7], None)):
        body = {"jsonrpc": "2.0", "id": given, "method": method, "params": {"message": say("hello")}}
        response = await agent.http.post(agent.url, json=body, headers={"A2A-Version": "1.0"})
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        answer = response.json()
        assert (answer["jsonrpc"], answer["id"], answer["error"]["code"]) == ("2.0", named, -32603)
        assert "shutting down" in answer["error"]["message"]
    assert await draining.end() == "TASK_STATE_COMPLETED"
    assert len(agent.engine.requests) == 1


@pytest.mark.parametrize(
    "path", ["message:send", "message:stream", "v1/message:send", "v1/message:stream", "tenant/message:send"]
)
async def test_draining_refuses_new_work_over_http_json(run_server: RunServer, path: str) -> None:
    draining = await Draining.begin(run_server)
    agent = draining.agent
    response = await agent.http.post(f"{agent.url}/{path}", json={"message": say("hello")})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    error = response.json()["error"]
    assert (error["code"], error["status"]) == (503, "UNAVAILABLE")
    assert_names_reason(error["details"], "INTERNAL_ERROR")
    assert await draining.end() == "TASK_STATE_COMPLETED"
    assert len(agent.engine.requests) == 1


@pytest.mark.parametrize("version", ["1.0", "0.3"])
@pytest.mark.parametrize("binding", [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON])
async def test_draining_leaves_tasks_to_be_read_followed_and_cancelled(
    run_server: RunServer, binding: str, version: str
) -> None:
    draining = await Draining.begin(run_server)
    card = await A2ACardResolver(draining.agent.http, draining.agent.url).get_agent_card()
    for interface in list(card.supported_interfaces):
        if interface.protocol_version != version:
            card.supported_interfaces.remove(interface)
    config = ClientConfig(httpx_client=draining.agent.http, supported_protocol_bindings=[binding])
    client = ClientFactory(config).create(card)
    events = client.subscribe(SubscribeToTaskRequest(id=draining.task_id))
    assert (await anext(events)).task.status.state == TaskState.TASK_STATE_WORKING
    await draining.agent.listed("WORKING")
    assert (await client.get_task(GetTaskRequest(id=draining.task_id))).status.state == TaskState.TASK_STATE_WORKING
    cancelled = await client.cancel_task(CancelTaskRequest(id=draining.task_id))
    assert cancelled.status.state == TaskState.TASK_STATE_CANCELED
    assert [event async for event in events][-1].status_update.status.state == TaskState.TASK_STATE_CANCELED
    assert await draining.end() == "TASK_STATE_CANCELED"


async def test_draining_leaves_what_is_no_work_to_be_refused_as_ever(run_server: RunServer) -> None:
    draining = await Draining.begin(run_server)
    agent = draining.agent
    bodies = [b"{", b"[]", b"7", b'{"jsonrpc": "2.0", "id": 1, "method": []}', b'{"method": "NoSuchMethod"}']
    for body in bodies:
        headers = {"A2A-Version": "1.0", "Content-Type": "application/json"}
        response = await agent.http.post(agent.url, content=body, headers=headers)
        assert (response.status_code, "error" in response.json()) == (200, True), body
    assert (await agent.http.post(f"{agent.url}/nothing", json={})).status_code == 404
    assert await draining.end() == "TASK_STATE_COMPLETED"


async def text_of(agent: Agent, task_id: str) -> str:
    """The answer, once the task has one."""

    async def is_done() -> bool:
        task = (await agent.rpc("GetTask", {"id": task_id}))["result"]
        return bool(task["status"]["state"] == "TASK_STATE_COMPLETED")

    await eventually(is_done)
    task = (await agent.rpc("GetTask", {"id": task_id}))["result"]
    return "".join(part["text"] for part in task["artifacts"][0]["parts"])


async def test_a_turn_that_outlasts_the_drain_is_let_go_and_goes_on_after_a_restart(run_server: RunServer) -> None:
    """Who follows is told to subscribe again; who waited for the answer gets the task as it is."""
    agent = await run_server(echo, drain_seconds=0.2)
    agent.engine.gate.clear()
    sent = asyncio.create_task(agent.send("hello"))
    (task,) = await agent.listed("WORKING")
    client = await agent.client()
    events = client.subscribe(SubscribeToTaskRequest(id=task["id"]))
    await anext(events)
    async with asyncio.timeout(5):
        await agent.stop()
        last = [event async for event in events][-1].status_update.status
    assert last.state == TaskState.TASK_STATE_WORKING
    assert "subscribe again" in last.message.parts[0].text
    assert (await sent)["status"]["state"] == "TASK_STATE_WORKING"
    assert agent.engine.aborted == 1
    again = await run_server(echo)
    assert await text_of(again, task["id"]) == "You said: hello"


async def test_a_turn_that_is_accepted_while_a_drain_begins_is_left_to_the_next_process(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, accept = await run_server(echo), Turns.accept

    async def accept_and_drain(self: Turns, *args: Any, **options: Any) -> Any:
        accepted = await accept(self, *args, **options)
        await agent.service.drain(0)
        return accepted

    monkeypatch.setattr(Turns, "accept", accept_and_drain)
    task = await agent.send("hello")
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert agent.engine.requests == []
    await agent.stop()
    monkeypatch.undo()
    again = await run_server(echo)
    assert await text_of(again, task["id"]) == "You said: hello"


async def test_a_message_that_comes_again_as_its_task_ends_waits_for_nothing(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. Its task works.  2. Its webhook is being stored; the task ends."""
    agent = await run_server(echo)
    agent.engine.gate.clear()
    message = say("hello", contextId="c")
    first = asyncio.create_task(agent.rpc("SendMessage", {"message": message}))
    await agent.listed("WORKING")

    async def store(*_: Any) -> None:
        agent.engine.gate.set()
        await first

    monkeypatch.setattr(Configs, "create", store)
    configuration = {"taskPushNotificationConfig": {"url": "https://a.example/"}}
    async with asyncio.timeout(10):
        again = await agent.rpc("SendMessage", {"message": message, "configuration": configuration})
    assert again["result"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_turns_that_wait_are_taken_up_after_a_restart_in_order(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"running": 1}, drain_seconds=0.2)
    agent.engine.gate.clear()
    sent = [asyncio.create_task(agent.send("0", contextId="c"))]
    await agent.listed("WORKING")
    sent += [asyncio.create_task(agent.send(text, contextId=context)) for text, context in (("1", "c"), ("2", "d"))]
    await agent.listed("WORKING", "SUBMITTED", "SUBMITTED")
    async with asyncio.timeout(5):
        await agent.stop()
    tasks = [await each for each in sent]
    assert [task["status"]["state"].split("_")[-1] for task in tasks] == ["WORKING", "SUBMITTED", "SUBMITTED"]
    assert len(agent.engine.requests) == 1
    again = await run_server(lambda asked: Says(f"{asked.text} after {len(asked.before)}"))
    assert [await text_of(again, task["id"]) for task in tasks] == ["0 after 0", "1 after 1", "2 after 0"]


async def test_a_second_interrupt_does_not_wait_for_turns(run_server: RunServer) -> None:
    agent = await run_server(echo, drain_seconds=60)
    agent.engine.gate.clear()
    sent = asyncio.create_task(agent.send("hello"))
    await agent.listed("WORKING")
    stopping = asyncio.create_task(agent.stop())
    await asyncio.sleep(0.3)
    assert not stopping.done()
    agent.server.force_exit = True
    async with asyncio.timeout(5):
        assert (await sent)["status"]["state"] == "TASK_STATE_WORKING"
        await stopping


async def test_a_drain_waits_for_the_last_word_of_a_turn_that_has_ended(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. The turn's end is being written.  2. The drain's time is over, and its caller cancels it.  3. It is told."""
    agent = await run_server(echo)
    write, held, let_go = Writes.write, asyncio.Event(), asyncio.Event()

    async def slow(self: Writes, *statements: Any, lease: Any = None) -> None:
        if any("ended=" in str(statement) for statement, _ in statements):
            held.set()
            await let_go.wait()
        await write(self, *statements, lease=lease)

    monkeypatch.setattr(Writes, "write", slow)
    sent = asyncio.create_task(agent.send("hello"))
    await held.wait()
    (task,) = (await agent.rpc("ListTasks", {}))["result"]["tasks"]
    cancelling = asyncio.create_task(agent.rpc("CancelTask", {"id": task["id"]}))
    stopping = asyncio.create_task(agent.stop())
    await asyncio.sleep(0.2)
    let_go.set()
    async with asyncio.timeout(5):
        assert (await sent)["status"]["state"] == "TASK_STATE_COMPLETED"
        assert (await cancelling)["error"]["code"] == -32002
        await stopping


async def test_a_turn_that_had_reached_a_limit_ends_by_it(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies before its end is written; the next one asks the model nothing."""
    calls = (("add", '{"a": 2, "b": 3}'),) * 2
    agent = await run_server(lambda asked: Says("", calls), limits={"calls": 1})
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_LAST_WORD_SECONDS", 0.01)
        write, ending = Writes.write, asyncio.Event()

        async def never_ends(self: Writes, *statements: Any, lease: Any = None) -> None:
            if any("ended=" in str(statement) for statement, _ in statements):
                ending.set()
                await asyncio.Event().wait()
            await write(self, *statements, lease=lease)

        patch.setattr(Writes, "write", never_ends)
        sent = asyncio.create_task(agent.send("hello"))
        await ending.wait()
        await agent.stop()
        task = await sent
    again = await run_server(echo)
    (ended,) = await again.listed("FAILED")
    assert ended["id"] == task["id"]
    assert "limit of calls" in ended["status"]["message"]["parts"][0]["text"]
    assert not again.engine.requests


async def test_what_a_peer_does_is_left_to_the_process_that_has_taken_the_turn(run_server: RunServer) -> None:
    """That it has, the earlier one finds out as it writes the next call. It must not cancel what both ask for."""

    def asks(asked: Asked) -> Says:
        return Says("", (("peer", '{"message": "Hello."}'), ("add", '{"a": 2, "b": 3' + 2_000 * " " + "}")))

    def answers(asked: Asked) -> Says:
        agent.engine.gate.clear()  # while it says its second call
        return echo(asked)

    peer = await run_server(answers, name="peer")
    peer.engine.gate.clear()
    agent = await run_server(asks, peers=[{"name": "peer", "url": peer.url}], limits={"tokens": 10_000})
    await agent.rpc("SendMessage", {"message": say("Go."), "configuration": {"returnImmediately": True}})
    await peer.engine.started.wait()
    async with open_database(agent.database) as database, database.begin() as connection:
        await connection.execute(update(turns).values(fence=2))
    agent.engine.gate.set()

    async def is_left() -> bool:
        return not agent.service.turns

    await eventually(is_left)
    peer.engine.gate.set()
    await peer.listed("COMPLETED")


async def test_a_dead_engine_is_neither_ready_nor_healthy(run_server: RunServer) -> None:
    agent = await run_server(echo)
    for path in ("healthz", "readyz"):
        assert (await agent.http.get(f"{agent.url}/{path}")).status_code == 200
    agent.engine.alive = False
    for path in ("healthz", "readyz"):
        assert (await agent.http.get(f"{agent.url}/{path}")).status_code == 503


async def test_a_process_that_has_drained_keeps_nobody_waiting_for_another_ones_task(
    run_server: RunServer, new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNERLOOP_LEASE_SECONDS", "1")
    url = new_postgres()
    working, drained = await run_server(name="a", database=url), await run_server(name="b", database=url)
    working.engine.gate.clear()
    params = {"message": say("hello"), "configuration": {"returnImmediately": True}}
    task = (await working.rpc("SendMessage", params))["result"]["task"]
    await working.engine.started.wait()
    await drained.service.drain(0)
    async with asyncio.timeout(20):
        client = await drained.client()
        events = [event async for event in client.subscribe(SubscribeToTaskRequest(id=task["id"]))]
        assert len(events) == 1
        assert "ask again" in (await drained.rpc("CancelTask", {"id": task["id"]}))["error"]["message"]
    await working.listed("CANCELED")
