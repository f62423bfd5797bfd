"""`innerloop eval`: held-out tasks through the real loop, next to the untuned model."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from service.agent import make_chat, make_loop, make_toolbox, open_mcp
from service.cli.agents import free_port, loud, start_agent, wait_for_agents
from service.cli.machine import read_machine
from service.cli.progress import Steps, count
from service.cli.provenance import append, circumstances
from service.engine.base import Engine
from service.engine.vllm import EngineConfig, VllmEngine
from service.errors import ConfigError, EngineError
from service.models.prepare import prepare
from service.outbound.client import open_http
from service.settings import AgentConfig, ChatSection, Machine, ModelSection, load_agent
from service.tools.peers import PeerConfig, keep_known, open_peers
from service.training.data import make_world
from service.training.evaluate import Score, evaluate
from service.training.rollout import Episode
from service.training.task import Split

_AT_ONCE = 16
_SPLITS = (Split.ENTITIES, Split.PHRASINGS)

Scores = dict[str, dict[str, Score]]
"""By split, then by model: `tuned` and `base`."""


def run(
    folder: Path,
    limit: int,
    split: str | None,
    with_base: bool,
    live: bool | None,
    seed: int,
    as_json: bool,
    record: Path | None,
    failures: Path | None,
) -> int:
    """Prints the figures, adds them to the file `record`, and what went wrong to `failures`. Raises ServiceError.

    If a model fails or is interrupted, what was measured until then is told.
    """
    if split is not None and split not in _SPLITS:
        raise ConfigError(f"no split {split!r}: there are {' and '.join(_SPLITS)}")
    machine = read_machine()
    agent = load_agent(folder, machine)
    if live is not None and not agent.chat.ours:
        raise ConfigError(f"the chat format {agent.chat.format} has only one form")
    chat = agent.chat if live is None else ChatSection(format="inner-live" if live else "inner")
    splits = [Split(split)] if split else list(_SPLITS)
    models = {"tuned": agent.model}
    if with_base:
        models["base"] = agent.model.model_copy(update={"adapter": None})
    for path in (record, failures):
        if path:
            _must_be_writable(path)
    scores: Scores = {name: {} for name in splits}
    trial = Trial(folder, machine, chat, limit, seed, Console(stderr=True))
    try:
        for name, model in models.items():
            asyncio.run(trial.run(name, model, scores))
    finally:
        if any(scores.values()):
            show(scores, as_json)
            if record:
                options = [f"--limit {limit}", f"--seed {seed}"]
                options += [f"--split {split}"] * (split is not None) + ["--no-base"] * (not with_base)
                options += [] if live is None else ["--live" if live else "--turn"]
                command = f"innerloop eval {folder.parent.name}/{folder.name} {' '.join(options)}"
                note(record, command, seed, trial.weights, scores)
            if failures:
                note_failures(failures, scores)
    return 0


def show(scores: Scores, as_json: bool) -> None:
    """As a table, or as one JSON object: split -> model -> figures."""
    if as_json:
        print(json.dumps(_figures(scores)))
    else:
        Console().print(_table(scores))


def note(path: Path, command: str, seed: int, weights: Mapping[str, str], scores: Scores) -> None:
    """Adds the figures to a results file, with all that is needed to repeat them."""
    append(path, {**circumstances(command, seed), "weights": weights, "scores": _figures(scores)})


def note_failures(path: Path, scores: Scores) -> None:
    """Adds a line for each task that was not solved."""
    for split, tried in scores.items():
        for name, score in tried.items():
            for episode in score.failures:
                append(path, {"split": split, "model": name, **_failure(episode)})


def _must_be_writable(path: Path) -> None:
    """Known before the trial, which may take an hour."""
    try:
        path.open("a").close()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error


def _figures(scores: Scores) -> dict[str, dict[str, dict[str, float | int]]]:
    return {split: {name: score.to_json() for name, score in of.items()} for split, of in scores.items() if of}


def _failure(episode: Episode) -> dict[str, Any]:
    return {
        "kind": episode.task.kind,
        "turns": episode.task.said,
        "problem": episode.problem,
        "invented": episode.invented,
        "answers": episode.answers,
        "calls": [f"{call.tool} {call.arguments}" for call in episode.calls],
        "expected": [
            f"{call.tool} {json.dumps(dict(call.arguments), ensure_ascii=False)}" for call in episode.task.calls
        ],
    }


@dataclass(frozen=True, slots=True)
class Trial:
    """The same tasks for every model."""

    folder: Path
    machine: Machine
    chat: ChatSection
    limit: int
    seed: int
    console: Console
    engine: str = "vllm"
    """Of the peers."""
    weights: dict[str, str] = field(default_factory=dict)
    """Versions of the models that were tried, by name."""

    async def run(self, name: str, model: ModelSection, scores: Scores) -> None:
        """One model on each split. Models take turns, as a machine may not hold both beside the peers' engines."""
        async with AsyncExitStack() as stack:
            with Steps(self.console) as say:
                prepared = prepare(model, self.folder, self.machine.cache, say)
                config = EngineConfig(prepared.folder, prepared.version, model.window, arguments=self.machine.engine)
                engine = await stack.enter_async_context(VllmEngine.open(config, say))
            for split, found in scores.items():
                found[name] = await self.score(f"{name}, {split}", Split(split), engine, prepared.folder)
                self.weights[name] = prepared.version

    async def score(self, what: str, split: Split, engine: Engine, weights: Path) -> Score:
        """One model on one split, in a world of its own, with the agent's peers as processes of their own."""
        async with AsyncExitStack() as stack:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            world = make_world(self.folder, split, self.seed, data)
            agent = load_agent(self.folder, self.machine.model_copy(update={"data": data}))
            peers = await stack.enter_async_context(open_peers(await self._start_peers(stack, agent, data)))
            await asyncio.gather(*(peer.refresh() for peer in peers.values()))  # of what the model is told at once
            await stack.enter_async_context(keep_known(peers.values()))
            servers = await stack.enter_async_context(open_mcp(agent, self.folder))
            toolbox = make_toolbox(agent, self.folder, peers, servers)
            loop = make_loop(agent, engine, make_chat(self.chat, weights), toolbox)
            tell, done = stack.enter_context(count(self.console, what, self.limit)), itertools.count(1)
            episodes = await evaluate(loop, world.tasks, self.limit, _AT_ONCE, lambda _: tell(next(done)))
            if not engine.alive:  # what was not solved since is not the model's fault
                raise EngineError(f"{what}: the engine has failed; nothing of this is counted")
            return Score(toolbox.specs, episodes, in_order=not self.chat.live)

    async def _start_peers(self, stack: AsyncExitStack, agent: AgentConfig, data: Path) -> list[PeerConfig]:
        """The agent's peers, from the folders beside its own, over the same data."""
        children = await stack.enter_async_context(loud(self.console))
        machine = self.machine.model_copy(update={"data": data})
        started = {
            peer.name: await start_agent(children, self.folder.parent / peer.name, free_port(), machine, self.engine)
            for peer in agent.peers
        }
        async with open_http() as http:
            await wait_for_agents(http, list(started.values()))
        return [PeerConfig(name, served.url) for name, served in started.items()]


def _table(scores: Scores) -> Table:
    table = Table("split", "model", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for heading in ("solved", "calls exact", "schema errors", "invented", "tokens", "seconds"):
        table.add_column(heading, justify="right", no_wrap=heading == "solved")
    for split, models in scores.items():
        for name, score in models.items():
            figures = score.to_json()
            total = figures["total"]
            solved = f"{figures['solved'] / total:.1%} of {total}"
            exact = f"{figures['calls_exact'] / total:.1%}"
            rest = (str(figures[key]) for key in ("schema_errors", "invented", "tokens", "seconds"))
            table.add_row(split, name, solved, exact, *rest)
    return table
