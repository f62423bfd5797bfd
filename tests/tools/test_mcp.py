"""An MCP server's tools, over real HTTP and as a child process."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from mcp import types
from mcp.server.lowlevel import Server
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.agent import make_toolbox, mcp_config, open_mcp
from service.errors import ConfigError
from service.events import ignore
from service.messages import Caller, ToolCall, ToolResult
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import McpSection
from service.tools.base import Asks
from service.tools.toolbox import Toolbox
from tests.cli.test_children import alive
from tests.conftest import Asked, RunServer, Says, agent_config, eventually
from tests.tools.mcp_server import Tickets

COMMAND = [sys.executable, "-m", "tests.tools.mcp_server"]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """A server that is reached over HTTP."""

    url: str
    headers: list[Headers] = field(default_factory=list)
    """Of each request."""


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket | None = None, legacy: bool = False) -> AsyncIterator[Served]:
    """`legacy` servers know no protocol after 2025."""
    listener = listener or listen("127.0.0.1", 0)
    served = Served(f"{url_of(listener)}/mcp")

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            served.headers.append(Headers(scope=scope))
            if legacy and served.headers[-1].get("mcp-method") == "server/discover":
                await Response(status_code=400)(scope, receive, send)
                return
        await app(scope, receive, send)

    # Clients keep streams open: they are cut.
    server = uvicorn.Server(uvicorn.Config(noted, log_level="critical", timeout_graceful_shutdown=0))
    server.capture_signals = EmbeddedServer.capture_signals.__get__(server)  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield served
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def tickets(listener: socket.socket | None = None, legacy: bool = False, **options: Any) -> AsyncIterator[Served]:
    async with serving(Tickets().server.streamable_http_app(**options), listener, legacy) as served:
        yield served


@asynccontextmanager
async def toolbox_of(*sections: dict[str, Any], folder: Path = ROOT, **agent: Any) -> AsyncIterator[Toolbox]:
    """With the tools of these servers, which are asked again every twentieth of a second."""
    servers = [{"refresh_seconds": 0.05, **section} for section in sections]
    config = agent_config(**{"mcp": servers, "tools": [], **agent})
    async with open_mcp(config, folder) as opened:
        yield make_toolbox(config, folder, {}, opened)


@asynccontextmanager
async def by(way: str) -> AsyncIterator[dict[str, Any]]:
    """The test server as agent.yaml has it."""
    if way == "stdio":
        yield {"name": "tickets", "command": COMMAND}
        return
    async with tickets(legacy=way == "HTTP of 2025") as served:
        yield {"name": "tickets", "url": served.url}


async def call(toolbox: Toolbox, name: str, turn: str = "t1", **arguments: Any) -> ToolResult:
    made = ToolCall("c7", name, json.dumps(arguments))
    return await toolbox.call(made, Caller(turn=turn), ignore)


def names(toolbox: Toolbox) -> set[str]:
    return {spec.name for spec in toolbox.specs}


ways = pytest.mark.parametrize("way", ["HTTP", "HTTP of 2025", "stdio"])


@ways
async def test_what_a_server_lists_can_be_called(way: str) -> None:
    async with by(way) as section, toolbox_of(section) as toolbox:
        (find,) = (spec for spec in toolbox.specs if spec.name == "find")
        assert find.description == "Finds tickets."
        assert find.parameters == {
            "type": "object",
            "properties": {"query": {"type": "string"}, "limit": {"type": "integer", "default": 3}},
            "required": ["query"],
        }
        assert await call(toolbox, "find", query="ink", limit=2) == ToolResult("c7", "2 for ink")
        wrong = await call(toolbox, "find", limit=2)
        assert wrong.is_error
        assert "'query' is a required property" in wrong.text


@ways
async def test_a_call_carries_its_key_and_the_server_is_offered_nothing(way: str) -> None:
    async with by(way) as section, toolbox_of(section) as toolbox:
        about = json.loads((await call(toolbox, "about", turn="t9")).text)
    assert about["key"] == "t9/c7"
    assert not about["offers"]


@ways
async def test_what_a_server_says_is_plain_text(way: str) -> None:
    async with by(way) as section, toolbox_of(section) as toolbox:
        mixed = await call(toolbox, "mixed")
        assert mixed.text.splitlines() == [
            "one",
            "two",
            "[image/png, 12 kB]",
            "[three: https://tickets.example/3]",
            "in a file",
            "[application/pdf, 3 kB]",
        ]
        assert (await call(toolbox, "count")).text == '{"found": 2, "name": "Köln"}'
        failed = await call(toolbox, "fail")
    assert failed.is_error
    assert failed.text.endswith("there are[31m no tickets")


@ways
async def test_a_list_that_changes_is_read_again(way: str) -> None:
    async with by(way) as section, toolbox_of(section | {"refresh_seconds": 300}) as toolbox:
        assert "grown" not in names(toolbox)
        await call(toolbox, "grow")

        async def has_grown() -> bool:
            return "grown" in names(toolbox)

        await eventually(has_grown)
        assert (await call(toolbox, "grown", query="ink")).text == "3 for ink"


@pytest.mark.parametrize("legacy", [False, True])
async def test_a_server_may_come_late_and_go_and_come_again(legacy: bool) -> None:
    held = bound()
    port = held.getsockname()[1]
    section = {"name": "tickets", "url": f"http://127.0.0.1:{port}/mcp"}
    async with toolbox_of(section) as toolbox, AsyncExitStack() as stack:

        async def works() -> bool:
            return (await call(toolbox, "find", query="ink")).text == "3 for ink"

        async def is_away() -> bool:
            return (await call(toolbox, "find", query="ink")).text == "tickets cannot be reached"

        assert not toolbox.specs
        assert (await call(toolbox, "find", query="ink")).text == "there is no tool 'find'; the tools are none"
        assert not toolbox.may_repeat("find", 0)
        await stack.enter_async_context(tickets(held, legacy))
        await eventually(works)
        await stack.aclose()
        await eventually(is_away)
        assert "find" in names(toolbox)
        await stack.enter_async_context(tickets(bound(port), legacy))
        await eventually(works)


def bound(port: int = 0) -> socket.socket:
    """An address at which connections are refused until somebody listens, there again after somebody else has."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


