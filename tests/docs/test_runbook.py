"""The runbook: each alert has an entry, and each entry an alert."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

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
