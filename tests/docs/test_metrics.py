"""The tables of metrics: what a service shows that has done something, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.telemetry.scraped import Scraped

PAGE = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()


def rows(heading: str) -> dict[str, list[str]]:
    """The table below a heading: the other cells by what is in the first one."""
    section = PAGE.split(f"\n### {heading}\n")[1].split("\n#")[0]
    lines = [line.removeprefix("| ").removesuffix(" |") for line in section.splitlines() if line.startswith("| `")]
    return {first.strip("`"): others for first, *others in (line.split(" | ") for line in lines)}


def shown(scraped: Scraped) -> dict[str, list[str]]:
    """What a table should say of each metric: type, labels, and what it is."""
    found = {}
    for name, kind in scraped.kinds.items():
        if name.startswith(("innerloop_", "gen_ai_")):
            of = [labels for sample, labels, _ in scraped.samples if re.fullmatch(rf"{name}(_\w+)?", sample)]
            labels = sorted({label for each in of for label in each} - {"le"})
            asked = f"{name}_total" if kind == "counter" else name
            found[asked] = [kind, ", ".join(f"`{label}`" for label in labels), scraped.help[name]]
    return found


def test_every_metric_is_told(scraped: Scraped) -> None:
    assert shown(scraped) == rows("Names")


@pytest.fixture
def newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental")


@pytest.mark.usefixtures("newest")
def test_every_metric_of_the_newest_names_is_told(scraped: Scraped) -> None:
    told = {name: row for name, row in rows("Names").items() if not name.startswith("gen_ai_client_")}
    others = rows("Names with `OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental`")
    assert shown(scraped) == told | others


def test_every_value_of_a_label_is_told(scraped: Scraped) -> None:
    for label, (values,) in rows("Labels").items():
        assert {labels[label] for _, labels, _ in scraped.samples if label in labels} == {
            *re.findall("`([^`]+)`", values)
        }
