"""The loop with a live format, in numbered sentences that go on from those of `test_decode.py`.

11. A result comes in at the next safe point while the model goes on: after a line or a call, never within one.
12. Results that are there at once come in together, in the order in which they arrived; each names its call.
13. A model that waits gets the first result there is, and goes on while the others run.
14. A turn does not end while a call runs: its result comes in and the model goes on.
15. A wait while nothing runs is answered at once, in turn formats too, and counted in the usage.
16. The transcript says of each result where its call closed, when that started, and when the result was there and came
    in.
17. Played again with the results coming when they came, a turn leaves the same transcript: `training/test_replay.py`.
18. What a peer has said so far, and what came of calls that others hold up, is computed while the model waits; the
    transcript is the same without it.
19. If the process dies, the next message finds a result for every call of the turn that had none.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import Limits, StopReason
from service.engine.base import Sampling
from service.errors import EngineError
from service.events import CallProgress, TextDelta
from service.journal import NullJournal
from service.tools.base import CallContext
from service.tools.toolbox import Limited, Toolbox
from service.transcript import Arrival, Origin, Transcript
from tests.made_up_time import in_made_up_time
from tests.test_decode import CALLER, Bell, Stage


@pytest.fixture
def live(tokenizer: Tokenizer) -> InnerFormat:
    return InnerFormat(tokenizer, live=True)


class Live(Stage):
    """A loop over a model that writes `stretches`, one after the other, each until something ends it.

    `[name]` in a stretch is not written: there, the tool of this name answers, before the model writes on.
    """

    def __init__(self, live: InnerFormat, tokenizer: Tokenizer, *stretches: str, **options: Any) -> None:
        names = re.findall(r"<\|call\|>(\w+)", "".join(stretches))
        self.bells = {name: Bell(name) for name in (*names, "idle")}  # without a tool there is nothing to wait for
        super().__init__(live, [], *self.bells.values(), **options)
        self._live, self._tokenizer, self._texts = live, tokenizer, iter(stretches)
        self._markers: dict[str, int] = tokenizer.get_vocab()

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> Iterator[tuple[int, ...]]:  # type: ignore[override]
        for piece in re.split(r"(<\|\w+\|>|\[\w+\])", next(self._texts)):
            if piece.startswith("["):
                self.bells[piece[1:-1]].ring.set()
                yield from [()] * 20  # while the model is busy with its next token
            elif piece.startswith("<|"):
                yield (self._markers[piece],)
            else:
                yield from ((token,) for token in self._tokenizer.encode(piece, add_special_tokens=False).ids)

    async def told(self, text: str = "Ring.") -> str:
        """A turn, as the model saw it from its own first token on."""
        asked = self.loop.ask(Transcript(), text)
        self.turn = await self.loop.run(asked, CALLER, self.emit, NullJournal(self.keep))
        return self._live.read(self.turn.transcript.tokens[len(asked) :])


async def test_11_a_result_comes_in_at_the_end_of_a_line(live: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(live, tokenizer, "<|call|>slow {}<|end_call|>One [slow]line.\nNever said.", "Done.<|im_end|>")
    assert await stage.told() == (
        "<|call|>slow {}<|end_call|>One line.\n<|result|>c0 slow None<|end_result|>Done.<|im_end|>"
    )
    assert (stage.turn.stop, stage.turn.text) == (StopReason.DONE, "One line.\nDone.")
    assert stage.engine.aborted == 1


async def test_11_not_within_a_call(live: InnerFormat, tokenizer: Tokenizer) -> None:
    """It waits until the call closes, and comes in before the next one."""
    stage = Live(
        live,
        tokenizer,
        "<|call|>slow {}<|end_call|><|call|>bang {[slow]}<|end_call|><|call|>never {}<|end_call|>",
        "Both.[bang]\nNever said.",
        "Done.<|im_end|>",
    )
    assert await stage.told() == (
        "<|call|>slow {}<|end_call|><|call|>bang {}<|end_call|><|result|>c0 slow None<|end_result|>"
        "Both.\n<|result|>c1 bang None<|end_result|>Done.<|im_end|>"
    )


async def test_11_what_ends_first_ends_the_stretch(live: InnerFormat, tokenizer: Tokenizer) -> None:
    """A result that came within the last line comes in after the model's own stop."""
    stage = Live(live, tokenizer, "<|call|>slow {}<|end_call|>I [slow]wait<|wait|>", "Done.<|im_end|>")
    assert await stage.told() == (
        "<|call|>slow {}<|end_call|>I wait<|wait|><|result|>c0 slow None<|end_result|>Done.<|im_end|>"
    )
    assert stage.engine.aborted == 0


