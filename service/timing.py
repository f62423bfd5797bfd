"""Where the time of a turn went: from when its tokens were sampled, and its calls made and answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.transcript import Arrival, Origin, Transcript


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens that were sampled one after the other. Times are in seconds since 1970."""

    began: float
    """When the engine was asked."""
    first: float | None
    """When it gave the first of them; None if it gave none."""
    ended: float
    given: int
    """Tokens that it was asked to go on from."""
    cached: int
    """Of them, those that it did not compute again."""
    sampled: int
    """Tokens."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Of a turn that one process has decoded."""

    seconds: float
    """From the first stretch's beginning to the last one's end."""
    token: float | None
    """Seconds from one token of a stretch to the next, on average; None if no stretch has two."""
    tools: float
    """Seconds in which calls ran."""
    overlap: float
    """Of them, those in which tokens were sampled too."""
    gaps: tuple[float, ...]
    """For each time that results came in, the seconds until the next token: from the last one, or from when the results
    were there if the model waited for them."""
    recomputed: int
    """Tokens that the turn had computed once already."""
    least: float | None
    """What these very tokens and calls take at least, in seconds: each token as long as one takes, each call begun with
    its last token, each result there at once, and nothing else waited for. None if it is not known how long a token
    takes.

    It is no bound for another order of the same things, and leaves out that reading takes time.
    """


def timing(transcript: Transcript, stretches: Sequence[Stretch]) -> Timing:
    """Of the last turn in a transcript, whose stretches are all of these: at least one."""
    arrivals = [arrival for span in transcript.since_given for arrival in span.arrivals]
    sampling = [(each.began, each.ended) for each in stretches]
    calling = _union((each.dispatched, each.arrived) for each in arrivals if each.dispatched is not None)
    token = _token(stretches)
    return Timing(
        seconds=stretches[-1].ended - stretches[0].began,
        token=token,
        tools=sum(end - begin for begin, end in calling),
        overlap=sum(_shared(one, other) for one in calling for other in sampling),
        gaps=tuple(_gaps(transcript, stretches)),
        recomputed=sum(_recomputed(before, after) for before, after in pairwise(stretches)),
        least=None if token is None else _least(transcript, token),
    )


def _token(stretches: Iterable[Stretch]) -> float | None:
    steps = [
        (each.ended - each.first, each.sampled - 1) for each in stretches if each.first is not None and each.sampled > 1
    ]
    return sum(seconds for seconds, _ in steps) / sum(count for _, count in steps) if steps else None


def _gaps(transcript: Transcript, stretches: Sequence[Stretch]) -> Iterable[float]:
    came_in: dict[int, list[Arrival]] = {}
    position = len(transcript) - sum(len(span.tokens) for span in transcript.since_given)
    for span in transcript.since_given:
        came_in.setdefault(position, []).extend(span.arrivals)
        position += len(span.tokens)
    for before, after in pairwise(stretches):
        end = before.given + before.sampled
        results = [each for at, some in came_in.items() if end <= at < after.given for each in some]
        if results and after.first is not None:
            yield max(0.0, after.first - max(before.ended, *(each.arrived for each in results)))


def _recomputed(before: Stretch, after: Stretch) -> int:
    if after.first is None:  # then it did not say what was cached
        return 0
    return max(0, before.given + before.sampled - 1 - after.cached)  # the last token was sampled, but not yet read


def _least(transcript: Transcript, token: float) -> float:
    now = 0.0
    closed: dict[int, float] = {}
    position = len(transcript) - sum(len(span.tokens) for span in transcript.since_given)
    for span in transcript.since_given:
        if span.origin is Origin.SAMPLED:
            now += token * len(span.tokens)
        for each in span.arrivals:
            if each.dispatched is not None and each.position in closed:
                now = max(now, closed[each.position] + each.arrived - each.dispatched)
        position += len(span.tokens)
        closed[position] = now  # a call ends a span
    return now


def _union(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that touch as one, in order."""
    union: list[tuple[float, float]] = []
    for begin, end in sorted(intervals):
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((begin, end))
    return union


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
