"""Where an agent's tasks come from, and how demonstrations are put into batches."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import ConfigError
from service.settings import Machine, load_agent
from service.training.data import batches, make_world, stand_ins
from service.training.task import Split, World
from service.transcript import Origin, Span, Transcript

AGENTS = Path(__file__).resolve().parents[2] / "agents"


def of_length(length: int, token: int) -> Transcript:
    return Transcript.of([Span(Origin.GIVEN, (token,) * length)])


def test_batches_are_of_one_group_and_of_like_length() -> None:
    groups = [[of_length(1 + n * 37 % 100, token) for n in range(100)] for token in (1, 2)]
    filled = batches(groups, 8, seed=1)
    assert filled == batches(groups, 8, seed=1) != batches(groups, 8, seed=2)
    assert sorted(len(one) for batch in filled for one in batch) == sorted(2 * list(range(1, 101)))
    assert all(len({one.tokens[0] for one in batch}) == 1 for batch in filled)
    assert [len(batch) for batch in filled].count(8) == 2 * 12
    padding = sum(max(map(len, batch)) - len(one) for batch in filled for one in batch)
    assert padding < 0.2 * sum(len(one) for batch in filled for one in batch)


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, r"tasks\.py: no such file"), ("tasks = []", r"tasks\.py: .* need its `world` function")],
    ids=["no file", "no function"],
)
def test_an_agent_without_a_world_is_said(tmp_path: Path, text: str | None, problem: str) -> None:
    folder = tmp_path / f"agents_of_{'nothing' if text is None else 'a_list'}" / "clerk"
    folder.mkdir(parents=True)
    if text:
        (folder / "tasks.py").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        make_world(folder, Split.TRAIN, 1, tmp_path)


def test_a_peer_that_the_world_does_not_play_is_said(tmp_path: Path) -> None:
    machine = Machine(data=tmp_path)
    folder = AGENTS / "procurement"
    with pytest.raises(ConfigError, match=r"tasks\.py: its world has no stand-in for the peer 'contracts'"):
        stand_ins(load_agent(folder, machine), folder, World(iter(()), {}), machine)
