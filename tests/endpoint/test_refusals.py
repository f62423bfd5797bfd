"""What cannot be done has a defined answer, the protocol's own error where it has one, and breaks nothing."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import httpx
import pytest
from a2a.server.context import ServerCallContext
from a2a.types import Task, TaskState, TaskStatus
from starlette.types import Message

from service import app
from service.endpoint.limits import WholeBody
from service.endpoint.tasks import Tasks
from service.sessions.database import open_database
from tests.conftest import Agent, RunServer, Says, echo, say

INVALID_REQUEST, INVALID_PARAMS, PARSE_ERROR = -32600, -32602, -32700
TASK_NOT_FOUND, NOT_CANCELABLE, UNSUPPORTED, CONTENT_TYPE, VERSION = -32001, -32002, -32004, -32005, -32009


async def still_answers(agent: Agent) -> bool:
    task = await agent.send("hello")
    return bool(task["status"]["state"] == "TASK_STATE_COMPLETED")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        pytest.param([], INVALID_PARAMS, id="no parts"),
        pytest.param([{"text": ""}], INVALID_PARAMS, id="empty"),
        pytest.param([{"text": " \n "}], INVALID_PARAMS, id="blank"),
        pytest.param([{"text": "x" * 16_001}], INVALID_PARAMS, id="long"),
        pytest.param([{"url": "https://a.example/b.pdf", "mediaType": "application/pdf"}], CONTENT_TYPE, id="file"),
        pytest.param([{"text": "this"}, {"raw": "AAAA", "mediaType": "image/png"}], CONTENT_TYPE, id="text and file"),
        pytest.param([{"data": {"a": 1}}], CONTENT_TYPE, id="data"),
        pytest.param([{}], CONTENT_TYPE, id="part of nothing"),
    ],
)
async def test_a_message_without_text_to_read(run_server: RunServer, parts: list[Any], code: int) -> None:
    agent = await run_server(echo)
    assert (await agent.send("", parts=parts))["code"] == code
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


async def test_a_message_that_is_not_from_a_user(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", role="ROLE_AGENT"))["code"] == INVALID_PARAMS


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b'{"jsonrpc": "2.0", "id": "\\uD800", "method": "GetTask"}', id="half a character"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"jsonrpc": "2.0", "id": %s, "method": "GetTask"}' % (b"9" * 5_000), id="5,000 digits"),
    ],
)
async def test_malformed_json(run_server: RunServer, body: bytes) -> None:
    agent = await run_server(echo)
    headers = {"A2A-Version": "1.0", "Content-Type": "application/json"}
    response = await agent.http.post(agent.url, content=body, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (200, PARSE_ERROR)
    response = await agent.http.post(f"{agent.url}/message:send", content=body, headers=headers)
    assert response.status_code == 400
    assert await still_answers(agent)


@pytest.mark.parametrize("path", ["/", "/message:send"])
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_is_not_said_to_be_json(run_server: RunServer, path: str, kind: str | None) -> None:
    """Which a browser would send for any web page."""
    agent = await run_server(echo)
    params = {"message": say("Order a ship.")}
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params} if path == "/" else params
    headers = {"A2A-Version": "1.0"} | ({"Content-Type": kind} if kind else {})
    response = await agent.http.post(f"{agent.url}{path}", content=json.dumps(body).encode(), headers=headers)
    assert response.status_code == 415
    assert "application/json" in response.json()["error"]["message"]
    assert not agent.engine.requests
    spelled = {**headers, "Content-Type": "Application/A2A+JSON; charset=utf-8"}
    response = await agent.http.post(f"{agent.url}{path}", content=json.dumps(body).encode(), headers=spelled)
    assert response.status_code == 200


@pytest.mark.parametrize("number", ["NaN", "1e999"])
async def test_metadata_with_a_number_that_json_lacks(run_server: RunServer, number: str) -> None:
    """Its task could not be stored, so the turn must not run."""
    agent = await run_server(echo)
    body = '{"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": %s}}'
    message = json.dumps(say("Hello", metadata={"n": 0})).replace('"n": 0', f'"n": {number}')
    headers = {"A2A-Version": "1.0", "Content-Type": "application/json"}
    response = await agent.http.post(agent.url, content=(body % message).encode(), headers=headers)
    assert response.json()["error"]["code"] in (PARSE_ERROR, INVALID_PARAMS)
    assert not agent.engine.requests
    assert await still_answers(agent)


async def test_a_body_of_a_megabyte(run_server: RunServer) -> None:
    agent = await run_server(echo)
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say("x" * 2**20)}}
    response = await agent.http.post(agent.url, json=body, headers={"A2A-Version": "1.0"})
    assert response.status_code == 413
    assert response.json()["error"]["code"] == INVALID_REQUEST
    response = await agent.http.post(f"{agent.url}/message:send", json={"message": say("x" * 2**20)})
    assert response.status_code == 413
    assert await still_answers(agent)


@pytest.mark.parametrize("path", ["/", "/message:send"])
async def test_a_body_that_never_comes(run_server: RunServer, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """The client is told, and its connection closed."""
    monkeypatch.setattr(app, "WholeBody", partial(WholeBody, seconds=0.1))
    agent = await run_server(echo)
    url = httpx.URL(agent.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\n{{".encode())
    async with asyncio.timeout(10):
        head, content = (await reader.read()).split(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close" in head
    assert json.loads(content)["error"]["code"] == (INVALID_REQUEST if path == "/" else 408)


async def test_a_body_that_comes_for_ever() -> None:
    """Byte by byte, so that no single wait is long."""
    sent: list[Message] = []

    async def never_reached(*_: object) -> None:
        raise AssertionError

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(10):
        limited = WholeBody(never_reached, limit=100, seconds=0.05)
        await limited({"type": "http", "method": "POST", "path": "/"}, receive, send)
    assert sent[0]["status"] == 408


async def test_the_longest_message_in_the_longest_writing_is_read(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(str(len(asked.text))), engine={"window": 100_000})
    task = await agent.send("😀" * 16_000)  # json.dumps escapes it, twelve bytes a character
    assert task["artifacts"][0]["parts"][0]["text"] == "16000"


@pytest.mark.parametrize("version", ["", "0.3", "2.0", "99", "nonsense"])
async def test_a_version_that_is_not_spoken(run_server: RunServer, version: str) -> None:
    agent = await run_server(echo)
    answer = await agent.rpc("SendMessage", {"message": say("hello")}, **{"A2A-Version": version})
    assert answer["error"]["code"] == VERSION
    response = await agent.http.post(
        f"{agent.url}/message:send", json={"message": say("hello")}, headers={"A2A-Version": version}
    )
    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["reason"] == "VERSION_NOT_SUPPORTED"


async def test_the_version_may_be_in_the_query(run_server: RunServer) -> None:
    agent = await run_server(echo)
    response = await agent.http.post(f"{agent.url}/message:send?A2A-Version=1.0", json={"message": say("hello")})
    assert response.json()["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
async def test_an_unknown_task(run_server: RunServer, method: str) -> None:
    agent = await run_server(echo)
    assert (await agent.rpc(method, {"id": "no-such-task"}))["error"]["code"] == TASK_NOT_FOUND
    assert (await agent.send("hello", taskId="no-such-task"))["code"] == TASK_NOT_FOUND


@pytest.mark.parametrize("context_id", ["x" * 37, "a\nb"])
async def test_a_context_id_that_cannot_be_stored(run_server: RunServer, context_id: str) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", contextId=context_id))["code"] == INVALID_PARAMS


async def test_a_context_of_the_client_s_own_making_is_kept(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", contextId="x" * 36))["contextId"] == "x" * 36


async def test_a_message_to_a_task_that_works(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("one", contextId="c"))
    task_id = (await agent.listed("WORKING"))[0]["id"]
    assert (await agent.send("two", taskId=task_id))["code"] == UNSUPPORTED
    assert (await agent.send("two", taskId=task_id, contextId="c"))["code"] == UNSUPPORTED
    agent.engine.gate.set()
    assert (await first)["artifacts"][0]["parts"][0]["text"] == "You said: one"


async def test_a_message_to_a_task_that_has_ended(run_server: RunServer) -> None:
    agent = await run_server(echo)
    task = await agent.send("one")
    assert (await agent.send("two", taskId=task["id"]))["code"] == UNSUPPORTED
    assert (await agent.rpc("SubscribeToTask", {"id": task["id"]}))["error"]["code"] == UNSUPPORTED
    assert (await agent.rpc("CancelTask", {"id": task["id"]}))["error"]["code"] == NOT_CANCELABLE


async def test_a_task_in_another_context(run_server: RunServer) -> None:
    agent = await run_server(echo)
    task = await agent.send("one")
    assert (await agent.send("two", taskId=task["id"], contextId="another"))["code"] == INVALID_PARAMS


async def test_a_message_that_names_only_the_task_is_in_the_task_s_context(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"))
    first = await agent.send("one", contextId="c")
    waiting = Task(id="waiting", context_id="c", status=TaskStatus(state=TaskState.TASK_STATE_INPUT_REQUIRED))
    stored = agent.database
    async with open_database(stored) as database, Tasks(database) as tasks:
        await tasks.save(waiting, ServerCallContext())
    task = await agent.send("two", taskId="waiting")
    assert (task["id"], task["contextId"]) == ("waiting", first["contextId"])
    assert task["artifacts"][0]["parts"][0]["text"] == "1 before"


async def test_a_message_sent_twice_is_answered_twice(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"))
    first, second = [await agent.send("one", contextId="c") for _ in range(2)]
    assert first["id"] != second["id"]
    assert second["artifacts"][0]["parts"][0]["text"] == "1 before"


async def test_a_message_longer_than_the_window(run_server: RunServer) -> None:
    agent = await run_server(echo, engine={"window": 1000})
    error = await agent.send("x" * 1000)
    assert error["code"] == INVALID_PARAMS
    assert "window holds 1000" in error["message"]
    assert await still_answers(agent)


async def test_a_conversation_that_has_become_too_long(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says("x" * 100), engine={"window": 1000})
    answers = [await agent.send("y" * 100, contextId="c") for _ in range(8)]
    assert answers[0]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert answers[-1]["code"] == INVALID_PARAMS


async def test_a_conversation_that_fills_while_a_message_waits(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says("x" * 300), engine={"window": 1000})
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("y" * 300, contextId="c"))
    await agent.engine.started.wait()
    second = asyncio.create_task(agent.send("y" * 300, contextId="c"))
    await agent.listed("WORKING", "SUBMITTED")
    agent.engine.gate.set()
    assert (await first)["status"]["state"] == "TASK_STATE_COMPLETED"
    status = (await second)["status"]
    assert status["state"] == "TASK_STATE_FAILED"
    assert status["message"]["parts"][0]["text"].startswith("The conversation is full")


async def test_requests_that_are_not_json_rpc(run_server: RunServer) -> None:
    agent = await run_server(echo)
    bodies: list[Any] = [[], {}, {"jsonrpc": "1.0", "id": 1, "method": "GetTask"}, "text", 7, None]
    for body in bodies:
        headers = {"A2A-Version": "1.0", "Content-Type": "application/json"}
        response = await agent.http.post(agent.url, content=json.dumps(body), headers=headers)
        assert response.json()["error"]["code"] == INVALID_REQUEST, body
    assert (await agent.rpc("NoSuchMethod", {}))["error"]["code"] == -32601
    assert (await agent.rpc("SendMessage", {"message": "text"}))["error"]["code"] == INVALID_PARAMS
    assert (await agent.rpc("SendMessage", []))["error"]["code"] in (INVALID_PARAMS, INVALID_REQUEST)


async def test_a_path_that_is_not_there(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert (await agent.http.get(f"{agent.url}/nothing")).status_code == 404
    assert (await agent.http.get(agent.url)).status_code == 405


async def test_push_notifications_and_the_extended_card_are_not_offered(run_server: RunServer) -> None:
    agent = await run_server(echo)
    config = {"taskId": "t", "id": "p", "url": "https://a.example"}
    assert (await agent.rpc("CreateTaskPushNotificationConfig", config))["error"]["code"] == -32003
    assert (await agent.rpc("GetExtendedAgentCard", {}))["error"]["code"] == UNSUPPORTED
