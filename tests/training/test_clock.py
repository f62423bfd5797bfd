"""Time that is made up, and tools that take as much of it as they are said to."""

from __future__ import annotations

import asyncio
from typing import Any

from service.events import ignore
from service.messages import Caller, ToolCall, ToolResult
from service.tools.base import CallContext, CallKey, ToolSpec
from service.tools.toolbox import Limited, Toolbox
from service.training.clock import Clock, TimedToolbox


async def test_time_jumps_where_everybody_waits() -> None:
    clock = Clock()
    heard: list[float] = []

    async def wait(seconds: float) -> None:
        await clock.until(seconds)
        heard.append(clock.now)

    async with clock.running():
        with clock.decoding:
            waiting = [asyncio.create_task(wait(seconds)) for seconds in (3.0, 1.0, 2000.0)]
            await clock.settle()
            await clock.advance(2.0)
            assert (heard, clock.now) == ([1.0], 2.0)
        await asyncio.gather(*waiting)
    assert heard == [1.0, 3.0, 2000.0]


class Lamp:
    def __init__(self, name: str) -> None:
        self.spec = ToolSpec(name, "Shines.", {"type": "object"})

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        return f"{self.spec.name} shines"


async def test_a_timed_toolbox_is_the_toolbox_in_all_but_time() -> None:
    given_up: list[str] = []
    plugged: list[Limited] = []

    async def give_up(arguments: dict[str, Any], key: CallKey, memo: str) -> None:
        given_up.append(memo)

    own = [Limited(Lamp("red"), result_chars=8, idempotent=True, give_up=give_up), Limited(Lamp("blue"))]
    toolbox, clock = Toolbox(own, [lambda: plugged]), Clock()
    timed = TimedToolbox(toolbox, clock, lambda call: clock.now + 5.0)
    plugged.append(Limited(Lamp("green"), asks_first=True))
    assert timed.specs == toolbox.specs
    assert timed.names() == {"red", "blue", "green"}
    for name in ("red", "blue", "green", "none"):
        assert timed.result_chars(name) == toolbox.result_chars(name)
        assert timed.may_repeat(name, 0) == toolbox.may_repeat(name, 0)
    red = ToolCall("c0", "red", "{}")
    await timed.give_up(red, "turn", "memo")
    assert given_up == ["memo"]
    async with clock.running():
        result = await timed.call(red, Caller(), ignore)
    assert (result, clock.now) == (ToolResult("c0", "red shin [cut: 10 characters]"), 5.0)
