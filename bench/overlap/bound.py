"""The shortest time that a task could take, in whatever order its tokens came: what no schedule can beat.

One stream decodes one token after the other, t seconds each, and reads what it is given, p seconds a token. A call
starts at the earliest when its last token is sampled; what depends on a result comes after it was read. So a task takes
at least as long as

1. all that has to be sampled and read: calls, a line for each result, the end; waits do not have to be;
2. each chain of calls: what was asked, and then for each its tokens, its time and its result, and at the end its line;
3. the call that happens to be the last one: before it come the tokens of all the others, after it its time, its result
   and its line.

The tokens are counted in a transcript of the live form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.overlap.script import Job, called, read_jobs
from service.chat.base import ChatFormat
from service.transcript import Origin, Transcript


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds a token, of the engine by itself."""

    token: float
    prefill: float


@dataclass(frozen=True, slots=True)
class Bound:
    """Of one turn."""

    seconds: float
    needed: int
    """Tokens that have to be sampled."""
    read: int
    """Tokens that were given or returned, without the head, which every conversation shares."""


@dataclass(slots=True)
class _Counted:
    """Tokens of one job."""

    call: int = 0
    result: float = 0.0
    line: int = 0


_END = 1
"""Token that ends the turn."""


def bound(transcript: Transcript, said: str, chat: ChatFormat, speed: Speed, peer: float = 0.0) -> Bound:
    """The bound of a conversation's first turn, in the live form; `peer` is that of the peer's turn, in seconds."""
    jobs = {job.name: job for job in read_jobs(said)}
    counted = {name: _Counted() for name in jobs}
    text = _count(transcript, chat, jobs, counted)
    asked = len(transcript.spans[1].tokens)
    read = asked + sum(count.result for count in counted.values())
    calls = sum(count.call for count in counted.values())
    needed = calls + sum(count.line for count in counted.values()) + text + _END

    def after_call(name: str) -> float:
        """From the last token of a call until its result is read."""
        took = peer if jobs[name].message else jobs[name].seconds
        return took + speed.prefill * counted[name].result

    def known(name: str) -> float:
        """When the result of a job is read, at the earliest."""
        before = jobs[name].after
        begun = known(before) if before else speed.prefill * asked
        return begun + speed.token * counted[name].call + after_call(name)

    told = {name: speed.token * (count.line + _END) for name, count in counted.items()}
    paths = [
        speed.prefill * read + speed.token * needed,
        *(known(name) + told[name] for name in jobs),
    ]
    if jobs:
        last = min(after_call(name) + told[name] for name in jobs)
        paths.append(speed.prefill * asked + speed.token * calls + last)
    return Bound(max(paths), needed, round(read))


def _count(transcript: Transcript, chat: ChatFormat, jobs: Mapping[str, Job], counted: dict[str, _Counted]) -> int:
    """Fills in what each job took; what was sampled besides, but for waits and the end, is returned."""
    made: list[str] = []
    besides = 0
    for span in transcript.spans[2:]:
        if span.origin is not Origin.SAMPLED:
            for arrival in span.arrivals:
                counted[made[int(arrival.call_id[1:])]].result += len(span.tokens) / len(span.arrivals)
            continue
        for piece in _pieces(span.tokens, chat, jobs):
            if piece.calls:
                made.append(piece.calls)
                counted[piece.calls].call += piece.tokens
            elif piece.tells:
                counted[piece.tells].line += piece.tokens
            else:
                besides += piece.tokens - 1
    return besides


@dataclass(frozen=True, slots=True)
class _Piece:
    tokens: int
    calls: str = ""
    """The job that it calls."""
    tells: str = ""
    """The job whose result it tells."""


def _pieces(tokens: Sequence[int], chat: ChatFormat, jobs: Mapping[str, Job]) -> Iterator[_Piece]:
    """A stretch, cut after each call and each line; what is left is a wait, or the end with what stands before it."""
    reader = chat.reader([], first_call=0)
    count, line = 0, ""
    for token in tokens:
        count += 1
        reading = reader.feed((token,))
        line += reading.text
        if reading.calls:
            yield _Piece(count, calls=called(json.loads(reading.calls[0].arguments)))
        elif line.endswith("\n"):
            name = line.partition(" ")[0]
            yield _Piece(count, tells=name if name in jobs else "peer")
        else:
            continue
        count, line = 0, ""
    if count:
        yield _Piece(count)
