"""What the decoding of a turn leaves in the metrics: recorded when it ends, from what the loop has noted of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry.util.types import Attributes

from service.decode import StopReason, Turn
from service.errors import ContextFull, LeaseLost
from service.events import CallFinished, Event
from service.telemetry import names
from service.telemetry.metrics import Metrics
from service.timing import Stretch, timing

_OTHER = "_OTHER"
"""What the conventions say where a value would be one of any number."""


class TurnMetrics:
    """Of one agent's turns."""

    def __init__(self, metrics: Metrics, agent: str, model: str, tools: Callable[[], set[str]]) -> None:
        """`model` is what the agent's configuration calls it; `tools` are the names of those that there are."""
        self._metrics = metrics
        self._tools = tools
        common = {names.PROVIDER: "vllm", names.REQUEST_MODEL: model}
        self._agent: dict[str, str] = {**common, names.OPERATION: names.INVOKE_AGENT, names.AGENT_NAME: agent}
        self._chat: Attributes = {**common, names.OPERATION: names.CHAT}

    @contextmanager
    def turn(self, goes_on_elsewhere: Callable[[], bool]) -> Iterator[Callable[[Turn], None]]:
        """For as long as a turn is decoded. Is to be told of it at the end, unless something is raised."""
        began, ended = time.monotonic(), False

        def end(turn: Turn) -> None:
            nonlocal ended
            ended = True
            self._ended(turn, time.monotonic() - began)

        try:
            yield end
        except BaseException as error:
            if not ended:
                self._failed(error, time.monotonic() - began, elsewhere=goes_on_elsewhere())
            raise

    def heard(self, event: Event) -> None:
        """Any event of the turn."""
        if isinstance(event, CallFinished):
            tool = event.tool if event.tool in self._tools() else _OTHER  # models may make up names
            attributes = {names.OPERATION: names.EXECUTE_TOOL, names.TOOL_NAME: tool}
            if event.is_error:
                attributes[names.ERROR_TYPE] = "tool_error"
            self._metrics.tool_seconds(event.seconds, attributes)

    def _ended(self, turn: Turn, seconds: float) -> None:
        self._metrics.turn_seconds(seconds, self._agent)
        self._metrics.turn_stretches(len(turn.stretches), self._agent)
        self._metrics.turn_calls(turn.calls, self._agent)
        for stretch in turn.stretches:
            self._stretch(stretch)
        if turn.stretches:
            self._timing(turn)

    def _failed(self, error: BaseException, seconds: float, *, elsewhere: bool) -> None:
        if isinstance(error, LeaseLost) or elsewhere:
            return
        is_fault = isinstance(error, Exception) and not isinstance(error, ContextFull)
        fault = {names.ERROR_TYPE: type(error).__qualname__} if is_fault else {}
        self._metrics.turn_seconds(seconds, self._agent | fault)

    def _stretch(self, stretch: Stretch) -> None:
        metrics, chat = self._metrics, self._chat
        metrics.stretch_seconds(stretch.ended - stretch.began, chat)
        metrics.given(stretch.given, chat)
        metrics.sampled(stretch.sampled, chat)
        metrics.cached(stretch.cached, chat)
        if stretch.first is not None:
            metrics.first_token(stretch.first - stretch.began, chat)
            if stretch.sampled > 1:
                metrics.per_token((stretch.ended - stretch.first) / (stretch.sampled - 1), chat)

    def _timing(self, turn: Turn) -> None:
        metrics, found = self._metrics, timing(turn.transcript, turn.stretches)
        metrics.tool_time(found.overlap, {names.WHILE: "decoding"})
        metrics.tool_time(max(0.0, found.tools - found.overlap), {names.WHILE: "waiting"})
        metrics.recomputed(found.recomputed, None)
        for gap in found.gaps:
            metrics.gap_seconds(gap, None)
            if found.token:
                metrics.gap_tokens(gap / found.token, None)
        # Of a turn without calls it would tell of nothing but the prompt; of others, only what this process saw whole.
        whole = turn.calls and turn.sampled == sum(each.sampled for each in turn.stretches)
        if whole and found.least and turn.stop is StopReason.DONE:
            metrics.over_least(found.seconds / found.least, None)
