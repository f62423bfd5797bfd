"""An OpenTelemetry collector in this process: it keeps what it is sent in OTLP over HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2


@dataclass(frozen=True)
class Link:
    """To a span of the same or another trace."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Span:
    """As it came, with ids in hexadecimal."""

    name: str
    kind: str
    """`SERVER`, `CLIENT`, `INTERNAL`, ..."""
    trace_id: str
    id: str
    parent_id: str
    """Empty for a root."""
    start: float
    """Seconds since 1970."""
    end: float
    attributes: dict[str, Any]
    links: tuple[Link, ...]
    failed: bool
    """Whether its status is an error."""
    events: tuple[str, ...]
    scope: str
    """What made it: the name of the tracer."""
    resource: dict[str, Any]

    @property
    def service(self) -> str:
        return str(self.resource.get("service.name"))


@dataclass
class Collector:
    """What has come so far."""

    url: str
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """By which a process sends its traces here, soon after they are made."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }

    def spans(self) -> list[Span]:
        """All that have come, in the order of their starts."""
        with self._news:
            requests = list(self.traces)
        spans = [span for request in requests for span in _spans(request)]
        return sorted(spans, key=lambda span: span.start)

    def wait(self, enough: Callable[[list[Span]], bool], seconds: float = 20.0) -> list[Span]:
        """The spans, once there are `enough`. Raises TimeoutError, which says what there is instead."""
        with self._news:
            if self._news.wait_for(lambda: enough(self.spans()), seconds):
                return self.spans()
        raise TimeoutError(", ".join(f"{span.service}: {span.name}" for span in self.spans()) or "no span has come")

    def receive(self, path: str, body: bytes) -> bool:
        """Whether it is something that is kept."""
        with self._news:
            if path == "/v1/traces":
                self.traces.append(ExportTraceServiceRequest.FromString(body))
            elif path == "/v1/metrics":
                self.metrics.append(ExportMetricsServiceRequest.FromString(body))
            else:
                return False
            self._news.notify_all()
        return True


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A process that was killed does not close its connections."""


@contextmanager
def open_collector() -> Iterator[Collector]:
    """One on a free port of this machine, until it is left."""

    class Receive(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            known = collector.receive(self.path, body)
            self.send_response(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")  # which is what an empty answer is in protobuf
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with _Server(("127.0.0.1", 0), Receive) as server:
        server.daemon_threads = True
        server.block_on_close = False  # exporters keep their connections open
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), name="collector", daemon=True)
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        about = _attributes(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.name,
                    trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano / 1e9,
                    span.end_time_unix_nano / 1e9,
                    _attributes(span.attributes),
                    tuple(
                        Link(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes))
                        for link in span.links
                    ),
                    span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
                    tuple(event.name for event in span.events),
                    scope.scope.name,
                    about,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    found: list[KeyValue] = list(pairs)
    return {pair.key: _value(pair.value) for pair in found}


def _value(value: AnyValue) -> Any:
    if value.WhichOneof("value") == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, value.WhichOneof("value") or "string_value")
