"""The edges of live splicing on vLLM, by the numbers of `test_decode.py` and those that go on from it.

The grammar leaves the model no choice but to make the calls that a test wants.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial

import pytest
from tokenizers import Tokenizer

from service.chat.base import Reader
from service.chat.inner import InnerFormat
from service.decode import DecodeLoop, Limits, StopReason
from service.engine.vllm import VllmEngine
from service.journal import NullJournal
from service.models.prepare import Prepared
from service.tools.base import ToolSpec
from service.tools.toolbox import Limited, Toolbox
from service.training.replay import replay
from service.transcript import Origin, Transcript
from tests.test_decode import CALLER, Bell, rung

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]


class MustCall(InnerFormat):
    """The live form, with a grammar of one call after the other, and then of text without calls."""

    def __init__(self, weights: Prepared, *names: str) -> None:
        super().__init__(Tokenizer.from_file(str(weights.folder / "tokenizer.json")), live=True)
        self._names = names
        self._made = 0

    def reader(self, tools: Sequence[ToolSpec], first_call: int) -> Reader:
        self._made = first_call
        return super().reader(tools, first_call)

    def constraint(self, tools: Sequence[ToolSpec], *, begun: bool) -> str | None:
        if not (left := self._names[self._made :]):
            return super().constraint(tools, begun=begun)
        by_name = {tool.name: self._call_tag(tool) for tool in tools}
        calls = [by_name[name] | {"content": {"type": "const_string", "value": f"{name} {{}}"}} for name in left]
        return json.dumps({"type": "structural_tag", "format": {"type": "sequence", "elements": calls}})

    def banned(self, tools: Sequence[ToolSpec]) -> tuple[int, ...]:
        return super().banned(tools) + (() if self._names[self._made :] else (self._call,))


class Stage:
    """A turn of a model that calls each bell once."""

    def __init__(
        self,
        vllm: VllmEngine,
        weights: Prepared,
        *bells: Bell,
        seconds: float = 10.0,
        limits: Limits | None = None,
    ) -> None:
        self._chat = MustCall(weights, *(bell.spec.name for bell in bells))
        self.toolbox = Toolbox([Limited(bell, seconds, result_chars=100_000) for bell in bells])
        self.loop_over = partial(DecodeLoop, chat=self._chat, instructions="Ring.", limits=limits or Limits(tokens=150))
        self.loop = self.loop_over(vllm, toolbox=self.toolbox)
        self.kept = Transcript()

    async def keep(self, transcript: Transcript) -> None:
        assert transcript.tokens[: len(self.kept)] == self.kept.tokens
        self.kept = transcript

    async def run(self) -> StopReason:
        return (await self.loop.run(self.loop.ask(Transcript(), "Ring."), CALLER, journal=NullJournal(self.keep))).stop

    def results(self) -> list[tuple[str, str]]:
        """What came in: for each returned span the ids, joined, and the text."""
        return [
            (" ".join(arrival.call_id for arrival in span.arrivals), self._chat.read(span.tokens))
            for span in self.kept.spans
            if span.origin is Origin.RETURNED
        ]


async def test_7_cancelling_ends_every_call(vllm: VllmEngine, weights: Prepared) -> None:
    bells = [Bell(name) for name in ("a", "b", "c", "d", "e")]
    stage = Stage(vllm, weights, *bells)
    running = asyncio.create_task(stage.run())
    for bell in bells:
        await bell.started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert all(bell.cancelled for bell in bells)
    ((ids, text),) = stage.results()
    assert ids == "c0 c1 c2 c3 c4"
    assert text.count("interrupted") == 5


async def test_6_a_result_that_never_comes(vllm: VllmEngine, weights: Prepared) -> None:
    stage = Stage(vllm, weights, Bell("silent"), seconds=0.3)
    assert await stage.run() in (StopReason.DONE, StopReason.TOKENS)
    assert stage.results() == [("c0", "<|result|>c0 error: silent gave no result within 0.3 seconds<|end_result|>")]


async def test_6_a_result_that_fills_the_window(
    vllm: VllmEngine, weights: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def long(*_: object) -> str:
        return "one two " * vllm.window

    monkeypatch.setattr(Bell, "__call__", long)
    stage = Stage(vllm, weights, Bell("long"))
    assert await stage.run() is StopReason.CONTEXT


async def test_11_results_that_come_faster_than_they_can_be_spliced_in(vllm: VllmEngine, weights: Prepared) -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    stage = Stage(vllm, weights, *rung(*names))
    assert await stage.run() in (StopReason.DONE, StopReason.TOKENS)
    assert sorted(" ".join(ids for ids, _ in stage.results()).split()) == [f"c{n}" for n in range(6)]
    for n, name in enumerate(names):
        assert sum(f"<|result|>c{n} {name} None<|end_result|>" in text for _, text in stage.results()) == 1


async def test_17_a_replay(vllm: VllmEngine, weights: Prepared) -> None:
    """Of a turn whose results came one after the other, the last one first, while the model wrote."""
    bells = [Bell(name) for name in ("a", "b", "c")]
    stage = Stage(vllm, weights, *bells)
    running = asyncio.create_task(stage.run())
    for bell in reversed(bells):
        await bell.started.wait()
        bell.ring.set()
        while bell.spec.name not in "".join(text for _, text in stage.results()) and not running.done():
            await asyncio.sleep(0.001)
    await running
    assert [ids for ids, _ in stage.results()] == ["c2", "c1", "c0"]
    again = await replay(stage.kept, vllm, stage.toolbox, stage.loop_over)
    assert again.transcript == stage.kept


async def test_32_calls_without_end(vllm: VllmEngine, weights: Prepared) -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    stage = Stage(vllm, weights, *rung(*names), limits=Limits(calls=3))
    assert await stage.run() is StopReason.CALLS
    assert "not run: the turn has reached its limit of calls" in stage.results()[-1][1]
