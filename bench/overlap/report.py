"""What came of it: figures, a table, pictures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

from bench.overlap.bound import Bound
from bench.overlap.contenders import Runs
from bench.overlap.picture import Lane, draw
from bench.spread import spread

Found = dict[tuple[str, float | None], list[Runs]]
"""Repetitions, by workload and by the time of its tools over that of their calls, if it has any."""
Figure = Callable[[Runs, str], float]


def picture(title: str, runs: Runs) -> str:
    """One task, as an SVG."""
    return draw(title, {name: Lane(run.bars, run.seconds) for name, run in runs.items()}, least(runs))


def over_bound(runs: Runs, name: str) -> float:
    return runs[name].seconds / least(runs)


def speed_up(runs: Runs, name: str) -> float:
    """Of the live form over this contender."""
    return runs[name].seconds / runs["live"].seconds


def of_permitted(runs: Runs, name: str) -> float:
    """That speed-up over the one that the bound permits over this contender's own steps."""
    busy, until = 0.0, 0.0
    for bar in sorted(runs[name].bars, key=lambda bar: bar.begun):
        busy += max(0.0, bar.ended - max(bar.begun, until))
        until = max(until, bar.ended)
    return speed_up(runs, name) / (busy / least(runs))


def sampled_over_needed(runs: Runs, name: str) -> float:
    """Tokens."""
    return runs[name].sampled / _bound(runs).needed


def computed_over_needed(runs: Runs, name: str) -> float:
    """Tokens: a task needs those that have to be sampled, and those that it is told."""
    bound = _bound(runs)
    return runs[name].computed / (bound.needed + bound.read)


def overhead(runs: Runs, name: str) -> float:
    """Seconds over the bound."""
    return runs[name].seconds - least(runs)


def least(runs: Runs) -> float:
    return _bound(runs).seconds


def _bound(runs: Runs) -> Bound:
    """Of the task, which the live form's run has."""
    bound = runs["live"].bound
    assert bound
    return bound


def summary(
    found: Found,
    crowds: Mapping[str, Sequence[float]],
    gaps: Mapping[str, Sequence[float]],
    waits: Mapping[str, Sequence[float]],
) -> dict[str, Any]:
    """Medians over repetitions, sizes and times of tools; of each workload by itself in `detail`."""
    ours = [run for repetitions in found.values() for runs in repetitions for run in runs.values()]
    dispatch = [seconds for run in ours for seconds in run.dispatch]
    served = [gap for run in ours for gap in run.gaps]
    kinds: dict[str, list[Runs]] = {}
    for (workload, _), repetitions in found.items():
        kinds.setdefault(workload.split(" ")[0], []).extend(repetitions)
    return {
        "over_bound": _medians(kinds, over_bound),
        "over_bound_range": _ranges(kinds, over_bound),
        "speed_up": _medians(kinds, speed_up),
        "speed_up_of_permitted": _medians(kinds, of_permitted),
        "overhead_seconds": _medians(kinds, overhead),
        "sampled_over_needed": _medians(kinds, sampled_over_needed),
        "computed_over_needed": _medians(kinds, computed_over_needed),
        "tasks_per_minute": {name: round(statistics.median(values), 1) for name, values in crowds.items() if values},
        "gap_in_tokens": {name: round(statistics.median(values), 2) for name, values in gaps.items()},
        "gap_in_tokens_served": round(statistics.median(served), 2) if served else None,
        "dispatch_ms": round(1_000 * statistics.median(dispatch), 2) if dispatch else None,
        "seconds_after_a_long_answer": {name: round(statistics.median(values), 3) for name, values in waits.items()},
        "detail": {
            (workload if ratio is None else f"{workload}, {ratio:g}"): {
                "over_bound": _medians({"": repetitions}, over_bound)[""],
                "seconds": _medians({"": repetitions}, lambda runs, name: runs[name].seconds)[""],
            }
            for (workload, ratio), repetitions in found.items()
        },
    }


def _medians(kinds: Mapping[str, Sequence[Runs]], figure: Figure) -> dict[str, Any]:
    return {
        kind: {name: round(statistics.median(figure(runs, name) for runs in repetitions), 3) for name in repetitions[0]}
        for kind, repetitions in kinds.items()
    }


def _ranges(kinds: Mapping[str, Sequence[Runs]], figure: Figure) -> dict[str, Any]:
    """The smallest and the largest."""
    return {
        kind: {
            name: [round(ends(figure(runs, name) for runs in repetitions), 3) for ends in (min, max)]
            for name in repetitions[0]
        }
        for kind, repetitions in kinds.items()
    }


def table(found: Found) -> Table:
    """Time over the bound: medians, and in brackets the smallest and largest."""
    names = list(dict.fromkeys(name for repetitions in found.values() for name in repetitions[0]))
    shown = Table("workload", "tool / call", "least, s", *names)
    for (workload, ratio), repetitions in found.items():
        seconds = statistics.median(least(runs) for runs in repetitions)
        figures = ([over_bound(runs, name) for runs in repetitions if name in runs] for name in names)
        cells = (spread(values, 2) if values else "" for values in figures)
        shown.add_row(workload, "" if ratio is None else f"{ratio:g}", f"{seconds:.1f}", *cells)
    return shown
