"""What Prometheus reads at a management port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.process.health import Health
from service.telemetry.metrics import Metrics
from tests.conftest import Asked, RunServer, Says
from tests.process.test_management import managed


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


@pytest.fixture
async def scraped(run_server: RunServer) -> Scraped:
    """Of an agent whose peer and MCP server are gone, after a turn with calls that it carries out and ones that fail,
    and a turn that fails itself.
    """

    def calls(said: Asked) -> Says:
        return Says("Done.") if said.results else Says("", (("add", '{"a": 1, "b": 2}'), ("add", '{"a": "x"}')))

    gone = "http://127.0.0.1:1"
    health, metrics = Health(), Metrics("agent", "1")
    with managed(health, metrics) as url:
        agent = await run_server(
            calls,
            health=health,
            metrics=metrics,
            peers=[{"name": "peer", "url": gone}],
            mcp=[{"name": "tickets", "url": f"{gone}/mcp"}],
        )
        await agent.send("hello")
        agent.engine.error = RuntimeError("broken")
        await agent.send("hello")
        return await scrape(url)
