"""Demonstrations: an expert's conversations, run through the real loop with the real tools.

The expert takes the engine's place and nothing else changes, so what is trained on is what will be served: the same
prompt, the same results, the same splices; and the loss mask is the transcript's own. Only time is made up, so that
the same demonstrations come out whenever they are made.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from contextlib import aclosing
from random import Random
from typing import Any

from service.chat.base import ChatFormat
from service.decode import DecodeLoop
from service.engine.base import Chunk, Sampling
from service.engine.scripted import ScriptedEngine
from service.errors import ServiceError, ToolError
from service.events import CallFinished, Event
from service.messages import ToolCall, ToolResult
from service.tools.base import CallContext, ToolSpec
from service.tools.toolbox import Toolbox
from service.training.clock import Clock, TimedToolbox
from service.training.rollout import rollout
from service.training.task import ExpertTurn, Step, Task
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
    """Writes what the expert of one task writes.

    In a turn format, round by round: calls, and when all is known, what is to be said. In a live one, whatever can be
    done next: a call, those first that take long; a sentence about what is known; else it waits.
    """

    def __init__(
        self, task: Task, chat: ChatFormat, slow: Collection[str], clock: Clock, seconds_per_token: float
    ) -> None:
        super().__init__(self._play)
        self._chat = chat
        self._slow = slow
        self._clock = clock
        self._seconds = seconds_per_token
        self._turns = iter(task.turns)
        self._begin()

    def _begin(self) -> None:
        """The next turn; none after the last."""
        self._turn = next(self._turns, ExpertTurn(""))
        self._rounds = iter(self._turn.rounds)
        self._made: list[Step] = []
        self._told = 0
        """Results of which something was said."""
        self._finished: dict[str, str] = {}
        self._known: dict[Step, str] = {}
        """Results that the model has read, in the order of arrival."""

    async def listen(self, event: Event) -> None:
        """The sink of the turn."""
        if isinstance(event, CallFinished):
            self._finished[event.call_id] = ToolResult(event.call_id, event.text, event.is_error).as_read

    async def keep(self, transcript: Transcript) -> None:
        """Sees what the model gets to read."""
        for arrival in transcript.spans[-1].arrivals:
            self._known[self._made[int(arrival.call_id[1:])]] = self._finished[arrival.call_id]

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        with self._clock.decoding:
            async with aclosing(super().generate(tokens, sampling)) as stream:
                async for chunk in stream:
                    await self._clock.advance(self._seconds * len(chunk.tokens))
                    yield chunk
                    if len(self._finished) < len(self._made):
                        await self._clock.settle()

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> Iterator[Sequence[int]]:
        if not self._chat.live:
            yield self._play_round()
            return
        more = True
        while more:
            tokens, more = self._play_move()
            yield from ((token,) for token in tokens)

    def _play_round(self) -> tuple[int, ...]:
        if steps := next(self._rounds, ()):
            return self._chat.write_stretch("", [self._make(step) for step in steps])
        answer = self._turn.answer(self._known)
        self._begin()
        return self._chat.write_stretch(answer, [])

    def _play_move(self) -> tuple[tuple[int, ...], bool]:
        """The next thing to do, and whether more can be done without waiting."""
        unmade = (step for step in self._turn.steps if step not in self._made)
        if ready := [step for step in unmade if not step.after or step.after in self._known]:
            step = min(ready, key=lambda step: step.call.tool not in self._slow)
            return self._chat.write_stretch("", [self._make(step)])[:-1], True
        untold = [step.tell(result) for step, result in self._known.items() if step.tell][self._told :]
        if not untold and len(self._known) < len(self._made):
            return self._chat.write_stretch("", [ToolCall("", "", "")])[-1:], False
        lines = [*untold, self._turn.closing] if self._turn.closing else untold
        if len(lines) > 1 or len(self._known) < len(self._turn.steps):
            self._told += 1
            return self._chat.write_stretch(f"{lines[0]}\n", [])[:-1], True
        self._begin()
        return self._chat.write_stretch("".join(lines), []), False

    def _make(self, step: Step) -> ToolCall:
        self._made.append(step)
        arguments = json.dumps(dict(step.call.arguments), ensure_ascii=False)
        return ToolCall(f"c{len(self._made) - 1}", step.call.tool, arguments)


async def demonstrate(
    task: Task,
    chat: ChatFormat,
    toolbox: Toolbox,
    slow: Collection[str],
    loop_over: Callable[..., DecodeLoop],
    rng: Random,
) -> Transcript:
    """The expert's whole conversation, over `loop_over(engine=, toolbox=, now=)`; `slow` tools tend to take long.

    In a live format, tokens and calls take as long as `rng` draws. Raises ServiceError if the expert fails the task's
    own check.
    """
    clock = Clock()
    engine = ExpertEngine(task, chat, slow, clock, rng.choice(_TOKEN_SECONDS))

    def end(_: ToolCall) -> float:
        return clock.now + (10 ** rng.uniform(*_CALL_SECONDS) if chat.live else 0.0)

    loop = loop_over(engine=engine, toolbox=TimedToolbox(toolbox, clock, end), now=lambda: clock.now)
    async with clock.running():
        episode = await rollout(task, loop, engine.listen, engine.keep)
    if episode.problem:
        raise ServiceError(f"the expert fails its own task {task.kind!r}, {task.said}: {episode.problem}")
    return episode.transcript


_TOKEN_SECONDS = (0.005, 0.01, 0.02, 0.05)
_CALL_SECONDS = (-3, 1)
"""Powers of ten: from a millisecond to ten seconds."""
