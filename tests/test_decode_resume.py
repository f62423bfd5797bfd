"""A turn that one process began and another goes on with, in numbered sentences that go on from `test_decode_live.py`.

20. From every moment at which something is kept or noted, another process goes on to the same end.
21. A call whose result was noted is not run again. One whose outcome nobody knows is, if its tool is idempotent; else
    the model is told that it may have been done, and it is not.
22. Where tools are idempotent the transcript is, token for token, that of a turn which nothing interrupted.
23. What was sampled after the last moment is sampled again, and counts once.
24. Who has let go of a turn keeps nothing more of it.
25. Where a call asks back, the turn rests once nothing else runs, and goes on when there is an answer; what had ended
    before is not done again. A call that nobody answers in time says so.
26. What needs the user's yes is done once, after it, and not at all after a no. Who dies before asking for it has not
    done it.
27. A turn that had stopped, by a limit too, has stopped: nothing of it is done any more.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import DecodeLoop, Limits, StopReason, Turn
from service.engine.base import Sampling
from service.engine.scripted import ScriptedEngine
from service.events import ignore
from service.journal import Begun, Finished, NullJournal
from service.messages import Answer, Caller, Question
from service.tools.base import Asks, CallContext, ToolSpec
from service.tools.builtin import Approved
from service.tools.toolbox import Limited, Toolbox
from service.transcript import Transcript

PLAN = "I look.<|call|>a {}<|end_call|><|call|>b {}<|end_call|>And then:\n<|call|>c {}<|end_call|>Done.<|im_end|>"
"""What the model writes, whenever it is asked to; `c` wants to know what `a` and `b` came to, and the end what `c` did.
"""
UNKNOWN = "error: interrupted: it may or may not have been done"


class Planner(ScriptedEngine):
    """Goes on with the plan from wherever the prompt has it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(self._play)
        self._tokenizer = tokenizer

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> Iterator[tuple[int, ...]]:
        text = self._tokenizer.decode(list(prompt), skip_special_tokens=False)
        turn = text.split("<|im_start|>user\n")[-1].split("<|im_start|>assistant\n", 1)[1]
        known = turn.count("<|result|>")
        written = re.sub(r"<\|result\|>.*?<\|end_result\|>|<\|wait\|>", "", turn)
        assert PLAN.startswith(written)
        rest = PLAN[len(written) :]
        for call, wanted in (("<|call|>c", 2), ("Done.", 3)):
            if known < wanted and call in rest:
                rest = rest.split(call)[0] + "<|wait|>"
        markers = self._tokenizer.get_vocab()
        for piece in re.split(r"(<\|\w+\|>)", rest):
            if piece in markers:
                yield (markers[piece],)
            else:
                yield from ((token,) for token in self._tokenizer.encode(piece, add_special_tokens=False).ids)


class Counted:
    """A tool that counts what it was called for."""

    def __init__(self, name: str, ledger: Counter[str]) -> None:
        self.spec = ToolSpec(name, "Counts.", {"type": "object"})
        self._ledger = ledger

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        assert context.again or not self._ledger[context.key]
        self._ledger[context.key] += 1
        for _ in range(3):
            await asyncio.sleep(0)
        return f"{self.spec.name} is done"


@dataclass(frozen=True)
class Moment:
    """What a process leaves behind that dies before the next one."""

    transcript: Transcript
    noted: dict[str, Finished | Begun]
    ledger: Counter[str]
    """What had been called when the next moment came."""
    stop: str | None = None


class Recorder:
    """A journal that knows all that it ever was."""

    def __init__(
        self,
        transcript: Transcript,
        noted: Mapping[str, Finished | Begun],
        ledger: Counter[str],
        stop: str | None = None,
    ) -> None:
        self.stop = stop
        self.noted: dict[str, Finished | Begun] = {**noted}
        self.answers: dict[str, tuple[Answer, ...]] = {}
        self.transcript = transcript
        self._ledger = ledger
        self.moments: list[Moment] = []
        self._before = (transcript, dict(noted))

    async def keep(self, transcript: Transcript, stop: str | None = None) -> None:
        assert transcript.spans[: len(self.transcript.spans)] == self.transcript.spans
        self.transcript, self.stop = transcript, stop
        self._turn_page()

    async def begin(self, call_id: str, answers: int) -> None:
        self.noted[call_id] = Begun(answers)
        self._turn_page()

    async def note(self, finished: Finished) -> None:
        self.noted[finished.result.call_id] = finished
        self._turn_page()

    def _turn_page(self) -> None:
        self.moments.append(Moment(*self._before, self._ledger.copy()))
        self._before = (self.transcript, dict(self.noted))


