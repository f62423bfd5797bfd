"""Whatever goes wrong in a call comes back as a result the model can read."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.errors import ToolError
from service.events import ignore
from service.messages import Caller, ToolCall, ToolResult
from service.tools.base import CallContext, ToolSpec
from service.tools.functions import FunctionTool
from service.tools.toolbox import Limited, Toolbox
from tests.conftest import eventually

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


class Made:
    """A tool made of a function."""

    def __init__(self, work: Callable[[dict[str, Any]], Awaitable[str]], name: str = "made") -> None:
        self.spec = ToolSpec(name, "Made.", SCHEMA)
        self._work = work

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        return await self._work(arguments)


async def call(tool: Made, arguments: str = '{"n": 1}', name: str = "made", **limits: Any) -> ToolResult:
    return await Toolbox([Limited(tool, **limits)]).call(ToolCall("c0", name, arguments), Caller(), ignore)


async def answer(arguments: dict[str, Any]) -> str:
    return f"n is {arguments['n']}"


async def test_a_call() -> None:
    assert await call(Made(answer)) == ToolResult("c0", "n is 1")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ('{"n": 1', "are not JSON"),
        ('{"n": ' + "[" * 5_000, "are not JSON"),
        ('{"n": "one"}', "n: 'one' is not of type 'integer'"),
        ("{}", "'n' is a required property"),
        ('{"n": 1, "m": 2}', "'m' was unexpected"),
        ("[1]", "is not of type 'object'"),
    ],
)
async def test_arguments_that_do_not_fit(arguments: str, why: str) -> None:
    result = await call(Made(answer), arguments)
    assert result.is_error
    assert why in result.text


async def test_an_unknown_tool() -> None:
    result = await call(Made(answer), name="other")
    assert result == ToolResult("c0", "there is no tool 'other'; the tools are made", is_error=True)


async def test_a_tool_that_refuses() -> None:
    async def refuse(arguments: dict[str, Any]) -> str:
        raise ToolError("No such supplier.")

    assert await call(Made(refuse)) == ToolResult("c0", "No such supplier.", is_error=True)


async def test_a_tool_whose_own_wait_ends_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    """Neither its own time limit nor the end of something it waits for is ours."""

    async def times_out(arguments: dict[str, Any]) -> str:
        raise TimeoutError("the socket")

    async def waits_for_the_dead(arguments: dict[str, Any]) -> str:
        other = asyncio.create_task(asyncio.sleep(60))
        other.cancel()
        await other
        return ""

    for work in (times_out, waits_for_the_dead):
        assert await call(Made(work)) == ToolResult("c0", "made failed", is_error=True)
    assert "the socket" in caplog.text


async def test_a_tool_that_breaks_does_not_show_how() -> None:
    async def broken(arguments: dict[str, Any]) -> str:
        raise RuntimeError("password=hunter2")

    assert await call(Made(broken)) == ToolResult("c0", "made failed", is_error=True)


async def test_a_tool_that_takes_too_long() -> None:
    async def slow(arguments: dict[str, Any]) -> str:
        await asyncio.sleep(60)
        return ""

    result = await call(Made(slow), seconds=0.01)
    assert result == ToolResult("c0", "made gave no result within 0.01 seconds", is_error=True)


async def test_a_long_result_is_cut() -> None:
    async def long(arguments: dict[str, Any]) -> str:
        return "x" * 50

    assert (await call(Made(long), result_chars=10)).text == "xxxxxxxxxx [cut: 50 characters]"


async def test_a_result_is_text_that_can_be_encoded() -> None:
    async def half(arguments: dict[str, Any]) -> str:
        return "half \ud83d"

    assert (await call(Made(half))).text == "half ?"


async def test_no_more_at_once_than_allowed() -> None:
    running = most = 0

    async def count(arguments: dict[str, Any]) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return ""

    toolbox = Toolbox([Limited(Made(count), concurrency=2)])
    calls = [ToolCall(f"c{n}", "made", '{"n": 1}') for n in range(10)]
    await asyncio.gather(*(toolbox.call(call, Caller(), ignore) for call in calls))
    assert most == 2


class Hanging:
    """A plain function that returns only once it is let go, as a tool beside one that answers."""

    def __init__(self, concurrency: int) -> None:
        self.let_go = threading.Event()
        self.started: list[int] = []
        limited = Limited(FunctionTool(self.hang), seconds=0.05, concurrency=concurrency)
        self.toolbox = Toolbox([limited, Limited(FunctionTool(self.echo))])

    def hang(self, n: int) -> str:
        """Hangs."""
        self.started.append(n)
        self.let_go.wait()
        return "let go"

    def echo(self, n: int) -> str:
        """Answers."""
        return f"n is {n}"

    async def call(self, name: str, n: int) -> str:
        return (await self.toolbox.call(ToolCall("c0", name, f'{{"n": {n}}}'), Caller(), ignore)).text

    async def has_a_place(self) -> bool:
        return await self.call("hang", -1) == "let go"


@contextmanager
def hanging(concurrency: int) -> Iterator[Hanging]:
    tools = Hanging(concurrency)
    try:
        yield tools
    finally:
        tools.let_go.set()


async def test_what_hangs_keeps_its_place_but_no_other_tool_from_answering() -> None:
    """1. All places hang.  2. One more call waits in vain, another tool answers.  3. Let go, places are free."""
    places = 40  # more than the threads of any executor of asyncio's
    late = "hang gave no result within 0.05 seconds"
    with hanging(places) as tools:
        assert set(await asyncio.gather(*(tools.call("hang", n) for n in range(places)))) == {late}
        assert await tools.call("hang", places) == late
        assert await tools.call("echo", 1) == "n is 1"
        tools.let_go.set()
        await eventually(tools.has_a_place)
    assert sorted(n for n in tools.started if n >= 0) == list(range(places))


async def test_a_cancelled_call_ends_before_what_hangs_and_leaves_it_its_place() -> None:
    with hanging(concurrency=1) as tools:
        running = asyncio.create_task(tools.call("hang", 1))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await tools.call("hang", 2) == "hang gave no result within 0.05 seconds"
        tools.let_go.set()
        await eventually(tools.has_a_place)
    assert 2 not in tools.started


HANGS = """
import asyncio, threading
from service.events import ignore
from service.messages import Caller, ToolCall
from service.tools.functions import FunctionTool
from service.tools.toolbox import Limited, Toolbox

def hang() -> str:
    'Hangs.'
    threading.Event().wait()
    return ""

async def main() -> None:
    toolbox = Toolbox([Limited(FunctionTool(hang), seconds=0.1)])
    print((await toolbox.call(ToolCall("c0", "hang", "{}"), Caller(), ignore)).text)
    unheard = asyncio.create_task(toolbox.call(ToolCall("c1", "hang", "{}"), Caller(), ignore))
    await asyncio.sleep(0)

asyncio.run(main())
"""


def test_what_hangs_does_not_keep_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "hang gave no result within 0.1 seconds\n", "")


def test_two_tools_of_one_name() -> None:
    with pytest.raises(ValueError, match="'made'"):
        Toolbox([Limited(Made(answer)), Limited(Made(answer))])
