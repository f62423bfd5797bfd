"""The threat table: every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+(?:::\w+)?)`", (ROOT / "docs" / "security.md").read_text())))


@pytest.mark.parametrize("name", NAMED)
def test_a_named_test_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    assert (ROOT / path).is_file()
    if function:
        assert re.search(rf"^(async )?def {function}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_every_threat_is_shown_or_said_not_to_be() -> None:
    rows = (ROOT / "docs" / "security.md").read_text().split("## Threats")[1].split("##")[0].splitlines()
    threats = [row.strip("|").split("|") for row in rows if row.startswith("|")][2:]
    assert len(threats) > 20
    for threat, against, shown in threats:
        assert "`tests/" in shown or against.strip().startswith("No test: "), threat
