"""The example to start from: its expert is right by its own check, and what is held out is never trained on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from examples.stock.tools import Stock
from service.agent import make_toolbox
from service.settings import Machine, load_agent
from service.training.data import make_world
from service.training.task import Call, Split, Task

STOCK = Path(__file__).parents[2] / "examples" / "stock"


def drawn(split: Split, data: Path, seed: int = 0) -> list[Task]:
    data.mkdir(exist_ok=True)
    return list(islice(make_world(STOCK, split, seed, data).tasks, 200))


def looked_up(tasks: list[Task]) -> Iterator[Call]:
    for task in tasks:
        for turn in task.turns:
            yield from (step.call for step in turn.steps)


@pytest.mark.parametrize("split", list(Split))
def test_the_same_seed_asks_the_same(split: Split, tmp_path: Path) -> None:
    first, again, other = drawn(split, tmp_path), drawn(split, tmp_path), drawn(split, tmp_path, seed=1)
    assert [task.said for task in first] == [task.said for task in again]
    assert [task.said for task in first] != [task.said for task in other]


@pytest.mark.parametrize("split", list(Split))
def test_the_expert_is_right_and_others_are_not(split: Split, tmp_path: Path) -> None:
    tasks = drawn(split, tmp_path)
    stock = Stock(str(tmp_path / "stock.json"))
    for task in tasks:
        (turn,) = task.turns
        (step,) = turn.steps
        result = stock.in_stock(**step.call.arguments)
        assert task.check([turn.answer({step: result})], [result]) is None
        assert task.check([turn.answer({step: f"{result}1"})], [result])


def test_what_is_held_out_is_never_seen(tmp_path: Path) -> None:
    train, entities, phrasings = (drawn(split, tmp_path) for split in Split)
    items = [{str(call.arguments["item"]) for call in looked_up(tasks)} for tasks in (train, entities, phrasings)]
    assert not items[0] & items[1]
    assert items[0] & items[2]
    asked = [
        {
            task.said[0].replace(str(call.arguments["item"]), "…")
            for task, call in zip(tasks, looked_up(tasks), strict=True)
        }
        for tasks in (train, entities, phrasings)
    ]
    assert asked[0] == asked[1]
    assert not asked[0] & asked[2]


def test_its_tool_is_what_agent_yaml_says(tmp_path: Path) -> None:
    toolbox = make_toolbox(load_agent(STOCK, Machine(data=tmp_path)), STOCK, {}, {})
    assert [spec.name for spec in toolbox.specs] == ["in_stock"]
    with pytest.raises(ValueError, match="There is no sword"):
        Stock(str(tmp_path / "stock.json")).in_stock("sword")


@pytest.mark.parametrize("name", ["agent.yaml", "tools.py"])
def test_the_readme_shows_it_as_it_is(name: str) -> None:
    assert (STOCK / name).read_text() in (STOCK.parents[1] / "README.md").read_text()
