"""Where a turn's time went, worked out by hand: a token takes one second, and a turn begins at 100."""

from __future__ import annotations

import pytest

from service.timing import Stretch, timing
from service.transcript import Arrival, Origin, Span, Transcript

ASKED = Span(Origin.GIVEN, (1,) * 10)


def sampled(count: int) -> Span:
    return Span(Origin.SAMPLED, (2,) * count)


def returned(count: int, *arrivals: Arrival) -> Span:
    return Span(Origin.RETURNED, (3,) * count, arrivals=arrivals)


def call(name: str, position: int, dispatched: float | None, arrived: float) -> Arrival:
    return Arrival(name, position, dispatched, arrived, arrived)


def test_a_turn_without_calls() -> None:
    found = timing(Transcript().append(ASKED, sampled(5)), [Stretch(100, 101, 105, 10, 0, 5)])
    assert (found.seconds, found.token) == (5, 1)
    assert (found.tools, found.overlap, found.gaps, found.recomputed) == (0, 0, (), 0)
    assert found.least == 5


def test_a_clock_may_begin_at_zero() -> None:
    assert timing(Transcript().append(ASKED, sampled(5)), [Stretch(-1.0, 0.0, 4.0, 10, 0, 5)]).token == 1


def test_a_turn_that_waits_for_its_calls() -> None:
    """Two calls close after 3 and 6 tokens; the first takes 10 s, the second 4, and both come in together."""
    transcript = Transcript().append(
        ASKED, sampled(3), sampled(3), returned(4, call("0", 13, 103, 113), call("1", 16, 106, 110)), sampled(2)
    )
    stretches = [Stretch(100, 101, 106, 10, 0, 6), Stretch(113.5, 115, 116, 20, 12, 2)]
    found = timing(transcript, stretches)
    assert found.seconds == 16
    assert found.token == 1
    assert found.tools == 10  # from 103 to 113, with the second call within
    assert found.overlap == 3  # from 103 to 106
    assert found.gaps == (2,)  # from 113, when the last of them was there, to 115
    assert found.recomputed == 3  # of 15 that were read, 12 were cached
    assert found.least == 3 + 10 + 2


def test_a_result_that_comes_in_while_tokens_are_sampled() -> None:
    """A call closes after 2 tokens and takes 3 s; the stretch is cut after 6, when its line is over."""
    transcript = Transcript().append(ASKED, sampled(2), sampled(4), returned(1, call("0", 12, 102, 105)), sampled(3))
    stretches = [Stretch(100, 101, 106, 10, 0, 6), Stretch(106, 107.5, 109.5, 17, 15, 3)]
    found = timing(transcript, stretches)
    assert (found.tools, found.overlap) == (3, 3)
    assert found.gaps == (1.5,)  # from 106, the last token, to 107.5
    assert found.recomputed == 0
    assert found.least == 9  # the result was there before it could come in


def test_of_a_call_whose_process_has_died_nothing_is_known() -> None:
    transcript = Transcript().append(ASKED, sampled(2), returned(1, call("0", 12, None, 105)), sampled(1))
    found = timing(transcript, [Stretch(100, 101, 102, 10, 0, 2), Stretch(105, 106, 106, 13, 0, 1)])
    assert (found.tools, found.least) == (0, 3)


@pytest.mark.parametrize("first", [None, 101.0])
def test_without_two_tokens_nobody_knows_what_one_takes(first: float | None) -> None:
    found = timing(Transcript().append(ASKED, sampled(1)), [Stretch(100, first, 102, 10, 0, 1)])
    assert (found.token, found.least) == (None, None)


def test_only_the_last_turn_counts() -> None:
    before = Transcript().append(ASKED, sampled(3), returned(1, call("0", 13, 10, 20)), sampled(3), ASKED)
    found = timing(before.append(sampled(4)), [Stretch(100, 100, 103, len(before), 0, 4)])
    assert (found.tools, found.gaps, found.least) == (0, (), 4)
