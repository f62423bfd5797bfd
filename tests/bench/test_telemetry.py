"""What is told at the end of the benchmark of telemetry's cost."""

from __future__ import annotations

import json

from bench.load import Side
from bench.telemetry.__main__ import LOADS, OFF, ON, Told, summary


def test_sides_are_compared_within_a_repetition_before_the_median_is_taken() -> None:
    """The ratio of the medians is 0.5."""
    one = [
        {OFF: Side(100.0, 10.0), ON: Side(50.0, 15.0)},
        {OFF: Side(50.0, 20.0), ON: Side(49.0, 40.0)},
        {OFF: Side(200.0, 300.0), ON: Side(196.0, 310.0)},
    ]
    told = json.loads(json.dumps(summary({"1": one}, LOADS, Told(3, 2, 500, 1), "the command")))
    assert told["ratio"] == {"1": 0.98}
    assert told["ratio_spread"] == {"1": [0.5, 0.98]}
    assert told["tokens_per_second"] == {"1": {OFF: 100.0, ON: 50.0}}
    assert told["told"] == {"spans": 3, "scrapes": 2, "samples": 500, "log_lines": 1}
    assert (told["command"], told["seed"]) == ("the command", 0)
