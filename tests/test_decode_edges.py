"""The edges of the loop, in numbered sentences that go on from `test_decode_resume.py`. Time is made up.

28. A result larger than the window that is left comes in whole and ends the turn; what would follow it is refused.
29. A call whose result never comes has one that says so when its time is up, and the turn goes on.
30. Cancelling while five calls run ends all five, and the task of the peer among them.
31. Results that come faster than they can be spliced in come in once each, in the order in which they came.
32. A model that calls, or waits, without end is stopped by the limit of calls or of tokens, whichever comes first, and
    however many waits are between.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import Limits, StopReason
from service.errors import ContextFull
from service.tools.base import CallContext
from service.tools.toolbox import Limited, Toolbox
from service.transcript import Transcript
from tests.conftest import RunServer, echo
from tests.made_up_time import in_made_up_time
from tests.test_decode import Bell
from tests.test_decode_live import Live, arrivals
from tests.tools.test_peers import peer_at

BOTH = pytest.mark.parametrize("chat", [False, True], indirect=True, ids=["turn", "live"])


@pytest.fixture
def chat(request: pytest.FixtureRequest, tokenizer: Tokenizer) -> InnerFormat:
    return InnerFormat(tokenizer, live=request.param)


@BOTH
@in_made_up_time
async def test_28_a_result_larger_than_the_window_that_is_left(chat: InnerFormat, tokenizer: Tokenizer) -> None:
    class Long(Bell):
        async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
            return "x" * 300

    stretch = "<|call|>long {}<|end_call|><|wait|>"
    stage = Live(chat, tokenizer, stretch, "Never said.", window=350)
    stage.loop._toolbox = Toolbox([Limited(Long("long"))])
    assert (await stage.told()).count("x") == 300
    assert stage.turn.stop is StopReason.CONTEXT
    assert len(stage.turn.transcript) > 350
    assert len(stage.engine.requests) == 1
    with pytest.raises(ContextFull):
        stage.loop.ask(stage.turn.transcript, "And?")


@BOTH
@in_made_up_time
async def test_29_a_call_whose_result_never_comes(chat: InnerFormat, tokenizer: Tokenizer) -> None:
    stage = Live(chat, tokenizer, "<|call|>silent {}<|end_call|><|wait|>", "Sorry.<|im_end|>")
    silent = stage.bells["silent"]
    stage.loop._toolbox = Toolbox([Limited(silent, seconds=200.0)])
    told = await stage.told()
    assert told.endswith("error: silent gave no result within 200 seconds<|end_result|>Sorry.<|im_end|>")
    assert stage.turn.stop is StopReason.DONE
    assert silent.cancelled
    assert asyncio.get_running_loop().time() == 200.0


@BOTH
async def test_30_cancelling_while_five_calls_run(
    chat: InnerFormat, tokenizer: Tokenizer, run_server: RunServer
) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    bells = [Bell(name) for name in ("a", "b", "c", "d")]
    calls = [*(f"{bell.spec.name} {{}}" for bell in bells), 'helper {"message": "hello"}']
    stage = Live(chat, tokenizer, "".join(f"<|call|>{call}<|end_call|>" for call in calls) + "<|wait|>")
    async with peer_at(agent.url) as peer:
        stage.loop._toolbox = Toolbox([*map(Limited, bells), Limited(peer)])
        running = asyncio.create_task(stage.told())
        for bell in bells:
            await bell.started.wait()
        await agent.listed("WORKING")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    await agent.listed("CANCELED")
    assert all(bell.cancelled for bell in bells)
    assert [arrival.call_id for _, arrival in arrivals(stage.kept[-1])] == ["c0", "c1", "c2", "c3", "c4"]
    assert chat.read(stage.kept[-1].spans[-1].tokens).count("interrupted") == 5


@in_made_up_time
async def test_31_results_faster_than_they_can_be_spliced_in(tokenizer: Tokenizer) -> None:
    """Two come in the midst of a line; and while each splice is being kept, two more."""
    chat = InnerFormat(tokenizer, live=True)
    calls = "".join(f"<|call|>{name} {{}}<|end_call|>" for name in "abcdefgh")
    stage = Live(chat, tokenizer, f"{calls}So [h]it [g]is.\nNever said.", *["<|wait|>"] * 3, "Done.<|im_end|>")
    order = iter("fedcba")
    keep = stage.keep

    async def ring_and_keep(transcript: Transcript) -> None:
        if transcript.spans[-1].arrivals:
            for name in (next(order, "idle"), next(order, "idle")):
                stage.bells[name].ring.set()
                await asyncio.sleep(1.0)
        await keep(transcript)

    stage.keep = ring_and_keep  # type: ignore[method-assign]
    told = (await stage.told()).removeprefix(calls)
    both = [f"<|result|>c{n} {'abcdefgh'[n]} None<|end_result|>" for n in range(7, -1, -1)]
    pairs = ["".join(both[at : at + 2]) for at in range(0, 8, 2)]
    assert told == f"So it is.\n{'<|wait|>'.join(pairs)}Done.<|im_end|>"


CALL = "<|call|>a {}<|end_call|>"


@BOTH
@pytest.mark.parametrize(
    ("stretch", "times", "limits", "stop"),
    [
        pytest.param(CALL * 50, 1, Limits(calls=7, tokens=10**6), StopReason.CALLS, id="calls in one stretch"),
        pytest.param(f"{CALL}[a]<|wait|>", 50, Limits(calls=7, tokens=10**6), StopReason.CALLS, id="calls, waited for"),
        pytest.param(f"{CALL}[a]<|wait|>", 50, Limits(calls=99, tokens=100), StopReason.TOKENS, id="tokens of calls"),
        pytest.param("Hm.<|wait|>", 50, Limits(calls=7, tokens=100), StopReason.TOKENS, id="waits for nothing"),
    ],
)
@in_made_up_time
async def test_32_without_end(
    chat: InnerFormat, tokenizer: Tokenizer, stretch: str, times: int, limits: Limits, stop: StopReason
) -> None:
    stage = Live(chat, tokenizer, *[stretch] * times, limits=limits, window=10**6)
    await stage.told()
    assert stage.turn.stop is stop
    if stop is StopReason.CALLS:
        assert stage.turn.calls == limits.calls
    else:
        assert stage.turn.sampled == limits.tokens
    results = chat.read(stage.kept[-1].tokens).count("<|result|>")
    assert results == chat.read(stage.kept[-1].tokens).count(CALL)  # each has one, the refused too
