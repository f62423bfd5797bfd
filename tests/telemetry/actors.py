"""Scripted models of two agents that ask each other: `--engine tests.telemetry.actors:FUNCTION`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.actors import Opened, play
from tests.conftest import Asked, Says

SECRET = "the plans for the Zürich vault"
"""What is said, and must be nowhere else."""


def front(folder: Path) -> Opened:
    """Asks its own tool, its peer and an MCP server, and says what came of it."""
    return play(_front, seconds_per_chunk=0.002)


def back(folder: Path) -> Opened:
    return play(_back, seconds_per_chunk=0.002)


def _front(asked: Asked) -> Says:
    if asked.results:
        return Says(f"{SECRET}: {', '.join(asked.results)}.")
    calls = (
        ("add", '{"a": 2, "b": 3}'),
        ("back", json.dumps({"message": SECRET})),
        ("find", json.dumps({"query": SECRET})),
        ("fail", "{}"),
    )
    return Says(f"{SECRET}? ", calls)


def _back(asked: Asked) -> Says:
    return Says(asked.results[0]) if asked.results else Says(calls=(("add", '{"a": 20, "b": 22}'),))
