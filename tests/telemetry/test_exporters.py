"""The environment says who gets to see spans; nobody, if it says nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from service.errors import ConfigError
from service.telemetry import traces

RECORDS = """
from service.telemetry import traces
with traces.exported("agent", "1"), traces.span("one") as span:
    print(span.is_recording())
"""


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    otlp = [f"EXPORTER_OTLP_{name}" for name in ("ENDPOINT", "TRACES_ENDPOINT", "PROTOCOL", "TRACES_PROTOCOL")]
    for name in (*otlp, "TRACES_EXPORTER", "SDK_DISABLED", "SERVICE_NAME", "RESOURCE_ATTRIBUTES"):
        monkeypatch.setenv(f"OTEL_{name}", "")  # so that it is as before in the end, whatever is set meanwhile
        monkeypatch.delenv(f"OTEL_{name}")


@pytest.mark.parametrize(
    ("environment", "records"),
    [
        ({}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"}, False),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_TRACES_SAMPLER": "always_off"}, False),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
    ],
)
def test_nothing_is_recorded_for_nobody(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], records: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = subprocess.run([sys.executable, "-c", RECORDS], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(str(records))
    assert ('"service.name": "agent"' in told.stdout) == records
    assert not told.stderr


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({}, None),
        ({"OTEL_TRACES_EXPORTER": "console"}, None),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/"}, "http://c:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http://c:4317"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/x"}, "http://c/x"),
    ],
)
def test_vllm_sends_to_the_same_place(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], where: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert traces.endpoint() == where


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("OTEL_TRACES_EXPORTER", "jaeger", "OTEL_TRACES_EXPORTER: no 'jaeger' is installed"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is none of grpc"),
    ],
)
def test_what_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    settings: dict[str, Any] = {"OTEL_TRACES_EXPORTER": "otlp", name: value}
    for each, said in settings.items():
        monkeypatch.setenv(each, said)
    with pytest.raises(ConfigError, match=told), traces.exported("agent", "1"):
        pass
