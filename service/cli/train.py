"""`innerloop train sft`: an agent's adapter, from the base weights and the agent's own generator."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from service.chat.inner import InnerFormat
from service.cli.machine import read_machine
from service.cli.progress import Steps, count
from service.errors import ConfigError
from service.models.prepare import prepare
from service.settings import load_agent
from service.training.data import batches, demonstrations


def run(folder: Path, out: Path | None, **given: Any) -> int:
    """Writes the adapter to `out`, or to where the agent expects it; `given` are fields of `Recipe`, None if not given.

    What is not given is as in the recipe of the adapter that is there.

    Raises ServiceError.
    """
    machine = read_machine()
    agent = load_agent(folder, machine)
    try:  # only now: importing PyTorch takes seconds, and it need not be there
        from service.training.sft import Recipe, train
    except ModuleNotFoundError as error:
        raise ConfigError(f"there is no {error.name}, with which we train: pip install 'innerloop[train]'") from error
    adapter = folder / (agent.model.adapter or "adapter")
    recipe = replace(Recipe.of(adapter), **{name: value for name, value in given.items() if value is not None})
    out = out or adapter
    console = Console(stderr=True)
    with Steps(console) as say:
        base = prepare(agent.model.model_copy(update={"adapter": None}), folder, machine.cache, say).folder
    chat = InnerFormat.load(base)
    with count(console, "demonstrations", recipe.demonstrations) as tell:
        shown = asyncio.run(demonstrations(folder, chat, recipe.demonstrations, recipe.seed, tell))
    batched = batches(shown, recipe.batch, recipe.seed)
    # It shows its own progress.
    train(agent.model.base, base, batched, chat.controls, recipe, out, machine.cache / "training")
    print(out)
    return 0
