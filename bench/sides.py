"""Two sides that are given the same loads in turns, and what one makes of them compared with the other."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from rich.table import Table

from bench.load import Load, Side
from bench.spread import spread

Put = Callable[[Load], Awaitable[Side]]
"""Has a side answer a load."""


@dataclass(frozen=True)
class Comparison:
    """Ratio and difference are taken within a repetition, medians over repetitions."""

    measured: str
    against: str
    loads: Mapping[str, Load]
    found: dict[str, list[dict[str, Side]]] = field(default_factory=dict)
    """Repetitions by load, each with both sides."""

    async def run(self, sides: Mapping[str, Put], say: Callable[[str], None]) -> None:
        """Puts all loads on both; which goes first alternates."""
        for name, load in self.loads.items():
            say(f"{name} at once: {load.repetitions} times {load.streams * load.answers} answers on each side")
            repetitions = self.found[name] = []
            for turn in range(load.repetitions):
                order = sorted((self.measured, self.against), reverse=turn % 2 == 1)
                repetitions.append({side: await sides[side](load) for side in order})

    def ratios(self, load: str) -> list[float]:
        """Of tokens per second."""
        return [
            both[self.measured].tokens_per_second / both[self.against].tokens_per_second for both in self.found[load]
        ]

    def extras(self, load: str) -> list[float]:
        """What the first token takes longer, in ms."""
        return [both[self.measured].first_token_ms - both[self.against].first_token_ms for both in self.found[load]]

    def summary(self) -> dict[str, Any]:
        """For the record."""
        return {
            "ratio": {name: round(statistics.median(self.ratios(name)), 3) for name in self.found},
            "first_token_extra_ms": {name: round(statistics.median(self.extras(name)), 1) for name in self.found},
            "tokens_per_second": {
                name: {
                    side: round(statistics.median(both[side].tokens_per_second for both in repetitions), 1)
                    for side in (self.against, self.measured)
                }
                for name, repetitions in self.found.items()
            },
            "loads": {name: asdict(load) for name, load in self.loads.items()},
            "repetitions": {
                name: [
                    {side: [round(figure, 1) for figure in astuple(made)] for side, made in both.items()}
                    for both in repetitions
                ]
                for name, repetitions in self.found.items()
            },
        }

    def table(self) -> Table:
        """Medians, and in brackets the smallest and largest."""
        table = Table("at once", "", "tokens/s", "ms to first token")
        for name, repetitions in self.found.items():
            for side in (self.against, self.measured):
                made = [both[side] for both in repetitions]
                speeds, firsts = [each.tokens_per_second for each in made], [each.first_token_ms for each in made]
                table.add_row(name, side, spread(speeds, 1), spread(firsts, 0))
            table.add_row("", "ratio, extra", spread(self.ratios(name), 3), spread(self.extras(name), 0))
            table.add_section()
        return table
