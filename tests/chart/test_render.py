"""What is rendered, case by case, by both versions of Helm."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.chart.helm import CASES, CHART, ROOT, Refused, case, only, render, run, template
from tests.chart.schemas import CUSTOM, VERSIONS, check, check_custom

GOLDEN = Path(__file__).parent / "golden"
FILES = {path.stem: path for path in [*sorted(CASES.glob("*.yaml")), *sorted(CHART.glob("examples/*.yaml"))]}

DOCS = ROOT / "docs" / "deploy.md"

each_case = pytest.mark.parametrize("name", FILES)
each_helm = pytest.mark.parametrize("helm", ["helm", "helm3"])


@each_case
def test_as_expected(name: str, pytestconfig: pytest.Config) -> None:
    """`make golden` writes what is expected anew."""
    rendered, golden = template("helm", "-f", FILES[name]), GOLDEN / f"{name}.yaml"
    if pytestconfig.getoption("refresh_golden"):
        golden.write_text(rendered)
    assert rendered == golden.read_text()


@each_case
def test_helm_3_renders_the_same(name: str) -> None:
    old, new = (list(yaml.safe_load_all(template(helm, "-f", FILES[name]))) for helm in ("helm3", "helm"))
    assert [each for each in old if each] == [each for each in new if each]


@each_case
@each_helm
def test_lint(name: str, helm: str) -> None:
    assert "0 chart(s) failed" in run(helm, "lint", "--strict", CHART, "-f", FILES[name])


@each_case
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(name: str, version: str) -> None:
    check(render(yaml.safe_load(FILES[name].read_text()) or {}), version)


def test_the_values_in_the_docs_are_taken() -> None:
    blocks = re.findall(r"^```yaml\n(# \w+\.yaml\n.*?)^```$", DOCS.read_text(), re.M | re.S)
    assert len(blocks) >= 2
    for block in blocks:
        check(render(yaml.safe_load(block)), VERSIONS[-1])


def test_custom_resources_are_what_their_schemas_say() -> None:
    names = [path.stem for path in CASES.glob("*.yaml")]
    objects = [each for name in names for each in render(case(name))]
    assert {each["kind"] for each in objects} >= set(CUSTOM) - {"PrometheusRule"}
    check_custom(objects)


def test_a_custom_resource_that_is_wrong_is_noticed() -> None:
    route = only(render(case("replicas")), "HTTPRoute")
    route["spec"]["rules"][0]["timeouts"]["request"] = "for ever"
    with pytest.raises(AssertionError, match="request"):
        check_custom([route])


@pytest.mark.parametrize("without", ["database", "traces", "peers"])
def test_where_it_is_has_to_be_said(without: str) -> None:
    values = case("replicas")
    if without == "peers":
        del values["peers"][1]["egress"]
    else:
        del values[without]["egress"]
    with pytest.raises(Refused, match="networkPolicy cuts off what is not named"):
        render(values)
    render(values | {"networkPolicy": {"enabled": False}})


def test_a_download_has_to_be_let_out() -> None:
    values = case("download")
    del values["model"]["download"]["egress"]
    with pytest.raises(Refused, match=r"say in model\.download\.egress where the hub is"):
        render(values)


def test_no_pod_is_killed_while_its_turns_may_still_run() -> None:
    with pytest.raises(Refused, match=r"is 60, but 10 s before SIGTERM, 40 s for turns, .* 15 s are 75 s"):
        render({"drain": {"preStopSeconds": 10, "turnSeconds": 40, "terminationGracePeriodSeconds": 60}})
