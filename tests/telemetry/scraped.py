"""What Prometheus reads at a management port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Scraped:
    """Samples as they were at one moment."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.help = {family.name: family.documentation for family in families}
        self.kinds = {family.name: family.type for family in families}
        self.samples: list[tuple[str, Mapping[str, str], float]] = [
            (sample.name, sample.labels, sample.value) for family in families for sample in family.samples
        ]
        # Prometheus keeps one of them, and says nothing.
        series = Counter((name, *sorted(labels.items())) for name, labels, _ in self.samples)
        assert not (twice := [each for each, times in series.items() if times > 1]), f"told twice: {twice}"

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of those that have these labels. Raises KeyError if none has."""
        found = [value for each, has, value in self.samples if each == name and labels.items() <= has.items()]
        if not found:
            raise KeyError(f"{name}{labels}")
        return sum(found)


async def scrape(url: str) -> Scraped:
    """Of the management port at `url`."""
    async with httpx.AsyncClient() as http:
        return Scraped((await http.get(f"{url}/metrics")).raise_for_status().text)
