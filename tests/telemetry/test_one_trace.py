"""One question to an agent that asks its tools, another agent and an MCP server, all in processes of their own: what a
collector gets of it is one trace.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import httpx
import pytest
import yaml
from opentelemetry.semconv import attributes
from opentelemetry.semconv._incubating import attributes as newer
from rich.console import Console

from bench.telemetry.collector import Collector, Span
from service.cli.agents import Served, free_port, loud, start_agent, wait_for_agents
from service.cli.children import Children
from service.outbound.client import open_http
from service.settings import Machine
from tests.conftest import TOOLS, agent_config, say
from tests.telemetry.actors import SECRET

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "vendor=1", "baggage": "user=alice"}
FAILS = '''

async def fail() -> str:
    """Fails."""
    raise ValueError("with a text")
'''


class Agents:
    """Two agents, the first of which asks the second."""

    def __init__(self, folder: Path, children: Children, http: httpx.AsyncClient) -> None:
        self.folder, self.children, self.http = folder, children, http
        self.ports = {"front": free_port(), "back": free_port()}
        self.served: dict[str, Served] = {}

    async def start(self, name: str, **config: Any) -> Served:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "tools.py").write_text(TOOLS + FAILS)
        tools = [{"use": "tools.py:add"}, {"use": "tools.py:fail"}]
        config = agent_config(name, tools=tools, **config).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        (folder / "agent.yaml").write_text(yaml.safe_dump(config))
        machine, engine = Machine(data=self.folder / "data"), f"tests.telemetry.actors:{name}"
        self.served[name] = await start_agent(self.children, folder, self.ports[name], machine, engine)
        return self.served[name]

    async def start_front(self) -> Served:
        environment = [name for name in os.environ if name.startswith("OTEL_")]
        command = [sys.executable, "-m", "tests.telemetry.mcp_server"]
        tickets = {"name": "tickets", "command": command, "env": ["PYTHONPATH", *environment], "tools": ["find"]}
        peer = {"name": "back", "url": f"http://127.0.0.1:{self.ports['back']}"}
        front = await self.start("front", peers=[peer], mcp=[tickets])
        await wait_for_agents(self.http, list(self.served.values()))
        return front

    async def send(self, **configuration: Any) -> Any:
        params = {"message": say(SECRET, contextId="c"), "configuration": configuration}
        body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
        url = self.served["front"].url
        response = await self.http.post(url, json=body, headers={"A2A-Version": "1.0", **PARENT})
        return response.json()["result"]["task"]

    async def ended(self, task: Any) -> Any:
        url = f"{self.served['front'].url}/tasks/{task['id']}"
        while task["status"]["state"] != "TASK_STATE_COMPLETED":
            await asyncio.sleep(0.05)
            task = (await self.http.get(url, headers={"A2A-Version": "1.0"})).json()
        return task


@asynccontextmanager
async def two_agents(folder: Path) -> AsyncIterator[Agents]:
    async with loud(Console()) as children, open_http() as http:
        agents = Agents(folder, children, http)
        await agents.start("back")
        await agents.start_front()
        yield agents


def has_ended(spans: list[Span]) -> bool:
    """Whether the first agent's turn has, and the request that it answers."""
    return {("front", "invoke_agent front"), ("front", "SendMessage")} <= {(span.service, span.name) for span in spans}


def tree(spans: list[Span], parent: str = CALLER) -> list[Any]:
    """Each span's service and name, then those below it."""
    return [(f"{span.service}: {span.name}", *tree(spans, span.id)) for span in spans if span.parent_id == parent]


def conventional() -> set[str]:
    """The names of attributes that OpenTelemetry has."""
    modules = [
        f"{rooms.__name__}.{module.name}" for rooms in (attributes, newer) for module in iter_modules(rooms.__path__)
    ]
    return {str(value) for module in modules for value in vars(import_module(module)).values()}


