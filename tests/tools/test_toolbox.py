"""Whatever goes wrong in a call comes back as a result the model can read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.errors import ToolError
from service.events import ignore
from service.messages import Caller, ToolCall, ToolResult
from service.tools.base import CallContext, ToolSpec
from service.tools.toolbox import Limited, Toolbox

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


def test_two_tools_of_one_name() -> None:
    with pytest.raises(ValueError, match="'made'"):
        Toolbox([Limited(Made(answer)), Limited(Made(answer))])
