"""A question says what it has come through and what it may still cost, and agents keep to that.

1. A question that has come through this agent, or through too many, is refused before anything is stored; so is one
   that has no time or no tokens left, and one that does not say so in the form of the schema.
2. A turn ends at its deadline and at the end of its budget, and at its own limits all the same.
3. What an agent asks on has the same root, is one deeper, and has what is left of time and budget and no more. What
   others use for a turn counts against its budget.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import delegation, extension
from service.decode import Limits
from service.delegation import MAX_DEPTH, URI, Budget, Delegation
from service.events import CallStarted, to_json
from service.process.server import listen, url_of
from tests.conftest import Asked, Reply, RunServer, Says, adds, echo, eventually, say
from tests.outbound.test_client import Stranger, close, result, stay, stranger, stream, task

INVALID_PARAMS = -32602


def hence(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


RECORD: dict[str, Any] = {
    "root": "7f3c",
    "depth": 2,
    "chain": ["https://a.example", "https://b.example/agents/b"],
    "deadline": hence(hours=1),
    "budget": {"tokens": 300, "calls": 7},
}


def asks(peer: str) -> Reply:
    """A model that hands on what it is asked, and says what came of it."""
    return lambda asked: Says(asked.results[0]) if asked.results else Says("", ((peer, '{"message": "Well?"}'),))


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="nothing said"),
        pytest.param({"https://a.example/other": {"depth": 100}}, id="another's"),
        pytest.param({URI: {}}, id="an empty record"),
        pytest.param({URI: {"one day": 1}}, id="something else said"),
        pytest.param({URI: {"depth": MAX_DEPTH}}, id="as deep as may be"),
        pytest.param({URI: RECORD}, id="all of it"),
        pytest.param({URI: {"deadline": "9999-12-31T23:59:59Z"}}, id="no hurry"),
        pytest.param({URI: {"budget": {"calls": 0}}}, id="no calls"),
    ],
)
async def test_a_question_that_is_taken(run_server: RunServer, metadata: Any) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", metadata=metadata))["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize(
    ("record", "why"),
    [
        pytest.param(
            {"depth": MAX_DEPTH + 1}, "this question has come through 9 agents; at most 8 may ask each other", id="deep"
        ),
        pytest.param({"deadline": hence(seconds=-1)}, "the deadline of this question has passed", id="late"),
        pytest.param(
            {"budget": {"tokens": 0}}, "nothing is left of the tokens that this question may cost", id="no tokens"
        ),
        pytest.param({"depth": -1}, ".depth: Input should be greater than or equal to 0", id="negative"),
        pytest.param({"depth": 1.5}, ".depth: Input should be a valid integer", id="no whole number"),
        pytest.param({"depth": "3"}, ".depth: Input should be a valid integer", id="text"),
        pytest.param({"depth": True}, ".depth: Input should be a valid integer", id="truth"),
        pytest.param({"depth": 1e300}, ".depth: Input should be less than or equal to", id="no end"),
        pytest.param({"depth": None}, ".depth: Input should be a valid integer", id="null"),
        pytest.param({"chain": ["https://a.example"]}, "a chain of 1 agents is at least as deep", id="deeper chain"),
        pytest.param({"depth": 1, "chain": ["a\nb"]}, ".chain.0: String should match pattern", id="control character"),
        pytest.param({"depth": 99, "chain": ["a"] * 99}, ".chain: Tuple should have at most 64 items", id="long chain"),
        pytest.param({"root": "x" * 257}, ".root: String should match pattern", id="long root"),
        pytest.param({"deadline": "soon"}, ".deadline: Input should be a valid datetime", id="no time"),
        pytest.param({"deadline": "2030-01-01T00:00:00"}, ".deadline: Input should have timezone info", id="no zone"),
        pytest.param({"budget": {"tokens": -1}}, ".budget.tokens: Input should be greater", id="less than nothing"),
        pytest.param({"budget": 3}, ".budget: Input should be an object", id="no budget"),
        pytest.param("3", ": Input should be an object", id="no object"),
        pytest.param(None, ": Input should be an object", id="nothing"),
        pytest.param([{"depth": 3}], ": Input should be an object", id="list"),
    ],
)
async def test_a_question_that_is_refused(run_server: RunServer, record: Any, why: str) -> None:
    agent = await run_server(echo)
    error = await agent.send("hello", metadata={URI: record})
    assert (error["code"], why in error["message"]) == (INVALID_PARAMS, True), error
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


async def test_a_question_that_comes_back_is_refused(run_server: RunServer) -> None:
    agent = await run_server(echo)
    error = await agent.send("hello", metadata={URI: {"depth": 2, "chain": [agent.url, "https://b.example"]}})
    why = "this question has come through this agent already: agents ask each other in a circle"
    assert (error["code"], error["message"]) == (INVALID_PARAMS, why)
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


async def test_a_message_sent_again_is_the_same_though_less_is_left(run_server: RunServer) -> None:
    """So a process that goes on with another's turn finds the task that its peer has."""
    agent = await run_server(echo)
    message = say("hello", metadata={URI: {"budget": {"tokens": 300}}})
    first = await agent.rpc("SendMessage", {"message": message})
    for left in ({"budget": {"tokens": 200}}, {"deadline": hence(seconds=-1)}):  # or nothing at all
        message["metadata"] = {URI: left}
        assert (await agent.rpc("SendMessage", {"message": message}))["result"]["task"]["id"] == (
            first["result"]["task"]["id"]
        )


