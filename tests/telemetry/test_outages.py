"""A collector that is away is told once, and so is that it is back."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from bench.telemetry.collector import open_collector
from service.process.server import listen
from service.telemetry.outages import TellsOutages

ACCEPTED, REFUSED = SpanExportResult.SUCCESS, SpanExportResult.FAILURE


@pytest.fixture
def span() -> ReadableSpan:
    made = TracerProvider(shutdown_on_exit=False).get_tracer("tests").start_span("one")
    assert isinstance(made, ReadableSpan)
    return made


@contextmanager
def telling(exporter: SpanExporter) -> Iterator[TellsOutages]:
    tells = TellsOutages(exporter)
    try:
        yield tells
    finally:
        tells.shutdown()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What of all loggers, with its level."""
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_an_outage_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture, span: ReadableSpan) -> None:
    caplog.set_level(logging.INFO)
    with open_collector() as collector, telling(OverHttp(f"{collector.url}/v1/traces")) as tells:
        receive = collector.receive
        for _ in range(2):
            collector.receive = lambda path, body: False  # type: ignore[method-assign]
            assert [tells.export([span, span]) for _ in range(3)] == [REFUSED] * 3
            ((level, began),) = told(caplog)
            assert level == "WARNING"
            assert began.startswith(
                "spans are lost, until the contrary is told: Failed to export spans batch code: 404"
            )
            caplog.clear()
            collector.receive = receive  # type: ignore[method-assign]
            assert [tells.export([span]) for _ in range(2)] == [ACCEPTED] * 2
            assert told(caplog) == [("INFO", "spans are sent again; 6 or more were lost")]
            caplog.clear()
        assert len(collector.spans()) == 4


@pytest.mark.parametrize(
    ("over", "why"),
    [
        # Tries twice, about a second apart.
        (lambda url: OverHttp(url, timeout=1.5), "Connection refused.*, retrying in .* due to timeout"),
        (lambda url: OverGrpc(url, insecure=True, timeout=1), "UNAVAILABLE"),
    ],
    ids=["http", "grpc"],
)
def test_one_that_is_down_is_told_once_with_why(
    caplog: pytest.LogCaptureFixture,
    span: ReadableSpan,
    over: Callable[[str], SpanExporter],
    why: str,
) -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    with telling(over(f"http://127.0.0.1:{port}")) as tells:
        assert [tells.export([span]) for _ in range(2)] == [REFUSED] * 2
    ((_, text),) = told(caplog)
    assert re.search(why, text)


def test_a_process_of_vllm_s_leaves_that_to_the_one_that_has_started_it() -> None:
    script = """
import os
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from service.telemetry.logs import set_up, set_up_as_parent
set_up("json")
set_up_as_parent()
span = TracerProvider(shutdown_on_exit=False).get_tracer("vllm").start_span("one")
print(OTLPSpanExporter("http://127.0.0.1:1", timeout=0.1).export([span]).name)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("FAILURE\n", "")


def test_meanwhile_nothing_is_told_of_what_does_not_wait(caplog: pytest.LogCaptureFixture, span: ReadableSpan) -> None:
    queue = logging.getLogger("opentelemetry.sdk._shared_internal")
    with open_collector() as collector, telling(OverHttp(f"{collector.url}/none")) as tells:
        queue.warning("Queue full, dropping one.")
        tells.export([span])
        queue.warning("Queue full, dropping another.")
    queue.warning("Queue full, dropping a third.")
    assert [text.split()[0] for _, text in told(caplog)] == ["Queue", "spans", "Queue"]
