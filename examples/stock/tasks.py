"""Made-up questions about a made-up stock, how an expert answers each, and how to tell whether an answer is right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from service.training.task import Call, ExpertTurn, Split, Step, Task, World

KINDS = ("brass", "desk", "floor", "garden", "glass", "hand", "paper", "pocket", "steel", "wall")
THINGS = ("clip", "clock", "fan", "hook", "knife", "lamp", "mirror", "ruler", "saw", "shelf", "stapler", "tray")
UNSEEN_THINGS = ("bucket", "drill", "kettle", "ladder", "pump", "tent")

QUESTIONS = (
    "How many {item}s do we have?",
    "How many {item}s are in stock?",
    "Is there a {item} left?",
    "Check the stock of {item}s, please.",
    "What's our count of {item}s?",
    "Do we have any {item}s?",
)
UNSEEN_QUESTIONS = ("Any {item}s on the shelves?", "Could you look up how many {item}s there are?")


def world(split: Split, seed: int, data: Path) -> World:
    """A stock in `data`, and endless questions about it; the same seed makes the same ones."""
    rng = Random(f"stock {split} {seed}")
    things = UNSEEN_THINGS if split is Split.ENTITIES else THINGS
    stock = {f"{kind} {thing}": rng.randrange(1, 1000) for kind in KINDS for thing in things}
    (data / "stock.json").write_text(json.dumps(stock))
    return World(_tasks(stock, UNSEEN_QUESTIONS if split is Split.PHRASINGS else QUESTIONS, rng), peers={})


def _tasks(stock: dict[str, int], questions: Sequence[str], rng: Random) -> Iterator[Task]:
    while True:
        item = rng.choice(list(stock))
        look = Step(Call("in_stock", {"item": item}), partial(_sentence, item))
        turn = ExpertTurn(rng.choice(questions).format(item=item), (look,))
        yield Task("stock", (turn,), partial(_check, stock[item]))


def _sentence(item: str, found: str) -> str:
    """What the expert says, given the tool's result."""
    return f"We have {found} of the {item}."


def _check(count: int, answers: Sequence[str], results: Sequence[str]) -> str | None:
    """What is wrong with the conversation, if something is."""
    return None if f" {count} " in answers[-1] else f"{count} is not in the answer"
