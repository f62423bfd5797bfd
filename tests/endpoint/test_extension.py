"""The events and the usage that an agent tells those who ask, in the form that the schema in the repository gives."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import update

from service import extension
from service.errors import EngineError
from service.sessions.database import open_database
from service.sessions.tables import turns
from tests.conftest import Agent, Asked, RunServer, Says, adds, eventually, say
from tests.endpoint.bindings import Call, over_both
from tests.endpoint.test_answers import frames
from tests.receiver import open_receiver

SCHEMA = Path(extension.__file__).with_name("extension.schema.json")
CURIOUS = {"A2A-Extensions": extension.URI}


def events_of(frames: list[dict[str, Any]]) -> list[Any]:
    messages = [frame["statusUpdate"]["status"].get("message", {}) for frame in frames if "statusUpdate" in frame]
    return [part["data"] for message in messages for part in message.get("parts", []) if "data" in part]


def usage_of(task: dict[str, Any]) -> dict[str, dict[str, int]]:
    usage: dict[str, dict[str, int]] = task["metadata"][extension.URI]["usage"]["models"]
    return usage


def record_of(task: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = task["metadata"][extension.URI]
    jsonschema.validate(record, {"$defs": json.loads(SCHEMA.read_text())["$defs"], "$ref": "#/$defs/Record"})
    return record


def computed(*agents: Agent) -> dict[str, int]:
    """What the engines were given and gave."""
    pairs = [pair for agent in agents for pair in zip(agent.engine.requests, agent.engine.outputs, strict=True)]
    return {
        "input": sum(len(prompt) for (prompt, _), _ in pairs),
        "cached": 0,
        "output": sum(len(output) for _, output in pairs),
        "idle_waits": 0,
    }


def asks_peer(asked: Asked) -> Says:
    if asked.results:
        return Says(asked.results[-1])
    return Says("Let me ask. ", (("inner", json.dumps({"message": asked.text})),))


def test_the_schema_is_that_of_the_events() -> None:
    assert json.loads(SCHEMA.read_text()) == extension.json_schema()


async def test_a_turn_s_events_are_enough_to_draw_it(run_server: RunServer) -> None:
    inner = await run_server(adds, name="inner")
    outer = await run_server(asks_peer, name="outer", peers=[{"name": "inner", "url": inner.url}])
    events = events_of(await frames(outer, "2 and 3?", **{"A2A-Extensions": extension.URI}))
    for event in events:
        jsonschema.validate(event, json.loads(SCHEMA.read_text()))
        assert event["at"] > 1.7e9
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    numbers = [event["seq"] for event in events if "seq" in event]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {event["event"]["kind"] for event in events if "seq" not in event} == {"text"}
    told = [event for event in events if event["kind"] != "call_progress"]
    assert [event["kind"] for event in told] == ["call_started", "waiting", "call_finished", "spliced"]
    assert told[1]["call_ids"] == told[3]["call_ids"] == [told[0]["call_id"]]
    assert told[3]["position"] == len(outer.engine.requests[1][0])
    inside = [event["event"]["kind"] for event in events if event["kind"] == "call_progress"]
    assert {"text", "call_started", "call_finished", "spliced", "usage"} <= set(inside)


async def test_usage_is_that_of_all_agents_once(run_server: RunServer) -> None:
    inner = await run_server(adds, name="inner")
    middle = await run_server(asks_peer, name="middle", peers=[{"name": "inner", "url": inner.url}])
    rename = [{"name": "inner", "url": middle.url}]
    outer = await run_server(asks_peer, name="outer", peers=rename)
    task = await outer.send("2 and 3?")
    assert usage_of(task) == {"scripted": computed(inner, middle, outer)}
    stored = (await outer.rpc("GetTask", {"id": task["id"]}, **CURIOUS))["result"]
    assert usage_of(stored) == usage_of(task)
    (inside,) = (await inner.rpc("ListTasks", {}, **CURIOUS))["result"]["tasks"]
    assert usage_of(inside) == {"scripted": computed(inner)}


@pytest.mark.parametrize("limits", [{"tokens": 5}, {}])
async def test_usage_of_a_turn_that_was_cut_off_too(run_server: RunServer, limits: dict[str, Any]) -> None:
    agent = await run_server(adds, limits=limits)
    assert usage_of(await agent.send("2 and 3?")) == {"scripted": computed(agent)}


async def test_usage_counts_what_an_earlier_process_took(run_server: RunServer) -> None:
    """A question to the user stands between them."""

    def asks(asked: Asked) -> Says:
        if not asked.results:
            return Says("", (("inner", '{"message": "2 and 3?"}'), ("ask_user", '{"question": "Well?"}')))
        return Says("Done.")

    inner = await run_server(adds, name="inner")
    peers = [{"name": "inner", "url": inner.url}]
    outer = await run_server(asks, name="outer", peers=peers, ask_user=True)
    resting = await outer.send("Go.")
    await outer.stop()
    again = await run_server(asks, name="outer", peers=peers, ask_user=True)
    task = await again.send("Yes", taskId=resting["id"])
    assert usage_of(task) == {"scripted": computed(inner, outer, again)}


@pytest.mark.parametrize("error", [EngineError("broken"), RuntimeError("broken")])
async def test_usage_of_a_turn_that_failed(run_server: RunServer, error: Exception) -> None:
    """After its first stretch."""

    def fails(asked: Asked) -> Says:
        if asked.results:
            agent.engine.error = error
        return adds(asked)

    agent = await run_server(fails)
    task = await agent.send("2 and 3?")
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert computed(agent)["output"] > len(agent.engine.outputs[0])
    assert usage_of(task) == {"scripted": {**computed(agent), "output": len(agent.engine.outputs[0])}}


def stops_at_sleep(asked: Asked) -> Says:
    return Says("I sleep.", (("sleep", "{}"),))


async def cancelled(agent: Agent, **headers: str) -> Any:
    """The agent's task, cancelled once a call of its peer sleeps."""

    async def sleeps() -> bool:
        task = (await agent.rpc("GetTask", {"id": begun["id"]}, **CURIOUS))["result"]
        inside = [event["event"] for event in record_of(task)["events"] if event["kind"] == "call_progress"]
        return "waiting" in [event["kind"] for event in inside]

    params = {"message": say("Sleep."), "configuration": {"returnImmediately": True}}
    begun = (await agent.rpc("SendMessage", params))["result"]["task"]
    await eventually(sleeps)
    return (await agent.rpc("CancelTask", {"id": begun["id"]}, **headers))["result"]


