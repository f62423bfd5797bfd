"""Demonstrations: an expert's conversations, run through the real loop with the real tools.

The expert takes the engine's place and nothing else changes, so what is trained on is what will be served: the same
prompt, the same results, the same splices; and the loss mask is the transcript's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from service.chat.base import ChatFormat
from service.decode import DecodeLoop
from service.engine.base import Engine, Sampling
from service.engine.scripted import ScriptedEngine
from service.errors import ServiceError, ToolError
from service.events import CallFinished
from service.messages import ToolCall, ToolResult
from service.tools.base import CallContext, ToolSpec
from service.training.rollout import rollout
from service.training.task import Expert, Task
from service.transcript import Transcript


class StandIn:
    """A peer's place taken by a function, where training needs its answers but not the agent itself."""

    def __init__(self, spec: ToolSpec, answer: Callable[[str], str]) -> None:
        self.spec = spec
        self._answer = answer

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        try:
            return self._answer(arguments["message"])
        except ValueError as error:
            raise ToolError(str(error)) from error


class ExpertEngine(ScriptedEngine):
    """Writes what the expert of one task writes."""

    def __init__(self, expert: Expert, chat: ChatFormat) -> None:
        super().__init__(self._play)
        self._expert = expert
        self._chat = chat
        self._started = False
        self._results: dict[str, str] = {}

    async def listen(self, event: object) -> None:
        """The sink through which the expert hears results."""
        if isinstance(event, CallFinished):
            self._results[event.call_id] = ToolResult(event.call_id, event.text, event.is_error).as_read

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> Iterator[Sequence[int]]:
        # In the order asked: `c0`, `c1`, ..., whichever came first.
        results = [self._results[id] for id in sorted(self._results, key=lambda id: int(id[1:]))]
        self._results.clear()
        stretch = self._expert.send(results) if self._started else next(self._expert)
        self._started = True
        calls = [
            ToolCall(f"c{number}", call.tool, json.dumps(dict(call.arguments), ensure_ascii=False))
            for number, call in enumerate(stretch.calls)
        ]
        yield self._chat.write_stretch(stretch.text, calls)


async def demonstrate(task: Task, chat: ChatFormat, loop_over: Callable[[Engine], DecodeLoop]) -> Transcript:
    """The expert's whole conversation. Raises ServiceError if the expert fails the task's own check."""
    engine = ExpertEngine(task.expert(), chat)
    episode = await rollout(task, loop_over(engine), engine.listen)
    if episode.problem:
        raise ServiceError(f"the expert fails its own task {task.kind!r}, {task.turns}: {episode.problem}")
    return episode.transcript
