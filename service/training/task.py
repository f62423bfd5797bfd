"""What an agent is trained and judged on: a question, an expert who shows how, and a check of what came out.

A generator of tasks lives in each agent's `tasks.py`. `Split` says which names, numbers and phrasings may occur.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Split(StrEnum):
    """Which part of the generator's world a task may draw from. No part of a held-out world occurs in training."""

    TRAIN = "train"
    ENTITIES = "entities"
    """Names, suppliers, items and numbers that never occur in training; phrasings as in training."""
    PHRASINGS = "phrasings"
    """Phrasings that never occur in training; names and numbers as in training."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call the expert makes, before it is tokens."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the expert writes before it waits for results: text, then calls. A stretch without calls ends the turn."""

    text: str = ""
    calls: tuple[Call, ...] = ()


Check = Callable[[str, Sequence[str]], str | None]
"""Given the last turn's answer and what the conversation's calls returned (failures left out), looks at both and at the
world: None if all is right, else what is wrong, in a few words."""

Expert = Generator[Stretch, list[str], None]
"""Yields stretches; is sent the results' texts of a stretch's calls, in the order asked."""


@dataclass(frozen=True, slots=True)
class Task:
    """One conversation: what the user says, turn by turn, and how to tell whether the agent did it."""

    kind: str
    """The sort of task, for tables: `order`, `order+contract`, ..."""
    turns: tuple[str, ...]
    """What the user says. Nearly always one turn; a follow-up is a second."""
    expert: Callable[[], Expert]
    """Shows the whole conversation; a stretch without calls ends a turn, and the next one begins the next turn."""
    calls: tuple[Call, ...]
    """The calls a right conversation makes, in order, for the `calls exact` figure."""
    check: Check


@dataclass(frozen=True, slots=True)
class World:
    """What `tasks.py` makes: data for the tools in a folder, tasks about it, and what peers would say.

    An agent's `tasks.py` has one public entry, `world(split, seed, data) -> World`. It fills the folder `data`, which
    is what `${data}` in agent.yaml then stands for.
    """

    tasks: Iterator[Task]
    """Endless."""
    peers: Mapping[str, Callable[[str], str]]
    """Stand-ins for the peers, by name, for training: the question in, the answer out."""
