"""What an agent is trained and judged on: what a user says, what is to be done for it, and a check of what came out.

A generator of tasks lives in each agent's `tasks.py`. `Split` says which names, numbers and phrasings may occur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Split(StrEnum):
    """Which part of the generator's world a task may draw from. No part of a held-out world occurs in training."""

    TRAIN = "train"
    ENTITIES = "entities"
    """Names, suppliers, items and numbers that never occur in training; phrasings as in training."""
    PHRASINGS = "phrasings"
    """Phrasings that never occur in training, people's and contracts'; names and numbers as in training."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call the expert makes, before it is tokens."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A call, and what is said of what it came to."""

    call: Call
    tell: Callable[[str], str] | None = None
    """The sentence, given the result as the model reads it; None if nothing is said of it."""
    after: Step | None = None
    """The step whose result has to be known before."""

    @property
    def round(self) -> int:
        """How many results have to be waited for, one after the other, before."""
        return self.after.round + 1 if self.after else 0


@dataclass(frozen=True, slots=True)
class ExpertTurn:
    """What the user says, and how the expert answers it: by steps, in the order in which they are told."""

    said: str
    steps: tuple[Step, ...] = ()
    closing: str = ""
    """What is said at the end, or where there are no steps."""

    @property
    def rounds(self) -> list[tuple[Step, ...]]:
        """The steps whose calls can be made at the same time, round by round."""
        depth = max((step.round + 1 for step in self.steps), default=0)
        return [tuple(step for step in self.steps if step.round == number) for number in range(depth)]

    def answer(self, results: Mapping[Step, str]) -> str:
        """What is said once all is known."""
        told = (step.tell(results[step]) for step in self.steps if step.tell)
        return " ".join(text for text in (*told, self.closing) if text)


Check = Callable[[Sequence[str], Sequence[str]], str | None]
"""Given each turn's answer and what the conversation's calls returned (failures left out), looks at both and at the
world: None if all is right, else what is wrong, in a few words."""


@dataclass(frozen=True, slots=True)
class Task:
    """One conversation, and how to tell whether the agent did it."""

    kind: str
    """The sort of task, for tables: `order`, `order+contract`, ..."""
    turns: tuple[ExpertTurn, ...]
    """Mostly one; follow-ups are further ones."""
    check: Check

    @property
    def said(self) -> tuple[str, ...]:
        """What the user says, turn by turn."""
        return tuple(turn.said for turn in self.turns)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls a right conversation makes, in the order of the turn format."""
        return tuple(step.call for turn in self.turns for steps in turn.rounds for step in steps)


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
