"""The trace context of callers: over every binding, in answers and to webhooks; and nothing else of theirs."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from typing import Any

import httpx
import pytest

from bench.telemetry.collector import Collector, Span
from service.endpoint import push
from service.events import ignore
from service.outbound.bindings import Home, choose_binding
from service.outbound.cards import ReadCard, read_card
from service.outbound.client import RemoteAgent
from service.telemetry import names, traces
from tests.conftest import Agent, RunServer, echo, say
from tests.endpoint.test_asking import asks, passes_on
from tests.receiver import open_receiver

CALLER = "b7ad6b7169203331"

_numbers = itertools.count(1)


def new_parent() -> tuple[str, dict[str, str]]:
    """A trace that nobody else has, and the headers of a caller in it."""
    trace_id = format(next(_numbers), "032x")
    return trace_id, {"traceparent": f"00-{trace_id}-{CALLER}-01", "baggage": "user=alice"}


async def spans_of(collector: Collector, trace_id: str, *last: str) -> dict[str, Span]:
    """The newest spans of a trace by their kinds and names, once the `last` have come, or the request's."""
    wanted = {*(last or ["SERVER SendMessage"])}

    def found(spans: list[Span]) -> dict[str, Span]:
        return {f"{span.kind} {span.name}": span for span in spans if span.trace_id == trace_id}

    return found(await asyncio.to_thread(collector.wait, lambda spans: wanted <= found(spans).keys()))


async def reached_by(agent: Agent, binding: str) -> RemoteAgent:
    """The agent, as if it spoke nothing else."""
    card = (await read_card(agent.http, agent.url)).card
    spoken = [each for each in card.supported_interfaces if each.protocol_binding == binding]
    del card.supported_interfaces[:]
    card.supported_interfaces.extend(spoken)
    return RemoteAgent(agent.url, ReadCard(card), await choose_binding(card, agent.http, Home(httpx.URL(agent.url))))


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON", "GRPC"])
async def test_it_goes_out_and_comes_in(run_server: RunServer, own_collector: Collector, binding: str) -> None:
    agent = await run_server(echo, grpc_port=0)
    remote, (trace_id, parent) = await reached_by(agent, binding), new_parent()
    traces.take_up(parent)
    reply = await remote.ask("hello", None, ignore)
    ends = (f"{kind} SendStreamingMessage" for kind in ("CLIENT", "SERVER"))
    spans = await spans_of(own_collector, trace_id, *ends)
    asked, request = spans["CLIENT SendStreamingMessage"], spans["SERVER SendStreamingMessage"]
    turn = spans["INTERNAL invoke_agent agent"]
    assert (asked.parent_id, request.parent_id, turn.parent_id) == (CALLER, asked.id, request.id)
    assert {span.attributes[names.A2A_TASK] for span in (request, turn)} == {reply.task_id}
    assert ("rpc.system.name" in request.attributes) == (binding == "GRPC")
    assert not any(span.failed for span in spans.values())


async def test_an_answer_is_in_its_own_trace_with_a_link_to_what_it_answers(
    run_server: RunServer, own_collector: Collector
) -> None:
    agent = await run_server(asks, ask_user=True)
    (asked, parent), (answered, second) = new_parent(), new_parent()
    resting = (await agent.rpc("SendMessage", {"message": say("Paint it.")}, **parent))["result"]["task"]
    await agent.rpc("SendMessage", {"message": say("Red", taskId=resting["id"])}, **second)
    first, then = await spans_of(own_collector, asked), await spans_of(own_collector, answered)
    asking = first["INTERNAL invoke_agent agent"]
    assert (asking.attributes[names.STOP], asking.failed, asking.links) == ("asks", False, ())
    assert not first["INTERNAL execute_tool ask_user"].failed
    turn = then["INTERNAL invoke_agent agent"]
    assert turn.parent_id == then["SERVER SendMessage"].id
    assert (turn.attributes[names.RESUMED], turn.attributes[names.STOP]) == (True, "done")
    message, question = turn.links
    assert (message.trace_id, message.span_id) == (answered, then["SERVER SendMessage"].id)
    assert (question.trace_id, question.span_id) == (asked, first["SERVER SendMessage"].id)
    assert question.attributes == {names.LINK: "answered before"}


async def test_a_webhook_is_told_in_a_trace_of_its_own_with_a_link_to_the_message(
    run_server: RunServer, own_collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "POLL_SECONDS", 0.02)
    agent = await run_server(echo, machine={"egress_allow": ["127.0.0.0/8"]})
    trace_id, parent = new_parent()
    async with open_receiver() as receiver:
        configuration = {"taskPushNotificationConfig": {"url": f"{receiver.url}/hook"}}
        await agent.rpc("SendMessage", {"message": say("hello"), "configuration": configuration}, **parent)
        told = await receiver.nth(1)
    request = (await spans_of(own_collector, trace_id))["SERVER SendMessage"]
    _, delivery, span_id, _ = told.headers["traceparent"].split("-")
    assert delivery != trace_id
    assert "baggage" not in told.headers
    span = (await spans_of(own_collector, delivery, "CLIENT push notification"))["CLIENT push notification"]
    assert (span.id, span.parent_id, span.attributes["http.response.status_code"]) == (span_id, "", 200)
    (link,) = span.links
    assert (link.trace_id, link.span_id) == (trace_id, request.id)


