"""A message over HTTP becomes a turn, and the turn a task."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory, create_client
from a2a.types import GetTaskRequest, Message, Part, Role, SendMessageRequest, StreamResponse, TaskState
from a2a.utils.constants import TransportProtocol

from service import extension
from service.app import Service
from service.chat.inner import InnerFormat
from service.errors import ConfigError
from service.sessions.database import open_database, sole_use
from service.sessions.session import read_conversation
from service.settings import Machine
from tests.conftest import Agent, Asked, RunServer, Says, adds, agent_config, echo, say


def text_of(events: list[StreamResponse]) -> str:
    updates = [event.artifact_update for event in events if event.HasField("artifact_update")]
    return "".join(part.text for update in updates for part in update.artifact.parts)


def request(text: str, **message: Any) -> SendMessageRequest:
    return SendMessageRequest(message=Message(message_id="m1", role=Role.ROLE_USER, parts=[Part(text=text)], **message))


async def frames(agent: Agent, text: str, **headers: str) -> list[dict[str, Any]]:
    """The results of a JSON-RPC stream."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": say(text)}}
    async with agent.http.stream("POST", agent.url, json=body, headers={"A2A-Version": "1.0", **headers}) as response:
        lines = [line async for line in response.aiter_lines()]
    return [json.loads(line.removeprefix("data: "))["result"] for line in lines if line.startswith("data: ")]


async def test_what_happened_in_a_turn_is_told_and_not_kept(run_server: RunServer) -> None:
    """Else a peer's answer, piece by piece, would fill its caller's task."""
    agent = await run_server(adds)
    updates = await frames(agent, "2 and 3?", **{"A2A-Extensions": extension.URI})
    told = [update["statusUpdate"]["status"].get("message") for update in updates if "statusUpdate" in update]
    assert any(message["extensions"] == [extension.URI] for message in told if message)
    (task,) = await agent.listed("COMPLETED")
    kept = (await agent.rpc("GetTask", {"id": task["id"]}))["result"]
    assert [message["role"] for message in kept["history"]] == ["ROLE_USER"]


async def test_a_unary_answer_is_one_artifact_with_one_part(run_server: RunServer) -> None:
    agent = await run_server(adds)
    task = await agent.send("2 and 3?")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert [part["text"] for part in task["artifacts"][0]["parts"]] == ["Let me see. It is 5."]
    assert len(task["artifacts"]) == 1
    assert task["history"][0]["parts"] == [{"text": "2 and 3?"}]
    stored = await agent.rpc("GetTask", {"id": task["id"]})
    assert stored["result"]["artifacts"] == task["artifacts"]


@pytest.mark.parametrize("binding", [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON])
async def test_a_stream_that_has_nothing_to_say_gives_signs_of_life(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, binding: str
) -> None:
    """Else clients give up on a model that thinks, or waits for a tool, for longer than they wait for a byte."""
    monkeypatch.setattr("service.process.server._PING_SECONDS", 0.1)
    agent = await run_server()
    agent.engine.gate.clear()
    async with httpx.AsyncClient(timeout=1) as impatient:
        client = await create_client(
            agent.url, ClientConfig(httpx_client=impatient, supported_protocol_bindings=[binding])
        )
        stream = client.send_message(request("hello"))
        events = [await anext(stream)]
        await agent.engine.started.wait()
        asyncio.get_running_loop().call_later(2.5, agent.engine.gate.set)
        events += [event async for event in stream]
    assert text_of(events) == "You said: hello"


@pytest.mark.parametrize("version", ["1.0", "0.3"])
@pytest.mark.parametrize("binding", [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON])
async def test_a_stream_begins_with_the_task_and_ends_with_its_end(
    run_server: RunServer, binding: str, version: str
) -> None:
    agent = await run_server(adds)
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    for interface in list(card.supported_interfaces):
        if interface.protocol_version != version:
            card.supported_interfaces.remove(interface)
    config = ClientConfig(httpx_client=agent.http, supported_protocol_bindings=[binding])
    client = ClientFactory(config).create(card)
    events = [event async for event in client.send_message(request("2 and 3?"))]
    assert events[0].task.status.state in (TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING)
    assert text_of(events) == "Let me see. It is 5."
    assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
    task = await client.get_task(GetTaskRequest(id=events[0].task.id))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED


