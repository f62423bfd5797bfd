"""Traces: spans, their context where it is sent, stored and taken up again, and who gets to see them.

    caller ── headers, gRPC metadata ──► SendMessage ── the database ──► invoke_agent ─┬─ chat, once a stretch
                                                                                       └─ execute_tool
    peer   ◄── headers, gRPC metadata ── SendStreamingMessage ◄────────────────────────────┤
    server ◄── _meta, headers ────────── MCP send tools/call ◄─────────────────────────────┘

Spans are made by OpenTelemetry's API alone, which makes none while nobody has asked for them; the context of callers is
passed on all the same. The standard OTEL_* variables say who gets them, and how many.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.errors import ConfigError
from service.telemetry.names import ERROR_TYPE, LINK

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

Carrier = dict[str, str]
"""A trace context as W3C writes it: `traceparent` and perhaps `tracestate`."""

tracer = trace.get_tracer("innerloop")

_W3C = TraceContextTextMapPropagator()
_LAST_SECONDS = 3.0
"""How long it may take to send the last spans."""
_EXPORTERS = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, Any] | None = None,
    links: Sequence[Link] = (),
    within: Context | None = None,
    no_failure: type[Exception] | tuple[()] = (),
) -> Iterator[Span]:
    """The current span for as long as this is open, `within` another context than the current one if that is given.

    Of what is raised in it, unless that is `no_failure`, only the type is told, not what it says.
    """
    # The tracer's own way to do this nests two more generators, which every stream would hold for as long as it lives.
    made = tracer.start_span(name, within, kind, attributes, links)
    token = context.attach(trace.set_span_in_context(made, within))
    try:
        yield made
    except Exception as error:
        if not isinstance(error, no_failure):
            fail(made, type(error).__qualname__)
        raise
    finally:
        context.detach(token)
        made.end()


def fail(failed: Span, kind: str) -> None:
    failed.set_attribute(ERROR_TYPE, kind)
    failed.set_status(Status(StatusCode.ERROR))


# The context of a trace outside of this process.


def kept() -> Carrier:
    """The current context, to be stored. Of what callers send along with theirs (baggage) nothing is kept."""
    carrier: Carrier = {}
    _W3C.inject(carrier)
    return carrier


def take_up(carrier: Mapping[str, str]) -> None:
    """From now on the context that was kept is the current one of this asyncio task, and nothing else of it is left."""
    context.attach(_W3C.extract(carrier, Context()))


def link(carrier: Mapping[str, str] | None, what: str) -> list[Link]:
    """To the span that was current when a context was kept; none if there was none. `what` it is to this one."""
    there = trace.get_current_span(_W3C.extract(carrier or {}, Context())).get_span_context()
    return [Link(there, {LINK: what})] if there.is_valid else []


def sent() -> Carrier:
    """The current context in headers or metadata, in the formats that OTEL_PROPAGATORS names."""
    carrier: Carrier = {}
    propagate.inject(carrier)
    return carrier


# Who gets to see spans.


@contextmanager
def exported(service: str, version: str) -> Iterator[None]:
    """Sends spans to where the environment says; nowhere if it does not.

    `service` is what this process is called, unless the environment has a name for it. Raises ConfigError for an
    exporter or a protocol that there is not.
    """
    names = _names()
    if not names:
        yield
        return
    # Only now: this takes a fifth of a second to import.
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from service.telemetry.outages import TellsOutages

    said = OTELResourceDetector().detect().attributes
    # Also for vLLM's processes, which read it there.
    os.environ.setdefault("OTEL_SERVICE_NAME", str(said.get("service.name", service)))
    ours = {"service.version": version, "service.instance.id": str(uuid.uuid4())}
    provider = TracerProvider(resource=Resource.create({key: ours[key] for key in ours.keys() - said.keys()}))
    for name in names:
        provider.add_span_processor(BatchSpanProcessor(TellsOutages(_exporter(name))))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        # In a thread: a collector that does not answer would take up to half a minute of the time there is to end.
        sending = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        sending.start()
        sending.join(_LAST_SECONDS)


def protocol() -> str:
    """By which spans go to a collector. Raises ConfigError for one that there is not."""
    name = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
    if name not in os.environ:
        name = "OTEL_EXPORTER_OTLP_PROTOCOL"
    found = os.environ.get(name, "").strip() or "http/protobuf"
    if found not in _EXPORTERS:
        raise ConfigError(f"{name}: {found!r} is none of {', '.join(_EXPORTERS)}")
    return found


def endpoint() -> str | None:
    """Where a collector gets spans, as a whole URL; None if none does."""
    if "otlp" not in _names():
        return None
    if url := os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        return url
    over_http = protocol() == "http/protobuf"
    url = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or f"http://localhost:{4318 if over_http else 4317}"
    return f"{url.rstrip('/')}/v1/traces" if over_http else url


def _names() -> list[str]:
    """Of the exporters that are asked for: a collector, if it is only said where it is."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    wheres = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    usual = "otlp" if any(os.environ.get(where) for where in wheres) else "none"
    names = (name.strip() for name in (os.environ.get("OTEL_TRACES_EXPORTER") or usual).split(","))
    return [name for name in names if name not in ("none", "")]


def _exporter(name: str) -> SpanExporter:
    wanted = _EXPORTERS[protocol()] if name == "otlp" else name
    found = list(entry_points(group="opentelemetry_traces_exporter", name=wanted))
    if not found:
        raise ConfigError(f"OTEL_TRACES_EXPORTER: no {name!r} is installed")
    exporter: SpanExporter = found[0].load()()
    return exporter
