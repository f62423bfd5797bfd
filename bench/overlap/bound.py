"""The shortest time that a task could take, in whatever order its tokens came: what no schedule can beat.

One stream decodes one token after the other, t seconds each, and reads what it is given, p seconds a token. A call
starts at the earliest when its last token is sampled; what depends on a result comes after it was read. So a task takes
at least as long as

1. all that has to be sampled and read: calls, a line for each result, the end; waits do not have to be;
2. each chain of calls: what was asked, and then for each its tokens, its time and its result, and at the end its line;
3. the call that happens to be the last one: before it come the tokens of all the others, after it its time, its result
   and its line.

An agent that is asked as a peer is a link of its asker's chain. One engine decodes for them all: a token beside another
stream's costs it less than one alone, but not nothing, and what is not on the longest chain is decoded beside that, or
while tools run.

The tokens are counted in transcripts of the live form.
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
    """Seconds a token takes."""

    token: float
    """That is sampled."""
    prefill: float
    """That is read."""
    beside: float = 0.0
    """That is sampled beside another stream's, more than for that one alone."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Of one task."""

    seconds: float
    needed: int
    """Tokens that have to be sampled."""
    read: int
    """Tokens that were given or returned, without the head, which every conversation shares."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """Steps, each of which waits for the one before."""

    seconds: float = 0.0
    sampled: int = 0
    """Tokens."""
    tools: float = 0.0
    """Seconds in which the engine has nothing to do for it."""

    def __add__(self, then: _Chain) -> _Chain:
        return _Chain(self.seconds + then.seconds, self.sampled + then.sampled, self.tools + then.tools)


@dataclass(slots=True)
class _Counted:
    """Tokens of one job."""

    call: int = 0
    result: float = 0.0
    line: int = 0


_END = 1
"""Token that ends the turn."""


def bound(turns: Sequence[tuple[str, Transcript]], chat: ChatFormat, speed: Speed) -> Bound:
    """The bound of the first of these turns; each asks the next one, and is what was said and the conversation."""
    longest, needed, read = _Chain(), 0, 0
    for said, transcript in reversed(turns):
        longest, sampled, given = _longest(transcript, said, chat, speed, peer=longest)
        needed += sampled
        read += given
    beside = speed.beside * (needed - longest.sampled)
    return Bound(longest.seconds + max(0.0, beside - longest.tools), needed, read)


def _longest(
    transcript: Transcript, said: str, chat: ChatFormat, speed: Speed, peer: _Chain
) -> tuple[_Chain, int, int]:
    """The longest chain of a conversation's first turn, `peer` being its peer's; tokens needed, and tokens read."""
    jobs = {job.name: job for job in read_jobs(said)}
    counted = {name: _Counted() for name in jobs}
    text = _count(transcript, chat, jobs, counted)
    asked = len(transcript.spans[1].tokens)
    results = round(sum(count.result for count in counted.values()))
    calls = sum(count.call for count in counted.values())
    needed = calls + sum(count.line for count in counted.values()) + text + _END

    def sampled(tokens: int) -> _Chain:
        return _Chain(speed.token * tokens, tokens)

    def given(tokens: float) -> _Chain:
        return _Chain(speed.prefill * tokens)

    def after_call(name: str) -> _Chain:
        """From the last token of a call until its result is read."""
        seconds = jobs[name].seconds
        took = peer if jobs[name].message else _Chain(seconds, tools=seconds)
        return took + given(counted[name].result)

    def known(name: str) -> _Chain:
        """Until the result of a job is read."""
        before = jobs[name].after
        begun = known(before) if before else given(asked)
        return begun + sampled(counted[name].call) + after_call(name)

    def told(name: str) -> _Chain:
        return sampled(counted[name].line + _END)

    chains = [given(asked + results) + sampled(needed), *(known(name) + told(name) for name in jobs)]
    if jobs:
        last = min((after_call(name) + told(name) for name in jobs), key=_seconds)
        chains.append(given(asked) + sampled(calls) + last)
    return max(chains, key=_seconds), needed, asked + results


def _seconds(chain: _Chain) -> float:
    return chain.seconds


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