async def test_return_immediately_answers_before_the_turn_ends(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    params = {"message": say("hello"), "configuration": {"returnImmediately": True}}
    task = (await agent.rpc("SendMessage", params))["result"]["task"]
    assert task["status"]["state"] in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING")
    agent.engine.gate.set()
    assert (await agent.listed("COMPLETED"))[0]["id"] == task["id"]


async def test_the_first_delta_goes_out_at_once(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says("x" * 200), engine={"seconds_per_chunk": 0.001})
    updates = [frame["artifactUpdate"] for frame in await frames(agent, "go") if "artifactUpdate" in frame]
    assert len(updates[0]["artifact"]["parts"][0]["text"]) < 20
    assert [update.get("append", False) for update in updates] == [False, *[True] * (len(updates) - 1)]
    assert "".join(update["artifact"]["parts"][0]["text"] for update in updates) == "x" * 200


async def test_events_are_sent_to_who_asks_for_them(run_server: RunServer) -> None:
    agent = await run_server(adds)
    updates = await frames(agent, "2 and 3?", **{"A2A-Extensions": extension.URI})
    messages = [frame["statusUpdate"]["status"].get("message", {}) for frame in updates if "statusUpdate" in frame]
    parts = [part for message in messages for part in message.get("parts", []) if part.get("metadata")]
    assert [(part["data"]["kind"], part["metadata"]["adk_type"]) for part in parts] == [
        ("call_started", "function_call"),
        ("call_finished", "function_response"),
    ]
    assert parts[0]["data"]["args"] == {"a": 2, "b": 3}
    assert parts[1]["data"]["response"] == {"result": "5"}
    assert all(message["extensions"] == [extension.URI] for message in messages if message)


async def test_events_are_not_sent_to_who_does_not_ask(run_server: RunServer) -> None:
    agent = await run_server(adds)
    updates = await frames(agent, "2 and 3?")
    assert not any("message" in frame["statusUpdate"]["status"] for frame in updates if "statusUpdate" in frame)


async def test_the_response_names_the_extension_that_was_asked_for(run_server: RunServer) -> None:
    agent = await run_server(echo)
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say("hello")}}
    other = "https://other.example/x"
    for asked, named in ((f"{other}, {extension.URI}", extension.URI), (other, None)):
        response = await agent.http.post(agent.url, json=body, headers={"A2A-Version": "1.0", "A2A-Extensions": asked})
        assert response.headers.get("A2A-Extensions") == named


