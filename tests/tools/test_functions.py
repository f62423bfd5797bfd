"""Functions become tools: what the model is told, and what it gets back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from enum import Enum
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from service.errors import ConfigError, ToolError
from service.events import ignore
from service.messages import Caller, ToolCall
from service.tools.base import CallContext, CallKey
from service.tools.functions import FunctionTool, load_tools

CONTEXT = CallContext(ToolCall("c0", "f", "{}"), Caller(), ignore)


def order(item: str, quantity: int = 1, speed: Literal["slow", "fast"] = "slow") -> str:
    """Order an item.

    Args:
        item: What to order.
        quantity: How many.
    """
    if quantity < 1:
        raise ValueError("The quantity must be at least 1.")
    return f"{quantity} x {item}, {speed}"


def test_the_schema_comes_from_the_signature() -> None:
    spec = FunctionTool(order).spec
    assert (spec.name, spec.description) == ("order", "Order an item.")
    assert spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "item": {"type": "string", "description": "What to order."},
            "quantity": {"type": "integer", "default": 1, "description": "How many."},
            "speed": {"type": "string", "enum": ["slow", "fast"], "default": "slow"},
        },
        "required": ["item"],
    }


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    title: str
    colour: Colour = Colour.RED
    notes: dict[str, str] = {"title": "none"}


def test_a_nested_schema_has_no_titles_but_those_that_are_names() -> None:
    def order(lines: list[Line], title: str) -> str:
        """Order."""
        return ""

    assert FunctionTool(order).spec.parameters == {
        "$defs": {
            "Colour": {"type": "string", "enum": ["red", "blue"]},
            "Line": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"},
                    "colour": {"$ref": "#/$defs/Colour", "default": "red"},
                    "notes": {
                        "type": "object",
                        "additionalProperties": {"type": "string"},
                        "default": {"title": "none"},
                    },
                },
                "required": ["title"],
            },
        },
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
            "title": {"type": "string"},
        },
        "required": ["lines", "title"],
    }


async def test_defaults_and_plain_functions() -> None:
    assert await FunctionTool(order)({"item": "nut"}, CONTEXT) == "1 x nut, slow"


async def test_async_functions() -> None:
    async def ping() -> int:
        """Answers."""
        return 42

    assert await FunctionTool(ping)({}, CONTEXT) == "42"


async def test_a_value_error_is_the_answer() -> None:
    with pytest.raises(ToolError, match="at least 1"):
        await FunctionTool(order)({"item": "nut", "quantity": 0}, CONTEXT)


async def test_a_plain_function_sees_the_context_of_its_call() -> None:
    asker = ContextVar("asker", default="nobody")

    def who() -> str:
        """Tells who asks."""
        return asker.get()

    asker.set("somebody")
    assert await FunctionTool(who)({}, CONTEXT) == "somebody"


@pytest.mark.parametrize("error", [KeyError("nut"), TimeoutError(), StopIteration()])
async def test_what_a_plain_function_raises_passes(error: Exception) -> None:
    def fail() -> str:
        """Fails."""
        raise error

    with pytest.raises((type(error), RuntimeError)) as raised:  # no coroutine can raise StopIteration
        await FunctionTool(fail)({}, CONTEXT)
    assert error in (raised.value, raised.value.__cause__)


def test_what_cannot_be_described_is_refused() -> None:
    def untyped(x) -> str:  # type: ignore[no-untyped-def]
        """Does."""
        return ""

    def silent(x: int) -> str:
        return ""

    with pytest.raises(ConfigError, match="'x' has no type"):
        FunctionTool(untyped)
    with pytest.raises(ConfigError, match="no docstring"):
        FunctionTool(silent)


def test_parameters_that_no_json_can_give_are_refused() -> None:
    def several(*items: int) -> str:
        """Does."""
        return ""

    def named(**items: int) -> str:
        """Does."""
        return ""

    def unnamed(x: int, /) -> str:
        """Does."""
        return ""

    def hidden(_x: int) -> str:
        """Does."""
        return ""

    def lock(x: threading.Event) -> str:
        """Does."""
        return ""

    def kind(x: type) -> str:
        """Does."""
        return ""

    refused: list[tuple[Callable[..., str], str]] = [
        (several, "'items' is variadic positional"),
        (named, "'items' is variadic keyword"),
        (unnamed, "'x' is positional-only"),
        (hidden, "leading underscores"),
        (lock, "Unable to generate"),
        (kind, "Cannot generate"),
    ]
    for function, why in refused:
        with pytest.raises(ConfigError, match=f"{function.__name__}: .*{why}"):
            FunctionTool(function)


def test_a_class_gives_its_public_methods_in_order(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(
        "class Desk:\n"
        "    def __init__(self, name: str) -> None:\n        self._name = name\n"
        "    def zeta(self) -> str:\n        '''Says.'''\n        return self._name\n"
        "    def alpha(self) -> str:\n        '''Says more.'''\n        return self._hidden()\n"
        "    def _hidden(self) -> str:\n        return ''\n"
        "class Front(Desk):\n"
        "    SIZE = 3\n"
        "    def beta(self) -> str:\n        '''Says a third thing.'''\n        return ''\n"
    )
    for name, expected in (("Desk", ["zeta", "alpha"]), ("Front", ["zeta", "alpha", "beta"])):
        tools = load_tools(tmp_path, f"tools.py:{name}", {"name": "x"})
        assert [tool.spec.name for tool in tools] == expected


@pytest.mark.parametrize(
    ("use", "options", "why"),
    [
        ("none.py:f", {}, "no such file"),
        ("tools.py:g", {}, "has no 'g'"),
        ("tools.py:f", {"a": 1}, "options are for classes"),
        ("broken.py:f", {}, "SyntaxError"),
        ("tools.py:Desk", {"colour": 1}, "takes no arguments"),
        ("tools.py:SIZE", {}, "neither a function nor a class"),
        ("tools.py:lost", {}, "Nowhere"),
        ("tools.py:Broken", {}, "KeyError"),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, use: str, options: dict[str, int], why: str) -> None:
    (tmp_path / "tools.py").write_text(
        "def f() -> str:\n    '''Does.'''\n    return ''\n"
        "def lost(where: 'Nowhere') -> str:\n    '''Does.'''\n    return ''\n"
        "class Desk: pass\n"
        "class Broken:\n    def __init__(self) -> None:\n        {}['x']\n"
        "SIZE = 3\n"
    )
    (tmp_path / "broken.py").write_text("def f(:\n")
    with pytest.raises(ConfigError, match=why):
        load_tools(tmp_path, use, options)


async def test_a_call_s_key_is_not_the_model_s_to_give() -> None:
    def place(item: str, key: CallKey) -> str:
        """Places an order."""
        return f"{item} {key}"

    tool = FunctionTool(place)
    assert list(tool.spec.parameters["properties"]) == ["item"]
    context = CallContext(ToolCall("c3", "place", "{}"), Caller(turn="t"), ignore)
    assert await tool({"item": "nuts"}, context) == "nuts t/c3"
    with pytest.raises(ToolError, match="key"):
        await tool({"item": "nuts", "key": "x"}, context)
