"""The shortest time in which the tokens of a turn could have come: its own trace, with nothing in the way.

One stream decodes one token after the other, t seconds each, and reads what is spliced in, p seconds a token. A call
starts when its last token is sampled. What depends on a result can be sampled once the result is there and read. Every
other order that the trace happened to have is not held against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.overlap.script import Job, read_jobs
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
    sampled: int
    """Tokens."""
    read: int
    """Tokens that were given or returned, without the head, which every conversation shares."""


def bound(transcript: Transcript, said: str, chat: ChatFormat, speed: Speed, peer: float = 0.0) -> Bound:
    """The bound of a conversation's first turn, in the live form; `peer` is that of the peer's turn, in seconds."""
    jobs = {job.name: job for job in read_jobs(said)}
    made: list[Job] = []
    there: dict[str, float] = {}
    """When the result of a job is there, and read."""
    now, sampled, read = 0.0, 0, 0
    for span in transcript.spans[1:]:
        if span.origin is not Origin.SAMPLED:
            now += speed.prefill * len(span.tokens)
            read += len(span.tokens)
            for arrival in span.arrivals:
                there[made[int(arrival.call_id[1:])].name] += speed.prefill * len(span.tokens) / len(span.arrivals)
            continue
        sampled += len(span.tokens)
        for piece in _pieces(span.tokens, chat, jobs):
            now = max(now, there.get(piece.needs, 0.0)) + speed.token * piece.tokens
            if job := piece.calls:
                made.append(job)
                there[job.name] = now + (peer if job.message else job.seconds)
    return Bound(now, sampled, read)


@dataclass(frozen=True, slots=True)
class _Piece:
    tokens: int
    needs: str
    """The job whose result it could not be sampled without; empty if there is none."""
    calls: Job | None = None


def _pieces(tokens: Sequence[int], chat: ChatFormat, jobs: Mapping[str, Job]) -> Iterator[_Piece]:
    """A stretch, cut after each call and each line."""
    reader = chat.reader([], first_call=0)
    count, line = 0, ""
    for token in tokens:
        count += 1
        reading = reader.feed((token,))
        line += reading.text
        if reading.calls:
            job = jobs[json.loads(reading.calls[0].arguments).get("job", "peer")]
            yield _Piece(count, job.after, job)
        elif line.endswith("\n"):
            yield _Piece(count, _told(line, jobs))
        else:
            continue
        count, line = 0, ""
    if count:
        yield _Piece(count, _told(line, jobs))


def _told(line: str, jobs: Mapping[str, Job]) -> str:
    """The job that a line is about: by its name, or else the peer, who told of its own."""
    name = line.partition(" ")[0].strip()
    return name if not name or name in jobs else "peer"
