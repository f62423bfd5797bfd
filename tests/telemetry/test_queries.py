"""Alerts, dashboard and runbook ask for what there is: each metric and label is looked for in a real scrape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

from service.engine.base import Sampling
from service.engine.vllm import VllmEngine
from tests.telemetry.scraped import Scraped

FILES = Path(__file__).parents[2] / "helm" / "files"
ALERTS = [rule for group in yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
RUNBOOK = (FILES.parents[1] / "docs" / "runbook.md").read_text()
DASHBOARD = json.loads((FILES / "dashboard.json").read_text())
PROMETHEUS = {"namespace", "job", "pod", "instance", "container", "endpoint"}
"""Labels that it adds itself, or by the chart's ServiceMonitor; and it has `up` of its own."""


@dataclass(frozen=True)
class Asks:
    """A metric, and labels that it should have."""

    metric: str
    labels: frozenset[str]


def queries() -> Iterator[str]:
    yield from (rule["expr"] for rule in ALERTS)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            values = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            assert values
            yield f"sum by ({values[2]}) ({values[1]})"
    yield from (
        code for code in re.findall("`([^`]+)`", RUNBOOK) if re.search(r"\b(innerloop_|gen_ai_|vllm:|process_)", code)
    )


def asked() -> set[Asks]:
    return {each for query in queries() for each in _asked(promql_parser.parse(re.sub(r"\$__\w+", "5m", query)), set())}


def _asked(part: Any, by: set[str]) -> Iterator[Asks]:
    if isinstance(part, promql_parser.VectorSelector):
        matched = {matcher.name for matcher in part.matchers.matchers}
        yield Asks(str(part.name), frozenset((by | matched) - PROMETHEUS))
    elif isinstance(part, promql_parser.AggregateExpr):
        yield from _asked(part.expr, by | set(part.modifier.labels if part.modifier else ()))
    elif isinstance(part, promql_parser.BinaryExpr):
        yield from _asked(part.lhs, by)
        yield from _asked(part.rhs, by)
    elif isinstance(part, promql_parser.Call):
        for argument in part.args:
            yield from _asked(argument, by)
    elif isinstance(part, promql_parser.MatrixSelector):
        yield from _asked(part.vector_selector, by)
    elif isinstance(part, promql_parser.ParenExpr):
        yield from _asked(part.expr, by)
    else:
        assert isinstance(part, promql_parser.NumberLiteral), part


def missing(scraped: Scraped, wanted: Callable[[str], bool]) -> set[Asks]:
    """Of what is asked of metrics that are `wanted`, that which is not there."""
    there: dict[str, set[str]] = {}
    for name, labels, _ in scraped.samples:
        there.setdefault(name, set()).update(labels)
    return {
        each
        for each in asked()
        if wanted(each.metric) and not (each.metric in there and each.labels <= there[each.metric])
    }


def of_vllm(metric: str) -> bool:
    return metric.startswith("vllm:")


def test_queries_ask_for_what_a_service_has(scraped: Scraped) -> None:
    assert missing(scraped, lambda metric: metric != "up" and not of_vllm(metric)) == set()


@pytest.mark.model
@pytest.mark.asyncio(loop_scope="session")
async def test_queries_ask_for_what_vllm_has(vllm: VllmEngine) -> None:
    async with aclosing(vllm.generate(range(100, 140), Sampling(max_tokens=4, stop=()))) as stream:
        assert [chunk async for chunk in stream]
    scraped = Scraped(generate_latest(REGISTRY).decode())
    assert {each for each in asked() if of_vllm(each.metric)}
    assert missing(scraped, of_vllm) == set()


def test_what_is_not_there_is_found() -> None:
    """The test of the tests."""
    empty = Scraped("")
    assert missing(empty, lambda _: True) == asked()
    assert Asks("innerloop_turns_total", frozenset({"innerloop_turn_stop"})) in asked()
    assert Asks("gen_ai_execute_tool_duration_seconds_bucket", frozenset({"le", "gen_ai_tool_name"})) in asked()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_whoever_is_called_is_told_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert f"\n### {rule['alert']}\n" in RUNBOOK


def test_alerts_are_told_apart_and_each_is_tried() -> None:
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names)
    tried = (Path(__file__).parents[1] / "chart" / "alerts_test.yaml").read_text()
    assert [name for name in names if f'alertname="{name}"' not in tried] == []


def test_panels_of_the_dashboard_do_not_lie_on_each_other() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [(place["x"] + x, place["y"] + y) for place in places for x in range(place["w"]) for y in range(place["h"])]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