class Scene:
    def __init__(self, tokenizer: Tokenizer, *, live: bool, idempotent: bool) -> None:
        self.tokenizer, self.live, self.idempotent = tokenizer, live, idempotent
        self.caller = Caller(turn="t")

    def loop(self, ledger: Counter[str], limits: Limits | None = None) -> DecodeLoop:
        tools = [Limited(Counted(name, ledger), idempotent=self.idempotent) for name in "abc"]
        chat = InnerFormat(self.tokenizer, self.live)
        return DecodeLoop(Planner(self.tokenizer), chat, Toolbox(tools), "You plan.", limits=limits or Limits())

    async def whole(self, limits: Limits | None = None) -> tuple[Turn, list[Moment]]:
        """A turn that nothing interrupts."""
        ledger: Counter[str] = Counter()
        loop = self.loop(ledger, limits)
        asked = loop.ask(Transcript(), "Do.")
        recorder = Recorder(asked, {}, ledger)
        turn = await loop.run(asked, self.caller, ignore, recorder)
        return turn, [*recorder.moments, Moment(recorder.transcript, recorder.noted, ledger, recorder.stop)]

    async def resumed(self, moment: Moment, limits: Limits | None = None) -> tuple[Turn, Counter[str]]:
        ledger = moment.ledger.copy()
        recorder = Recorder(moment.transcript, dict(moment.noted), ledger, moment.stop)
        return await self.loop(ledger, limits).run(moment.transcript, self.caller, ignore, recorder), ledger


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("idempotent", [False, True])
async def test_20_21_22_from_every_moment(tokenizer: Tokenizer, live: bool, idempotent: bool) -> None:
    scene = Scene(tokenizer, live=live, idempotent=idempotent)
    chat = InnerFormat(tokenizer, live)
    turn, moments = await scene.whole()
    assert len(moments) >= 11  # three calls kept and noted, two waits and their splices, the end
    for moment in moments:
        again, ledger = await scene.resumed(moment)
        assert (again.stop, again.text) == (StopReason.DONE, "I look.And then:\nDone.")
        assert again.calls == 3
        told = chat.read(again.transcript.tokens)
        for call_id, name in zip(("c0", "c1", "c2"), "abc", strict=True):
            runs = ledger[f"t/{call_id}"]
            if call_id in moment.noted:
                assert runs == 1
            if idempotent:
                assert 1 <= runs <= 2
            else:
                assert runs == told.count(f"{name} is done") or (runs <= 1 and UNKNOWN in told)
        assert told.count("<|result|>") == 3
        if idempotent and not live:
            assert again.transcript.tokens == turn.transcript.tokens


async def test_21_cancelled_before_all_calls_are_made_again(tokenizer: Tokenizer) -> None:
    """What was noted of those that it has not come to is their result."""
    scene, chat = Scene(tokenizer, live=False, idempotent=True), InnerFormat(tokenizer)
    moment = next(moment for moment in (await scene.whole())[1] if moment.noted.keys() == {"c0", "c1"})
    assert "<|result|>" not in chat.read(moment.transcript.tokens)
    begun = asyncio.Event()

    async def hang(event: object) -> None:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()

    recorder = Recorder(moment.transcript, {"c1": moment.noted["c1"]}, Counter())
    running = asyncio.create_task(scene.loop(Counter()).run(moment.transcript, scene.caller, hang, recorder))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    told = chat.read(recorder.transcript.tokens)
    assert told.count("<|result|>") == 2
    assert "b is done<|end_result|>" in told