async def test_who_asks_from_the_command_line_is_the_root(run_server: RunServer, own_collector: Collector) -> None:
    agent = await run_server(echo)
    environment = {**os.environ, **own_collector.environment}
    command = (sys.executable, "-m", "service", "ask", agent.url, "hello")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0

    def ask(spans: list[Span]) -> list[Span]:
        return [span for span in spans if span.service == "innerloop-ask"]

    (asked,) = ask(await asyncio.to_thread(own_collector.wait, lambda spans: bool(ask(spans))))
    assert asked.parent_id == ""
    request = (await spans_of(own_collector, asked.trace_id, "SERVER SendStreamingMessage"))[
        "SERVER SendStreamingMessage"
    ]
    assert request.parent_id == asked.id


@pytest.mark.parametrize("latest", [False, True])
async def test_the_newest_names_where_they_are_wanted(
    run_server: RunServer, own_collector: Collector, monkeypatch: pytest.MonkeyPatch, latest: bool
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http,gen_ai_latest_experimental" if latest else "http")
    agent = await run_server(echo)
    trace_id, parent = new_parent()
    await agent.rpc("SendMessage", {"message": say("hello")}, **parent)
    turn = (await spans_of(own_collector, trace_id))["INTERNAL invoke_agent agent"]
    assert ({"gen_ai.provider.name", "gen_ai.agent.version"} <= turn.attributes.keys()) == (not latest)
    assert turn.attributes["gen_ai.operation.name"] == "invoke_agent"


async def test_what_fails_says_so_without_saying_what(run_server: RunServer, own_collector: Collector) -> None:
    agent = await run_server(echo)
    agent.engine.error = RuntimeError("of a secret")
    trace_id, parent = new_parent()
    await agent.rpc("SendMessage", {"message": say("hello")}, **parent)
    spans = await spans_of(own_collector, trace_id)
    for name in ("INTERNAL invoke_agent agent", "INTERNAL chat smollm2-135m-instruct"):
        assert (spans[name].failed, spans[name].attributes["error.type"]) == (True, "RuntimeError")
        assert not spans[name].events
    assert not spans["SERVER SendMessage"].failed  # it was answered, with a task that has failed
    assert b"of a secret" not in b"".join(each.SerializeToString() for each in own_collector.traces)


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("GetTask", {"id": "nobody"}, "TaskNotFoundError"),
        ("SendMessage", {"message": say("hello", taskId="nobody")}, "TaskNotFoundError"),
        ("CancelTask", {"id": "nobody"}, "TaskNotFoundError"),
    ],
)
async def test_a_refusal_is_not_this_services_failure(
    run_server: RunServer, own_collector: Collector, method: str, params: Any, error: str
) -> None:
    agent = await run_server(echo)
    trace_id, parent = new_parent()
    await agent.rpc(method, params, **parent)
    span = (await spans_of(own_collector, trace_id, f"SERVER {method}"))[f"SERVER {method}"]
    assert (span.failed, span.attributes["error.type"]) == (False, error)


async def test_a_caller_that_is_not_recorded_is_not(run_server: RunServer, own_collector: Collector) -> None:
    """What it asks of others is neither, and they are told so."""
    inner = await run_server(echo, name="inner")
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    quiet, parent = new_parent()
    loud, second = new_parent()
    headers = {"traceparent": parent["traceparent"].removesuffix("01") + "00"}
    assert "artifacts" in (await outer.rpc("SendMessage", {"message": say("hello")}, **headers))["result"]["task"]
    await outer.rpc("SendMessage", {"message": say("hello")}, **second)
    await spans_of(own_collector, loud)
    assert not [span for span in own_collector.spans() if span.trace_id == quiet]


@pytest.mark.parametrize(
    "header", ["00-zz-b7ad6b7169203331-01", "00-00000000000000000000000000000000-0-01", "\xff", ""]
)
async def test_what_is_no_context_begins_a_trace(run_server: RunServer, own_collector: Collector, header: str) -> None:
    agent = await run_server(echo)
    task = await agent.http.post(
        f"{agent.url}/message:send",
        json={"message": say("hello")},
        headers={"A2A-Version": "1.0", "traceparent": header.encode("latin-1")},
    )
    task_id = task.json()["task"]["id"]

    def of_the_task(spans: list[Span]) -> list[Span]:
        found = [span for span in spans if span.attributes.get(names.A2A_TASK) == task_id]
        return found if len(found) == 2 else []

    spans = of_the_task(await asyncio.to_thread(own_collector.wait, lambda spans: bool(of_the_task(spans))))
    assert len({span.trace_id for span in spans}) == 1
    assert sorted(span.parent_id for span in spans)[0] == ""


async def test_what_a_grpc_call_is_answered(run_server: RunServer, own_collector: Collector) -> None:
    agent = await run_server(echo, grpc_port=0)
    trace_id, parent = new_parent()
    traces.take_up(parent)
    assert await (await reached_by(agent, "GRPC")).cancel("nobody")
    span = (await spans_of(own_collector, trace_id, "SERVER CancelTask"))["SERVER CancelTask"]
    assert (span.attributes["rpc.response.status_code"], span.failed) == ("NOT_FOUND", False)
