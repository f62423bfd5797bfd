"""How a task ends when the turn does not end by itself, and what is left of it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self

import httpx
import pytest
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.server.context import ServerCallContext
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
)
from a2a.utils.constants import TransportProtocol
from tokenizers import Tokenizer

from service import extension
from service.agent import make_loop
from service.chat.inner import InnerFormat
from service.endpoint.ask import Ask, AskContext
from service.endpoint.executor import Executor
from service.endpoint.running import Outcome, Place, Running
from service.endpoint.tasks import Tasks
from service.errors import EngineError
from service.sessions.database import DatabaseSessions, open_database
from service.sessions.memory import MemorySessions
from service.tools.toolbox import Toolbox
from service.transcript import Transcript
from tests.conftest import ActorEngine, Agent, Asked, RunServer, Says, adds, agent_config, echo, eventually, say
from tests.endpoint.bindings import INTERNAL, Call, assert_names_reason, assert_refused, over_both
from tests.endpoint.test_answers import request
from tests.endpoint.test_gathering import Queue


def sleeps(asked: Asked) -> Says:
    return Says("Wait. ", (("sleep", "{}"),))


async def transcript_of(agent: Agent, context_id: str) -> Transcript:
    async with open_database(agent.database) as database:
        return await DatabaseSessions(database).read(context_id)


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
    assert task["metadata"] == {extension.URI: {"stop": limit}}
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
    assert task["metadata"] == {extension.URI: {"stop": "context"}}
    assert task["artifacts"][0]["parts"][0]["text"] == "You "


async def test_a_whole_turn_says_that_it_is_done(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello"))["metadata"] == {extension.URI: {"stop": "done"}}


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
        response = await call(agent, method, {"message": say("hello")})
        assert_refused(response, INTERNAL)
        assert "secret" not in response.text


@over_both
@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
async def test_a_store_that_takes_no_task_is_an_internal_error_without_details(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, call: Call, method: str
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    agent = await run_server(echo)
    monkeypatch.setattr(Tasks, "save", broken)
    response = await call(agent, method, {"message": say("hello")})
    assert_refused(response, INTERNAL)
    assert "secret" not in response.text


async def test_a_task_that_a_dead_process_left_behind_is_failed(run_server: RunServer) -> None:
    agent = await run_server(adds)
    done = await agent.send("2 and 3?", contextId="c")
    await agent.stop()
    async with open_database(agent.database) as database, Tasks(database) as tasks:
        for state in ("WORKING", "SUBMITTED", "INPUT_REQUIRED"):
            status = TaskStatus(state=f"TASK_STATE_{state}")
            await tasks.save(Task(id=state, context_id="c", status=status), ServerCallContext())
    again = await run_server(adds)
    for state in ("WORKING", "SUBMITTED"):
        status = (await again.rpc("GetTask", {"id": state}))["result"]["status"]
        assert status["state"] == "TASK_STATE_FAILED"
        assert "restarted" in status["message"]["parts"][0]["text"]
    for task_id, state in (("INPUT_REQUIRED", "INPUT_REQUIRED"), (done["id"], "COMPLETED")):
        status = (await again.rpc("GetTask", {"id": task_id}))["result"]["status"]
        assert status["state"] == f"TASK_STATE_{state}"


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


async def test_a_turn_that_outlasts_the_drain_fails_and_its_stream_ends_well(run_server: RunServer) -> None:
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
    assert last.state == TaskState.TASK_STATE_FAILED
    assert "shutting down" in last.message.parts[0].text
    assert (await sent)["status"]["state"] == "TASK_STATE_FAILED"
    assert agent.engine.aborted == 1


async def test_turns_that_wait_fail_too_when_the_drain_is_over(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"running": 1}, drain_seconds=0.2)
    agent.engine.gate.clear()
    runs = asyncio.create_task(agent.send("one", contextId="c"))
    await agent.listed("WORKING")
    waits = [asyncio.create_task(agent.send("two", contextId=context)) for context in ("c", "d")]
    await agent.listed("WORKING", "SUBMITTED", "SUBMITTED")
    async with asyncio.timeout(5):
        await agent.stop()
    for sent in (runs, *waits):
        status = (await sent)["status"]
        assert status["state"] == "TASK_STATE_FAILED"
        assert "shutting down" in status["message"]["parts"][0]["text"]
    assert len(agent.engine.requests) == 1


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
        assert (await sent)["status"]["state"] == "TASK_STATE_FAILED"
        await stopping


async def test_a_dead_engine_is_neither_ready_nor_healthy(run_server: RunServer) -> None:
    agent = await run_server(echo)
    for path in ("healthz", "readyz"):
        assert (await agent.http.get(f"{agent.url}/{path}")).status_code == 200
    agent.engine.alive = False
    for path in ("healthz", "readyz"):
        assert (await agent.http.get(f"{agent.url}/{path}")).status_code == 503


class HeldQueue(Queue):
    """Takes the event of one state only once it is let go, and keeps the states."""

    def __init__(self, held: TaskState) -> None:
        super().__init__()
        self._held = held
        self.comes = asyncio.Event()
        self.let_go = asyncio.Event()
        self.states: list[str] = []

    async def enqueue_event(self, event: Any) -> None:
        if isinstance(event, TaskArtifactUpdateEvent):
            return
        if event.status.state == self._held:
            self.comes.set()
            await self.let_go.wait()
        self.states.append(TaskState.Name(event.status.state).removeprefix("TASK_STATE_"))


@pytest.mark.parametrize(
    ("held", "how", "states"),
    [
        (TaskState.TASK_STATE_SUBMITTED, "cancel", ["SUBMITTED", "CANCELED"]),
        (TaskState.TASK_STATE_SUBMITTED, "drain", ["SUBMITTED", "FAILED"]),
        (TaskState.TASK_STATE_COMPLETED, "cancel", ["SUBMITTED", "WORKING", "COMPLETED"]),
        (TaskState.TASK_STATE_COMPLETED, "drain", ["SUBMITTED", "WORKING", "COMPLETED"]),
    ],
)
async def test_an_end_that_comes_while_the_first_or_the_last_word_is_on_its_way(
    tokenizer: Tokenizer,
    chat: InnerFormat,
    monkeypatch: pytest.MonkeyPatch,
    held: TaskState,
    how: str,
    states: list[str],
) -> None:
    """1. The word is held up.  2. The end comes.  3. The word is let go: it arrives, and the task has a last one."""
    end, has_come = Place.end, asyncio.Event()

    def listen(place: Place, verdict: Outcome) -> None:
        end(place, verdict)
        has_come.set()

    monkeypatch.setattr(Place, "end", listen)
    engine, running, queue = ActorEngine(tokenizer, chat, echo), Running(), HeldQueue(held)
    loop = make_loop(agent_config(), engine, chat, Toolbox([]))
    executor = Executor(loop, MemorySessions(), running, at_once=1)
    context = AskContext(ServerCallContext(), request("hello"), "task", "context")
    context.ask = Ask.of(context, begins=True, message_chars=100)
    turn = asyncio.create_task(executor.execute(context, queue))
    await queue.comes.wait()
    ending = asyncio.create_task(running.cancel("task") if how == "cancel" else running.drain(0))
    await has_come.wait()
    queue.let_go.set()
    async with asyncio.timeout(5):
        await ending
    assert turn.done()
    await turn
    assert queue.states == states