@pytest.mark.parametrize("live", [False, True])
async def test_20_again_and_again(tokenizer: Tokenizer, live: bool) -> None:
    """Each process dies at its first moment."""
    scene = Scene(tokenizer, live=live, idempotent=True)
    loop = scene.loop(Counter())
    transcript, noted, lives = loop.ask(Transcript(), "Do."), dict[str, Finished | Begun](), 0
    while True:
        ledger: Counter[str] = Counter()
        recorder = Recorder(transcript, dict(noted), ledger)
        turn = await scene.loop(ledger).run(transcript, scene.caller, ignore, recorder)
        moments = [
            moment for moment in recorder.moments[1:] if (moment.transcript, moment.noted) != (transcript, noted)
        ]
        if not moments:
            break
        transcript, noted, lives = moments[0].transcript, moments[0].noted, lives + 1
    assert (turn.stop, turn.text) == (StopReason.DONE, "I look.And then:\nDone.")
    assert lives >= 8


async def test_23_what_was_sampled_before_counts(tokenizer: Tokenizer) -> None:
    """Against the limits of tokens and of calls."""
    scene = Scene(tokenizer, live=False, idempotent=True)
    turn, moments = await scene.whole()
    for moment in moments:
        again, _ = await scene.resumed(moment)
        assert again.sampled == turn.sampled
    last = moments[-1]
    for limits, stop in ((Limits(tokens=turn.sampled - 1), StopReason.TOKENS), (Limits(calls=2), StopReason.CALLS)):
        of = moments[-3] if stop is StopReason.TOKENS else next(m for m in moments if len(m.noted) == 2)
        cut = await scene.loop(Counter(), limits).run(of.transcript, scene.caller, ignore, NullJournal())
        assert cut.stop is stop
    assert (await scene.resumed(last))[0].transcript.tokens == turn.transcript.tokens


@pytest.mark.parametrize("live", [False, True])
async def test_27_a_turn_that_had_reached_its_limit_of_calls(tokenizer: Tokenizer, live: bool) -> None:
    """Also where nothing tells but the call beyond it."""
    scene, limits = Scene(tokenizer, live=live, idempotent=True), Limits(calls=2)
    turn, moments = await scene.whole(limits)
    assert (turn.stop, moments[-1].stop) == (StopReason.CALLS, "calls")
    beyond = next(
        moment for moment in moments if InnerFormat(tokenizer).read(moment.transcript.tokens).count("l|>") == 6
    )
    for moment in moments:
        again, ledger = await scene.resumed(moment, limits)
        assert again.stop is StopReason.CALLS
        assert not ledger["t/c2"]
    for moment in (beyond, moments[-1]):
        assert (await scene.resumed(moment, limits))[0].transcript.tokens == turn.transcript.tokens
    assert (await scene.resumed(moments[-1]))[0].stop is StopReason.CALLS


@pytest.mark.parametrize("stop", [StopReason.SECONDS, StopReason.TOKENS, StopReason.CONTEXT])
async def test_27_a_turn_that_had_stopped(tokenizer: Tokenizer, stop: StopReason) -> None:
    """Whatever the limits are by now."""
    scene = Scene(tokenizer, live=True, idempotent=True)
    _, moments = await scene.whole()
    moment = replace(moments[-2], stop=stop)
    again, _ = await scene.resumed(moment)
    assert (again.stop, again.transcript) == (stop, moment.transcript)


async def test_23_a_turn_that_had_ended_ends(tokenizer: Tokenizer) -> None:
    scene = Scene(tokenizer, live=False, idempotent=False)
    turn, _ = await scene.whole()
    loop = scene.loop(Counter())
    again = await loop.run(turn.transcript, scene.caller, ignore, NullJournal())
    assert (again.transcript, again.text, again.stop) == (turn.transcript, turn.text, StopReason.DONE)
    assert loop.said(turn.transcript) == turn.text


async def test_24_let_go(tokenizer: Tokenizer) -> None:
    scene = Scene(tokenizer, live=False, idempotent=False)
    ledger: Counter[str] = Counter()
    loop = scene.loop(ledger)
    asked = loop.ask(Transcript(), "Do.")
    recorder = Recorder(asked, {}, ledger)
    gone = False
    running = asyncio.create_task(loop.run(asked, Caller(turn="t", let_go=lambda: gone), ignore, recorder))
    while not ledger:
        await asyncio.sleep(0)
    gone = True
    moments = len(recorder.moments)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(recorder.moments) == moments
    assert UNKNOWN not in InnerFormat(tokenizer).read(recorder.transcript.tokens)


