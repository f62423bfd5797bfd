"""Scripted models for the agents of docs/deploy.md: `--engine tests.chart.actors:FUNCTION`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.actors import Opened, play
from tests.conftest import Says


def stock(folder: Path) -> Opened:
    """Looks up staplers, whatever is asked."""
    return play(
        lambda asked: Says(f"There are {asked.results[0]}.") if asked.results else _calls("in_stock", item="stapler")
    )


def orders(folder: Path) -> Opened:
    """Asks its peer, and says what that says."""
    return play(lambda asked: Says(asked.results[0]) if asked.results else _calls("stock", message=asked.text))


def _calls(tool: str, **arguments: str) -> Says:
    return Says(calls=((tool, json.dumps(arguments)),))
