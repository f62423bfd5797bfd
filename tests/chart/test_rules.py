"""Alert rules and the dashboard, which the chart takes from its files."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.chart.helm import CHART, Object, only, render, run
from tests.chart.schemas import check_custom

ALERTS, DASHBOARD = CHART / "files" / "alerts.yaml", CHART / "files" / "dashboard.json"
VALUES: Object = {
    "metrics": {
        "rules": {
            "enabled": True,
            "labels": {"release": "prometheus"},
            "runbookUrl": "https://git.example.com/innerloop/docs/runbook.md",
        },
        "dashboard": {"enabled": True},
    }
}


def test_rules_are_those_of_the_file(tmp_path: Path) -> None:
    rule = only(render(VALUES), "PrometheusRule")
    linked = ALERTS.read_text().replace("docs/runbook.md#", "https://git.example.com/innerloop/docs/runbook.md#")
    assert rule["spec"] == yaml.safe_load(linked)
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    check_custom([rule])
    rendered = tmp_path / "rules.yaml"
    rendered.write_text(yaml.safe_dump(rule["spec"]))
    assert "SUCCESS" in run("promtool", "check", "rules", "--lint-fatal", rendered)


def test_an_alert_has_no_link_that_leads_nowhere() -> None:
    rule = only(render({"metrics": {"rules": {"enabled": True}}}), "PrometheusRule")
    without = yaml.safe_load(ALERTS.read_text())
    for group in without["groups"]:
        for each in group["rules"]:
            del each["annotations"]["runbook_url"]
    assert rule["spec"] == without


def test_alerts_fire_where_they_should() -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", Path(__file__).with_name("alerts_test.yaml"))


def test_the_dashboard_is_that_of_the_file() -> None:
    made = only(render(VALUES), "ConfigMap")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(made["data"]["innerloop.json"]) == json.loads(DASHBOARD.read_text())
