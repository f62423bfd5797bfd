"""Tools that come with the service: they ask whoever asked for the turn."""

from __future__ import annotations

import json
from typing import Any

from service.errors import ToolError
from service.plain import visible
from service.tools.base import Asks, CallContext, Tool, ToolSpec

_YES = {"yes", "y", "ok", "okay", "sure", "approve", "approved", "confirm", "confirmed", "go ahead", "do it"}


class AskUser:
    """Asks a question; the next message is the answer."""

    spec = ToolSpec(
        "ask_user",
        "Asks the user a question and waits for the answer.",
        {
            "type": "object",
            "properties": {"question": {"type": "string"}},
            "required": ["question"],
            "additionalProperties": False,
        },
    )

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        if not context.answers:
            raise Asks(arguments["question"])
        return context.answers[-1].text or ""


class Approved:
    """A tool whose calls are made once the user has said yes. Any other answer is a no, which the model reads."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    @property
    def spec(self) -> ToolSpec:
        return self._tool.spec

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        if not context.answers:
            given = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())
            raise Asks(f"May I call {self.spec.name}({visible(given)})?")
        said = context.answers[0].text or ""
        if said.strip(" .!").casefold() not in _YES:
            raise ToolError(f"not done, since the user did not agree but said: {said}")
        return await self._tool(arguments, context)