class Asking(Counted):
    """A tool that asks before it counts."""

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        if len(context.answers) < 2:
            raise Asks(f"{self.spec.name} asks {len(context.answers)}?")
        await super().__call__(arguments, context)
        return f"{self.spec.name}: {' and '.join(answer.text or '' for answer in context.answers)}"


@pytest.mark.parametrize("live", [False, True])
async def test_25_asking_back(tokenizer: Tokenizer, live: bool) -> None:
    """`a` asks twice while `b` is done once."""
    chat, ledger = InnerFormat(tokenizer, live), Counter[str]()
    tools = [Limited(Asking("a", ledger)), Limited(Counted("b", ledger)), Limited(Counted("c", ledger))]
    loop = DecodeLoop(Planner(tokenizer), chat, Toolbox(tools), "You plan.")
    recorder = Recorder(loop.ask(Transcript(), "Do."), {}, ledger)
    caller = Caller(turn="t")
    for number in range(2):
        turn = await loop.run(recorder.transcript, caller, ignore, recorder)
        assert (turn.stop, turn.questions) == (StopReason.ASKS, (Question("c0", f"a asks {number}?"),))
        assert ledger == {"t/c1": 1}
        recorder.answers["c0"] = (*recorder.answers.get("c0", ()), Answer(f"answer {number}"))
    turn = await loop.run(recorder.transcript, caller, ignore, recorder)
    assert (turn.stop, turn.text) == (StopReason.DONE, "I look.And then:\nDone.")
    assert "a: answer 0 and answer 1" in chat.read(turn.transcript.tokens)
    assert ledger == {"t/c0": 1, "t/c1": 1, "t/c2": 1}


async def test_25_nobody_answers(tokenizer: Tokenizer) -> None:
    ledger = Counter[str]()
    tools = [Limited(Asking("a", ledger)), Limited(Counted("b", ledger)), Limited(Counted("c", ledger))]
    loop = DecodeLoop(Planner(tokenizer), InnerFormat(tokenizer), Toolbox(tools), "You plan.")
    recorder = Recorder(loop.ask(Transcript(), "Do."), {}, ledger)
    await loop.run(recorder.transcript, Caller(turn="t"), ignore, recorder)
    recorder.answers["c0"] = (Answer(None),)
    turn = await loop.run(recorder.transcript, Caller(turn="t"), ignore, recorder)
    assert turn.stop is StopReason.DONE
    assert "error: nobody answered in time" in InnerFormat(tokenizer).read(turn.transcript.tokens)


@pytest.mark.parametrize(("answer", "runs"), [("Yes!", 1), ("go ahead", 1), ("No.", 0), ("yes, but only two", 0)])
async def test_26_approval(tokenizer: Tokenizer, answer: str, runs: int) -> None:
    """Also where the process dies once it has begun."""
    chat, ledger = InnerFormat(tokenizer), Counter[str]()
    approved = Limited(Approved(Counted("a", ledger)), asks_first=True)
    tools = [approved, Limited(Counted("b", ledger)), Limited(Counted("c", ledger))]
    loop = DecodeLoop(Planner(tokenizer), chat, Toolbox(tools), "You plan.")
    recorder = Recorder(loop.ask(Transcript(), "Do."), {}, ledger)
    for _ in range(2):
        turn = await loop.run(recorder.transcript, Caller(turn="t"), ignore, recorder)
        assert turn.questions == (Question("c0", "May I call a()?"),)
    assert ledger["t/c0"] == 0
    recorder.answers["c0"] = (Answer(answer),)
    left = recorder.transcript
    turn = await loop.run(left, Caller(turn="t"), ignore, recorder)
    told = chat.read(turn.transcript.tokens)
    assert ledger["t/c0"] == runs
    assert ("a is done" in told) == bool(runs)
    assert (f"the user did not agree but said: {answer}" in told) == (not runs)
    recorder = Recorder(left, {"c0": Begun(1), "c1": recorder.noted["c1"]}, ledger)
    recorder.answers["c0"] = (Answer(answer),)
    turn = await loop.run(left, Caller(turn="t"), ignore, recorder)
    assert UNKNOWN in chat.read(turn.transcript.tokens)
    assert ledger["t/c0"] == runs
