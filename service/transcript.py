"""The truth about a conversation: runs of tokens, each marked with where it came from.

A transcript is what the model saw, what is stored, what is resumed and what is trained on. It only grows: no span is
ever changed, re-rendered or tokenised again. Text is a view of it.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Origin(StrEnum):
    """Where a span's tokens came from."""

    GIVEN = "given"
    """Instructions, tool descriptions, what the user said."""
    SAMPLED = "sampled"
    """Chosen by the model: the only tokens that are trained on."""
    RETURNED = "returned"
    """Results of tools."""
    FORCED = "forced"
    """Put in the model's mouth by the loop, such as closing a turn that was cut off."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When one call closed, ran and ended, and when its result was spliced in: by the span that has this."""

    call_id: str
    position: int
    """How many tokens the transcript had when the call closed."""
    dispatched: float | None
    """When it started, in seconds since 1970; None if it never did, or if the process that knew has died."""
    arrived: float
    """The same, of its result."""
    spliced: float | None = None
    """The same, of when the model could read it; None while it cannot."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of tokens with one origin."""

    origin: Origin
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...] | None = None
    """Of a sampled span, one per token: the natural logarithm of its probability among the tokens that the grammar
    allowed, before temperature, `top_p` and bans. None where they were not asked for.
    """
    weights: str | None = None
    """Of a sampled span, the version of the weights that sampled it."""
    arrivals: tuple[Arrival, ...] = ()
    """Of a returned span, one per result, in order."""

    def __post_init__(self) -> None:
        if self.logprobs is not None and len(self.logprobs) != len(self.tokens):
            raise ValueError(f"{len(self.logprobs)} logprobs for {len(self.tokens)} tokens")


@dataclass(frozen=True, slots=True)
class Transcript:
    """Spans in order. Appending returns a new transcript; both share their spans."""

    spans: tuple[Span, ...] = ()
    _tokens: tuple[int, ...] = field(default=(), repr=False, compare=False)

    def append(self, *spans: Span) -> Transcript:
        """The same conversation, grown by those of `spans` that are not empty."""
        grown = self
        for span in spans:
            if span.tokens:
                grown = Transcript((*grown.spans, span), grown._tokens + span.tokens)
        return grown

    @property
    def tokens(self) -> tuple[int, ...]:
        """All token ids, [length]: exactly what the engine was given and gave."""
        return self._tokens

    @property
    def since_given(self) -> tuple[Span, ...]:
        """The spans after the last that was given: the last turn, without its question."""
        after = next((n for n in range(len(self.spans), 0, -1) if self.spans[n - 1].origin is Origin.GIVEN), 0)
        return self.spans[after:]

    @property
    def sampled_mask(self) -> tuple[bool, ...]:
        """[length]: True where the model chose the token, so where there is loss."""
        return tuple(self._each(lambda span: (span.origin is Origin.SAMPLED,) * len(span.tokens)))

    @property
    def logprobs(self) -> tuple[float, ...]:
        """[length]: each sampled token's logprob; 0.0 where a token was not sampled or its logprob not asked for."""
        return tuple(self._each(lambda span: span.logprobs or (0.0,) * len(span.tokens)))

    def __len__(self) -> int:
        return len(self._tokens)

    def _each(self, of: Any) -> Iterator[Any]:
        for span in self.spans:
            yield from of(span)

    def to_json(self) -> dict[str, Any]:
        """A compact JSON form: token ids and logprobs are packed as little-endian 32-bit numbers in base64."""
        return {"version": 1, "spans": [_span_to_json(span) for span in self.spans]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Transcript:
        """The inverse of `to_json`. Raises ValueError for a version it does not know."""
        if data.get("version") != 1:
            raise ValueError(f"transcript version {data.get('version')!r} is not 1")
        return cls.of(_span_from_json(span) for span in data["spans"])

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Transcript:
        """A transcript of these spans."""
        kept = tuple(span for span in spans if span.tokens)
        return cls(kept, tuple(token for span in kept for token in span.tokens))


def _span_to_json(span: Span) -> dict[str, Any]:
    data: dict[str, Any] = {"origin": span.origin.value, "tokens": _pack("I", span.tokens)}
    if span.logprobs is not None:
        data["logprobs"] = _pack("f", span.logprobs)
    if span.weights is not None:
        data["weights"] = span.weights
    if span.arrivals:
        data["arrivals"] = [asdict(arrival) for arrival in span.arrivals]
    return data


def _span_from_json(data: dict[str, Any]) -> Span:
    logprobs = _unpack("f", data["logprobs"]) if "logprobs" in data else None
    arrivals = tuple(Arrival(**arrival) for arrival in data.get("arrivals", ()))
    return Span(Origin(data["origin"]), _unpack("I", data["tokens"]), logprobs, data.get("weights"), arrivals)


def _pack(kind: str, numbers: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}{kind}", *numbers)).decode()


def _unpack(kind: str, text: str) -> tuple[Any, ...]:
    raw = base64.b64decode(text)
    return struct.unpack(f"<{len(raw) // 4}{kind}", raw)
