"""What no database keeps is refused where it comes in, by every binding and whatever the database; ids that cannot be
are ids of nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
from a2a.types import (
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTasksRequest,
    Part,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
)
from google.protobuf.timestamp_pb2 import Timestamp

from tests.conftest import Agent, Asked, RunServer, Says, echo, say
from tests.endpoint.bindings import INVALID_PARAMS, TASK_NOT_FOUND, Call, assert_refused, http_json, json_rpc, over_both
from tests.endpoint.test_grpc import CURRENT, connected, refused, request
from tests.endpoint.test_grpc import assert_refused as assert_call_refused

NUL = "\0"
WEBHOOK = {"id": "w", "url": "https://192.0.2.1/hook"}


@pytest.fixture
async def agent(run_server: RunServer, database_url: str) -> Agent:
    allowed = {"egress_allow": ["192.0.2.0/24"]}
    found: Agent = await run_server(echo, database=database_url, grpc_port=0, machine=allowed)
    return found


@pytest.mark.parametrize("bad", [f"a{NUL}b", "x" * 10_000])
async def test_ids_that_cannot_be_are_ids_of_nothing(agent: Agent, bad: str) -> None:
    for call in (json_rpc, http_json):
        its: dict[str, Any] = {"id": bad} if call is json_rpc else {"id": quote(bad, safe="")}
        of_it = {"taskId": its["id"], "id": "w"}
        for method in ("GetTask", "CancelTask", "SubscribeToTask"):
            assert_refused(await call(agent, method, its), TASK_NOT_FOUND)
        for method in ("Get", "List", "Delete"):
            name = f"{method}TaskPushNotificationConfig{'s' if method == 'List' else ''}"
            assert_refused(await call(agent, name, of_it), TASK_NOT_FOUND)
        assert_refused(await call(agent, "CreateTaskPushNotificationConfig", of_it | WEBHOOK), TASK_NOT_FOUND)
        assert_refused(await call(agent, "SendMessage", {"message": say("hello", taskId=bad)}), TASK_NOT_FOUND)
        listed = (await call(agent, "ListTasks", {"contextId": bad})).json()
        assert listed.get("result", listed)["tasks"] == []
    async with connected(agent) as stub:
        for refusal in (
            stub.GetTask(GetTaskRequest(id=bad), metadata=CURRENT),
            stub.CancelTask(CancelTaskRequest(id=bad), metadata=CURRENT),
            stub.SubscribeToTask(SubscribeToTaskRequest(id=bad), metadata=CURRENT).read(),
            stub.SendMessage(request("hello", task_id=bad), metadata=CURRENT),
            stub.CreateTaskPushNotificationConfig(
                TaskPushNotificationConfig(task_id=bad, url="https://a.example"), metadata=CURRENT
            ),
        ):
            assert_call_refused(await refused(refusal), TASK_NOT_FOUND)
        assert not (await stub.ListTasks(ListTasksRequest(context_id=bad), metadata=CURRENT)).tasks


UNSTORABLE: Sequence[tuple[str, dict[str, Any]]] = (
    ("messageId", {"messageId": f"a{NUL}b"}),
    ("messageId", {"messageId": "a\nb"}),
    ("contextId", {"contextId": f"a{NUL}b"}),
    ("contextId", {"contextId": "x" * 37}),
    ("parts[1].text", {"parts": [{"text": "fine"}, {"text": f"a{NUL}b"}]}),
    ("parts[0].filename", {"parts": [{"text": "fine", "filename": NUL}]}),
    ("parts[0].metadata.a[1]", {"parts": [{"text": "fine", "metadata": {"a": [1, f"b{NUL}"]}}]}),
    ("metadata", {"metadata": {f"a{NUL}b": 1}}),
    ("extensions[0]", {"extensions": [NUL]}),
    ("referenceTaskIds[0]", {"referenceTaskIds": [NUL]}),
)


@over_both
async def test_a_message_that_cannot_be_stored(agent: Agent, call: Call) -> None:
    """The field is named."""
    for field, message in UNSTORABLE:
        response = await call(agent, "SendMessage", {"message": say("hello", **message)})
        assert_refused(response, INVALID_PARAMS)
        assert f"message.{field}" in response.json()["error"]["message"]
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


async def test_a_message_over_grpc_that_cannot_be_stored(agent: Agent) -> None:
    async with connected(agent) as stub:
        for message in ({"message_id": NUL}, {"context_id": NUL}, {"parts": [Part(text=f"a{NUL}b")]}):
            for sending in (
                stub.SendMessage(request("hello", **message), metadata=CURRENT),
                stub.SendStreamingMessage(request("hello", **message), metadata=CURRENT).read(),
            ):
                assert_call_refused(await refused(sending), INVALID_PARAMS)


@over_both
async def test_a_webhook_that_cannot_be_stored(agent: Agent, call: Call) -> None:
    task = await agent.send("hello")
    for bad in ({"id": f"a{NUL}b"}, {"id": "x" * 256}, {"url": f"https://192.0.2.1/{NUL}"}, {"token": NUL}):
        asked = {"taskId": task["id"], **WEBHOOK, **bad}
        assert_refused(await call(agent, "CreateTaskPushNotificationConfig", asked), INVALID_PARAMS)
    its = {"taskId": task["id"], "id": f"a{NUL}b"}
    if call is http_json:
        its["id"] = quote(its["id"])
    assert_refused(await call(agent, "GetTaskPushNotificationConfig", its), TASK_NOT_FOUND)
    assert "error" not in (await call(agent, "DeleteTaskPushNotificationConfig", its)).json()  # there is none


async def test_webhooks_over_grpc_that_cannot_be(agent: Agent) -> None:
    task = await agent.send("hello")
    async with connected(agent) as stub:
        asked = TaskPushNotificationConfig(task_id=task["id"], id=NUL, url=WEBHOOK["url"])
        creating = stub.CreateTaskPushNotificationConfig(asked, metadata=CURRENT)
        assert_call_refused(await refused(creating), INVALID_PARAMS)
        got = stub.GetTaskPushNotificationConfig(
            GetTaskPushNotificationConfigRequest(task_id=task["id"], id=NUL), metadata=CURRENT
        )
        assert_call_refused(await refused(got), TASK_NOT_FOUND)
        await stub.DeleteTaskPushNotificationConfig(
            DeleteTaskPushNotificationConfigRequest(task_id=task["id"], id=NUL), metadata=CURRENT
        )


def position(content: object) -> str:
    """A page token in the form of those that are given."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


