from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.transcript import Arrival, Origin, Span, Transcript

ids = st.integers(0, 2**32 - 1)
floats = st.floats(width=32, allow_nan=False)
moments = st.floats(0, 2e9)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    tokens = tuple(draw(st.lists(ids, max_size=20)))
    logprobs = draw(st.none() | st.lists(floats, min_size=len(tokens), max_size=len(tokens)).map(tuple))
    arrivals = draw(st.lists(st.builds(Arrival, st.text(max_size=4), ids, st.none() | moments, moments), max_size=2))
    return Span(draw(st.sampled_from(Origin)), tokens, logprobs, draw(st.none() | st.text(max_size=8)), tuple(arrivals))


@given(st.lists(spans(), max_size=8))
def test_stored_and_read_back(made: list[Span]) -> None:
    transcript = Transcript.of(made)
    assert Transcript.from_json(json.loads(json.dumps(transcript.to_json()))) == transcript


@given(st.lists(spans(), max_size=8))
def test_views_agree(made: list[Span]) -> None:
    transcript = Transcript()
    for span in made:
        before = transcript
        transcript = transcript.append(span)
        assert transcript.tokens[: len(before)] == before.tokens
    assert transcript == Transcript.of(made)
    assert len(transcript) == len(transcript.tokens) == len(transcript.sampled_mask) == len(transcript.logprobs)
    assert transcript.tokens == tuple(token for span in made for token in span.tokens)
    assert sum(transcript.sampled_mask) == sum(len(span.tokens) for span in made if span.origin is Origin.SAMPLED)


def test_logprobs_are_one_per_token() -> None:
    with pytest.raises(ValueError, match="1 logprobs for 2 tokens"):
        Span(Origin.SAMPLED, (1, 2), (-0.1,))


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        Transcript.from_json({"version": 2, "spans": []})
