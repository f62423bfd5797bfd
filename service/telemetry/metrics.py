"""The instruments of one service. Prometheus reads them where `registry` is shown.

Nothing is recorded for a token: only where a call, a delivery or a turn ends, or a request is refused. What can be
looked up is looked up when somebody reads, by whatever thread does. Attributes take few values: no ids, no callers, no
texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from typing import Literal, get_args

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.util.types import Attributes
from prometheus_client import CollectorRegistry

from service.telemetry import names

# As the conventions have them.
_TURN_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6)
_CALL_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_FIRST_TOKEN_SECONDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_TOKEN_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_TOKENS = tuple(4**power for power in range(14))
_CALLS = (1, 2, 4, 8, 16, 32, 64, 128)
# Ours.
_GAP_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_GAP_TOKENS = (1, 1.5, 2, 3, 5, 7.5, 10, 20, 50, 100)
_TIMES = (1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 2, 3, 5, 10)

Refusal = Literal["queue", "caller", "conversation"]
"""What has too many turns that wait: all together, one caller, or one conversation."""
Delivery = Literal["delivered", "failed", "unwanted", "given up"]
"""What came of one: one that failed is tried again, for as long as it is not given up."""

Look = Callable[[], Iterable[tuple[float, Attributes]]]
"""Values as they are now, each with its attributes."""


class Metrics:
    """Those that are counted; others are looked up by what `look_up` is given."""

    def __init__(self, agent: str, version: str) -> None:
        self.registry = CollectorRegistry()
        program = metadata.version("innerloop")
        resource = Resource.create({SERVICE_NAME: agent, SERVICE_VERSION: version, names.PROGRAM_VERSION: program})
        reader = PrometheusMetricReader(scope_info_enabled=False, registry=self.registry)
        provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._meter = meter = provider.get_meter("innerloop")

        def histogram(name: str, unit: str, what: str, buckets: Sequence[float]) -> Callable[[float, Attributes], None]:
            return meter.create_histogram(name, unit, what, explicit_bucket_boundaries_advisory=buckets).record

        def counter(name: str, unit: str, what: str, *each: Attributes) -> Callable[[float, Attributes], None]:
            add = meter.create_counter(name, unit, what).add
            for attributes in each:  # from 0 on: else nobody could tell the first one from none
                add(0, attributes)
            return add

        self.turn = counter(names.TURNS, "{turn}", "Turns that have stopped, by why they did.")
        self.turn_seconds = histogram(names.AGENT_DURATION, "s", "Seconds that a turn took.", _TURN_SECONDS)
        self.turn_stretches = histogram(
            names.AGENT_INFERENCE_CALLS, "{inference_call}", "Times that a turn asked the engine for tokens.", _CALLS
        )
        self.turn_calls = histogram(names.AGENT_TOOL_CALLS, "{tool_call}", "Calls that a turn made.", _CALLS)
        self.tool_seconds = histogram(names.TOOL_DURATION, "s", "Seconds that a call took.", _CALL_SECONDS)
        self.first_token = histogram(
            names.FIRST_TOKEN, "s", "Seconds from asking the engine to its first token.", _FIRST_TOKEN_SECONDS
        )
        self.per_token = histogram(
            names.PER_TOKEN, "s", "Seconds that each further token of a stretch took.", _TOKEN_SECONDS
        )
        latest = names.latest()
        self.stretch_seconds = histogram(
            names.LATEST_CHAT_DURATION if latest else names.CHAT_DURATION,
            "s",
            "Seconds that a stretch took.",
            _CALL_SECONDS,
        )
        if latest:
            given = histogram(names.LATEST_INPUT_TOKENS, "{token}", "Tokens that a stretch was given.", _TOKENS)
            sampled = histogram(names.LATEST_OUTPUT_TOKENS, "{token}", "Tokens that a stretch sampled.", _TOKENS)
            cached = counter(
                names.LATEST_CACHED_TOKENS,
                "{token}",
                "Tokens that stretches were given and that were not computed again.",
            )
        else:
            usage = histogram(
                names.TOKEN_USAGE, "{token}", "Tokens that a stretch was given or sampled, by type.", _TOKENS
            )
            given, sampled = _typed(usage, "input"), _typed(usage, "output")
            cached = _ignore
        self.given, self.sampled, self.cached = given, sampled, cached

        self.tool_time = counter(
            names.TOOL_TIME,
            "s",
            "Seconds in which calls ran, by what the model did meanwhile.",
            *_each(names.WHILE, ("decoding", "waiting")),
        )
        self.gap_seconds = histogram(
            names.SPLICE_GAP,
            "s",
            "Seconds from the last token, or the result that was waited for, to the next token.",
            _GAP_SECONDS,
        )
        self.gap_tokens = histogram(
            names.SPLICE_GAP_TOKENS, "{token}", "The gap of a splice, in times of one token of its turn.", _GAP_TOKENS
        )
        self.recomputed = counter(names.RECOMPUTED, "{token}", "Tokens that were computed again within a turn.", None)
        self.over_least = histogram(
            names.TURN_OVER_LEAST, "1", "Time of a turn over the least that its own tokens and calls take.", _TIMES
        )
        self._refused = counter(
            names.REFUSED,
            "{message}",
            "Messages that were turned away because too many waited, by whose.",
            *_each(names.REASON, get_args(Refusal)),
        )
        self.taken_over = counter(
            names.TAKEN_OVER, "{turn}", "Turns that this process has taken over from one that had gone silent.", None
        )
        self.lost = counter(names.LOST, "{turn}", "Turns that other processes have taken from this one.", None)
        self._delivered = counter(
            names.DELIVERIES,
            "{delivery}",
            "Deliveries to webhooks, by what came of them.",
            *_each(names.OUTCOME, get_args(Delivery)),
        )
        self.removed = counter(names.REMOVED, "{conversation}", "Conversations that were removed for their age.", None)

    def refused(self, reason: Refusal) -> None:
        """A message was turned away."""
        self._refused(1, {names.REASON: reason})

    def delivered(self, outcome: Delivery) -> None:
        """A webhook was told, or was not to be reached."""
        self._delivered(1, {names.OUTCOME: outcome})

    def look_up(self, name: str, unit: str, what: str, look: Look) -> None:
        """A gauge. What `look` raises or reads is in the thread of whoever reads the metrics."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, attributes) for value, attributes in look()]

        self._meter.create_observable_gauge(name, [observe], unit, what)


def _each(attribute: str, values: Iterable[str]) -> list[Attributes]:
    return [{attribute: value} for value in values]


def _typed(record: Callable[[float, Attributes], None], kind: str) -> Callable[[float, Attributes], None]:
    return lambda count, attributes: record(count, {**(attributes or {}), names.TOKEN_TYPE: kind})


def _ignore(count: float, attributes: Attributes) -> None:
    pass
