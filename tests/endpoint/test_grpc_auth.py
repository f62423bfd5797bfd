"""Who is let in over gRPC, and whose tasks are whose there: as over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from a2a.compat.v0_3 import a2a_v0_3_pb2, a2a_v0_3_pb2_grpc
from a2a.types import a2a_pb2, a2a_pb2_grpc

from service.settings import AuthSection
from tests.conftest import Agent, RunServer, echo
from tests.endpoint.everybody import Asker, Everybody, begin, make_everybody
from tests.endpoint.issuer import Issuer, bearer, trust
from tests.endpoint.test_grpc import address
from tests.endpoint.test_ownership import OPERATIONS


@pytest.fixture
def everybody(tmp_path: Path) -> Everybody:
    return make_everybody(tmp_path)


Requests = Callable[[str, str, str], Any]
"""The request of an operation, for a task and a tenant; None where there is none."""


def current(operation: str, task_id: str, tenant: str) -> Any:
    if "Message" in operation:
        part = a2a_pb2.Part(text="go on")
        message = a2a_pb2.Message(message_id=str(uuid.uuid4()), role="ROLE_USER", parts=[part], task_id=task_id)
        return a2a_pb2.SendMessageRequest(message=message, tenant=tenant)
    kind = "TaskPushNotificationConfig" if operation.startswith("Create") else f"{operation}Request"
    request = getattr(a2a_pb2, kind)(tenant=tenant)
    if "Push" in operation:
        request.task_id = task_id
    elif hasattr(request, "id"):
        request.id = task_id
    return request


def legacy(operation: str, task_id: str, tenant: str) -> Any:
    if tenant or operation == "ListTasks":
        return None
    pb2: Any = a2a_v0_3_pb2
    name = f"tasks/{task_id}"
    match operation:
        case "SendMessage" | "SendStreamingMessage":
            part = pb2.Part(text="go on")
            message = pb2.Message(message_id=str(uuid.uuid4()), role="ROLE_USER", content=[part], task_id=task_id)
            return pb2.SendMessageRequest(request=message)
        case "SubscribeToTask":
            return pb2.TaskSubscriptionRequest(name=name)
        case "CreateTaskPushNotificationConfig":
            return pb2.CreateTaskPushNotificationConfigRequest(parent=name, config_id="p")
        case "ListTaskPushNotificationConfigs":
            return pb2.ListTaskPushNotificationConfigRequest(parent=name)
        case "GetTaskPushNotificationConfig" | "DeleteTaskPushNotificationConfig":
            return getattr(pb2, f"{operation}Request")(name=f"{name}/pushNotificationConfigs/p")
        case "GetExtendedAgentCard":
            return pb2.GetAgentCardRequest()
        case _:
            return getattr(pb2, f"{operation}Request")(name=name)


_LEGACY_NAMES = {
    "SubscribeToTask": "TaskSubscription",
    "ListTaskPushNotificationConfigs": "ListTaskPushNotificationConfig",
    "GetExtendedAgentCard": "GetAgentCard",
}


class Caller:
    """Of one version."""

    def __init__(self, channel: grpc.aio.Channel, requests: Requests) -> None:
        is_legacy = requests is legacy
        module: Any = a2a_v0_3_pb2_grpc if is_legacy else a2a_pb2_grpc
        self._stub = module.A2AServiceStub(channel)
        self._names = _LEGACY_NAMES if is_legacy else {}
        self._version = () if is_legacy else (("a2a-version", "1.0"),)
        self._requests = requests

    async def answer(self, asker: Asker, operation: str, task_id: str) -> Any:
        """All that an asker learns about a task, but for the id."""
        request = self._requests(operation, task_id, asker.tenant)
        if request is None:
            return None
        metadata = (*self._version, *((name.lower(), value) for name, value in asker.headers.items()))
        call = getattr(self._stub, self._names.get(operation, operation))(request, metadata=metadata, timeout=20)
        try:
            if operation in ("SendStreamingMessage", "SubscribeToTask"):
                return [str(event).replace(task_id, "ID") async for event in call]
            return str(await call).replace(task_id, "ID")
        except grpc.aio.AioRpcError as error:
            trailers = [(key, str(value).replace(task_id, "ID")) for key, value in error.trailing_metadata() or ()]
            return error.code(), (error.details() or "").replace(task_id, "ID"), trailers


@asynccontextmanager
async def calling(agent: Agent, requests: Requests) -> AsyncIterator[Caller]:
    async with grpc.aio.insecure_channel(await address(agent)) as channel:
        yield Caller(channel, requests)


@pytest.mark.parametrize("requests", [current, legacy])
async def test_a_stranger_s_task_is_like_none(run_server: RunServer, everybody: Everybody, requests: Requests) -> None:
    agent = await run_server(echo, auth=everybody.auth, grpc_port=0)
    agent.engine.gate.clear()
    task = await begin(agent, everybody.owner)
    await agent.engine.started.wait()
    async with calling(agent, requests) as caller:
        before = await caller.answer(everybody.owner, "GetTask", task["id"])
        assert task["contextId"] in before
        for who in (everybody.stranger, everybody.namesake, everybody.other_tenant, everybody.anonymous):
            for operation in OPERATIONS:
                unknown = await caller.answer(who, operation, str(uuid.uuid4()))
                assert await caller.answer(who, operation, task["id"]) == unknown, operation
                assert unknown is None or who.headers or unknown[0] == grpc.StatusCode.UNAUTHENTICATED
                assert task["contextId"] not in str(unknown)
        assert await caller.answer(everybody.owner, "GetTask", task["id"]) == before
        assert "CANCEL" in await caller.answer(everybody.owner, "CancelTask", task["id"])


async def test_callers_are_known_by_what_they_say_beside_their_request(
    run_server: RunServer, everybody: Everybody
) -> None:
    agent = await run_server(echo, auth=everybody.auth, grpc_port=0)
    async with calling(agent, current) as caller:
        for who in (everybody.owner, everybody.namesake):
            assert isinstance(await caller.answer(who, "ListTasks", ""), str)
        for headers in ({"Authorization": "Bearer x"}, {"X-API-Key": "x"}, {}):
            code, why, _ = await caller.answer(Asker(headers), "ListTasks", "")
            assert code == grpc.StatusCode.UNAUTHENTICATED
            assert why


async def test_an_issuer_that_is_away(run_server: RunServer) -> None:
    auth: AuthSection = trust("http://127.0.0.1:1/jwks")
    agent = await run_server(echo, auth=auth, grpc_port=0)
    async with calling(agent, current) as caller:
        code, _, _ = await caller.answer(Asker(bearer(Issuer().token())), "ListTasks", "")
        assert code == grpc.StatusCode.UNAVAILABLE
