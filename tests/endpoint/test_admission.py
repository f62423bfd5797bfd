"""What is more than can wait is turned away before any work, and says when to try again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conftest import Agent, Asked, RunServer, Says, echo, say
from tests.endpoint.bindings import Call, http_json, json_rpc, over_both


async def fill(agent: Agent, count: int) -> list[asyncio.Task[Any]]:
    """So many tasks, of which one is decoded."""
    agent.engine.gate.clear()
    sent = [asyncio.create_task(agent.send("0"))]
    await agent.listed("WORKING")
    for number in range(1, count):
        sent.append(asyncio.create_task(agent.send(f"{number}")))
        await agent.listed("WORKING", *["SUBMITTED"] * number)
    return sent


@pytest.fixture(autouse=True)
def counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.endpoint.admission._COUNT_SECONDS", 0.0)


@over_both
@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
async def test_one_caller_gets_half_of_the_queue(run_server: RunServer, call: Call, method: str) -> None:
    agent = await run_server(echo, limits={"running": 1, "queued": 4})
    sent = await fill(agent, 3)
    for _ in range(3):
        response = await call(agent, method, {"message": say("more")})
        assert (response.status_code, int(response.headers["Retry-After"]) >= 1) == (429, True)
        error = response.json()["error"]
        assert error["message"] == "too many of your messages wait already"
        assert error["code"] == (-32603 if call is json_rpc else 429)
        if call is http_json:
            assert error["status"] == "RESOURCE_EXHAUSTED"
    agent.engine.gate.set()
    assert {(await each)["status"]["state"] for each in sent} == {"TASK_STATE_COMPLETED"}
    assert (await agent.send("now"))["status"]["state"] == "TASK_STATE_COMPLETED"
    assert len(agent.engine.requests) == 4


async def test_a_caller_of_many_tenants_is_one_caller(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"running": 1, "queued": 4})
    sent = await fill(agent, 3)
    response = await json_rpc(agent, "SendMessage", {"message": say("more"), "tenant": "another"})
    assert response.status_code == 429
    agent.engine.gate.set()
    assert {(await each)["status"]["state"] for each in sent} == {"TASK_STATE_COMPLETED"}


@over_both
async def test_a_full_queue(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo, limits={"running": 1, "queued": 1})
    sent = await fill(agent, 2)
    response = await call(agent, "SendMessage", {"message": say("more")})
    assert (response.status_code, "Retry-After" in response.headers) == (503, True)
    assert response.json()["error"]["message"] == "too many messages wait already"
    agent.engine.gate.set()
    assert {(await each)["status"]["state"] for each in sent} == {"TASK_STATE_COMPLETED"}


async def test_streams_of_0_3_that_are_turned_away(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"running": 1, "queued": 1})
    sent = await fill(agent, 2)
    message = {"kind": "message", "messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "more"}]}
    call = {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {"message": message}}
    body = {"request": {"messageId": "m", "role": "ROLE_USER", "content": [{"text": "more"}]}}
    for path, content in (("/", call), ("/v1/message:stream", body)):
        response = await agent.http.post(f"{agent.url}{path}", json=content)
        assert (response.status_code, "Retry-After" in response.headers) == (503, True)
        assert response.json()["error"]["message"] == "too many messages wait already"
    agent.engine.gate.set()
    assert {(await each)["status"]["state"] for each in sent} == {"TASK_STATE_COMPLETED"}


async def test_what_waits_for_its_own_conversation_counts(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"queued": 1})
    agent.engine.gate.clear()
    sent = [asyncio.create_task(agent.send("0", contextId="c"))]
    await agent.listed("WORKING")
    sent.append(asyncio.create_task(agent.send("1", contextId="c")))
    await agent.listed("WORKING", "SUBMITTED")
    assert (await json_rpc(agent, "SendMessage", {"message": say("2", contextId="c")})).status_code == 503
    agent.engine.gate.set()
    assert {(await each)["status"]["state"] for each in sent} == {"TASK_STATE_COMPLETED"}


async def test_a_conversation_has_a_short_line(run_server: RunServer) -> None:
    """Whoever waits for an answer that may never come keeps nobody else from working."""

    def reply(asked: Asked) -> Says:
        asks = asked.text == "Ask." and not asked.results
        return Says("", (("ask_user", '{"question": "Which?"}'),)) if asks else Says("Done.")

    agent = await run_server(reply, ask_user=True, limits={"queued": 16})
    resting = await agent.send("Ask.", contextId="c")
    waiting = [asyncio.create_task(agent.send("Later.", contextId="c")) for _ in range(7)]
    await agent.listed("INPUT_REQUIRED", *["SUBMITTED"] * 7)
    response = await json_rpc(agent, "SendMessage", {"message": say("More.", contextId="c")})
    assert (response.status_code, "in this context" in response.text) == (429, True)
    others = await asyncio.gather(*(agent.send("Now.", contextId=f"other {number}") for number in range(4)))
    assert {each["status"]["state"] for each in others} == {"TASK_STATE_COMPLETED"}
    await agent.send("This.", taskId=resting["id"])
    assert {(await each)["status"]["state"] for each in waiting} == {"TASK_STATE_COMPLETED"}


async def test_an_engine_under_pressure_gets_no_more_turns(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.pressure = 0.95
    agent.engine.gate.clear()
    sent = [asyncio.create_task(agent.send("0"))]
    await agent.listed("WORKING")
    sent.append(asyncio.create_task(agent.send("1")))
    await agent.listed("WORKING", "SUBMITTED")
    assert len(agent.engine.requests) == 1
    agent.engine.gate.set()
    assert {(await each)["status"]["state"] for each in sent} == {"TASK_STATE_COMPLETED"}