@pytest.mark.parametrize(
    ("budget", "limits", "stop"),
    [
        ({"tokens": 5}, {}, "tokens"),
        ({"tokens": 500}, {"tokens": 5}, "tokens"),
        ({"calls": 0}, {}, "calls"),
        ({"calls": 9}, {"calls": 1}, "done"),
    ],
)
async def test_a_budget_narrows_the_limits(run_server: RunServer, budget: Any, limits: Any, stop: str) -> None:
    agent = await run_server(adds, limits=limits)
    answer = await agent.send("2 and 3?", metadata={URI: {"budget": budget}})
    assert answer["metadata"][extension.URI]["stop"] == stop


async def test_a_deadline_narrows_the_time(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    ended = await agent.send("hello", metadata={URI: {"deadline": hence(seconds=0.3)}})
    assert ended["status"]["state"] == "TASK_STATE_FAILED"
    assert ended["metadata"][extension.URI]["stop"] == "seconds"


def record_of(peer: Stranger) -> dict[str, Any]:
    (params,) = peer.params.values()
    message = params["message"]
    assert URI in message["extensions"]
    record: dict[str, Any] = message["metadata"][URI]
    return record


async def test_what_is_asked_on_is_narrower(run_server: RunServer) -> None:
    async with stranger(streaming=False, SendMessage=[result({"task": task("COMPLETED", "Well.")})]) as peer:
        agent = await run_server(asks("peer"), peers=[{"name": "peer", "url": peer.url}])
        await agent.send("Well?", metadata={URI: RECORD})
    record = record_of(peer)
    assert (record["root"], record["depth"]) == ("7f3c", 3)
    assert record["chain"] == [*RECORD["chain"], agent.url]
    assert datetime.fromisoformat(record["deadline"]) < datetime.fromisoformat(RECORD["deadline"])
    assert record["budget"]["calls"] == RECORD["budget"]["calls"] - 1
    assert 0 < record["budget"]["tokens"] < RECORD["budget"]["tokens"]
    jsonschema.validate(record, SCHEMA)


@pytest.mark.parametrize(
    ("limits", "given", "calls"),
    [
        ({}, {}, None),
        ({"budget": {"calls": 9}}, {}, 8),
        ({"budget": {"calls": 9}}, {"calls": 5}, 4),
        ({"budget": {"calls": 9}}, {"calls": 50}, 8),
        ({"calls": 3}, {"calls": 50}, 49),
    ],
)
async def test_a_question_that_begins_here(run_server: RunServer, limits: Any, given: Any, calls: int | None) -> None:
    """What this agent may do itself is no matter of what others may."""
    async with stranger(streaming=False, SendMessage=[result({"task": task("COMPLETED", "Well.")})]) as peer:
        agent = await run_server(asks("peer"), peers=[{"name": "peer", "url": peer.url}], limits=limits)
        asked = await agent.send("Well?", metadata={URI: {"budget": given}})
    record = record_of(peer)
    assert (record["root"], record["depth"], record["chain"]) == (asked["id"], 1, [agent.url])
    assert record.get("budget", {}).get("calls") == calls


async def test_agents_that_ask_each_other_in_a_circle_are_told(run_server: RunServer) -> None:
    held = listen("127.0.0.1", 0)
    first = await run_server(asks("second"), name="first", peers=[{"name": "second", "url": url_of(held)}])
    peers = [{"name": "first", "url": first.url}]
    second = await run_server(asks("first"), name="second", peers=peers, listener=held)
    asked = await first.send("Well?")
    why = "this question has come through this agent already: agents ask each other in a circle"
    assert asked["artifacts"][0]["parts"][0]["text"] == f"error: first refused: {why}"
    await first.listed("COMPLETED")
    await second.listed("COMPLETED")


async def test_a_chain_of_agents_is_only_so_long(run_server: RunServer) -> None:
    agent = await run_server(echo, name="agent0")
    for number in range(1, MAX_DEPTH + 2):
        peers = [{"name": "next", "url": agent.url}]
        agent = await run_server(asks("next"), name=f"agent{number}", peers=peers)
    asked = await agent.send("Well?")
    why = "this question has come through 9 agents; at most 8 may ask each other"
    assert asked["artifacts"][0]["parts"][0]["text"] == f"error: next refused: {why}"


counts = st.none() | st.integers(0, 10**6)
budgets = st.builds(Budget, tokens=counts, calls=counts)
deadlines = st.floats(0, 4e9)


@given(budgets, budgets, st.integers(0, 10**6), st.integers(0, 10**6), deadlines, deadlines)
def test_what_is_handed_on_is_never_wider(
    came_with: Budget, own: Budget, tokens: int, calls: int, deadline: float, seconds: float
) -> None:
    came = Delegation(root="r", depth=1, chain=("a",), deadline=datetime.fromtimestamp(deadline, UTC), budget=came_with)
    until = Limits(seconds=seconds).deadline(came, time.time())
    left = came.within(own).spent(tokens, calls).during("t", until).through("b")
    assert (left.root, left.depth, left.chain) == ("r", 2, ("a", "b"))
    assert left.deadline
    assert came.deadline
    assert left.deadline <= came.deadline
    for name in ("tokens", "calls"):
        for bound in (came_with, own):
            most = getattr(bound, name)
            assert most is None or getattr(left.budget, name) <= most
    assert Delegation.from_json(left.to_json()) == left
    jsonschema.validate(left.to_json(), SCHEMA)


SCHEMA = json.loads(Path(delegation.__file__).with_name("delegation.schema.json").read_text())


def test_the_schema_is_the_one_that_is_checked() -> None:
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": URI, **Delegation.model_json_schema()}
    assert made == SCHEMA
    jsonschema.validate(RECORD, SCHEMA)


async def test_what_peers_use_counts(run_server: RunServer) -> None:
    def asks_both(asked: Asked) -> Says:
        calls = [((name, '{"message": "Well?"}'),) for name in ("one", "two")]
        return Says("", calls[len(asked.results)]) if len(asked.results) < 2 else Says("done")

    usage = {"stop": "done", "usage": {"models": {"m": {"output": 250}}}}
    done = task("COMPLETED", "Well.") | {"metadata": {extension.URI: usage}}
    called = to_json(CallStarted(call_id="c0", tool="t", arguments="{}"))
    message = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"data": called}], "extensions": [extension.URI]}
    told = {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_WORKING", "message": message}}
    answer = stream({"task": task("WORKING")}, {"statusUpdate": told}, {"task": done})
    async with stranger(SendStreamingMessage=[answer]) as one, stranger(SendStreamingMessage=[answer]) as two:
        peers = [{"name": "one", "url": one.url}, {"name": "two", "url": two.url}]
        agent = await run_server(asks_both, peers=peers)
        await agent.send("Well?", metadata={URI: {"budget": {"tokens": 500, "calls": 9}}})
    first, second = (record_of(peer)["budget"] for peer in (one, two))
    assert 150 < second["tokens"] < first["tokens"] - 250
    assert (first["calls"], second["calls"]) == (8, 6)


async def test_what_peers_use_is_not_left_for_the_agent_itself(run_server: RunServer) -> None:
    usage = {"stop": "done", "usage": {"models": {"m": {"output": 500}}}}
    done = task("COMPLETED", "Well.") | {"metadata": {extension.URI: usage}}
    async with stranger(streaming=False, SendMessage=[result({"task": done})]) as peer:
        agent = await run_server(asks("peer"), peers=[{"name": "peer", "url": peer.url}])
        ended = await agent.send("Well?", metadata={URI: {"budget": {"tokens": 500}}})
    assert ended["metadata"][extension.URI]["stop"] == "tokens"


@pytest.mark.parametrize(("anew", "stop"), [({}, "done"), ({URI: {"budget": {"calls": 1}}}, "calls")])
async def test_an_answer_says_anew_what_the_question_may_cost(run_server: RunServer, anew: Any, stop: str) -> None:
    """Or that it may cost anything: the time in which the question was asked may have passed."""

    def asks_back(asked: Asked) -> Says:
        calls = ("ask_user", '{"question": "Which?"}'), ("add", '{"a": 2, "b": 3}')
        return Says("", calls[len(asked.results) :][:1]) if len(asked.results) < 2 else Says("done")

    agent = await run_server(asks_back, ask_user=True)
    resting = await agent.send("Add.", metadata={URI: {"budget": {"calls": 1}}})
    ended = await agent.send("2 and 3", taskId=resting["id"], metadata=anew)
    assert ended["metadata"][extension.URI]["stop"] == stop


async def test_those_asked_side_by_side_may_each_use_what_is_left(run_server: RunServer) -> None:
    """What they have used is not left for whoever is asked after them."""

    def asks_three(asked: Asked) -> Says:
        one, two, three = ((name, '{"message": "Well?"}') for name in ("one", "two", "three"))
        return Says("", {0: (one, two), 2: (three,)}.get(len(asked.results), ()))

    both_asked = asyncio.Event()
    usage = {"stop": "done", "usage": {"models": {"m": {"output": 200}}}}
    done = {"task": task("COMPLETED", "Well.") | {"metadata": {extension.URI: usage}}}
    async with AsyncExitStack() as stack:
        asked = {
            name: await stack.enter_async_context(stranger(SendStreamingMessage=[stream(done, first=first)]))
            for name, first in (("one", both_asked.wait), ("two", both_asked.wait), ("three", close))
        }
        peers = [{"name": name, "url": peer.url} for name, peer in asked.items()]
        agent = await run_server(asks_three, peers=peers)
        sent = asyncio.create_task(agent.send("Well?", metadata={URI: {"budget": {"tokens": 700, "calls": 9}}}))

        async def are_asked() -> bool:
            return bool(asked["one"].asked and asked["two"].asked)

        await eventually(are_asked)
        both_asked.set()
        await sent
    one, two, three = (record_of(peer)["budget"] for peer in asked.values())
    assert (one["calls"], two["calls"], three["calls"]) == (8, 7, 6)
    assert min(one["tokens"], two["tokens"]) > 600
    assert three["tokens"] < two["tokens"] - 400


async def test_a_process_that_goes_on_with_a_turn_has_no_more_for_it(run_server: RunServer) -> None:
    """Neither time nor calls nor tokens."""

    def asks_both(asked: Asked) -> Says:
        calls = [((name, '{"message": "Well?"}'),) for name in ("one", "two")]
        return Says("", calls[len(asked.results)]) if len(asked.results) < 2 else Says("done")

    called = to_json(CallStarted(call_id="c0", tool="t", arguments="{}"))
    message = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"data": called}], "extensions": [extension.URI]}
    told = {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_WORKING", "message": message}}
    usage = {"stop": "done", "usage": {"models": {"m": {"output": 100}}}}
    done = {"task": task("COMPLETED", "Well.") | {"metadata": {extension.URI: usage}}}
    once = stream({"task": task("WORKING")}, {"statusUpdate": told}, done)
    async with (
        stranger(SendStreamingMessage=[once]) as one,
        stranger(SendStreamingMessage=[stream({"task": task("WORKING")}, then=stay), stream(done)]) as two,
    ):
        peers = [{"name": "one", "url": one.url}, {"name": "two", "url": two.url}]
        agent = await run_server(asks_both, peers=peers)
        message = say("Well?", metadata={URI: {"budget": {"tokens": 500, "calls": 9}}})
        await agent.rpc("SendMessage", {"message": message, "configuration": {"returnImmediately": True}})

        async def is_asked() -> bool:
            return bool(two.asked)

        await eventually(is_asked)
        before = record_of(two)
        await agent.stop()
        again = await run_server(asks_both, peers=peers, listener=listen("127.0.0.1", urlsplit(agent.url).port or 0))
        await again.listed("COMPLETED")
    assert before["budget"]["calls"] == 6
    assert len(two.asked) == 2
    after = record_of(two)
    assert after["budget"].pop("tokens") <= before["budget"].pop("tokens") < 400
    assert after == before