async def test_a_follow_up_continues_the_transcript_token_by_token(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"))
    first = await agent.send("one")
    second = await agent.send("two", contextId=first["contextId"])
    assert second["artifacts"][0]["parts"][0]["text"] == "1 before"
    assert second["id"] != first["id"]
    before, after = (prompt for prompt, _ in agent.engine.requests)
    assert after[: len(before) + len(agent.engine.outputs[0])] == before + agent.engine.outputs[0]


async def test_a_follow_up_continues_after_a_restart(run_server: RunServer, chat: InnerFormat) -> None:
    agent = await run_server(adds)
    first = await agent.send("2 and 3?")
    await agent.stop()
    again = await run_server(lambda asked: Says(f"You asked: {asked.before[0]}"))
    second = await again.send("What did I ask?", contextId=first["contextId"])
    assert second["artifacts"][0]["parts"][0]["text"] == "You asked: 2 and 3?"
    said = agent.engine.requests[-1][0] + agent.engine.outputs[-1]
    assert again.engine.requests[0][0][: len(said)] == said
    assert (await again.rpc("GetTask", {"id": first["id"]}))["result"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_what_is_stored_is_what_the_engine_was_given_and_gave(run_server: RunServer) -> None:
    agent = await run_server(adds)
    task = await agent.send("2 and 3?")
    async with open_database(agent.database) as database:
        transcript = await read_conversation(database, task["contextId"])
    assert transcript.tokens == agent.engine.requests[-1][0] + agent.engine.outputs[-1]


async def test_two_messages_at_once_in_one_context_take_turns(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"))
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("one", contextId="c"))
    await agent.engine.started.wait()
    second = asyncio.create_task(agent.send("two", contextId="c"))
    elsewhere = asyncio.create_task(agent.send("three", contextId="d"))
    await agent.listed("WORKING", "WORKING", "SUBMITTED")
    assert len(agent.engine.requests) == 2
    agent.engine.gate.set()
    answers = [(await task)["artifacts"][0]["parts"][0]["text"] for task in (first, second, elsewhere)]
    assert answers == ["0 before", "1 before", "0 before"]


async def test_no_more_turns_than_allowed_are_decoded_at_once(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"running": 2})
    agent.engine.gate.clear()
    asked = [asyncio.create_task(agent.send(f"{n}")) for n in range(4)]
    await agent.listed("WORKING", "WORKING", "SUBMITTED", "SUBMITTED")
    assert len(agent.engine.requests) == 2
    agent.engine.gate.set()
    assert {(await task)["status"]["state"] for task in asked} == {"TASK_STATE_COMPLETED"}


async def test_tasks_are_listed_newest_first_and_by_context(run_server: RunServer) -> None:
    agent = await run_server(echo)
    first, second = [await agent.send(text) for text in ("one", "two")]
    page = (await agent.rpc("ListTasks", {"includeArtifacts": False}))["result"]
    assert [task["id"] for task in page["tasks"]] == [second["id"], first["id"]]
    assert page["nextPageToken"] == ""
    page = (await agent.rpc("ListTasks", {"contextId": first["contextId"]}))["result"]
    assert [task["id"] for task in page["tasks"]] == [first["id"]]


async def test_a_v0_3_client_is_served(run_server: RunServer) -> None:
    agent = await run_server(adds)
    message = {"kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "2 and 3?"}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": message}}
    task = (await agent.http.post(agent.url, json=body)).json()["result"]
    assert task["status"]["state"] == "completed"
    assert task["artifacts"][0]["parts"][0]["text"] == "Let me see. It is 5."
    rest = {"message": {"messageId": "m2", "role": "ROLE_USER", "content": [{"text": "2 and 3?"}]}}
    answer = (await agent.http.post(f"{agent.url}/v1/message:send", json=rest)).json()
    assert answer["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize("value", ["9" * 400, '"\\ud800"'], ids=["a number beyond a double", "half a character"])
async def test_arguments_that_the_wire_cannot_hold(run_server: RunServer, value: str) -> None:
    def reply(asked: Asked) -> Says:
        return Says("Done.") if asked.results else Says("", (("add", f'{{"a": {value}, "b": 1}}'),))

    agent = await run_server(reply)
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say("hello")}}
    headers = {"A2A-Version": "1.0", "A2A-Extensions": extension.URI}
    task = (await agent.http.post(agent.url, json=body, headers=headers)).json()["result"]["task"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize("database", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
async def test_conversations_and_tasks_may_be_in_memory(run_server: RunServer, database: str) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"), database=database)
    first = await asyncio.gather(*(agent.send("one") for _ in range(8)))
    second = await asyncio.gather(*(agent.send("two", contextId=task["contextId"]) for task in first))
    assert [task["artifacts"][0]["parts"][0]["text"] for task in second] == ["1 before"] * 8
    await agent.listed(*["COMPLETED"] * 16)
    assert not agent.data.exists()


async def test_a_folder_s_name_may_hold_what_means_something_in_a_url(run_server: RunServer) -> None:
    name = "is 50%25 #1?mode=memory"
    agent = await run_server(echo, name=name)
    await agent.send("hello")
    assert (agent.data / f"{name}-conversations.sqlite3").is_file()


async def test_two_agents_cannot_share_a_file(run_server: RunServer, tmp_path: Path, chat: InnerFormat) -> None:
    """The second would take the first one's running tasks for lost."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'shared.sqlite3'}"
    one = await run_server(echo, name="one", database=database)
    machine = Machine(data=tmp_path / "other", database=database)
    two = Service(agent_config("two"), machine, tmp_path / "two", nullcontext(one.engine), chat, "http://two.example")
    with pytest.raises(ConfigError, match=r"another process uses .*shared\.sqlite3"):
        async with two._lifespan(two._app):
            raise AssertionError
    assert (await one.send("hello"))["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_the_same_data_cannot_be_served_twice(run_server: RunServer) -> None:
    agent = await run_server(echo)
    with pytest.raises(ConfigError, match="another process uses"), sole_use(agent.database):
        pass
