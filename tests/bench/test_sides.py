"""Two sides of a benchmark, what is asked of each, and what is told of them at the end."""

from __future__ import annotations

import asyncio
import json

from bench.load import Load, Side, put
from bench.sides import Comparison

LOADS = {
    "1": Load(streams=1, answers=1, tokens=10, apart=0, repetitions=3),
    "8": Load(streams=8, answers=1, tokens=10, apart=0, repetitions=1),
}
ONE = [
    {"bare": Side(100.0, 10.0), "served": Side(50.0, 15.0)},
    {"bare": Side(50.0, 20.0), "served": Side(49.0, 40.0)},
    {"bare": Side(200.0, 300.0), "served": Side(180.0, 310.0)},
]
EIGHT = [{"bare": Side(300.0, 90.0), "served": Side(270.0, 80.0)}]


def test_sides_are_compared_within_a_repetition_before_the_median_is_taken() -> None:
    """The ratio of the medians is 0.5, and their difference 20."""
    comparison = Comparison("served", "bare", LOADS, {"1": ONE, "8": EIGHT})
    told = json.loads(json.dumps(comparison.summary()))
    assert told["ratio"] == {"1": 0.9, "8": 0.9}
    assert told["first_token_extra_ms"] == {"1": 10.0, "8": -10.0}
    assert told["tokens_per_second"]["1"] == {"bare": 100.0, "served": 50.0}
    assert told["repetitions"]["8"] == [{"bare": [300.0, 90.0], "served": [270.0, 80.0]}]


async def test_both_sides_get_every_load_and_take_turns_at_going_first() -> None:
    asked: list[tuple[str, int]] = []

    async def served(load: Load) -> Side:
        asked.append(("served", load.streams))
        return Side(1.0, 1.0)

    async def bare(load: Load) -> Side:
        asked.append(("bare", load.streams))
        return Side(2.0, 1.0)

    comparison = Comparison("served", "bare", LOADS)
    await comparison.run({"served": served, "bare": bare}, lambda _: None)
    one = [("bare", 1), ("served", 1), ("served", 1), ("bare", 1), ("bare", 1), ("served", 1)]
    assert asked == [*one, ("bare", 8), ("served", 8)]
    assert {name: comparison.ratios(name) for name in LOADS} == {"1": [0.5] * 3, "8": [0.5]}


async def test_a_load_is_streams_side_by_side_with_answers_one_after_the_other() -> None:
    running = most = 0
    asked: list[int] = []

    async def ask(index: int) -> float:
        nonlocal running, most
        running += 1
        most = max(most, running)
        asked.append(index)
        await asyncio.sleep(0.05)
        running -= 1
        return 0.01 * (index + 1)

    side = await put(Load(streams=3, answers=2, tokens=10, apart=0, repetitions=1), ask)
    assert asked == [0, 1, 2, 0, 1, 2]
    assert most == 3
    assert side.first_token_ms == 20
    assert 0 < side.tokens_per_second <= 600
