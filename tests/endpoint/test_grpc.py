"""The gRPC binding: what it answers, refuses and limits, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from a2a.auth.user import UnauthenticatedUser, User
from a2a.compat.v0_3 import a2a_v0_3_pb2, a2a_v0_3_pb2_grpc
from a2a.server.context import ServerCallContext
from a2a.types import (
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from a2a.types.a2a_pb2_grpc import A2AServiceStub
from a2a.utils.grpc_status import status_from_call
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from starlette.datastructures import Headers

from service import extension
from service.endpoint.grpc import GrpcServer
from service.endpoint.handler import Handler
from service.errors import ConfigError
from tests.conftest import Agent, RunServer, Says, adds, echo, eventually
from tests.endpoint.bindings import (
    INTERNAL,
    INVALID_PARAMS,
    NOT_CANCELABLE,
    TASK_NOT_FOUND,
    UNSUPPORTED,
    VERSION,
    Error,
)
from tests.endpoint.everybody import Asker, make_everybody

CURRENT = (("a2a-version", "1.0"),)


async def address(agent: Agent) -> str:
    """As its card says it."""
    card = (await agent.http.get(f"{agent.url}/.well-known/agent-card.json")).json()
    found = {each["url"] for each in card["supportedInterfaces"] if each["protocolBinding"] == "GRPC"}
    assert len(found) == 1
    return str(found.pop())


@asynccontextmanager
async def connected(agent: Agent, *options: tuple[str, Any]) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(await address(agent), options=options) as channel:
        yield A2AServiceStub(channel)  # type: ignore[no-untyped-call]


def request(text: str, *, at_once: bool = False, **message: Any) -> SendMessageRequest:
    said: dict[str, Any] = {"message_id": "m1", "role": Role.ROLE_USER, "parts": [Part(text=text)]}
    asked = SendMessageRequest(message=Message(**(said | message)))
    asked.configuration.return_immediately = at_once
    return asked


def texts(task: Task) -> list[str]:
    return [part.text for artifact in task.artifacts for part in artifact.parts]


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


def assert_refused(error: grpc.aio.AioRpcError, expected: Error) -> None:
    assert error.code().name == expected.status
    assert reason(error) == expected.reason


def reason(error: grpc.aio.AioRpcError) -> str:
    status = status_from_call(error)
    assert status is not None
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "a2a-protocol.org"
    return str(info.reason)


async def test_it_is_off_unless_it_is_asked_for(run_server: RunServer) -> None:
    agent = await run_server(echo)
    card = (await agent.http.get(f"{agent.url}/.well-known/agent-card.json")).json()
    assert {each["protocolBinding"] for each in card["supportedInterfaces"]} == {"JSONRPC", "HTTP+JSON"}


async def test_a_message_is_answered(run_server: RunServer) -> None:
    agent = await run_server(adds, grpc_port=0)
    async with connected(agent) as stub:
        task = (await stub.SendMessage(request("2 and 3?"), metadata=CURRENT)).task
        assert task.status.state == TaskState.TASK_STATE_COMPLETED
        assert texts(task) == ["Let me see. It is 5."]
        assert await stub.GetTask(GetTaskRequest(id=task.id), metadata=CURRENT) == task
        listed = await stub.ListTasks(ListTasksRequest(), metadata=CURRENT)
        assert [each.id for each in listed.tasks] == [task.id]
    assert [each["id"] for each in await agent.listed("COMPLETED")] == [task.id]


async def test_a_stream_begins_with_the_task_and_ends_with_its_end(run_server: RunServer) -> None:
    agent = await run_server(adds, grpc_port=0)
    async with connected(agent) as stub:
        events = [event async for event in stub.SendStreamingMessage(request("2 and 3?"), metadata=CURRENT)]
    assert events[0].HasField("task")
    assert "".join(part.text for e in events for part in e.artifact_update.artifact.parts) == "Let me see. It is 5."
    assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED


async def test_a_task_is_followed_and_cancelled(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    agent.engine.gate.clear()
    async with connected(agent) as stub:
        task = (await stub.SendMessage(request("hello", at_once=True), metadata=CURRENT)).task
        events = aiter(stub.SubscribeToTask(SubscribeToTaskRequest(id=task.id), metadata=CURRENT))
        assert (await anext(events)).task.id == task.id
        ended = await stub.CancelTask(CancelTaskRequest(id=task.id), metadata=CURRENT)
        assert ended.status.state == TaskState.TASK_STATE_CANCELED
        last = [event async for event in events][-1]
        assert last.status_update.status.state == TaskState.TASK_STATE_CANCELED


async def test_a_client_that_goes_does_not_end_its_task(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    agent.engine.gate.clear()
    async with connected(agent) as stub:
        call = stub.SendStreamingMessage(request("hello"), metadata=CURRENT)
        assert (await call.read()).HasField("task")
        call.cancel()
    agent.engine.gate.set()
    await agent.listed("COMPLETED")


async def test_what_is_refused_is_refused_as_over_http(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with connected(agent) as stub:
        done = (await stub.SendMessage(request("hello"), metadata=CURRENT)).task
        for call, error in (
            (stub.GetTask(GetTaskRequest(id="no-such"), metadata=CURRENT), TASK_NOT_FOUND),
            (stub.CancelTask(CancelTaskRequest(id=done.id), metadata=CURRENT), NOT_CANCELABLE),
            (stub.SubscribeToTask(SubscribeToTaskRequest(id=done.id), metadata=CURRENT).read(), UNSUPPORTED),
            (stub.SendMessage(request("x" * 16_001), metadata=CURRENT), INVALID_PARAMS),
            (stub.ListTasks(ListTasksRequest(page_size=101), metadata=CURRENT), INVALID_PARAMS),
        ):
            assert_refused(await refused(call), error)


@pytest.mark.parametrize("said", [(), (("a2a-version", ""),), (("a2a-version", "0.3"),), (("a2a-version", "99.0"),)])
async def test_a_version_that_is_not_spoken(run_server: RunServer, said: tuple[tuple[str, str], ...]) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with connected(agent) as stub:
        assert_refused(await refused(stub.SendMessage(request("hello"), metadata=said)), VERSION)
        assert_refused(await refused(stub.SendStreamingMessage(request("hello"), metadata=said).read()), VERSION)
    assert not agent.engine.requests


async def test_an_agent_of_the_version_before(run_server: RunServer) -> None:
    agent = await run_server(adds, grpc_port=0)
    asked = a2a_v0_3_pb2.SendMessageRequest(
        request=a2a_v0_3_pb2.Message(
            message_id="m1",
            role=a2a_v0_3_pb2.ROLE_USER,
            content=[a2a_v0_3_pb2.Part(text="2 and 3?")],
        ),
        configuration=a2a_v0_3_pb2.SendMessageConfiguration(blocking=True),
    )
    async with grpc.aio.insecure_channel(await address(agent)) as channel:
        stub: Any = a2a_v0_3_pb2_grpc.A2AServiceStub(channel)  # type: ignore[no-untyped-call]
        task = (await stub.SendMessage(asked)).task
        assert task.status.state == a2a_v0_3_pb2.TASK_STATE_COMPLETED
        assert task.artifacts[0].parts[0].text == "Let me see. It is 5."
        error = await refused(stub.SendMessage(asked, metadata=CURRENT))
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_who_asks_for_our_events_hears_them_and_is_told_so(run_server: RunServer) -> None:
    agent = await run_server(adds, grpc_port=0)
    async with connected(agent) as stub:
        for number, (asked, active) in enumerate((("https://a.example", False), (extension.URI, True))):
            call = stub.SendStreamingMessage(
                request("2 and 3?", message_id=f"m{number}"), metadata=(*CURRENT, ("a2a-extensions", asked))
            )
            heard = [event async for event in call]
            told = [event for event in heard if extension.URI in event.status_update.status.message.extensions]
            assert bool(told) is active
            said = dict(await call.initial_metadata()).get("a2a-extensions")
            assert said == (extension.URI if active else None)
            metadata = (*CURRENT, ("a2a-extensions", asked))
            task = await stub.GetTask(GetTaskRequest(id=heard[0].task.id), metadata=metadata)
            listed = (await stub.ListTasks(ListTasksRequest(), metadata=metadata)).tasks[0]
            assert bool(extension.events_of(task.metadata)) is active
            for each in (*heard, task, listed):
                assert active or extension.URI not in str(each)


async def test_a_message_beyond_the_limit_is_refused_unread(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with connected(agent) as stub:
        error = await refused(stub.SendMessage(request("x" * 2**20), metadata=CURRENT))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await stub.SendMessage(request("hello"), metadata=CURRENT)).task.id


async def test_metadata_beyond_the_limit_is_refused(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    async with connected(agent) as stub:
        error = await refused(stub.SendMessage(request("hello"), metadata=(*CURRENT, ("x", "y" * 2**15))))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await stub.SendMessage(request("hello"), metadata=CURRENT)).task.id


async def test_what_went_wrong_inside_is_not_told(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(self: Handler, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        raise RuntimeError("the password is hunter2")

    agent = await run_server(echo, grpc_port=0)
    monkeypatch.setattr(Handler, "on_get_task", fails)
    async with connected(agent) as stub:
        error = await refused(stub.GetTask(GetTaskRequest(id="t"), metadata=CURRENT))
    assert_refused(error, INTERNAL)
    assert "hunter2" not in str(error)


async def test_new_work_is_refused_while_the_service_is_to_end(run_server: RunServer) -> None:
    """What is under way is heard to its end, and is still read and followed."""
    agent = await run_server(lambda asked: Says(asked.text), grpc_port=0, drain_seconds=30)
    agent.engine.gate.clear()
    async with connected(agent) as stub:
        events = aiter(stub.SendStreamingMessage(request("hello"), metadata=CURRENT))
        task = (await anext(events)).task
        stopping = asyncio.create_task(agent.stop())

        async def is_draining() -> bool:
            response = await agent.http.get(f"{agent.url}/readyz")
            return bool(response.status_code == 503)

        await eventually(is_draining)
        for call in (
            stub.SendMessage(request("more", message_id="m2"), metadata=CURRENT),
            stub.SendStreamingMessage(request("more", message_id="m2"), metadata=CURRENT).read(),
        ):
            error = await refused(call)
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            status = status_from_call(error)
            assert status is not None
            assert status.details[1].Is(RetryInfo.DESCRIPTOR)
        assert (await stub.GetTask(GetTaskRequest(id=task.id), metadata=CURRENT)).id == task.id
        agent.engine.gate.set()
        last = [event async for event in events][-1]
        assert last.status_update.status.state == TaskState.TASK_STATE_COMPLETED
        await stopping


async def test_a_port_that_is_taken(run_server: RunServer) -> None:
    agent = await run_server(echo, grpc_port=0)
    port = int((await address(agent)).rsplit(":", 1)[1])
    never_asked: Any = None
    with pytest.raises(ConfigError, match=f"port {port} for gRPC"):
        GrpcServer(never_asked, "127.0.0.1", port, message_bytes=1000, draining=bool, connections=9)


async def test_a_message_too_many_is_told_when_to_come_again(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.endpoint.admission._COUNT_SECONDS", 0.0)
    agent = await run_server(echo, grpc_port=0, limits={"running": 1, "queued": 1})
    agent.engine.gate.clear()
    async with connected(agent) as stub:
        for number in range(2):
            await stub.SendMessage(request(f"{number}", at_once=True, message_id=f"m{number}"), metadata=CURRENT)
        error = await refused(stub.SendMessage(request("more", message_id="more"), metadata=CURRENT))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        status = status_from_call(error)
        assert status is not None
        again = RetryInfo()
        assert status.details[1].Unpack(again)
        assert again.retry_delay.seconds >= 1


async def test_who_calls_is_asked_before_anything_is_done() -> None:
    asked: list[tuple[str | None, str | None]] = []
    heard: list[User] = []

    async def identify(headers: Headers, address: str | None) -> User:
        asked.append((headers.get("Authorization"), address))
        return UnauthenticatedUser()

    class Listener(Handler):
        def __init__(self) -> None:
            pass

        async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
            heard.append(context.user)
            return Task(id=params.id)

    server = GrpcServer(Listener(), "127.0.0.1", 0, message_bytes=1000, draining=bool, connections=9, identify=identify)
    async with server.serving(), grpc.aio.insecure_channel(server.address) as channel:
        stub: Any = A2AServiceStub(channel)  # type: ignore[no-untyped-call]
        await stub.GetTask(GetTaskRequest(id="t"), metadata=(*CURRENT, ("authorization", "Bearer x")))
    assert asked == [("Bearer x", "127.0.0.1")]
    assert len(heard) == 1


@pytest.mark.parametrize("asks", ["stranger", "namesake", "other_tenant", "anonymous"])
async def test_what_is_somebody_s_is_nobody_else_s(run_server: RunServer, tmp_path: Path, asks: str) -> None:
    """A stranger's task looks like one that there is not; who has no credentials is asked for some."""
    everybody = make_everybody(tmp_path)
    agent = await run_server(echo, grpc_port=0, auth=everybody.auth)
    mine, asker = everybody.owner, getattr(everybody, asks)
    async with connected(agent) as stub:
        task = (await stub.SendMessage(request("mine"), metadata=metadata_of(mine))).task
        assert (await stub.GetTask(GetTaskRequest(id=task.id), metadata=metadata_of(mine))).id == task.id
        tenant, metadata = asker.tenant, metadata_of(asker)
        more = request("more", message_id="m2", task_id=task.id)
        more.tenant = tenant
        for call in (
            stub.GetTask(GetTaskRequest(id=task.id, tenant=tenant), metadata=metadata),
            stub.CancelTask(CancelTaskRequest(id=task.id, tenant=tenant), metadata=metadata),
            stub.SubscribeToTask(SubscribeToTaskRequest(id=task.id, tenant=tenant), metadata=metadata).read(),
            stub.SendMessage(more, metadata=metadata),
            stub.SendStreamingMessage(more, metadata=metadata).read(),
        ):
            error = await refused(call)
            if asks == "anonymous":
                assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            else:
                assert_refused(error, TASK_NOT_FOUND)
        listing = stub.ListTasks(ListTasksRequest(tenant=tenant), metadata=metadata)
        if asks == "anonymous":
            assert (await refused(listing)).code() is grpc.StatusCode.UNAUTHENTICATED
        else:
            assert (await listing).total_size == 0
        extended = stub.GetExtendedAgentCard(GetExtendedAgentCardRequest(tenant=tenant), metadata=metadata)
        if asks == "anonymous":
            assert (await refused(extended)).code() is grpc.StatusCode.UNAUTHENTICATED
        else:
            assert (await extended).name == "agent"


def metadata_of(asker: Asker) -> tuple[tuple[str, str], ...]:
    return (*CURRENT, *((name.lower(), value) for name, value in asker.headers.items()))
