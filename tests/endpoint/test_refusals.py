"""What cannot be done has a defined answer, the protocol's own error where it has one, and breaks nothing."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message

from service import app, delegation, extension
from service.endpoint import card
from service.endpoint.body import WholeBody
from tests.conftest import Agent, RunServer, Says, echo, say
from tests.endpoint.bindings import (
    CONTENT_TYPE,
    EXTENSION,
    INVALID_PARAMS,
    INVALID_REQUEST,
    NOT_CANCELABLE,
    TASK_NOT_FOUND,
    UNSUPPORTED,
    VERSION,
    Call,
    Error,
    assert_names_reason,
    assert_refused,
    http_json,
    json_rpc,
    over_both,
)

METHOD_NOT_FOUND, PARSE_ERROR = -32601, -32700


async def still_answers(agent: Agent) -> bool:
    task = await agent.send("hello")
    return bool(task["status"]["state"] == "TASK_STATE_COMPLETED")


async def send(call: Call, agent: Agent, text: str, **message: Any) -> httpx.Response:
    return await call(agent, "SendMessage", {"message": say(text, **message)})


@over_both
@pytest.mark.parametrize(
    ("parts", "error"),
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
async def test_a_message_without_text_to_read(
    run_server: RunServer, call: Call, parts: list[Any], error: Error
) -> None:
    agent = await run_server(echo)
    assert_refused(await send(call, agent, "", parts=parts), error)
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


@over_both
async def test_a_message_that_is_not_from_a_user(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    assert_refused(await send(call, agent, "hello", role="ROLE_AGENT"), INVALID_PARAMS)


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
    assert_refused(response, INVALID_REQUEST)
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
    error = response.json()["error"]
    assert error["code"] == (CONTENT_TYPE.code if path == "/" else 415)
    assert "application/json" in error["message"]
    if path != "/":
        assert_names_reason(error["details"], CONTENT_TYPE.reason)
    assert not agent.engine.requests
    spelled = {**headers, "Content-Type": "Application/A2A+JSON; charset=utf-8"}
    response = await agent.http.post(f"{agent.url}{path}", content=json.dumps(body).encode(), headers=spelled)
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/", "/message:send"])
@pytest.mark.parametrize("number", ["NaN", "1e999"])
async def test_metadata_with_a_number_that_json_lacks(run_server: RunServer, number: str, path: str) -> None:
    """Its task could not be stored, so the turn must not run."""
    agent = await run_server(echo)
    params = json.dumps({"message": say("Hello", metadata={"n": 0})}).replace('"n": 0', f'"n": {number}')
    body = f'{{"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {params}}}' if path == "/" else params
    headers = {"A2A-Version": "1.0", "Content-Type": "application/json"}
    response = await agent.http.post(f"{agent.url}{path}", content=body.encode(), headers=headers)
    codes = (PARSE_ERROR, INVALID_PARAMS.code) if path == "/" else (400,)
    assert response.json()["error"]["code"] in codes
    assert not agent.engine.requests
    assert await still_answers(agent)


async def test_a_body_of_a_megabyte(run_server: RunServer) -> None:
    agent = await run_server(echo)
    response = await send(json_rpc, agent, "x" * 2**20)
    assert (response.status_code, response.json()["error"]["code"]) == (413, INVALID_REQUEST.code)
    response = await send(http_json, agent, "x" * 2**20)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (413, 413, "INVALID_ARGUMENT")
    assert_names_reason(error["details"], "INVALID_REQUEST")
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
    error = json.loads(content)["error"]
    assert error["code"] == (INVALID_REQUEST.code if path == "/" else 408)
    if path != "/":
        assert_names_reason(error["details"], "INVALID_REQUEST")


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


@over_both
@pytest.mark.parametrize("version", ["", "0.3", "2.0", "99", "nonsense"])
async def test_a_version_that_is_not_spoken(run_server: RunServer, call: Call, version: str) -> None:
    agent = await run_server(echo)
    response = await call(agent, "SendMessage", {"message": say("hello")}, version)
    assert_refused(response, VERSION)
    assert "A2A-Version: 1.0" in response.json()["error"]["message"]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_a_version_that_the_methods_and_paths_of_0_3_do_not_speak(run_server: RunServer, version: str) -> None:
    agent = await run_server(echo)
    body = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "x"}}
    headers = {"A2A-Version": version}
    for response in (
        await agent.http.post(agent.url, json=body, headers=headers),
        await agent.http.get(f"{agent.url}/v1/tasks/x", headers=headers),
    ):
        assert_refused(response, VERSION)
        assert "A2A-Version: 0.3" in response.json()["error"]["message"]


async def test_a_tenant_called_v1(run_server: RunServer) -> None:
    """Where a path could be one of 0.3 but for what follows."""
    agent = await run_server(echo)
    response = await agent.http.get(f"{agent.url}/v1/tasks", headers={"A2A-Version": "1.0"})
    assert response.json()["tasks"] == []


async def test_the_version_may_be_in_the_query(run_server: RunServer) -> None:
    agent = await run_server(echo)
    response = await agent.http.post(f"{agent.url}/message:send?A2A-Version=1.0", json={"message": say("hello")})
    assert response.json()["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


@over_both
async def test_a_caller_that_does_not_know_a_required_extension(
    run_server: RunServer, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    template = tmp_path / "agent_card.json"
    template.write_text(card.TEMPLATE.read_text().replace('"required": false', '"required": true'))
    monkeypatch.setattr(card, "TEMPLATE", template)
    agent = await run_server(echo)
    assert_refused(await send(call, agent, "hello"), EXTENSION)
    known = {"A2A-Version": "1.0", "A2A-Extensions": f"{extension.URI}, {delegation.URI}"}
    response = await agent.http.post(f"{agent.url}/message:send", json={"message": say("hello")}, headers=known)
    assert response.json()["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


@over_both
async def test_an_unknown_task(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    for method in ("GetTask", "CancelTask", "SubscribeToTask"):
        assert_refused(await call(agent, method, {"id": "no-such-task"}), TASK_NOT_FOUND)
    assert_refused(await send(call, agent, "hello", taskId="no-such-task"), TASK_NOT_FOUND)


@over_both
@pytest.mark.parametrize(
    "asked",
    [
        {"status": "TASK_STATE_RUNNING"},
        {"status": "99"},
        {"pageSize": 0},
        {"pageSize": 101},
        {"pageToken": "x"},
        {"historyLength": -1},
    ],
)
async def test_a_list_that_cannot_be_made(run_server: RunServer, call: Call, asked: dict[str, Any]) -> None:
    agent = await run_server(echo)
    assert_refused(await call(agent, "ListTasks", asked), INVALID_PARAMS)


async def test_tasks_are_listed_by_their_status(run_server: RunServer) -> None:
    agent = await run_server(echo)
    await agent.send("hello")
    for status, count in (("TASK_STATE_COMPLETED", 1), ("TASK_STATE_FAILED", 0)):
        assert (await json_rpc(agent, "ListTasks", {"status": status})).json()["result"]["totalSize"] == count
        assert (await http_json(agent, "ListTasks", {"status": status})).json()["totalSize"] == count
    assert (await agent.rpc("ListTasks", {"status": 99}))["error"]["code"] == INVALID_PARAMS.code


@over_both
@pytest.mark.parametrize("context_id", ["x" * 37, "a\nb"])
async def test_a_context_id_that_cannot_be_stored(run_server: RunServer, call: Call, context_id: str) -> None:
    agent = await run_server(echo)
    assert_refused(await send(call, agent, "hello", contextId=context_id), INVALID_PARAMS)


async def test_a_context_of_the_client_s_own_making_is_kept(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", contextId="x" * 36))["contextId"] == "x" * 36


@over_both
async def test_a_message_to_a_task_that_works(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("one", contextId="c"))
    task_id = (await agent.listed("WORKING"))[0]["id"]
    assert_refused(await send(call, agent, "two", taskId=task_id), UNSUPPORTED)
    assert_refused(await send(call, agent, "two", taskId=task_id, contextId="c"), UNSUPPORTED)
    agent.engine.gate.set()
    assert (await first)["artifacts"][0]["parts"][0]["text"] == "You said: one"


@over_both
async def test_a_message_to_a_task_that_has_ended(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    task = await agent.send("one")
    assert_refused(await send(call, agent, "two", taskId=task["id"]), UNSUPPORTED)
    assert_refused(await call(agent, "SubscribeToTask", {"id": task["id"]}), UNSUPPORTED)
    assert_refused(await call(agent, "CancelTask", {"id": task["id"]}), NOT_CANCELABLE)


@over_both
async def test_a_task_in_another_context(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    task = await agent.send("one")
    assert_refused(await send(call, agent, "two", taskId=task["id"], contextId="another"), INVALID_PARAMS)


@over_both
@pytest.mark.parametrize("context", [{}, {"contextId": "c"}])
async def test_a_message_sent_twice_is_one_task(run_server: RunServer, call: Call, context: dict[str, str]) -> None:
    agent = await run_server(echo)
    message = say("one", **context)
    first, second = [(await call(agent, "SendMessage", {"message": message})).json() for _ in range(2)]
    assert first == second
    assert len(agent.engine.requests) == 1
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 1


async def test_a_message_sent_again_while_it_is_answered_is_followed(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    message = say("one")
    sending = [asyncio.create_task(agent.rpc("SendMessage", {"message": message})) for _ in range(5)]
    await agent.listed("WORKING")
    agent.engine.gate.set()
    tasks = [(await sent)["result"]["task"] for sent in sending]
    assert len({task["id"] for task in tasks}) == 1
    assert {task["artifacts"][0]["parts"][0]["text"] for task in tasks} == {"You said: one"}


@over_both
async def test_a_message_id_that_another_message_has(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    await send(call, agent, "one", messageId="m")
    assert_refused(await send(call, agent, "two", messageId="m"), INVALID_PARAMS)
    assert len(agent.engine.requests) == 1


@over_both
async def test_a_message_longer_than_the_window(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo, engine={"window": 1000})
    response = await send(call, agent, "x" * 1000)
    assert_refused(response, INVALID_PARAMS)
    assert "window holds 1000" in response.json()["error"]["message"]
    assert await still_answers(agent)


@over_both
async def test_a_conversation_that_has_become_too_long(run_server: RunServer, call: Call) -> None:
    agent = await run_server(lambda _: Says("x" * 100), engine={"window": 1000})
    responses = [await send(call, agent, "y" * 100, contextId="c") for _ in range(8)]
    assert "TASK_STATE_COMPLETED" in responses[0].text
    assert_refused(responses[-1], INVALID_PARAMS)


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


async def test_a_stream_of_0_3_that_is_refused(run_server: RunServer) -> None:
    """It is one answer, not a stream that breaks."""
    agent = await run_server(echo)
    assert_refused(await agent.http.get(f"{agent.url}/v1/tasks/no-such-task:subscribe"), TASK_NOT_FOUND)


async def test_requests_of_another_form(run_server: RunServer) -> None:
    agent = await run_server(echo)
    bodies: list[Any] = [[], {}, {"jsonrpc": "1.0", "id": 1, "method": "GetTask"}, "text", 7, None]
    for body in bodies:
        headers = {"A2A-Version": "1.0", "Content-Type": "application/json"}
        response = await agent.http.post(agent.url, content=json.dumps(body), headers=headers)
        assert response.json()["error"]["code"] == INVALID_REQUEST.code, body
    assert (await agent.rpc("NoSuchMethod", {}))["error"]["code"] == METHOD_NOT_FOUND
    assert (await agent.rpc("SendMessage", {"message": "text"}))["error"]["code"] == INVALID_PARAMS.code
    assert (await agent.rpc("SendMessage", []))["error"]["code"] in (INVALID_PARAMS.code, INVALID_REQUEST.code)
    assert_refused(await http_json(agent, "SendMessage", {"message": "text"}), INVALID_PARAMS)
    for content in [each for each in bodies if not isinstance(each, dict)]:
        response = await agent.http.post(f"{agent.url}/message:send", json=content, headers={"A2A-Version": "1.0"})
        assert_refused(response, INVALID_REQUEST)


@over_both
async def test_parts_that_are_a_text(run_server: RunServer, call: Call, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the caller's, which leaves no traceback in the log."""
    agent = await run_server(echo)
    response = await send(call, agent, "", parts="hello")
    assert_refused(response, INVALID_PARAMS if call is json_rpc else INVALID_REQUEST)
    assert "parts" in response.json()["error"]["message"]
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_path_that_is_not_there(run_server: RunServer) -> None:
    agent = await run_server(echo)
    for method, path, status in (("GET", "/nothing", 404), ("PUT", "/message:send", 405), ("PUT", "/", 405)):
        response = await agent.http.request(method, agent.url + path)
        error = response.json()["error"]
        assert response.status_code == status
        assert error["code"] == (status if path != "/" else -32601)
        assert error["message"].startswith(f"there is no {method} at this path")


async def test_who_looks_at_an_agent_with_a_browser_is_shown_its_card(run_server: RunServer) -> None:
    agent = await run_server(echo)
    home = await agent.http.get(agent.url)
    assert home.json()["card"] == home.headers["Location"]
    card = await agent.http.get(agent.url, follow_redirects=True)
    assert card.json()["name"] == "agent"


@over_both
async def test_the_extended_card_is_not_offered(run_server: RunServer, call: Call) -> None:
    agent = await run_server(echo)
    assert_refused(await call(agent, "GetExtendedAgentCard", {}), UNSUPPORTED)