@pytest.fixture(autouse=True)
def everything_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.parametrize("content", ["", "span_only"])
async def test_from_the_caller_to_the_peers_own_tools(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", content)
    async with two_agents(tmp_path) as agents:
        task = await agents.send()
        await asyncio.to_thread(collector.wait, has_ended)
    spans = [span for span in collector.spans() if span.trace_id == TRACE]

    assert tree(spans) == [
        (
            "front: SendMessage",
            (
                "front: invoke_agent front",
                ("front: chat smollm2-135m-instruct",),
                ("front: execute_tool add",),
                (
                    "front: execute_tool back",
                    (
                        "front: SendStreamingMessage",
                        (
                            "back: SendStreamingMessage",
                            (
                                "back: invoke_agent back",
                                ("back: chat smollm2-135m-instruct",),
                                ("back: execute_tool add",),
                                ("back: chat smollm2-135m-instruct",),
                            ),
                        ),
                    ),
                ),
                (
                    "front: execute_tool find",
                    ("front: MCP send tools/call find", ("tickets: tools/call find",)),
                ),
                ("front: execute_tool fail",),
                ("front: chat smollm2-135m-instruct",),
            ),
        ),
    ]
    assert {span.scope for span in spans} == {"innerloop", "mcp-python-sdk"}
    named = {(span.service, span.name): span for span in spans}
    turn = named["front", "invoke_agent front"]
    assert turn.kind == "INTERNAL"
    assert turn.attributes | {"innerloop.turn.stop": "done"} == turn.attributes
    assert turn.attributes["gen_ai.conversation.id"] == "c"
    assert turn.attributes["a2a.task.id"] == task["id"]
    assert not turn.links
    request = named["front", "SendMessage"]
    assert request.kind == "SERVER"
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["a2a.task.id"] == task["id"]
    asked = named["front", "SendStreamingMessage"]
    assert (asked.kind, asked.attributes["server.port"]) == ("CLIENT", agents.ports["back"])
    first = next(span for span in spans if span.name.startswith("chat"))
    assert first.attributes["gen_ai.usage.output_tokens"] > first.attributes["gen_ai.response.time_to_first_chunk"] > 0
    assert first.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    failed = named["front", "execute_tool fail"]
    assert (failed.failed, failed.attributes["error.type"], failed.events) == (True, "tool_error", ())
    assert not named["front", "execute_tool add"].failed
    resource = turn.resource
    assert (resource["service.name"], resource["service.version"]) == ("front", "1.0.0")

    written = {name for span in spans if span.scope == "innerloop" for name in span.attributes}
    assert not {name for name in written - conventional() if not name.startswith(("a2a.", "innerloop."))}

    sent = b"".join(request.SerializeToString() for request in collector.traces)
    assert (SECRET.encode() in sent) == bool(content)
    assert b"alice" not in sent
    if content:
        assert SECRET in turn.attributes["gen_ai.input.messages"]
        assert named["front", "execute_tool back"].attributes["gen_ai.tool.call.result"] == "42"


async def test_a_turn_that_another_process_goes_on_with(tmp_path: Path, collector: Collector) -> None:
    """1. The process that had accepted the message is killed in the midst of its turn. 2. Another one goes on with it.

    Its spans are in the same trace, below those that died with the process, and have a link to them.
    """
    async with two_agents(tmp_path) as agents:
        task = await agents.send(returnImmediately=True)
        await asyncio.to_thread(collector.wait, lambda spans: any(span.name == "execute_tool add" for span in spans))
        process = agents.served["front"].child.process
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await agents.start_front()
        await agents.ended(task)
        spans = await asyncio.to_thread(collector.wait, lambda spans: bool(named(spans, "invoke_agent front")))
    (turn,) = named(spans, "invoke_agent front")
    (accepted,) = named(spans, "SendMessage")
    assert accepted.resource["service.instance.id"] != turn.resource["service.instance.id"]
    assert (turn.trace_id, turn.parent_id) == (TRACE, accepted.id)
    assert turn.attributes["innerloop.turn.resumed"] is True
    (link,) = turn.links
    assert (link.trace_id, link.span_id, link.attributes) == (TRACE, accepted.id, {"innerloop.link": "message"})
    assert [span.name for span in spans if span.parent_id == turn.id][-1] == "chat smollm2-135m-instruct"


def named(spans: list[Span], name: str) -> list[Span]:
    return [span for span in spans if span.name == name and span.service == "front"]
