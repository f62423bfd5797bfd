"""The events and the usage that an agent tells those who ask, in the form that the schema in the repository gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from service import extension
from service.events import json_schema
from tests.conftest import Agent, Asked, RunServer, Says, adds
from tests.endpoint.test_answers import frames

SCHEMA = Path(extension.__file__).with_name("extension.schema.json")


def events_of(frames: list[dict[str, Any]]) -> list[Any]:
    messages = [frame["statusUpdate"]["status"].get("message", {}) for frame in frames if "statusUpdate" in frame]
    return [part["data"] for message in messages for part in message.get("parts", []) if "data" in part]


def usage_of(task: dict[str, Any]) -> dict[str, dict[str, int]]:
    usage: dict[str, dict[str, int]] = task["metadata"][extension.URI]["usage"]["models"]
    return usage


def computed(*agents: Agent) -> dict[str, int]:
    """What the engines were given and gave."""
    pairs = [pair for agent in agents for pair in zip(agent.engine.requests, agent.engine.outputs, strict=True)]
    return {
        "input": sum(len(prompt) for (prompt, _), _ in pairs),
        "cached": 0,
        "output": sum(len(output) for _, output in pairs),
    }


def asks_peer(asked: Asked) -> Says:
    if asked.results:
        return Says(asked.results[-1])
    return Says("Let me ask. ", (("inner", json.dumps({"message": asked.text})),))


def test_the_schema_is_that_of_the_events() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()


async def test_a_turn_s_events_are_enough_to_draw_it(run_server: RunServer) -> None:
    inner = await run_server(adds, name="inner")
    outer = await run_server(asks_peer, name="outer", peers=[{"name": "inner", "url": inner.url}])
    events = events_of(await frames(outer, "2 and 3?", **{"A2A-Extensions": extension.URI}))
    for event in events:
        jsonschema.validate(event, json.loads(SCHEMA.read_text()))
        assert event["at"] > 1.7e9
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
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
    stored = (await outer.rpc("GetTask", {"id": task["id"]}))["result"]
    assert usage_of(stored) == usage_of(task)
    (inside,) = await inner.listed("COMPLETED")
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
