"""How a task ends when the turn does not end by itself, and what is left of it."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from a2a.server.context import ServerCallContext
from a2a.types import GetTaskRequest, SubscribeToTaskRequest, Task, TaskState, TaskStatus

from service import extension
from service.endpoint.tasks import Tasks
from service.errors import EngineError
from service.sessions.database import DatabaseSessions, open_database
from service.transcript import Transcript
from tests.conftest import Agent, Asked, RunServer, Says, echo, eventually, say
from tests.endpoint.test_answers import adds


def sleeps(asked: Asked) -> Says:
    return Says("Wait. ", (("sleep", "{}"),))


def stored(agent: Agent) -> str:
    return f"sqlite+aiosqlite:///{agent.data}/agent-conversations.sqlite3"


async def transcript_of(agent: Agent, context_id: str) -> Transcript:
    async with open_database(stored(agent)) as database:
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


async def test_a_broken_store_is_an_internal_error_without_details(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    agent = await run_server(echo)
    monkeypatch.setattr(Tasks, "get", broken)
    monkeypatch.setattr(Tasks, "list", broken)
    for method, params in (("GetTask", {"id": "t"}), ("ListTasks", {}), ("CancelTask", {"id": "t"})):
        answer = await agent.rpc(method, params)
        assert answer["error"]["code"] == -32603
        assert "secret" not in json.dumps(answer)
    answer = await agent.rpc("SubscribeToTask", {"id": "t"})
    assert answer["error"]["code"] == -32603
    assert "secret" not in json.dumps(await agent.send("hello"))


async def test_a_task_that_a_dead_process_left_behind_is_failed(run_server: RunServer) -> None:
    agent = await run_server(adds)
    done = await agent.send("2 and 3?", contextId="c")
    await agent.stop()
    async with open_database(stored(agent)) as database, Tasks(database) as tasks:
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


async def test_draining_lets_turns_end(run_server: RunServer) -> None:
    agent = await run_server(echo, drain_seconds=30)
    agent.engine.gate.clear()
    sent = asyncio.create_task(agent.send("hello"))
    await agent.listed("WORKING")
    assert (await agent.http.get(f"{agent.url}/readyz")).status_code == 200
    stopping = asyncio.create_task(agent.stop())

    async def is_draining() -> bool:
        response: httpx.Response = await agent.http.get(f"{agent.url}/readyz")
        return response.status_code == 503

    await eventually(is_draining)
    refused = await agent.http.post(agent.url, json={}, headers={"A2A-Version": "1.0"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert (await agent.http.get(f"{agent.url}/healthz")).status_code == 200
    agent.engine.gate.set()
    assert (await sent)["status"]["state"] == "TASK_STATE_COMPLETED"
    await stopping


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
