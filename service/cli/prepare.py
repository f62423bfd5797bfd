"""`innerloop model prepare`: an agent's weights, ready for the engine."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from service.cli.machine import read_machine
from service.cli.progress import Steps
from service.models.prepare import prepare
from service.settings import load_agent


def run(folder: Path) -> int:
    """Prints the folder of the prepared weights. Raises ServiceError."""
    machine = read_machine()
    agent = load_agent(folder, machine)
    with Steps(Console(stderr=True)) as say:
        prepared = prepare(agent.model, folder, machine.cache, say)
    print(prepared.folder)
    return 0
