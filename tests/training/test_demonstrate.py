"""Demonstrations: the same ones from the same seed, whatever the machine does; live ones show how time is used."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.models.prepare import Prepared
from service.settings import ChatSection
from service.training import data
from service.training.data import demonstrations
from service.transcript import Origin, Transcript

pytestmark = pytest.mark.model  # for its tokenizer: told byte by byte, a conversation is longer than a turn may be

AGENTS = Path(__file__).parents[2] / "agents"


Form = Literal["inner", "inner-live"]


def shown(weights: Prepared, agent: str, form: Form, count: int = 20, seed: int = 3) -> list[Transcript]:
    section = ChatSection(format=form)
    return demonstrations(AGENTS / agent, section, weights.folder, count, seed, lambda _: None)


@pytest.mark.parametrize("form", ["inner", "inner-live"])
@pytest.mark.parametrize("agent", ["contracts", "procurement"])
def test_the_same_seed_shows_the_same(weights: Prepared, agent: str, form: Form) -> None:
    first, again = shown(weights, agent, form), shown(weights, agent, form)
    other = shown(weights, agent, form, seed=4)
    assert [demo.tokens for demo in first] == [demo.tokens for demo in again]
    assert [demo.tokens for demo in first] != [demo.tokens for demo in other]


def test_several_worlds_are_shown_in_order(weights: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "TASKS_PER_WORLD", 2)
    three = shown(weights, "contracts", "inner", 5)
    two = shown(weights, "contracts", "inner", 4)
    assert [demo.tokens for demo in three[:4]] == [demo.tokens for demo in two]
    assert len({demo.tokens for demo in three}) == 5


@pytest.mark.parametrize("agent", ["contracts", "procurement"])
def test_live_ones_do_what_can_be_done(weights: Prepared, agent: str) -> None:
    """Results come in out of order, while the model goes on, and while it waits; it never writes one itself."""
    chat = InnerFormat(Tokenizer.from_file(str(weights.folder / "tokenizer.json")), live=True)
    seen: Counter[str] = Counter()
    for demo in shown(weights, agent, "inner-live", 100):
        for before, span in zip(demo.spans, demo.spans[1:], strict=False):
            if span.origin is not Origin.RETURNED:
                continue
            seen["waited for" if before.tokens[-1] == chat.stop[1] else "came while the model went on"] += 1
            seen["together"] += len(span.arrivals) > 1
        arrived = [arrival.call_id for span in demo.spans for arrival in span.arrivals]
        seen["out of order"] += arrived != sorted(arrived)
        sampled = {token for span in demo.spans if span.origin is Origin.SAMPLED for token in span.tokens}
        assert not sampled & {*chat.banned([])} - chat.controls
    assert min(seen[what] for what in ("waited for", "came while the model went on", "out of order")) >= 5, seen
