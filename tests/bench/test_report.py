"""What the figures of the overlap benchmark are made of."""

from __future__ import annotations

from typing import Any

import pytest

from bench.overlap.bound import Bound
from bench.overlap.contenders import Run, Runs
from bench.overlap.picture import Bar
from bench.overlap.report import computed_over_needed, of_permitted, over_bound, overhead, summary


def runs(live: float = 3.0, outer: float = 6.0) -> Runs:
    """The live form and an outer loop, which decodes and runs two tools, one a second into the other."""
    bars = (Bar(0.0, 2.0, True), Bar(2.0, 4.0, False), Bar(3.0, 5.0, False))
    bound = Bound(seconds=2.0, needed=100, read=50)
    return {
        "live": Run(live, 110, 180, (Bar(0.0, 2.0, True),), bound, dispatch=(0.002, 0.004), gaps=(2.0, 3.0, 10.0)),
        "gathered": Run(outer, 130, 300, bars),
    }


def test_against_what_is_possible() -> None:
    assert over_bound(runs(), "live") == 1.5
    assert overhead(runs(), "gathered") == 4.0
    assert computed_over_needed(runs(), "gathered") == 2.0
    # The outer loop is at work for 5 s, so 2.5 times as fast is what the bound permits; the live form is twice as fast.
    assert of_permitted(runs(), "gathered") == pytest.approx(2.0 / 2.5)


def test_medians_are_over_sizes_times_and_repetitions_of_a_workload() -> None:
    found: Any = {
        ("parallel 2", 0.1): [runs(live=3.0), runs(live=4.0)],
        ("parallel 4", 1.0): [runs(live=5.0)],
        ("chains", 1.0): [runs(live=2.0)],
    }
    told = summary(found, {"live": [10.0, 30.0, 20.0], "turn": []}, {"500": [2.0, 3.0]}, {})
    assert told["over_bound"]["parallel"]["live"] == 2.0
    assert told["over_bound_range"]["parallel"]["live"] == [1.5, 2.5]
    assert told["over_bound"]["chains"]["live"] == 1.0
    assert told["detail"]["parallel 2, 0.1"]["seconds"]["live"] == 3.5
    assert told["tasks_per_minute"] == {"live": 20.0}
    assert (told["gap_in_tokens"], told["gap_in_tokens_served"], told["dispatch_ms"]) == ({"500": 2.5}, 3.0, 3.0)
