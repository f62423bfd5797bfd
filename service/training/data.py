"""Demonstrations of many worlds, grouped into batches for training."""

from __future__ import annotations

import importlib
import itertools
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

from service.agent import make_loop, make_toolbox
from service.chat.base import ChatFormat
from service.errors import ConfigError
from service.settings import AgentConfig, Machine, load_agent
from service.tools.peers import peer_spec
from service.training.demonstrate import StandIn, demonstrate
from service.training.task import Split, World
from service.transcript import Transcript

TASKS_PER_WORLD = 200


def make_world(folder: Path, split: Split, seed: int, data: Path) -> World:
    """The world of the agent in `folder`, made in `data`. Raises ConfigError if the agent has no `tasks.py`."""
    if not (folder / "tasks.py").is_file():
        raise ConfigError(f"{folder / 'tasks.py'}: no such file; training and evaluation need its `world` function")
    root = str(folder.resolve().parent.parent)
    if root not in sys.path:
        sys.path.append(root)
    module = importlib.import_module(f"{folder.resolve().parent.name}.{folder.name}.tasks")
    if Path(module.__file__ or "").resolve() != (folder / "tasks.py").resolve():
        raise ConfigError(f"{folder / 'tasks.py'} is hidden by {module.__file__}: rename the folder {folder.parent}")
    world: World = module.world(split, seed, data)
    return world


def stand_ins(agent: AgentConfig, folder: Path, world: World, machine: Machine) -> dict[str, StandIn]:
    """The agent's peers, played by the world. They are described as their own agent.yaml, beside ours, says."""
    found = {}
    for section in agent.peers:
        peer = load_agent(folder.parent / section.name, machine.model_copy(update={"peers": {}}))
        spec = peer_spec(section.name, peer.description, [skill.name for skill in peer.skills])
        found[section.name] = StandIn(spec, world.peers[section.name])
    return found


async def demonstrations(
    folder: Path, chat: ChatFormat, count: int, seed: int, progress: Callable[[int], None]
) -> list[Transcript]:
    """`count` demonstrations from as many worlds as that takes. The same seed gives the same ones, other live ones."""
    made: list[Transcript] = []
    for world_seed in itertools.count(seed * 1_000 + 500 * chat.live):
        with tempfile.TemporaryDirectory() as data:
            machine = Machine(data=Path(data))
            world = make_world(folder, Split.TRAIN, world_seed, Path(data))
            agent = load_agent(folder, machine)
            peers = stand_ins(agent, folder, world, machine)
            toolbox = make_toolbox(agent, folder, peers)
            rng = Random(f"times {world_seed}")
            loop_over = partial(make_loop, agent, chat=chat)
            for task in itertools.islice(world.tasks, min(TASKS_PER_WORLD, count - len(made))):
                made.append(await demonstrate(task, chat, toolbox, peers, loop_over, rng))
                progress(len(made))
        if len(made) == count:
            return made
    raise AssertionError


def batches(groups: Sequence[Sequence[Transcript]], size: int, seed: int) -> list[list[Transcript]]:
    """Shuffled batches, each of one group and of members of like length: little padding, and no order in the whole."""
    rng = Random(seed)
    window = 8 * size
    filled: list[list[Transcript]] = []
    for group in groups:
        order = list(group)
        rng.shuffle(order)
        for start in range(0, len(order), window):
            alike = sorted(order[start : start + window], key=len)
            filled += [alike[at : at + size] for at in range(0, len(alike), size)]
    rng.shuffle(filled)
    return filled
