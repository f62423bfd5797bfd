"""`innerloop train sft`: an agent's adapter, from the base weights and the agent's own generator."""

from __future__ import annotations

import asyncio
import shutil
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

    What is not given is as in the recipe of the adapter that is there. If that adapter has been through the first
    rounds of the very training that is asked for, the others go on from it.

    Raises ServiceError.
    """
    machine = read_machine()
    agent = load_agent(folder, machine)
    try:  # only now: importing PyTorch takes seconds, and it need not be there
        from service.training.sft import Recipe, train
    except ModuleNotFoundError as error:
        raise ConfigError(f"there is no {error.name}, with which we train: pip install 'innerloop[train]'") from error
    adapter = folder / (agent.model.adapter or "adapter")
    known = Recipe.of(adapter)
    recipe = replace(known, **{name: value for name, value in given.items() if value is not None})
    goes_on = adapter.is_dir() and known.rounds < recipe.rounds and replace(known, rounds=recipe.rounds) == recipe
    console = Console(stderr=True)
    with Steps(console) as say:
        base = prepare(agent.model.model_copy(update={"adapter": None}), folder, machine.cache, say).folder
    chat = InnerFormat.load(base)
    trained = [adapter] if goes_on else []
    for number in range(known.rounds if goes_on else 0, recipe.rounds):
        what = f"demonstrations of round {number + 1} of {recipe.rounds}"
        with count(console, what, recipe.demonstrations) as tell:
            shown = asyncio.run(demonstrations(folder, chat, recipe.demonstrations, recipe.seed + number, tell))
        batched = batches(shown, recipe.batch, recipe.seed)
        begin = trained[-1] if trained else None
        # It shows its own progress.
        trained.append(train(agent.model.base, base, begin, batched, chat.controls, recipe, machine.cache / "training"))
    out = out or adapter
    shutil.copytree(trained[-1], out, dirs_exist_ok=True)
    recipe.save(out)
    for done in trained:
        if done != adapter:
            shutil.rmtree(done.parent)
    print(out)
    return 0