@pytest.mark.parametrize("legacy", [False, True])
async def test_a_server_that_goes_away_lets_go_of_its_calls(legacy: bool) -> None:
    server = Tickets()
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(server.server.streamable_http_app(), legacy=legacy))
        async with toolbox_of({"name": "tickets", "url": served.url}) as toolbox:
            asleep = asyncio.create_task(call(toolbox, "sleep"))
            await eventually(lambda: holds(server.asleep == 1))
            await stack.aclose()
            slept = await asleep
    assert slept == ToolResult("c7", "tickets is gone: sleep may or may not have been done", is_error=True)


async def test_a_child_that_is_killed_lets_go_of_its_calls(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with toolbox_of({"name": "tickets", "command": COMMAND}) as toolbox:
        asleep = asyncio.create_task(call(toolbox, "sleep"))
        await eventually(lambda: holds("sleeping" in caplog.text))
        os.kill(child_of(os.getpid()), signal.SIGKILL)
        slept = await asleep
    assert slept == ToolResult("c7", "tickets is gone: sleep may or may not have been done", is_error=True)


async def holds(condition: bool) -> bool:
    return condition


def child_of(pid: int) -> int:
    """The one that runs the test server."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if "mcp_server" in Path(f"/proc/{child}/cmdline").read_text():
                return int(child)
    raise LookupError


async def test_a_child_that_dies_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with toolbox_of({"name": "tickets", "command": COMMAND}) as toolbox:
        first = child_of(os.getpid())
        os.kill(first, signal.SIGKILL)

        async def works() -> bool:
            return (await call(toolbox, "find", query="ink")).text == "3 for ink"

        await eventually(works)
        second = child_of(os.getpid())
    assert first != second
    assert not alive(second)
    levels = {(record.levelno, record.getMessage()) for record in caplog.records}
    assert (logging.INFO, "MCP server tickets: tickets are served") in levels


async def test_a_program_that_is_no_server_says_why_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    script = "import sys; print('no database', file=sys.stderr)"
    async with toolbox_of({"name": "tickets", "command": [sys.executable, "-c", script]}) as toolbox:
        assert not toolbox.specs
    (told,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert told == "MCP server tickets: Connection closed; no database"


async def test_a_child_gets_the_variables_that_are_named_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETS_TOKEN", "secret")
    monkeypatch.setenv("OTHER_TOKEN", "secret")
    async with toolbox_of({"name": "tickets", "command": COMMAND, "env": ["TICKETS_TOKEN"]}) as toolbox:
        environment = json.loads((await call(toolbox, "about")).text)["environment"]
    assert "TICKETS_TOKEN" in environment
    assert "PATH" in environment
    assert "OTHER_TOKEN" not in environment


SERVICE = """
import asyncio, logging, os, sys
from tests.tools.test_mcp import COMMAND, call, child_of, toolbox_of

async def main():
    async with toolbox_of({"name": "tickets", "command": COMMAND}) as toolbox:
        print(child_of(os.getpid()), flush=True)
        await call(toolbox, "spin")

logging.basicConfig(level=logging.INFO, stream=sys.stdout)
asyncio.run(main())
"""


async def test_a_child_ends_with_a_service_that_is_killed_though_it_computes() -> None:
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVICE, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert service.stdout is not None
    child = 0
    async for line in service.stdout:
        child = int(line) if line.strip().isdigit() else child
        if b"spinning" in line:
            break
    assert alive(child)
    service.kill()
    await service.communicate()
    await eventually(lambda: holds(not alive(child)))


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("seconds", [0.5, 60])
async def test_a_call_that_is_cancelled_or_takes_too_long_is_cancelled_there(legacy: bool, seconds: float) -> None:
    server = Tickets()
    section = {"name": "tickets", "limits": {"seconds": seconds}}
    async with (
        serving(server.server.streamable_http_app(), legacy=legacy) as served,
        toolbox_of(section | {"url": served.url}) as toolbox,
    ):
        asleep = asyncio.create_task(call(toolbox, "sleep"))
        await eventually(lambda: holds(server.asleep == 1))
        if seconds > 1:
            asleep.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asleep
        else:
            assert (await asleep).text == "sleep gave no result within 0.5 seconds"
        await eventually(lambda: holds(server.cancelled == 1))
        assert (await call(toolbox, "find", query="ink")).text == "3 for ink"


async def test_tools_are_chosen_and_named_by_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    async with tickets() as served:
        one = {"name": "one", "url": served.url, "tools": ["find", "lose"], "prefix": "ticket_"}
        async with toolbox_of(one, {"name": "two", "url": served.url, "tools": ["find"]}) as toolbox:
            assert names(toolbox) == {"ticket_find", "find"}
            assert (await call(toolbox, "ticket_find", query="ink")).text == "3 for ink"
    assert "MCP server one has no lose" in caplog.text


async def test_of_two_tools_of_one_name_the_second_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async with tickets() as served:
        section = {"name": "one", "url": served.url}
        async with toolbox_of(section, section | {"name": "two"}, ask_user=True) as toolbox:
            assert len(toolbox.specs) == len(names(toolbox))
            assert len(toolbox.specs) > 1
    told = [record.getMessage() for record in caplog.records if "two tools are called find" in record.getMessage()]
    assert told == ["two tools are called find: the second is left out; a prefix would tell them apart"]


async def test_calls_wait_for_the_user_s_yes_where_the_operator_says_so() -> None:
    async with tickets() as served:
        section = {"name": "tickets", "url": served.url, "approval": True, "idempotent": True}
        async with toolbox_of(section) as toolbox:
            assert toolbox.may_repeat("find", 1)
            with pytest.raises(Asks, match=r'May I call find\(query="ink"\)\?'):
                await call(toolbox, "find", query="ink")


async def test_a_bad_tool_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "https://elsewhere.example/"}}}
    good = types.Tool(name="good", description="Good\x07.", input_schema={"type": "object"})
    bad = [types.Tool(name="refers", input_schema=schema), types.Tool(name="<tool>", input_schema={"type": "object"})]

    async def listed(*_: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[*bad, good])

    app = Server("odd", on_list_tools=listed).streamable_http_app()
    async with serving(app) as served, toolbox_of({"name": "odd", "url": served.url}) as toolbox:
        looks = len(served.headers)
        await eventually(lambda: holds(len(served.headers) > looks + 4))
        assert [(spec.name, spec.description) for spec in toolbox.specs] == [("good", "Good .")]
    told = [record.getMessage().removeprefix("MCP server odd: its tool ") for record in caplog.records]
    name = "its name is too long, or more than letters, digits, '_', '-' and '.'"
    assert told == ["'refers' is left out: its schema refers to another one", f"'<tool>' is left out: {name}"]


async def test_a_credential_is_shown_and_nothing_of_the_caller_s(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    async with tickets() as served:
        section = {"name": "tickets", "url": served.url, "credential": {"file": "token"}}
        async with toolbox_of(section, folder=tmp_path) as toolbox:
            await call(toolbox, "find", query="ink")
        assert {headers.get("authorization") for headers in served.headers} == {"Bearer secret"}
        served.headers.clear()
        async with toolbox_of({"name": "tickets", "url": served.url}) as toolbox:
            await call(toolbox, "find", query="ink")
        assert {headers.get("authorization") for headers in served.headers} == {None}


async def test_a_server_that_does_not_let_us_in_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Response(status_code=401)) as served, toolbox_of({"name": "t", "url": served.url}) as toolbox:
        assert not toolbox.specs
    assert "401 Unauthorized" in caplog.text


async def test_a_server_that_points_elsewhere_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    async with tickets() as elsewhere, serving(RedirectResponse(elsewhere.url)) as served:
        async with toolbox_of({"name": "t", "url": served.url}) as toolbox:
            assert not toolbox.specs
        assert served.headers
        assert not elsewhere.headers
    assert "not followed" in caplog.text


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_result_without_end_fails_its_call_only(as_json: bool) -> None:
    async def listed(*_: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name=name, input_schema={"type": "object"}) for name in "ab"])

    async def called(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        text = "x" * 9_000_000 if params.name == "a" else "b"
        return types.CallToolResult(content=[types.TextContent(text=text)])

    app = Server("odd", on_list_tools=listed, on_call_tool=called).streamable_http_app(json_response=as_json)
    async with serving(app) as served, toolbox_of({"name": "odd", "url": served.url}) as toolbox:
        too_long = await call(toolbox, "a")
        assert too_long.is_error
        assert "a failed: " in too_long.text
        assert (await call(toolbox, "b")).text == "b"


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ({"url": "ftp://tickets.example"}, "tickets: 'ftp://tickets.example' is not an http or https URL"),
        ({"command": ["no-such-program"]}, "tickets: there is no program 'no-such-program'"),
        ({"command": ["./run"]}, "tickets: there is no program './run'"),
        ({"command": ["sh"], "env": ["NO_SUCH_VARIABLE"]}, "tickets: the environment has no NO_SUCH_VARIABLE"),
        ({"url": "http://t.example", "credential": {"file": "none"}}, "none: No such file"),
    ],
)
def test_what_will_not_do_is_said_before_anything_starts(tmp_path: Path, section: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        mcp_config(McpSection.model_validate({"name": "tickets", **section}), tmp_path)


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        ([{"name": "t"}], "t wants either `url` or `command`"),
        ([{"name": "t", "url": "http://t", "command": ["t"]}], "t wants either `url` or `command`"),
        ([{"name": "t", "url": "http://t", "env": ["A"]}], "`env` is for a `command`"),
        ([{"name": "t", "command": ["t"], "credential": {"file": "f"}}], "`credential` is for a `url`"),
        ([{"name": "t", "url": "http://t"}] * 2, "two MCP servers are called 't'"),
    ],
)
def test_a_section_that_makes_no_sense(sections: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        agent_config(mcp=sections)


async def test_a_tool_that_is_named_for_two_is_said_before_anything_starts(tmp_path: Path) -> None:
    sections = [{"name": name, "url": "http://127.0.0.1:1/mcp", "tools": ["find"]} for name in ("one", "two")]
    with pytest.raises(ConfigError, match="two tools are called 'find'"):
        async with toolbox_of(*sections, folder=tmp_path):
            pass


def finds(asked: Asked) -> Says:
    if asked.results:
        return Says(f"It is {asked.results[0]}.")
    return Says("Let me see. ", (("find", '{"query": "ink"}'),))


@ways
async def test_a_turn_with_a_tool_of_a_server(way: str, run_server: RunServer) -> None:
    async with by(way) as section:
        section["command"] = ["sh", "-c", f"cd {ROOT} && exec {' '.join(COMMAND)}"] if way == "stdio" else None
        agent = await run_server(finds, mcp=[section])
        assert (await agent.http.get(f"{agent.url}/readyz")).json()["mcp"] == {"tickets": True}
        task = await agent.send("How many?")
        assert task["artifacts"][0]["parts"][0]["text"] == "Let me see. It is 3 for ink."
        await agent.stop()


async def test_an_agent_serves_while_its_server_is_down(run_server: RunServer) -> None:
    held = bound()
    url = f"http://127.0.0.1:{held.getsockname()[1]}/mcp"
    section = {"name": "tickets", "url": url, "refresh_seconds": 0.05}
    agent = await run_server(finds, mcp=[section])
    assert (await agent.http.get(f"{agent.url}/readyz")).json()["mcp"] == {"tickets": False}
    task = await agent.send("How many?")
    assert "there is no tool 'find'" in task["artifacts"][0]["parts"][0]["text"]
    async with tickets(held):

        async def works() -> bool:
            answered = await agent.send("How many?")
            return bool(answered["artifacts"][0]["parts"][0]["text"] == "Let me see. It is 3 for ink.")

        await eventually(works)
        await agent.stop()