async def test_12_together_in_the_order_of_arrival(live: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(
        live,
        tokenizer,
        "<|call|>a {}<|end_call|><|call|>b {}<|end_call|><|call|>c {}<|end_call|>So [c]let us [a]see.\nNever said.",
        "[b]<|wait|>",
        "Done.<|im_end|>",
    )
    assert (await stage.told()).split("<|end_call|>")[-1] == (
        "So let us see.\n<|result|>c2 c None<|end_result|><|result|>c0 a None<|end_result|>"
        "<|wait|><|result|>c1 b None<|end_result|>Done.<|im_end|>"
    )


async def test_13_the_first_is_enough(live: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(
        live,
        tokenizer,
        "<|call|>slow {}<|end_call|><|call|>fast {}<|end_call|>So.[fast]<|wait|>",
        "Half. [slow]<|wait|>",
        "Done.<|im_end|>",
    )
    assert (await stage.told()).endswith(
        "<|wait|><|result|>c1 fast None<|end_result|>Half. <|wait|><|result|>c0 slow None<|end_result|>Done.<|im_end|>"
    )


@in_made_up_time
async def test_13_a_wait_lasts_until_there_is_a_result(live: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(live, tokenizer, "<|call|>slow {}<|end_call|><|wait|>", "Done.<|im_end|>")
    running = asyncio.create_task(stage.told())
    await asyncio.sleep(5.0)
    assert not running.done()
    assert len(stage.engine.requests) == 1
    stage.bells["slow"].ring.set()
    assert (await running).endswith("<|wait|><|result|>c0 slow None<|end_result|>Done.<|im_end|>")


async def test_14_the_end_waits(live: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(live, tokenizer, "<|call|>slow {}<|end_call|>Good[slow]bye.<|im_end|>", "No, done.<|im_end|>")
    assert await stage.told() == (
        "<|call|>slow {}<|end_call|>Goodbye.<|im_end|>"
        "\n<|im_start|>assistant\n<|result|>c0 slow None<|end_result|>No, done.<|im_end|>"
    )
    origins = [span.origin for span in stage.turn.transcript.spans[2:]]
    assert origins == [Origin.SAMPLED, Origin.SAMPLED, Origin.FORCED, Origin.RETURNED, Origin.SAMPLED]


@pytest.mark.parametrize("is_live", [True, False])
async def test_15_a_wait_for_nothing(tokenizer: Tokenizer, is_live: bool) -> None:
    stage = Live(InnerFormat(tokenizer, is_live), tokenizer, "Hm.<|wait|>", "Done.<|im_end|>")
    assert await stage.told() == "Hm.<|wait|><|end_result|>Done.<|im_end|>"
    assert stage.turn.transcript.spans[3].origin is Origin.FORCED
    assert (stage.turn.stop, stage.turn.text) == (StopReason.DONE, "Hm.Done.")


@pytest.mark.parametrize("is_live", [True, False])
async def test_15_waits_for_nothing_are_counted(tokenizer: Tokenizer, is_live: bool) -> None:
    """Also those before another process went on; a wait for a call, and an end that became one, are none."""
    stretches = ["<|wait|>", "<|call|>a {}<|end_call|>[a]<|wait|>", "<|wait|>", "<|wait|>", "Done.<|im_end|>"]
    if is_live:
        stretches[1] = "<|call|>a {}<|end_call|>So[a]?<|im_end|>"
    stage = Live(InnerFormat(tokenizer, is_live), tokenizer, *stretches)
    await stage.told()
    assert stage.turn.usage.models["scripted"].idle_waits == 3
    counts = [stage.loop.took(kept, NullJournal()).models["scripted"].idle_waits for kept in stage.kept]
    assert (counts[0], counts[-1]) == (1, 3)
    assert counts == sorted(counts)
    again = Live(InnerFormat(tokenizer, is_live), tokenizer, *stretches[-2:])
    moment = stage.kept[counts.index(2)]
    turn = await again.loop.run(moment, CALLER)
    assert (turn.transcript.tokens, turn.usage) == (stage.turn.transcript.tokens, stage.turn.usage)


def arrivals(transcript: Transcript) -> list[tuple[int, Arrival]]:
    """With the positions at which they came in."""
    found, position = [], 0
    for span in transcript.spans:
        found += [(position, arrival) for arrival in span.arrivals]
        position += len(span.tokens)
    return found


@pytest.mark.parametrize(
    ("is_live", "stretches"),
    [
        (True, ["<|call|>a {}<|end_call|>So[a].<|call|>b {}<|end_call|>", "[b]<|wait|>", "<|im_end|>"]),
        (False, ["<|call|>a {}<|end_call|>So[a].<|call|>b {}<|end_call|>[b]<|wait|>", "<|im_end|>"]),
    ],
)
async def test_16_where_and_when(tokenizer: Tokenizer, is_live: bool, stretches: list[str]) -> None:
    begun = time.time()
    chat = InnerFormat(tokenizer, is_live)
    stage = Live(chat, tokenizer, *stretches)
    await stage.told()
    transcript = stage.turn.transcript
    found = arrivals(transcript)
    assert [arrival.call_id for _, arrival in found] == ["c0", "c1"]
    for came_in, arrival in found:
        assert chat.read(transcript.tokens[: arrival.position]).endswith("<|end_call|>")
        assert chat.read(transcript.tokens[came_in:]).startswith("<|result|>")
        assert arrival.dispatched is not None
        assert arrival.spliced is not None
        assert begun <= arrival.dispatched <= arrival.arrived <= arrival.spliced <= time.time()
    assert Transcript.from_json(json.loads(json.dumps(transcript.to_json()))) == transcript


async def test_16_a_call_that_never_started(live: InnerFormat, tokenizer: Tokenizer) -> None:
    text = "<|call|>a {}<|end_call|><|call|>b {}<|end_call|>"
    stage = Live(live, tokenizer, text, limits=Limits(calls=1))
    await stage.told()
    assert [arrival.dispatched is None for _, arrival in arrivals(stage.turn.transcript)] == [False, True]


class Peer(Bell):
    """A tool that says the beginning of its answer before it is told to answer."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self._text = text

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        for at in range(0, len(self._text), 50):
            await context.emit(CallProgress(call_id=context.call.id, event=TextDelta(text=self._text[at : at + 50])))
            await asyncio.sleep(0)
        await super().__call__(arguments, context)
        return f"{self._text} That is all."


@pytest.mark.parametrize("is_live", [True, False])
async def test_18_what_a_peer_says_is_computed_meanwhile(tokenizer: Tokenizer, is_live: bool) -> None:
    said = "The supplier bears the tariffs. " * 20
    chat = InnerFormat(tokenizer, is_live)
    stage = Live(chat, tokenizer, "<|call|>peer {}<|end_call|><|wait|>", "Done.<|im_end|>")
    peer = Peer("peer", said)
    stage.loop._toolbox = Toolbox([Limited(peer)])
    running = asyncio.create_task(stage.told())
    await peer.started.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    peer.ring.set()
    told = await running
    assert said in told
    before = stage.engine.prefilled
    assert 2 <= len(before) <= 6
    pairs = zip(before[-1], stage.turn.transcript.tokens, strict=False)
    used = [token for token, came in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)]
    assert said[:-128] in chat.read(used)


async def test_18_what_will_be_cut_is_not_computed(live: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(live, tokenizer, "<|call|>peer {}<|end_call|><|wait|>", "Done.<|im_end|>")
    peer = Peer("peer", "x" * 1_000)
    stage.loop._toolbox = Toolbox([Limited(peer, result_chars=300)])
    running = asyncio.create_task(stage.told())
    await peer.started.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    peer.ring.set()
    assert f"{'x' * 300} [cut: " in await running
    assert all(live.read(tokens).count("x") <= 300 for tokens in stage.engine.prefilled)


async def test_18_a_result_that_is_there_is_not_lost_while_that_ends(live: InnerFormat, tokenizer: Tokenizer) -> None:
    """1. The result is there.  2. What was computed of it is being aborted.  3. The turn is cancelled."""
    stage = Live(live, tokenizer, "<|call|>peer {}<|end_call|><|wait|>", "Done.<|im_end|>")
    peer = Peer("peer", "x" * 200)
    stage.loop._toolbox = Toolbox([Limited(peer)])
    computing, aborting, let_go = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def prefill(tokens: Sequence[int]) -> None:
        computing.set()
        try:
            await asyncio.Event().wait()
        finally:
            aborting.set()
            await let_go.wait()

    stage.engine.prefill = prefill  # type: ignore[method-assign]
    running = asyncio.create_task(stage.told())
    await computing.wait()
    peer.ring.set()
    await aborting.wait()
    running.cancel()
    let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert live.read(stage.kept[-1].tokens).endswith("That is all.<|end_result|>")


async def test_18_what_others_hold_up_is_computed_meanwhile(tokenizer: Tokenizer) -> None:
    chat = InnerFormat(tokenizer)
    stage = Live(chat, tokenizer, "<|call|>long {}<|end_call|><|call|>slow {}<|end_call|><|wait|>", "Done.<|im_end|>")
    peer = Peer("long", "x" * 200)
    peer.ring.set()
    stage.loop._toolbox = Toolbox([Limited(peer), Limited(stage.bells["slow"])])
    running = asyncio.create_task(stage.told())
    while not stage.engine.prefilled or b"That is all" not in chat.read(stage.engine.prefilled[-1]).encode():
        await asyncio.sleep(0)
    stage.bells["slow"].ring.set()
    await running


async def test_18_a_failure_of_it_is_met_by_the_next_stretch(tokenizer: Tokenizer) -> None:
    chat = InnerFormat(tokenizer)
    stage = Live(chat, tokenizer, "<|call|>peer {}<|end_call|><|wait|>", "Done.<|im_end|>")
    peer = Peer("peer", "x" * 200)
    stage.loop._toolbox = Toolbox([Limited(peer)])
    asked = asyncio.Event()

    async def fail(tokens: Sequence[int]) -> None:
        asked.set()
        raise EngineError("out of memory")

    stage.engine.prefill = fail  # type: ignore[method-assign]
    running = asyncio.create_task(stage.told())
    await asked.wait()
    peer.ring.set()
    assert (await running).endswith("That is all.<|end_result|>Done.<|im_end|>")


async def test_19_after_a_crash(live: InnerFormat, tokenizer: Tokenizer) -> None:
    """Of a call of an earlier stretch too."""
    stretches = (
        "<|call|>slow {}<|end_call|><|call|>fast {}<|end_call|>[fast]<|wait|>",
        "<|call|>slow {}<|end_call|><|wait|>",
    )
    stage = Live(live, tokenizer, *stretches)
    running = asyncio.create_task(stage.told())
    while len(stage.kept) < 5:
        await asyncio.sleep(0)
    left = stage.kept[-1]  # what a process that is killed now leaves behind
    running.cancel()
    asked = stage.loop.ask(left, "And?")
    interrupted = "error: interrupted: it may or may not have been done<|end_result|>"
    assert live.read(asked.tokens[len(left) :]) == (
        f"<|result|>c0 {interrupted}<|result|>c2 {interrupted}<|im_end|>"
        "\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert [arrival.call_id for _, arrival in arrivals(asked)] == ["c1", "c0", "c2"]


async def test_10_a_call_that_was_cut_off_is_closed_before_a_result(live: InnerFormat, tokenizer: Tokenizer) -> None:
    text = '<|call|>slow {}<|end_call|><|call|>bang {"n": 1'
    stage = Live(live, tokenizer, text, limits=Limits(tokens=12 + len("slow {}")))
    told = await stage.told()
    assert stage.turn.stop is StopReason.TOKENS
    assert told == (
        '<|call|>slow {}<|end_call|><|call|>bang {"n"<|end_call|>'
        "<|result|>c0 error: interrupted: it may or may not have been done<|end_result|>"
    )
    assert [span.origin for span in stage.turn.transcript.spans[-2:]] == [Origin.FORCED, Origin.RETURNED]


async def test_6_a_result_that_fills_the_window(live: InnerFormat, tokenizer: Tokenizer) -> None:
    text = "<|call|>slow {}<|end_call|>So[slow].\n"
    asked = len(Live(live, tokenizer, text).loop.ask(Transcript(), "Ring."))
    stage = Live(live, tokenizer, text + "Never said.", window=asked + 20)
    assert (await stage.told()).endswith("<|result|>c0 slow None<|end_result|>")
    assert stage.turn.stop is StopReason.CONTEXT