NOT_GIVEN = (
    NUL,
    "ü",
    "x" * 5_000,
    base64.b64encode(b"a\0b").decode(),
    position({"ts": None, "id": f"a{NUL}b"}),
    position({"ts": 10**30, "id": "a"}),
    position({"ts": -(10**30), "id": "a"}),
)


@over_both
async def test_positions_that_nobody_has_given(agent: Agent, call: Call) -> None:
    await agent.send("hello")
    for token in NOT_GIVEN:
        assert_refused(await call(agent, "ListTasks", {"pageToken": token}), INVALID_PARAMS)


async def test_tasks_are_listed_page_by_page(agent: Agent) -> None:
    ids = {(await agent.send(f"{number}"))["id"] for number in range(5)}
    seen: list[str] = []
    token = ""
    while True:
        page = (await agent.rpc("ListTasks", {"pageSize": 2, "pageToken": token}))["result"]
        seen += [task["id"] for task in page["tasks"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert len(seen) == 5
    assert set(seen) == ids


async def test_a_time_that_no_calendar_has(agent: Agent) -> None:
    async with connected(agent) as stub:
        for seconds in (10**15, -(10**15)):
            asked = ListTasksRequest(status_timestamp_after=Timestamp(seconds=seconds))
            assert_call_refused(await refused(stub.ListTasks(asked, metadata=CURRENT)), INVALID_PARAMS)


async def test_a_tenant_of_any_name(agent: Agent) -> None:
    """Nothing is stored under it as it is."""
    for tenant in (NUL, "x" * 10_000, "a\nb", "ü"):
        task = await agent.rpc("SendMessage", {"message": say("hello"), "tenant": tenant})
        task_id = task["result"]["task"]["id"]
        listed = await agent.rpc("ListTasks", {"tenant": tenant})
        assert [each["id"] for each in listed["result"]["tasks"]] == [task_id]
        assert (await agent.rpc("GetTask", {"id": task_id}))["error"]["code"] == TASK_NOT_FOUND.code


async def test_headers_of_any_value(agent: Agent) -> None:
    """HTTP itself lets no U+0000 through."""
    for value in ("\xff", "x" * 8_000, "a,,b;q=1, ;"):
        headers = {"A2A-Version": "1.0", "A2A-Extensions": value}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say("hello")}}
        raw = [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
        response = await agent.http.post(agent.url, json=asked, headers=raw)
        assert response.json()["result"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
    async with connected(agent) as stub:
        for octets in (b"\0", b"\xff"):
            said = (*CURRENT, ("x-any-bin", octets))
            await stub.ListTasks(ListTasksRequest(), metadata=said)


async def test_what_a_model_writes_can_always_be_stored(run_server: RunServer, database_url: str) -> None:
    """Also where the database looks into it: for the tasks in a state."""

    def asks(asked: Asked) -> Says:
        return Says(f"a{NUL}b", (("ask_user", json.dumps({"question": f"Is it {NUL}?"})),))

    agent = await run_server(asks, database=database_url, ask_user=True)
    task = await agent.send("hello")
    assert task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert task["status"]["message"]["parts"][0]["text"] == "Is it \N{REPLACEMENT CHARACTER}?"
    listed = await agent.rpc("ListTasks", {"status": "TASK_STATE_INPUT_REQUIRED", "includeArtifacts": True})
    assert [each["id"] for each in listed["result"]["tasks"]] == [task["id"]]
    answered = await agent.rpc("SendMessage", {"message": say(f"a{NUL}b", taskId=task["id"])})
    assert answered["error"]["code"] == INVALID_PARAMS.code
    assert (await agent.send("yes", taskId=task["id"]))["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
