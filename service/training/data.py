"""Demonstrations of many worlds, grouped into batches for training."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from random import Random

from service.agent import make_chat, make_loop, make_toolbox, open_mcp
from service.chat.base import ChatFormat
from service.errors import ConfigError
from service.settings import AgentConfig, ChatSection, Machine, load_agent
from service.tools.peers import peer_spec
from service.training.demonstrate import StandIn, demonstrate
from service.training.task import Split, World
from service.transcript import Transcript

TASKS_PER_WORLD = 200


def make_world(folder: Path, split: Split, seed: int, data: Path) -> World:
    """The world of the agent in `folder`, made in `data`. Raises ConfigError without a `tasks.py` that makes one."""
    if not (folder / "tasks.py").is_file():
        raise ConfigError(f"{folder / 'tasks.py'}: no such file; training and evaluation need its `world` function")
    root = str(folder.resolve().parent.parent)
    if root not in sys.path:
        sys.path.append(root)
    module = importlib.import_module(f"{folder.resolve().parent.name}.{folder.name}.tasks")
    if Path(module.__file__ or "").resolve() != (folder / "tasks.py").resolve():
        raise ConfigError(f"{folder / 'tasks.py'} is hidden by {module.__file__}: rename the folder {folder.parent}")
    if not hasattr(module, "world"):
        raise ConfigError(f"{folder / 'tasks.py'}: training and evaluation need its `world` function")
    world: World = module.world(split, seed, data)
    return world


def stand_ins(agent: AgentConfig, folder: Path, world: World, machine: Machine) -> dict[str, StandIn]:
    """The agent's peers, played by the world. They are described as their own agent.yaml, beside ours, says.

    Raises ConfigError if the world does not play one of them.
    """
    found = {}
    for section in agent.peers:
        if section.name not in world.peers:
            raise ConfigError(f"{folder / 'tasks.py'}: its world has no stand-in for the peer {section.name!r}")
        peer = load_agent(folder.parent / section.name, machine.model_copy(update={"peers": {}}))
        spec = peer_spec(section.name, peer.description, [skill.name for skill in peer.skills])
        found[section.name] = StandIn(spec, world.peers[section.name])
    return found


def demonstrations(
    folder: Path, form: ChatSection, weights: Path, count: int, seed: int, progress: Callable[[int], None]
) -> list[Transcript]:
    """`count` demonstrations from as many worlds as that takes, as many at once as there are cores.

    They are written in `form` with the tokenizer in `weights`. The same seed gives the same ones, other live ones.
    """
    sizes = [min(TASKS_PER_WORLD, count - made) for made in range(0, count, TASKS_PER_WORLD)]
    first = seed * 1_000 + 500 * form.live
    made: list[Transcript] = []
    workers = min(len(sizes), len(os.sched_getaffinity(0)))
    with ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent) as pool:
        for shown in pool.map(partial(_show, folder, form, weights), itertools.count(first), sizes):
            made += shown
            progress(len(made))
    return made


def _end_with_parent() -> None:
    """At once on Ctrl-C, which goes to every process of the terminal and is told by one, and also if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = parent_process()
    assert parent

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="end with the parent", daemon=True).start()


def _show(folder: Path, form: ChatSection, weights: Path, seed: int, count: int) -> list[Transcript]:
    """The first demonstrations of one world."""
    return asyncio.run(_show_all(folder, make_chat(form, weights), seed, count))


async def _show_all(folder: Path, chat: ChatFormat, seed: int, count: int) -> list[Transcript]:
    with tempfile.TemporaryDirectory() as data:
        machine = Machine(data=Path(data))
        world = make_world(folder, Split.TRAIN, seed, Path(data))
        agent = load_agent(folder, machine)
        peers = stand_ins(agent, folder, world, machine)
        loop_over = partial(make_loop, agent, chat=chat)
        rng = Random(f"times {seed}")
        async with open_mcp(agent, folder) as servers:
            toolbox = make_toolbox(agent, folder, peers, servers)
            return [
                await demonstrate(task, chat, toolbox, peers, loop_over, rng)
                for task in itertools.islice(world.tasks, count)
            ]


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
