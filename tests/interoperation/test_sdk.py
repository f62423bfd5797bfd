"""The A2A SDK's own client, and ours, against this service, over each binding."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import pytest
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.types import (
    AgentCard,
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import TaskNotFoundError
from google.protobuf.json_format import MessageToDict

from service.errors import ServiceError
from service.events import CallFinished, CallStarted, Event
from service.outbound.client import RemoteAgent, open_http
from tests.conftest import Agent, RunServer, adds, echo
from tests.outbound.test_client import stranger

over_each = pytest.mark.parametrize(
    ("binding", "version"),
    [(binding, version) for binding in TransportProtocol for version in ("1.0", "0.3")],
)


@asynccontextmanager
async def connected(agent: Agent, binding: str, version: str, **config: Any) -> AsyncIterator[Client]:
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    for interface in list(card.supported_interfaces):
        if (interface.protocol_binding, interface.protocol_version) != (binding, version):
            card.supported_interfaces.remove(interface)
    factory = ClientFactory(
        ClientConfig(
            httpx_client=agent.http,
            grpc_channel_factory=grpc.aio.insecure_channel,
            supported_protocol_bindings=[binding],
            **config,
        )
    )
    client = factory.create(card)
    try:
        yield client
    finally:
        if binding == TransportProtocol.GRPC:  # else it would close the HTTP client of the tests
            await client.close()


def request(text: str, **configuration: Any) -> SendMessageRequest:
    message = Message(message_id=text, role=Role.ROLE_USER, parts=[Part(text=text)])
    return SendMessageRequest(message=message, configuration=SendMessageConfiguration(**configuration))


def text_of(events: list[StreamResponse]) -> str:
    updates = [event.artifact_update for event in events if event.HasField("artifact_update")]
    return "".join(part.text for update in updates for part in update.artifact.parts)


@over_each
async def test_a_message_is_sent_and_its_task_got(run_server: RunServer, binding: str, version: str) -> None:
    agent = await run_server(adds, grpc_port=0)
    async with connected(agent, binding, version, streaming=False) as client:
        (answer,) = [event async for event in client.send_message(request("2 and 3?"))]
        assert answer.task.status.state == TaskState.TASK_STATE_COMPLETED
        assert [part.text for part in answer.task.artifacts[0].parts] == ["Let me see. It is 5."]
        got = await client.get_task(GetTaskRequest(id=answer.task.id))
        assert (got.id, got.context_id, got.status.state) == (
            answer.task.id,
            answer.task.context_id,
            TaskState.TASK_STATE_COMPLETED,
        )
        with pytest.raises(Exception, match="not found"):
            await client.get_task(GetTaskRequest(id="no-such"))


@over_each
async def test_a_message_is_streamed(run_server: RunServer, binding: str, version: str) -> None:
    agent = await run_server(adds, grpc_port=0)
    async with connected(agent, binding, version) as client:
        events = [event async for event in client.send_message(request("2 and 3?"))]
    assert events[0].HasField("task")
    assert text_of(events) == "Let me see. It is 5."
    assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED


@over_each
async def test_a_task_is_subscribed_to_and_cancelled(run_server: RunServer, binding: str, version: str) -> None:
    agent = await run_server(echo, grpc_port=0)
    agent.engine.gate.clear()
    async with connected(agent, binding, version) as client:
        begun = await anext(client.send_message(request("hello")))
        heard = client.subscribe(SubscribeToTaskRequest(id=begun.task.id))
        assert (await anext(heard)).task.id == begun.task.id
        ended = await client.cancel_task(CancelTaskRequest(id=begun.task.id))
        assert ended.status.state == TaskState.TASK_STATE_CANCELED
        last = [event async for event in heard][-1]
        assert last.status_update.status.state == TaskState.TASK_STATE_CANCELED


@pytest.mark.parametrize("binding", TransportProtocol)
async def test_tasks_are_listed(run_server: RunServer, binding: str) -> None:
    """Which 0.3 has no call for."""
    agent = await run_server(echo, grpc_port=0)
    async with connected(agent, binding, "1.0", streaming=False) as client:
        for text in ("one", "two", "three"):
            _ = [event async for event in client.send_message(request(text))]
        first = await client.list_tasks(ListTasksRequest(page_size=2, include_artifacts=True))
        rest = await client.list_tasks(ListTasksRequest(page_size=2, page_token=first.next_page_token))
        assert [task.history[0].message_id for task in (*first.tasks, *rest.tasks)] == ["three", "two", "one"]
        assert (first.total_size, rest.next_page_token) == (3, "")
        assert [len(task.artifacts) for task in (*first.tasks, *rest.tasks)] == [1, 1, 0]
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id="no-such"))


async def only_grpc(agent: Agent) -> AgentCard:
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    for interface in list(card.supported_interfaces):
        if interface.protocol_binding != TransportProtocol.GRPC:
            card.supported_interfaces.remove(interface)
    return card


async def test_our_client_hears_an_agent_that_speaks_only_grpc(run_server: RunServer) -> None:
    card = await only_grpc(await run_server(adds, grpc_port=0))
    heard: list[Event] = []

    async def hear(event: Event) -> None:
        heard.append(event)

    async with stranger(card=MessageToDict(card)) as elsewhere, open_http() as http:
        reply = await (await RemoteAgent.find(http, elsewhere.url)).ask("2 and 3?", None, hear)
    assert (reply.state, reply.text) == ("completed", "Let me see. It is 5.")
    assert {CallStarted, CallFinished} <= {type(event) for event in heard}


async def test_our_client_does_not_ask_wherever_a_card_points(run_server: RunServer) -> None:
    card = await only_grpc(await run_server(adds, grpc_port=0))
    for interface in card.supported_interfaces:
        interface.url = interface.url.replace("127.0.0.1", "localhost")
    async with stranger(card=MessageToDict(card)) as elsewhere, open_http() as http:
        with pytest.raises(ServiceError, match="speaks gRPC elsewhere, at localhost:"):
            await RemoteAgent.find(http, elsewhere.url)
