"""The runbook: each alert has an entry, and each entry an alert."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.test_commands import AGENT
from tests.serving import serving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text()
GROUPS = yaml.safe_load((ROOT / "helm" / "files" / "alerts.yaml").read_text())["groups"]
ALERTS = [rule["alert"] for group in GROUPS for rule in group["rules"]]


def test_alerts_and_entries_are_the_same() -> None:
    assert re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) == ALERTS


def test_each_entry_says_what_it_means_how_to_see_it_and_what_to_do() -> None:
    for entry in PAGE.split("\n### ")[1:]:
        text = entry.split("\n## ")[0]
        assert all(f"**{part}:**" in text for part in ("Means", "See", "Do")), entry.splitlines()[0]


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_its_way_from_a_task_to_its_lines(tmp_path: Path) -> None:
    """What it says to do with pods' logs, done with those of two processes, of which one could not start."""
    (found,) = re.findall(r"^kubectl [^|\n]* logs [^|\n]*\| (jq .*)$", PAGE, re.MULTILINE)
    (tmp_path / "agent.yaml").write_text(AGENT)
    tasks: list[str] = []
    traced = {"OTEL_TRACES_EXPORTER": "console"}
    with serving(tmp_path, "tests.cli.actors:chatty", INNERLOOP_LOG_FORMAT="json", **traced) as served:
        for text in ("hello", "goodbye"):
            ask = [sys.executable, "-m", "service", "ask", "--json", served.url, text]
            told = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
            tasks.append(re.findall(r'"task_id": "([^"]+)"', told)[0])
    fails = [sys.executable, "-m", "service", "serve", str(tmp_path / "nobody")]
    plain = subprocess.run(fails, capture_output=True, text=True).stderr
    assert plain.startswith("innerloop: ")
    log = plain + "".join(f"{line}\n" for line in served.lines)
    done = subprocess.run(
        ["bash", "-c", found.replace("TASK", tasks[1])], input=log, capture_output=True, text=True, check=True
    )
    (record,) = map(json.loads, done.stdout.splitlines())
    assert (record["message"], record["task_id"], record["calls"]) == ("turn ended: done", tasks[1], 0)
    assert len(record["trace_id"]) == 32