async def test_usage_of_a_turn_that_was_cancelled(run_server: RunServer) -> None:
    """With that of a peer whose turn was cancelled with it."""
    inner = await run_server(stops_at_sleep, name="inner")
    outer = await run_server(asks_peer, name="outer", peers=[{"name": "inner", "url": inner.url}])
    task = await cancelled(outer, **CURIOUS)
    assert task["status"]["state"] == "TASK_STATE_CANCELED"
    assert usage_of(task) == {"scripted": computed(inner, outer)}
    assert [event["kind"] for event in record_of(task)["events"] if event["kind"] != "call_progress"] == [
        "call_started",
        "waiting",
        "call_finished",
    ]


async def test_usage_of_a_peer_that_took_too_long(run_server: RunServer) -> None:
    inner = await run_server(stops_at_sleep, name="inner")
    peer = {"name": "inner", "url": inner.url, "limits": {"seconds": 0.5}}
    outer = await run_server(asks_peer, name="outer", peers=[peer])
    assert usage_of(await outer.send("Sleep.")) == {"scripted": computed(inner, outer)}


async def test_usage_of_a_turn_that_was_cancelled_while_it_asked(run_server: RunServer) -> None:
    """As its peer did, for it."""

    def asks(asked: Asked) -> Says:
        return Says("", (("ask_user", '{"question": "Well?"}'),))

    inner = await run_server(asks, name="inner", ask_user=True)
    outer = await run_server(asks_peer, name="outer", peers=[{"name": "inner", "url": inner.url}])
    resting = await outer.send("Ask.")
    assert resting["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    task = (await outer.rpc("CancelTask", {"id": resting["id"]}, **CURIOUS))["result"]
    assert usage_of(task) == usage_of(resting) == {"scripted": computed(inner, outer)}


async def test_usage_of_a_turn_whose_process_died_before_it_could_be_cancelled(run_server: RunServer) -> None:
    agent = await run_server(stops_at_sleep)
    params = {"message": say("Sleep."), "configuration": {"returnImmediately": True}}
    begun = (await agent.rpc("SendMessage", params))["result"]["task"]

    async def sleeps() -> bool:
        task = (await agent.rpc("GetTask", {"id": begun["id"]}, **CURIOUS))["result"]
        return "waiting" in [event["kind"] for event in record_of(task)["events"]]

    await eventually(sleeps)
    await agent.stop()
    async with open_database(agent.database) as database, database.begin() as connection:
        await connection.execute(update(turns).values(cancelled=True))
    again = await run_server(stops_at_sleep)
    await again.listed("CANCELED")
    task = (await again.rpc("GetTask", {"id": begun["id"]}, **CURIOUS))["result"]
    assert usage_of(task) == {"scripted": computed(agent)}


async def test_a_task_that_is_read_has_all_its_events(run_server: RunServer) -> None:
    agent = await run_server(adds)
    streamed = await frames(agent, "2 and 3?", **CURIOUS)
    (listed,) = (await agent.rpc("ListTasks", {}, **CURIOUS))["result"]["tasks"]
    read = (await agent.rpc("GetTask", {"id": listed["id"]}, **CURIOUS))["result"]
    kinds = [event["kind"] for event in record_of(read)["events"] if event["kind"] != "waiting"]
    assert kinds == ["call_started", "call_finished", "spliced"]
    known = ("kind", "seq", "at", "call_id", "tool", "arguments", "text", "is_error", "seconds", "call_ids", "position")
    told = [{name: event[name] for name in known if name in event} for event in events_of(streamed)]
    assert record_of(read)["events"] == told
    assert "events" not in record_of(listed)


HIDDEN = (extension.URI, "call_started", "call_finished", "waiting", "spliced")


@over_both
async def test_who_does_not_ask_is_shown_none_of_it(run_server: RunServer, call: Call) -> None:
    """Neither of a task that works, nor of one that has ended, nor of one that is cancelled."""

    def sleeps_at_last(asked: Asked) -> Says:
        return stops_at_sleep(asked) if asked.text == "Sleep." else adds(asked)

    async with open_receiver() as receiver:
        agent = await run_server(sleeps_at_last, grpc_port=0, machine={"egress_allow": ["127.0.0.0/8"]})
        config = {"taskPushNotificationConfig": {"url": receiver.url}}
        for text in ("2 and 3?", "Sleep."):
            message = {"message": say(text), "configuration": config | {"returnImmediately": True}}
            begun = (await call(agent, "SendMessage", message)).json()
            task_id = begun.get("result", begun)["task"]["id"]
            shown = [json.dumps(begun)]
            if text == "Sleep.":
                following = asyncio.ensure_future(call(agent, "SubscribeToTask", {"id": task_id}))

                async def sleeps(task_id: str = task_id) -> bool:
                    task = (await agent.rpc("GetTask", {"id": task_id}, **CURIOUS))["result"]
                    return "waiting" in [event["kind"] for event in record_of(task)["events"]]

                await eventually(sleeps)
                shown.append((await call(agent, "GetTask", {"id": task_id})).text)
                shown.append((await call(agent, "CancelTask", {"id": task_id})).text)
                shown.append((await following).text)
            else:
                await agent.listed("COMPLETED")
                shown.append((await call(agent, "SendMessage", {"message": say(text)})).text)
                shown.append((await call(agent, "SendStreamingMessage", {"message": say(text)})).text)
            shown.append((await call(agent, "GetTask", {"id": task_id})).text)
            shown.append((await call(agent, "ListTasks", {"includeArtifacts": True})).text)
            assert not [each for each in shown for hidden in HIDDEN if hidden in each]
            assert "TASK_STATE" in shown[-1]

        async def is_told() -> bool:
            states = {received.json["task"]["status"]["state"] for received in receiver.received}
            return {"TASK_STATE_COMPLETED", "TASK_STATE_CANCELED"} <= states

        await eventually(is_told)
        assert not [each for each in receiver.received for hidden in HIDDEN if hidden in each.body.decode()]
