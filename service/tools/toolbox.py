"""The one way to call a tool: arguments checked, time, size and concurrency limited, every failure a result."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import jsonschema
from opentelemetry.trace import Span

from service.errors import ToolError
from service.events import Emit
from service.messages import Answer, Caller, ToolCall, ToolResult
from service.plain import sound
from service.telemetry import names, traces
from service.telemetry.logs import SAID
from service.tools.base import Asks, CallContext, CallKey, StillRuns, Tool, ToolSpec, call_key

logger = logging.getLogger(__name__)


GiveUp = Callable[[dict[str, Any], CallKey, str], Awaitable[None]]
"""Ends what a call has begun elsewhere, given its arguments, its key, and the memo of its newest question, if that had
one: nobody waits for it any more.
"""


@dataclass(frozen=True, slots=True)
class Limited:
    """A tool and how much of it is allowed."""

    tool: Tool
    seconds: float = 10.0
    result_chars: int = 4_000
    concurrency: int = 64
    idempotent: bool = False
    """Whether a call may be made again where nobody knows what came of it."""
    asks_first: bool = False
    """Whether a call does nothing before its first question is answered."""
    give_up: GiveUp | None = None
    """For a tool whose calls leave something behind elsewhere where they do not come to an end."""


Source = Callable[[], Iterable[Limited]]
"""Tools that come and go: those that there are now."""


class Toolbox:
    """The tools of one agent."""

    def __init__(self, tools: Sequence[Limited], sources: Sequence[Source] = ()) -> None:
        """Of what the `sources` have, a tool whose name is taken is left out, and told in the log.

        Raises ValueError if two of the `tools` share a name.
        """
        self._own = {limited.tool.spec.name: limited for limited in tools}
        if len(self._own) < len(tools):
            names = [limited.tool.spec.name for limited in tools]
            raise ValueError(f"two tools are called {next(name for name in names if names.count(name) > 1)!r}")
        self._sources = sources
        self._left_out: set[str] = set()
        self._places: dict[str, asyncio.Semaphore] = {}

    @property
    def _tools(self) -> dict[str, Limited]:
        """By their names, as they are now."""
        tools = dict(self._own)
        for limited in chain.from_iterable(source() for source in self._sources):
            name = limited.tool.spec.name
            if tools.setdefault(name, limited) is not limited and name not in self._left_out:
                self._left_out.add(name)
                logger.warning("two tools are called %s: the second is left out; a prefix would tell them apart", name)
        return tools

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told. It may change, as the cards of peers do and the lists of servers."""
        return tuple(limited.tool.spec for limited in self._tools.values())

    def names(self) -> set[str]:
        """Of the tools that there are now."""
        return set(self._tools)

    def result_chars(self, name: str) -> int:
        """How many characters of what a tool says the model reads."""
        limited = self._tools.get(name)
        return limited.result_chars if limited else 0

    def may_repeat(self, name: str, answers: int) -> bool:
        """Whether a call that was made with so many answers does no more when it is made with them again."""
        limited = self._tools.get(name)
        if limited is None:
            return not self._sources  # one of them may have it, and not be there now
        return limited.idempotent or (limited.asks_first and not answers)

    async def call(
        self, call: ToolCall, caller: Caller, emit: Emit, answers: tuple[Answer, ...] = (), *, again: bool = False
    ) -> ToolResult:
        """Runs the call, maybe `again`.

        Whatever goes wrong comes back as a result the model can read; only cancellation passes.

        Raises Asks if the tool wants to know more than the `answers` that there are.
        """
        tools = self._tools
        limited = tools.get(call.name)
        with _span(call, limited) as span:
            result = await self._call(call, limited, tools, CallContext(call, caller, emit, answers, again))
            if result.is_error:
                traces.fail(span, "tool_error")
            if names.captures_content():
                span.set_attribute(names.TOOL_RESULT, result.text)
        return result

    async def _call(
        self, call: ToolCall, limited: Limited | None, tools: Mapping[str, Limited], context: CallContext
    ) -> ToolResult:
        if limited is None:
            return _failed(call, f"there is no tool {call.name!r}; the tools are {', '.join(tools) or 'none'}")
        clock = asyncio.timeout(limited.seconds)
        try:
            arguments = parse_arguments(call.arguments, limited.tool.spec)
            async with clock:
                text = await self._run(limited, arguments, context)
        except Asks:
            raise
        except ToolError as error:
            return _failed(call, _short(str(error), limited.result_chars))
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _cancelled():
                raise
            if isinstance(error, TimeoutError) and clock.expired():
                return _failed(call, f"{call.name} gave no result within {limited.seconds:g} seconds")
            # What a tool's own exception says is for the operator, not for the model and through it the world.
            logger.exception("tool %s failed", call.name, extra=SAID)
            return _failed(call, f"{call.name} failed")
        return ToolResult(call.id, _short(text, limited.result_chars))

    async def give_up(self, call: ToolCall, turn: str, memo: str = "") -> None:
        """Lets a call of a turn clean up that will not come to an end. `memo` is that of what it has asked last."""
        limited = self._tools.get(call.name)
        if not (limited and limited.give_up):
            return
        try:
            arguments = parse_arguments(call.arguments, limited.tool.spec)
            async with asyncio.timeout(limited.seconds):
                await limited.give_up(arguments, call_key(turn, call), memo)
        except ToolError:  # it never ran
            return
        except Exception:
            logger.exception("tool %s cannot clean up", call.name, extra=SAID)

    async def _run(self, limited: Limited, arguments: dict[str, Any], context: CallContext) -> str:
        """Waits for one of the tool's places and keeps it for as long as anything of the call runs."""
        place = self._places.setdefault(context.call.name, asyncio.Semaphore(limited.concurrency))
        await place.acquire()
        try:
            text = await limited.tool(arguments, context)
        except StillRuns as left:
            left.over.add_done_callback(lambda _: place.release())
            raise asyncio.CancelledError from left  # a time limit knows no subclass of it
        except BaseException:
            place.release()
            raise
        place.release()
        return text


