"""What Prometheus reads of a service that has done something."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from importlib.metadata import version
from typing import Any

import pytest
from sqlalchemy import update

from service.endpoint import push, retention
from service.process.health import Health
from service.sessions.database import open_database
from service.sessions.tables import turns
from service.telemetry.metrics import Metrics
from tests.conftest import Agent, Asked, RunServer, Says, adds, echo, eventually
from tests.endpoint.test_admission import fill
from tests.endpoint.test_retention import age
from tests.process.test_management import managed
from tests.receiver import open_receiver
from tests.telemetry.scraped import Scraped, scrape

_LABELS = {
    "gen_ai_agent_name",
    "gen_ai_operation_name",
    "gen_ai_provider_name",
    "gen_ai_request_model",
    "gen_ai_tool_name",
    "gen_ai_token_type",
    "error_type",
    "innerloop_mcp_server",
    "innerloop_outcome",
    "innerloop_peer",
    "innerloop_reason",
    "innerloop_state",
    "innerloop_turn_stop",
    "innerloop_while",
    "le",
}


class Watched:
    """An agent, and where its metrics are read."""

    def __init__(self, agent: Agent, url: str) -> None:
        self.agent = agent
        self.url = url

    async def scrape(self) -> Scraped:
        return await scrape(self.url)

    async def shows(self, value: float, name: str, **labels: str) -> None:
        """Waits until it does."""

        async def does() -> bool:
            return (await self.scrape())(name, **labels) == value

        await eventually(does)


Watch = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def watch(run_server: RunServer) -> AsyncIterator[Watch]:
    """Starts a service as `run_server` does, with a management port."""
    with ExitStack() as stack:

        async def run(*arguments: Any, **options: Any) -> Watched:
            health, metrics = Health(), Metrics(options.get("name", "agent"), "1")
            port: AbstractContextManager[str] = managed(health, metrics)
            url = stack.enter_context(port)
            return Watched(await run_server(*arguments, health=health, metrics=metrics, **options), url)

        yield run


async def test_what_tells() -> None:
    with managed(Health(), Metrics("clerk", "7")) as url:
        told = await scrape(url)
    assert told("target_info", service_name="clerk", service_version="7", innerloop_version=version("innerloop")) == 1


async def test_a_turn_with_a_call(watch: Watch) -> None:
    watched = await watch(adds)
    await watched.agent.send("hello")
    scraped = await watched.scrape()
    assert scraped("innerloop_turns_total", innerloop_turn_stop="done") == 1
    agent = {"gen_ai_agent_name": "agent", "gen_ai_request_model": "smollm2-135m-instruct"}
    assert scraped("gen_ai_invoke_agent_duration_seconds_count", **agent) == 1
    assert scraped("gen_ai_invoke_agent_inference_calls_sum", **agent) == 2
    assert scraped("gen_ai_invoke_agent_tool_calls_sum", **agent) == 1
    assert scraped("gen_ai_execute_tool_duration_seconds_count", gen_ai_tool_name="add") == 1
    (first, _), (second, _) = watched.agent.engine.requests
    outputs = watched.agent.engine.outputs
    tokens = "gen_ai_client_token_usage_sum"
    assert scraped(tokens, gen_ai_token_type="input") == len(first) + len(second)
    assert scraped(tokens, gen_ai_token_type="output") == sum(map(len, outputs))
    assert scraped("gen_ai_client_operation_duration_seconds_count", gen_ai_operation_name="chat") == 2
    assert scraped("gen_ai_server_time_to_first_token_seconds_count") == 2
    assert scraped("gen_ai_server_time_per_output_token_seconds_count") == 2
    # The scripted engine says that nothing was cached.
    assert scraped("innerloop_tokens_recomputed_total") == len(first) + len(outputs[0]) - 1
    assert scraped("innerloop_splice_gap_seconds_count") == 1
    assert scraped("innerloop_splice_gap_tokens_count") == 1
    assert scraped("innerloop_turn_over_least_sum") >= 1
    assert scraped("innerloop_tool_time_seconds_total") > 0


async def test_the_newest_names(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http, gen_ai_latest_experimental")
    watched = await watch(adds)
    await watched.agent.send("hello")
    scraped = await watched.scrape()
    requests, outputs = watched.agent.engine.requests, watched.agent.engine.outputs
    given = scraped("gen_ai_client_inference_operation_input_tokens_sum")
    assert given == sum(len(tokens) for tokens, _ in requests)
    assert scraped("gen_ai_client_inference_operation_output_tokens_sum") == sum(map(len, outputs))
    assert scraped("gen_ai_client_inference_duration_seconds_count") == 2
    assert scraped("gen_ai_client_inference_usage_cache_read_input_tokens_total") == 0
    with pytest.raises(KeyError):
        scraped("gen_ai_client_token_usage_sum")


async def test_calls_that_fail(watch: Watch) -> None:
    """A name that the model has made up is not a label: it could be any."""

    def fails(asked: Asked) -> Says:
        calls = (("add", '{"a": "x", "b": 1}'), ("made_up", "{}"))
        return Says("Done.") if asked.results else Says("", calls)

    watched = await watch(fails)
    await watched.agent.send("hello")
    scraped, calls = await watched.scrape(), "gen_ai_execute_tool_duration_seconds_count"
    assert scraped(calls, gen_ai_tool_name="add", error_type="tool_error") == 1
    assert scraped(calls, gen_ai_tool_name="_OTHER", error_type="tool_error") == 1


async def test_how_turns_stop(watch: Watch) -> None:
    def replies(asked: Asked) -> Says:
        return Says("", (("sleep", "{}"),)) if asked.text == "sleep" else echo(asked)

    watched = await watch(replies, limits={"tokens": 16}, tools=[{"use": "tools.py:sleep"}])
    agent, stops = watched.agent, "innerloop_turns_total"
    await agent.send("more than the limit allows to be said about it")
    await watched.shows(1, stops, innerloop_turn_stop="tokens")
    agent.engine.gate.clear()
    sent = asyncio.create_task(agent.send("hello"))
    (task,) = [each for each in await agent.listed("FAILED", "WORKING") if "WORKING" in each["status"]["state"]]
    await watched.shows(1, "innerloop_turns_running")
    await agent.rpc("CancelTask", {"id": task["id"]})
    await sent
    await watched.shows(1, stops, innerloop_turn_stop="canceled")
    await watched.shows(0, "innerloop_turns_running")
    agent.engine.error = RuntimeError("broken")
    agent.engine.gate.set()
    await agent.send("hello")
    await watched.shows(1, stops, innerloop_turn_stop="failed")
    scraped = await watched.scrape()
    assert scraped("gen_ai_invoke_agent_duration_seconds_count", error_type="RuntimeError") == 1
    assert scraped(stops) == 3


async def test_a_turn_that_another_process_goes_on_with(watch: Watch) -> None:
    watched = await watch(echo)
    watched.agent.engine.gate.clear()
    sent = asyncio.create_task(watched.agent.send("hello"))
    await watched.agent.engine.started.wait()
    await watched.agent.stop()
    await sent
    await watched.shows(1, "innerloop_turns_total", innerloop_turn_stop="left")
    # As if it had died: then nothing would have been given back.
    async with open_database(watched.agent.database) as database, database.begin() as connection:
        await connection.execute(update(turns).values(holder="dead", attempts=1))
    again = await watch(echo)
    await again.shows(1, "innerloop_leases_taken_over_total")
    await again.shows(1, "innerloop_turns_total", innerloop_turn_stop="done")


async def test_messages_that_are_turned_away(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.endpoint.admission._COUNT_SECONDS", 0.0)
    monkeypatch.setattr("service.sessions.backlog._LOOK_SECONDS", 0.01)
    watched = await watch(echo, limits={"running": 1, "queued": 4})
    sent = await fill(watched.agent, 3)
    await watched.agent.send("more")
    scraped = await watched.scrape()
    assert scraped("innerloop_admissions_refused_total", innerloop_reason="caller") == 1
    assert scraped("innerloop_admissions_refused_total", innerloop_reason="queue") == 0
    assert (scraped("innerloop_turns_room"), scraped("innerloop_queue_room")) == (1, 4)
    assert 0 < scraped("innerloop_turns_oldest_seconds") < scraped("innerloop_turn_limit_seconds")
    await watched.shows(2, "innerloop_turns_queued")
    watched.agent.engine.gate.set()
    await asyncio.gather(*sent)
    await watched.shows(0, "innerloop_turns_queued")


async def test_webhooks(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "POLL_SECONDS", 0.02)
    monkeypatch.setattr("service.sessions.backlog._LOOK_SECONDS", 0.01)
    watched = await watch(echo, machine={"egress_allow": ["127.0.0.0/8"]})
    async with open_receiver() as receiver:
        hook = {"taskPushNotificationConfig": {"url": f"{receiver.url}/a"}, "returnImmediately": True}
        await watched.agent.send("hello")
        (task,) = await watched.agent.listed("COMPLETED")
        gone = {"taskId": task["id"], "url": "http://127.0.0.1:1/"}
        assert "result" in await watched.agent.rpc("CreateTaskPushNotificationConfig", gone)
        await watched.shows(1, "innerloop_webhooks_owed")
        message = {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
        await watched.agent.rpc("SendMessage", {"message": message, "configuration": hook})

        async def delivered() -> bool:
            scraped, count = await watched.scrape(), "innerloop_webhook_deliveries_total"
            told, failed = (scraped(count, innerloop_outcome=outcome) for outcome in ("delivered", "failed"))
            return min(told, failed, scraped("innerloop_webhooks_late_seconds")) > 0

        await eventually(delivered)


async def test_conversations_that_are_removed(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SWEEP_SECONDS", 0.02)
    watched, removed = await watch(echo, machine={"keep_days": 1}), "innerloop_conversations_removed_total"
    await watched.agent.send("hello")
    assert (await watched.scrape())(removed) == 0
    await age(watched.agent.database)
    await watched.shows(1, removed)


async def test_what_it_works_with(watch: Watch, run_server: RunServer) -> None:
    peer = await run_server(echo, name="peer")
    watched = await watch(
        echo,
        peers=[{"name": "there", "url": peer.url}, {"name": "gone", "url": "http://127.0.0.1:1"}],
        mcp=[{"name": "tickets", "url": "http://127.0.0.1:1/mcp"}],
    )
    scraped = await watched.scrape()
    assert scraped("innerloop_peer_up", innerloop_peer="there") == 1
    assert scraped("innerloop_peer_up", innerloop_peer="gone") == 0
    assert scraped("innerloop_mcp_up", innerloop_mcp_server="tickets") == 0
    assert scraped("innerloop_database_up") == 1
    assert scraped("innerloop_process_state", innerloop_state="ready") == 1
    assert scraped("innerloop_process_state") == 1
    watched.agent.engine.pressure = 0.5
    assert (await watched.scrape())("innerloop_kv_use") == 0.5


async def test_each_says_what_it_is(watch: Watch) -> None:
    """Prometheus shows a metric's help without the others around it."""
    watched = await watch(adds)
    await watched.agent.send("hello")
    scraped = await watched.scrape()
    told = [what for name, what in scraped.help.items() if name.startswith(("innerloop_", "gen_ai_"))]
    assert len(told) > 20
    assert len({*told}) == len(told)
    of = "Turns|Seconds|Times|Calls|Tokens|Time|The gap|Share|Messages|Deliveries|Conversations|Webhooks|Whether|1 for"
    assert [what for what in told if not re.fullmatch(f"({of}) .*[.]", what)] == []


async def test_labels_take_few_values(watch: Watch) -> None:
    watched = await watch(adds)
    await watched.agent.send("hello")
    before = await watched.scrape()
    for number in range(3):
        await watched.agent.send(f"hello {number}")
    after = await watched.scrape()
    ours = [each for each in after.samples if each[0].startswith(("innerloop_", "gen_ai_"))]
    assert {label for _, labels, _ in ours for label in labels} <= _LABELS
    assert len(after.samples) == len(before.samples)
