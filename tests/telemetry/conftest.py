from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.telemetry.collector import Collector, open_collector
from service.telemetry.traces import exported
from tests.telemetry.scraped import scraped

__all__ = ["collector", "own_collector", "scraped"]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """One to which the processes that a test starts send what they trace."""
    with open_collector() as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        yield collector


@pytest.fixture(scope="session")
def own_collector() -> Iterator[Collector]:
    """One to which this process sends what it traces, from now on: OpenTelemetry lets that be said once."""
    with open_collector() as collector, pytest.MonkeyPatch.context() as environment:
        for name, value in collector.environment.items():
            environment.setenv(name, value)
        environment.setenv("OTEL_SERVICE_NAME", "tests")
        with exported("tests", "1"):
            environment.undo()  # what else this process starts is no part of it
            yield collector
