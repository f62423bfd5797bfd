"""What is somebody's is nobody else's: every operation, over every binding, asked by everybody else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.auth.user import UnauthenticatedUser, User
from a2a.server.context import ServerCallContext
from hypothesis import example, given
from hypothesis import strategies as st

from service.endpoint.identity import Identity
from service.endpoint.owner import conversation_key, owner_of
from service.sessions.tables import ID_LENGTH
from tests.conftest import Agent, RunServer, Says, echo, say
from tests.endpoint.everybody import Asker, Everybody, begin, make_everybody


@pytest.fixture
def everybody(tmp_path: Path) -> Everybody:
    return make_everybody(tmp_path)


Request = tuple[str, str, Any]
"""Verb, path, and body."""
Write = Callable[[str, str, str], Request | None]
"""An operation on a task for a tenant, in the form of a binding; None where the binding has no way to say it."""


def params_of(operation: str, task_id: str) -> dict[str, Any]:
    if "Message" in operation:
        return {"message": say("go on", taskId=task_id)}
    if "Push" in operation:
        return {"taskId": task_id, "id": "p", "url": "https://a.example"}
    return {} if operation in ("ListTasks", "GetExtendedAgentCard") else {"id": task_id}


def json_rpc(operation: str, task_id: str, tenant: str) -> Request:
    params = params_of(operation, task_id) | {"tenant": tenant}
    return "POST", "/", {"jsonrpc": "2.0", "id": 1, "method": operation, "params": params}


_PATHS = {
    "SendMessage": ("POST", "/message:send"),
    "SendStreamingMessage": ("POST", "/message:stream"),
    "GetTask": ("GET", "/tasks/{}"),
    "ListTasks": ("GET", "/tasks"),
    "CancelTask": ("POST", "/tasks/{}:cancel"),
    "SubscribeToTask": ("POST", "/tasks/{}:subscribe"),
    "CreateTaskPushNotificationConfig": ("POST", "/tasks/{}/pushNotificationConfigs"),
    "GetTaskPushNotificationConfig": ("GET", "/tasks/{}/pushNotificationConfigs/p"),
    "ListTaskPushNotificationConfigs": ("GET", "/tasks/{}/pushNotificationConfigs"),
    "DeleteTaskPushNotificationConfig": ("DELETE", "/tasks/{}/pushNotificationConfigs/p"),
    "GetExtendedAgentCard": ("GET", "/extendedAgentCard"),
}
OPERATIONS = tuple(_PATHS)


def http_json(operation: str, task_id: str, tenant: str) -> Request:
    verb, path = _PATHS[operation]
    body = params_of(operation, task_id) if verb == "POST" else None
    return verb, (f"/{tenant}" if tenant else "") + path.format(task_id), body


_METHODS = {
    "SendMessage": "message/send",
    "SendStreamingMessage": "message/stream",
    "GetTask": "tasks/get",
    "CancelTask": "tasks/cancel",
    "SubscribeToTask": "tasks/resubscribe",
    "CreateTaskPushNotificationConfig": "tasks/pushNotificationConfig/set",
    "GetTaskPushNotificationConfig": "tasks/pushNotificationConfig/get",
    "ListTaskPushNotificationConfigs": "tasks/pushNotificationConfig/list",
    "DeleteTaskPushNotificationConfig": "tasks/pushNotificationConfig/delete",
    "GetExtendedAgentCard": "agent/getAuthenticatedExtendedCard",
}


def json_rpc_0_3(operation: str, task_id: str, tenant: str) -> Request | None:
    if tenant or operation not in _METHODS:
        return None
    params: dict[str, Any] = {"id": task_id, "pushNotificationConfigId": "p"}
    if "Message" in operation:
        parts = [{"kind": "text", "text": "go on"}]
        said = {"kind": "message", "messageId": str(uuid.uuid4()), "role": "user", "parts": parts, "taskId": task_id}
        params = {"message": said}
    elif operation.startswith("Create"):
        params = {"taskId": task_id, "pushNotificationConfig": {"id": "p", "url": "https://a.example"}}
    return "POST", "/", {"jsonrpc": "2.0", "id": 1, "method": _METHODS[operation], "params": params}


def http_json_0_3(operation: str, task_id: str, tenant: str) -> Request | None:
    if operation.startswith(("List", "Delete", "Create")):
        return None
    verb, path = _PATHS[operation]
    body: Any = {} if verb == "POST" else None
    if "Message" in operation:
        said = {"messageId": str(uuid.uuid4()), "role": "ROLE_USER", "content": [{"text": "go on"}], "taskId": task_id}
        body = {"message": said}
    path = "/card" if operation == "GetExtendedAgentCard" else path.format(task_id)
    return verb, f"/v1{path}?tenant={tenant}", body


over_all = pytest.mark.parametrize("write", [json_rpc, http_json, json_rpc_0_3, http_json_0_3])


async def ask(agent: Agent, asker: Asker, request: Request, write: Write) -> httpx.Response:
    verb, path, body = request
    version = {} if write in (json_rpc_0_3, http_json_0_3) else {"A2A-Version": "1.0"}
    return await agent.http.request(verb, agent.url + path, json=body, headers={**version, **asker.headers})


async def answer(agent: Agent, asker: Asker, write: Write, operation: str, task_id: str) -> Any:
    """All that an asker learns about a task, but for the id, which it has said itself."""
    request = write(operation, task_id, asker.tenant)
    if request is None:
        return None
    try:
        response = await ask(agent, asker, request, write)
    except httpx.RemoteProtocolError:  # how the SDK ends a stream of 0.3 over HTTP+JSON that fails
        return "cut off"
    headers = {name: value for name, value in response.headers.items() if name not in ("date", "content-length")}
    return response.status_code, headers, response.text.replace(task_id, "ID")


async def listed(agent: Agent, asker: Asker) -> list[Any]:
    response = await ask(agent, asker, json_rpc("ListTasks", "", asker.tenant), json_rpc)
    tasks: list[Any] = response.json()["result"]["tasks"]
    return tasks


@over_all
async def test_a_stranger_s_task_is_like_none(run_server: RunServer, everybody: Everybody, write: Write) -> None:
    agent = await run_server(echo, auth=everybody.auth)
    agent.engine.gate.clear()
    owner = everybody.owner
    task = await begin(agent, owner, contextId="c")
    await agent.engine.started.wait()
    before = await answer(agent, owner, write, "GetTask", task["id"])
    assert before != await answer(agent, owner, write, "GetTask", str(uuid.uuid4()))
    for who in (everybody.stranger, everybody.namesake, everybody.other_tenant, everybody.anonymous):
        for operation in OPERATIONS:
            unknown = await answer(agent, who, write, operation, str(uuid.uuid4()))
            assert await answer(agent, who, write, operation, task["id"]) == unknown, operation
            assert unknown is None or who.headers or unknown[0] == 401
            assert "begin" not in str(unknown)
        if who.headers:
            assert await listed(agent, who) == []
    assert await answer(agent, owner, write, "GetTask", task["id"]) == before
    assert [each["id"] for each in await listed(agent, owner)] == [task["id"]]
    status = (await answer(agent, owner, write, "CancelTask", task["id"]))[2]
    assert "canceled" in status.lower() or "cancelled" in status.lower()
    for who in (everybody.stranger, everybody.namesake, everybody.other_tenant):  # also once it has ended
        for operation in OPERATIONS:
            unknown = await answer(agent, who, write, operation, str(uuid.uuid4()))
            assert await answer(agent, who, write, operation, task["id"]) == unknown, operation


@over_all
async def test_tenants_are_apart_where_everybody_is_anonymous(run_server: RunServer, write: Write) -> None:
    agent = await run_server(echo)
    one, other, none = Asker({}, "one"), Asker({}, "other"), Asker({})
    task = await begin(agent, one)
    for who in (other, none):
        unknown = await answer(agent, who, write, "GetTask", str(uuid.uuid4()))
        assert await answer(agent, who, write, "GetTask", task["id"]) == unknown
        assert await listed(agent, who) == []
    assert [each["id"] for each in await listed(agent, one)] == [task["id"]]


async def test_a_tenant_is_named_in_the_path_the_query_or_the_body(run_server: RunServer) -> None:
    agent = await run_server(echo)
    version = {"A2A-Version": "1.0"}
    for path, body in (
        ("/t/message:send", {}),
        ("/message:send?tenant=t", {}),
        ("/message:send", {"tenant": "t"}),
        ("/t/message:send?tenant=other", {"tenant": "other"}),
    ):
        await agent.http.post(agent.url + path, json={"message": say("hello"), **body}, headers=version)
    assert len(await listed(agent, Asker({}, "t"))) == 4
    for path in ("/t/tasks", "/tasks?tenant=t"):
        response = await agent.http.get(agent.url + path, headers=version)
        assert response.json()["totalSize"] == 4


def recalls(asked: Any) -> Says:
    return Says(f"After {list(asked.before)}.")


def text_of(task: dict[str, Any]) -> str:
    return str(task["artifacts"][0]["parts"][0]["text"])


async def test_a_stranger_who_names_a_context_begins_one_of_his_own(
    run_server: RunServer, everybody: Everybody
) -> None:
    agent = await run_server(recalls, auth=everybody.auth)

    async def send(who: Asker, text: str) -> dict[str, Any]:
        params = {"message": say(text, contextId="c"), "tenant": who.tenant}
        body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
        response = await agent.http.post(agent.url, json=body, headers={"A2A-Version": "1.0", **who.headers})
        task: dict[str, Any] = response.json()["result"]["task"]
        return task

    assert text_of(await send(everybody.owner, "a secret")) == "After []."
    for who in (everybody.stranger, everybody.namesake, everybody.other_tenant):
        task = await send(who, "what was said?")
        assert (task["contextId"], text_of(task)) == ("c", "After [].")
        assert [each["id"] for each in await listed(agent, who)] == [task["id"]]
    assert text_of(await send(everybody.owner, "and now?")) == "After ['a secret']."
    assert text_of(await send(everybody.stranger, "and now?")) == "After ['what was said?']."


async def test_nobody_waits_for_a_stranger_s_turn_or_has_his_message(
    run_server: RunServer, everybody: Everybody
) -> None:
    """Not even with the same contextId and the same messageId."""
    agent = await run_server(echo, auth=everybody.auth)
    agent.engine.gate.clear()
    first = await begin(agent, everybody.owner, contextId="c", messageId="m")
    await agent.engine.started.wait()
    agent.engine.started.clear()
    second = await begin(agent, everybody.stranger, contextId="c", messageId="m")
    await agent.engine.started.wait()
    assert first["id"] != second["id"]
    assert (await begin(agent, everybody.owner, contextId="d", messageId="n"))["id"] != first["id"]


async def test_what_is_stored_is_still_its_owner_s(run_server: RunServer, everybody: Everybody) -> None:
    first = await run_server(recalls, auth=everybody.auth)
    task = await begin(first, everybody.owner, contextId="c")
    await first.stop()
    second = await run_server(recalls, auth=everybody.auth)
    assert (await answer(second, everybody.owner, http_json, "GetTask", task["id"]))[0] == 200
    assert (await answer(second, everybody.stranger, http_json, "GetTask", task["id"]))[0] == 404


texts = st.text(max_size=300)


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
@example(("a", "bc", ""), ("ab", "c", ""))
@example(("a", 'b", "c', ""), ("a", "b", "c"))
@example(("a", "b" * 300, ""), ("a", "b" * 300, "c"))
@example(("a", "", ""), ("", "a", ""))
def test_no_two_owners_are_named_the_same(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    names = [owner_of(context(*parts)) for parts in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    assert all(len(name) <= 255 for name in names)
    keys = {conversation_key(name, "c") for name in names} | {conversation_key(names[0], "d")}
    assert len(keys) == len(set(names)) + 1
    assert all(len(key) <= ID_LENGTH for key in keys)


def context(issuer: str, subject: str, tenant: str) -> ServerCallContext:
    user: User = Identity(issuer, subject) if issuer or subject else UnauthenticatedUser()
    return ServerCallContext(user=user, tenant=tenant)


def test_the_anonymous_caller_s_are_as_they_were() -> None:
    assert owner_of(ServerCallContext()) == ""
    assert conversation_key("", "c") == "c"


def test_a_user_of_an_unknown_kind_owns_nothing() -> None:
    class Somebody(User):
        is_authenticated, user_name = True, "alice"

    with pytest.raises(TypeError):
        owner_of(ServerCallContext(user=Somebody()))
