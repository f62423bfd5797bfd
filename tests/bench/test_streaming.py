"""What is told at the end of the benchmark of A2A's costs."""

from __future__ import annotations

import asyncio
import json

from bench.load import Load, Side, put
from bench.streaming import LOADS, summary

ONE = [
    {"bare engine": Side(100.0, 10.0), "A2A": Side(50.0, 15.0)},
    {"bare engine": Side(50.0, 20.0), "A2A": Side(49.0, 40.0)},
    {"bare engine": Side(200.0, 300.0), "A2A": Side(180.0, 310.0)},
]
EIGHT = [{"bare engine": Side(300.0, 90.0), "A2A": Side(270.0, 80.0)}]


def test_both_figures_are_told_for_one_stream_and_for_eight() -> None:
    told = json.loads(json.dumps(summary({"1": ONE, "8": EIGHT}, "weights@1")))
    assert {key: list(told[key]) for key in ("ratio", "first_token_extra_ms")} == {
        "ratio": ["1", "8"],
        "first_token_extra_ms": ["1", "8"],
    }
    for name, load in LOADS.items():
        assert name.startswith(str(load.streams))
    assert (LOADS["1"].apart, LOADS["8"].apart) == (0, 0)
    assert told["weights"] == "weights@1"


def test_sides_are_compared_within_a_repetition_before_the_median_is_taken() -> None:
    """The ratio of the medians is 0.5, and their difference 20."""
    told = summary({"1": ONE, "8": EIGHT}, "weights@1")
    assert told["ratio"] == {"1": 0.9, "8": 0.9}
    assert told["first_token_extra_ms"] == {"1": 10.0, "8": -10.0}
    assert told["tokens_per_second"]["1"] == {"bare engine": 100.0, "A2A": 50.0}


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
