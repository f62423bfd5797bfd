"""Imports run one way, and each foreign package has its room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "service").rglob("*.py"))

HOMES = {
    "a2a": ("service/task_states.py", "service/endpoint/", "service/outbound/"),
    "alembic": ("service/sessions/schema.py", "service/sessions/migrations/"),
    "prometheus_client": ("service/process/management.py", "service/telemetry/"),
    "grpc": ("service/endpoint/grpc.py", "service/outbound/bindings.py"),
    "vllm": ("service/engine/vllm.py",),
    "torch": ("service/training/", "service/models/", "service/cli/provenance.py"),
    "peft": ("service/training/", "service/models/"),
    "trl": ("service/training/",),
    "transformers": ("service/training/", "service/models/"),
    "joserfc": ("service/endpoint/",),
    "jwt": ("service/endpoint/signatures.py", "service/outbound/cards.py"),
    "renderers": ("service/chat/families.py",),
    "httpcore": ("service/outbound/egress.py",),
    "httpx2": ("service/tools/mcp_transports.py", "service/models/hub.py"),
    "mcp": ("service/tools/mcp.py", "service/tools/mcp_results.py", "service/tools/mcp_transports.py"),
    "cryptography": ("service/endpoint/codec.py",),
}
"""Where a package may be imported."""

_LAZY = ("service/cli/", "service/__main__", "service/agent.py", "service/telemetry/traces.py")
"""What imports ours when it is wanted: those that take long."""

LEVELS = [
    (
        "service.telemetry",
        "service.errors",
        "service.usage",
        "service.delegation",
        "service.messages",
        "service.transcript",
        "service.timing",
        "service.events",
        "service.journal",
        "service.to_the_end",
        "service.nested",
        "service.plain",
        "service.urls",
    ),
    ("service.extension", "service.task_states"),
    ("service.outbound",),
    ("service.tools", "service.engine"),
    ("service.chat",),
    ("service.calls", "service.models", "service.sessions", "service.process.health", "service.process.probes"),
    ("service.decode",),
    ("service.settings",),
    ("service.agent", "service.endpoint"),
    (
        "service.training",
        "service.app",
        "service.process.gauges",
        "service.process.connections",
        "service.process.management",
        "service.process.server",
        "service.preflight",
    ),
    ("service.cli", "service.__main__"),
]
"""A module imports its own level and those above it in this list, never below."""


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each imported module, and whether the import stands inside a function."""
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(child) for function in functions for child in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"service.{alias.name}" for alias in node.names] if node.module == "service" else [node.module]
            yield from ((module, id(node) in inside) for module in modules)


def level(module: str) -> int:
    found = [n for n, rooms in enumerate(LEVELS) for room in rooms if f"{module}.".startswith(f"{room}.")]
    assert found, f"{module} has no level: add it to LEVELS"
    return found[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for imported, inside in imports(path):
        package = imported.split(".")[0]
        if package in HOMES:
            assert name.startswith(HOMES[package]), f"{name} imports {imported}"
        if package == "service" and module != "service":
            assert level(imported) <= level(module), f"{name} imports {imported}, which is below it"
            lazy = name.startswith(_LAZY)
            assert lazy or not inside, f"{name} imports {imported} inside a function"
        assert package != "agents" or name.startswith("service/cli/"), f"{name} imports {imported}"
