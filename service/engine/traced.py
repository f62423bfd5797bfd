"""An engine whose stretches are spans, for whoever records them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span

from service.engine.around import Around
from service.engine.base import Chunk, Engine, Finish, Sampling
from service.telemetry import names
from service.telemetry.traces import fail, tracer


class TracedEngine(Around):
    """Where nobody records, a stretch is the engine's own: then a token costs nothing more."""

    def __init__(self, engine: Engine, model: str) -> None:
        """`model` is what the agent's configuration calls it."""
        super().__init__(engine)
        self._model = model

    def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        span = tracer.start_span(f"{names.CHAT} {self._model}")
        stream = super().generate(tokens, sampling)
        return self._recorded(span, stream, len(tokens), sampling) if span.is_recording() else stream

    async def _recorded(
        self, span: Span, stream: AsyncGenerator[Chunk], given: int, sampling: Sampling
    ) -> AsyncGenerator[Chunk]:
        span.set_attributes(self._request(sampling))
        began, first, sampled, cached = time.monotonic(), 0.0, 0, 0
        finish: Finish | None = None
        try:
            async with aclosing(stream):
                # What the engine itself records of a stretch is within it. But only while it begins: a generator shares
                # its context with who reads it, and the calls that start meanwhile are not the model's.
                with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                    chunk = await anext(stream, None)
                first = time.monotonic() - began
                while chunk is not None:
                    sampled += len(chunk.tokens)
                    cached += chunk.cached
                    finish = chunk.finish
                    yield chunk
                    chunk = await anext(stream, None)
        except Exception as error:
            fail(span, type(error).__qualname__)
            raise
        finally:
            span.set_attributes({names.INPUT_TOKENS: given, names.OUTPUT_TOKENS: sampled, names.CACHED_TOKENS: cached})
            if sampled:
                span.set_attribute(names.RESPONSE_FIRST_CHUNK, first)
            if finish:  # else it was cut short, by a result that came in perhaps
                span.set_attribute(names.RESPONSE_FINISH_REASONS, (finish.value,))
            span.end()

    def _request(self, sampling: Sampling) -> dict[str, Any]:
        attributes = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: "vllm",
            names.REQUEST_MODEL: self._model,
            names.RESPONSE_MODEL: self.engine.weights,
            names.REQUEST_MAX_TOKENS: sampling.max_tokens,
            names.REQUEST_TEMPERATURE: sampling.temperature,
            names.REQUEST_TOP_P: sampling.top_p,
            names.REQUEST_STREAM: True,
        }
        return attributes if sampling.seed is None else attributes | {names.REQUEST_SEED: sampling.seed}
