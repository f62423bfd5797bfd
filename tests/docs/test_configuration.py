"""The configuration reference: it is that of the settings, and leaves nothing unexplained."""

from __future__ import annotations

from scripts.configuration import PAGE, page


def test_it_is_current() -> None:
    assert PAGE.read_text() == page(), "python -m scripts.configuration"


def test_everything_is_explained() -> None:
    rows = [line.strip("|").split(" | ") for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert [row[0].strip() for row in rows if not row[-1].strip()] == []
