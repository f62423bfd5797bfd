"""`innerloop train sft`: an agent's adapter, from the base weights and the agent's own generator."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from service.agent import make_chat
from service.cli.machine import read_machine
from service.cli.progress import Steps, count
from service.errors import ConfigError
from service.models.prepare import prepare
from service.settings import AgentConfig, ChatSection, load_agent
from service.training.data import batches, demonstrations

if TYPE_CHECKING:
    from service.training.sft import Round


def run(folder: Path, out: Path | None, further: bool, **given: Any) -> int:
    """Writes the adapter to `out`, or to where the agent expects it; `given` are fields of `Round`, None if not given.

    With none given, the adapter that is there is made again. Else one round is trained: from the base weights, or
    `further`, from the adapter that is there. What is not given is as in that adapter's last round, but that a further
    one has other demonstrations.

    Raises ServiceError.
    """
    machine = read_machine()
    agent = load_agent(folder, machine)
    try:  # only now: importing PyTorch takes seconds, and it need not be there
        from service.training.sft import Round, read_recipe, train, write_recipe
    except ModuleNotFoundError as error:
        raise ConfigError(f"there is no {error.name}, with which we train: pip install 'innerloop[train]'") from error
    adapter = folder / (agent.model.adapter or "adapter")
    out = out or adapter
    try:  # now, and not after hours
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from error
    known = read_recipe(adapter)
    if further and not known:
        raise ConfigError(f"{adapter}: there is no adapter to go on from")
    given = {name: value for name, value in given.items() if value is not None}
    last = known[-1] if known else Round()
    if further:
        rounds = [replace(last, **{"seed": last.seed + 1, **given})]
    else:
        rounds = [replace(last, **given)] if given or not known else list(known)
    console = Console(stderr=True)
    with Steps(console) as say:
        base = prepare(agent.model.model_copy(update={"adapter": None}), folder, machine.cache, say)
    begin, made = adapter if further else None, []
    for round_ in rounds:
        shown = []
        for form, wanted in _forms(agent, round_):
            with count(console, f"demonstrations, {form.format}", wanted) as tell:
                shown.append(demonstrations(folder, form, base.folder, wanted, round_.seed, tell))
        batched = batches(shown, round_.batch, round_.seed)
        # It shows its own progress.
        controls = make_chat(agent.chat, base.folder).controls
        begin = train(agent.model.base, base, begin, batched, controls, round_, machine.cache / "training")
        made.append(begin)
    shutil.copytree(made[-1], out, dirs_exist_ok=True)
    write_recipe(out, (*known, *rounds) if further else (*rounds,))
    for done in made:
        shutil.rmtree(done.parent)
    print(out)
    return 0


def _forms(agent: AgentConfig, round_: Round) -> list[tuple[ChatSection, int]]:
    """The chat formats to learn, with how many demonstrations of each. Only our own has two forms."""
    if not agent.chat.ours:
        return [(agent.chat, round_.demonstrations)]
    live = round(round_.demonstrations * round_.live)
    shares: list[tuple[ChatSection, int]] = [
        (ChatSection(format="inner"), round_.demonstrations - live),
        (ChatSection(format="inner-live"), live),
    ]
    return [share for share in shares if share[1]]