@contextmanager
def _span(call: ToolCall, limited: Limited | None) -> Iterator[Span]:
    """Of a call. A name that no tool has is the model's own invention, of which there may be any number."""
    name = call.name if limited else "unknown"
    attributes = {
        names.OPERATION: names.EXECUTE_TOOL,
        names.TOOL_NAME: name,
        names.TOOL_TYPE: "function",
        names.TOOL_CALL_ID: call.id,
    }
    if limited:
        attributes[names.TOOL_DESCRIPTION] = limited.tool.spec.description
    if names.captures_content():
        attributes[names.TOOL_ARGUMENTS] = call.arguments
    with traces.span(f"{names.EXECUTE_TOOL} {name}", attributes=attributes, no_failure=Asks) as span:
        yield span


def parse_arguments(text: str, spec: ToolSpec) -> dict[str, Any]:
    """The arguments as an object of the tool's schema. Raises ToolError, saying what does not fit."""
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers too long to be read, and brackets without end
        raise ToolError(f"the arguments of {spec.name} are not JSON: {error}") from error
    # Not `validate`, which checks the schema too, each time: that takes longer than many a tool.
    validator = jsonschema.validators.validator_for(spec.parameters)(spec.parameters)
    if wrong := jsonschema.exceptions.best_match(validator.iter_errors(arguments)):
        where = f"{wrong.json_path[2:]}: " if wrong.path else ""
        raise ToolError(f"the arguments of {spec.name} do not fit: {where}{wrong.message}")
    if not isinstance(arguments, dict):
        raise ToolError(f"the arguments of {spec.name} are not an object")
    return arguments


def _cancelled() -> bool:
    """Whether it is us who were cancelled, and not something that a tool was waiting for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _failed(call: ToolCall, why: str) -> ToolResult:
    return ToolResult(call.id, why, is_error=True)


def _short(text: str, limit: int) -> str:
    """At most `limit` characters, and none that no encoding has."""
    text = sound(text)
    return text if len(text) <= limit else f"{text[:limit]} [cut: {len(text)} characters]"
