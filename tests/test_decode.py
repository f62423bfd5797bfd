"""The loop, in numbered sentences. Each test proves one; do not change a test without deciding to change its sentence.

1. A turn without calls is the model's text, and ends with the end marker it sampled.
2. A call starts the moment it closes, while the rest of the stretch is still being decoded.
3. Calls of one stretch run at the same time; their results are spliced in in the order asked.
4. What the engine is given is, token for token, what was stored before; nothing is tokenised again. What the format
   bans is not sampled, and calls follow its grammar.
5. Every span says where it came from, and only sampled tokens carry loss.
6. A limit ends the turn with its own name, and what still runs is cancelled. So does one that came with the question.
7. Cancelling the turn closes the engine's stream and every running call.
8. A failing engine fails the turn; a failing tool does not.
9. The transcript is kept before each call starts, before a wait, after every splice and at the end.
   However the turn ends, what is kept last has a result for every call.
   If the process dies, the next message finds a result that says so for every call that was kept.
10. A turn that was cut off is closed by a forced marker before the next message; a call, before anything else.
11. The engine is warmed up with what every conversation begins with, and to sample as a turn does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import Choice, DecodeLoop, Limits, StopReason
from service.delegation import Budget, Delegation
from service.engine.base import Sampling
from service.engine.scripted import ScriptedEngine
from service.errors import ContextFull, EngineError
from service.events import CallFinished, TextDelta
from service.journal import Finished, NullJournal
from service.messages import Caller, ToolCall
from service.tools.base import CallContext, ToolSpec
from service.tools.toolbox import Limited, Toolbox
from service.transcript import Origin, Span, Transcript
from tests.made_up_time import in_made_up_time

CALLER = Caller()
Write = Callable[..., tuple[int, ...]]


class Bell:
    """A tool that answers when it is told to."""

    def __init__(self, name: str) -> None:
        self.spec = ToolSpec(name, "Rings.", {"type": "object", "properties": {"n": {"type": "integer"}}})
        self.started = asyncio.Event()
        self.ring = asyncio.Event()
        self.cancelled = False

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        self.started.set()
        try:
            await self.ring.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return f"{self.spec.name} {arguments.get('n')}"


@pytest.fixture
def write(chat: InnerFormat) -> Write:
    """What the model samples to say some text and make some calls: `write("text", ("tool", {...}), ...)`."""

    def write(text: str = "", *calls: tuple[str, dict[str, Any]]) -> tuple[int, ...]:
        return chat.write_stretch(text, [ToolCall("", name, json.dumps(arguments)) for name, arguments in calls])

    return write


class Stage:
    """A loop over a scripted model, with what it emitted and kept."""

    def __init__(
        self,
        chat: InnerFormat,
        stretches: Sequence[Sequence[int]],
        *tools: Bell,
        limits: Limits | None = None,
        window: int = 4096,
        chunk: int = 1,
    ) -> None:
        self._chunk = chunk
        self._stretches = iter(stretches)
        self.engine = ScriptedEngine(self._play, window=window)
        self.loop = DecodeLoop(
            self.engine,
            chat,
            Toolbox([Limited(tool) for tool in tools]),
            "You ring bells.",
            Choice(logprobs=True, seed=1),
            limits or Limits(),
        )
        self.events: list[object] = []
        self.finished = asyncio.Event()
        self.kept: list[Transcript] = []

    def _play(self, prompt: tuple[int, ...], sampling: Sampling) -> list[tuple[int, ...]]:
        stretch = tuple(next(self._stretches))
        return [stretch[at : at + self._chunk] for at in range(0, len(stretch), self._chunk)]

    async def emit(self, event: object) -> None:
        self.events.append(event)
        if isinstance(event, CallFinished):
            self.finished.set()

    async def keep(self, transcript: Transcript) -> None:
        self.kept.append(transcript)

    async def run(self, text: str = "Ring.", transcript: Transcript | None = None) -> Any:
        asked = self.loop.ask(transcript or Transcript(), text)
        return await self.loop.run(asked, CALLER, self.emit, NullJournal(self.keep))


def stretches_of(transcript: Transcript) -> list[tuple[int, ...]]:
    """What was sampled in one go: a span ends where a call closes."""
    runs = itertools.groupby(transcript.spans, lambda span: span.origin)
    return [tuple(token for span in run for token in span.tokens) for origin, run in runs if origin is Origin.SAMPLED]


def rung(*names: str) -> list[Bell]:
    bells = [Bell(name) for name in names]
    for bell in bells:
        bell.ring.set()
    return bells


async def test_1_a_plain_turn(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("Hello, wörld.")])
    turn = await stage.run()
    assert (turn.stop, turn.text, turn.calls) == (StopReason.DONE, "Hello, wörld.", 0)
    assert turn.transcript.spans[-1].tokens == write("Hello, wörld.")
    assert "".join(event.text for event in stage.events if isinstance(event, TextDelta)) == "Hello, wörld."


async def test_1_a_clock_may_be_at_zero_when_the_first_token_comes(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("Hello.")])
    stage.loop._now = itertools.count(-1.0).__next__
    assert (await stage.run()).stretches[0].first == 0.0


async def test_2_a_call_starts_while_the_stretch_goes_on(chat: InnerFormat, write: Write) -> None:
    (bell,) = rung("bell")
    heard: list[str] = []

    class Slow(ScriptedEngine):
        async def generate(self, tokens: Sequence[int], sampling: Sampling) -> Any:
            async for chunk in super().generate(tokens, sampling):
                yield chunk
                if not heard and bell.started.is_set():
                    heard.append("started before the stretch ended")

    stretch = write("", ("bell", {"n": 1}), ("bell", {"n": 2}))
    stage = Stage(chat, [stretch, write("Done.")], bell)
    stage.loop._engine = Slow(stage._play)
    await stage.run()
    assert heard


async def test_3_results_in_the_order_asked(chat: InnerFormat, write: Write) -> None:
    slow, fast = Bell("slow"), Bell("fast")
    stage = Stage(chat, [write("", ("slow", {"n": 1}), ("fast", {"n": 2})), write("Done.")], slow, fast)
    running = asyncio.create_task(stage.run())
    await slow.started.wait()
    await fast.started.wait()  # both at once
    fast.ring.set()
    await stage.finished.wait()
    slow.ring.set()
    turn = await running
    finished = [event.tool for event in stage.events if isinstance(event, CallFinished)]
    assert finished == ["fast", "slow"]
    (returned,) = [span for span in turn.transcript.spans if span.origin is Origin.RETURNED]
    assert chat.read(returned.tokens) == "<|result|>slow 1<|end_result|><|result|>fast 2<|end_result|>"


async def test_4_the_engine_is_given_what_was_stored(chat: InnerFormat, write: Write) -> None:
    transcript = Transcript()
    for number in range(200):
        stretches = [write("é", ("bell", {"n": number})), write(f"Rang {number} 🔔.")]
        stage = Stage(chat, stretches, *rung("bell"), window=10**6)
        before = transcript
        turn = await stage.run(f"Ring {number}", before)
        (first, _), (second, _) = stage.engine.requests
        assert first[: len(before)] == before.tokens
        assert second[: len(first) + len(stage.engine.outputs[0])] == first + stage.engine.outputs[0]
        assert turn.transcript.tokens == second + stage.engine.outputs[1]
        assert [each.given for each in turn.stretches] == [len(first), len(second)]
        assert [each.sampled for each in turn.stretches] == [len(output) for output in stage.engine.outputs]
        assert Transcript.from_json(json.loads(json.dumps(turn.transcript.to_json()))) == turn.transcript
        transcript = turn.transcript
    assert len(stretches_of(transcript)) == 200 * 2


@pytest.mark.parametrize("marker", ["<|result|>", "<|end_result|>", "<|im_start|>"])
async def test_4_what_is_banned_is_not_sampled(
    chat: InnerFormat, tokenizer: Tokenizer, write: Write, marker: str
) -> None:
    stage = Stage(chat, [(*write("So: ")[:-1], tokenizer.get_vocab()[marker])], Bell("bell"))
    with pytest.raises(ValueError, match="may not be sampled"):
        await stage.run()


async def test_4_calls_follow_the_grammar(chat: InnerFormat, write: Write) -> None:
    bell = Bell("bell")
    stage = Stage(chat, [write("So.")], bell)
    await stage.run()
    ((_, sampling),) = stage.engine.requests
    assert sampling.constraint == chat.constraint([bell.spec], begun=False)


async def test_5_origins_and_mask(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("", ("bell", {"n": 1})), write("Done.")], *rung("bell"))
    transcript = (await stage.run()).transcript
    origins = [Origin.GIVEN, Origin.SAMPLED, Origin.RETURNED, Origin.SAMPLED]
    assert [origin for origin, _ in itertools.groupby(span.origin for span in transcript.spans)] == origins
    sampled = [token for token, mask in zip(transcript.tokens, transcript.sampled_mask, strict=True) if mask]
    assert tuple(sampled) == write("", ("bell", {"n": 1})) + write("Done.")
    assert tuple(logprob < 0 for logprob in transcript.logprobs) == transcript.sampled_mask
    assert {span.weights for span in transcript.spans if span.origin is Origin.SAMPLED} == {"scripted"}


async def test_6_limit_on_tokens(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("Far too long an answer.")], limits=Limits(tokens=5))
    turn = await stage.run()
    assert (turn.stop, turn.text, turn.sampled) == (StopReason.TOKENS, "Far t", 5)


async def test_6_limit_on_calls(chat: InnerFormat, write: Write) -> None:
    bell = Bell("bell")
    stage = Stage(chat, [write("", *[("bell", {"n": n}) for n in range(5)])], bell, limits=Limits(calls=2))
    turn = await stage.run()
    assert (turn.stop, turn.calls) == (StopReason.CALLS, 2)
    finished = [event for event in stage.events if isinstance(event, CallFinished)]
    assert [(event.call_id, event.text.split(":")[0]) for event in finished] == [
        ("c0", "interrupted"),
        ("c1", "interrupted"),
    ]


@in_made_up_time
async def test_6_limit_on_seconds(chat: InnerFormat, write: Write) -> None:
    bell = Bell("bell")
    stage = Stage(chat, [write("", ("bell", {}))], bell, limits=Limits(seconds=5.0))
    assert (await stage.run()).stop is StopReason.SECONDS
    assert bell.cancelled


@pytest.mark.parametrize(
    ("delegation", "stop"),
    [
        (Delegation(deadline=datetime.fromtimestamp(0, UTC)), StopReason.SECONDS),
        (Delegation(budget=Budget(tokens=5)), StopReason.TOKENS),
        (Delegation(budget=Budget(calls=0)), StopReason.CALLS),
    ],
)
async def test_6_what_came_with_the_question(
    chat: InnerFormat, write: Write, delegation: Delegation, stop: StopReason
) -> None:
    bell = Bell("bell")
    stage = Stage(chat, [write("", ("bell", {}))], bell)
    turn = await stage.loop.run(stage.loop.ask(Transcript(), "Ring."), Caller(delegation))
    assert turn.stop is stop


async def test_6_the_window(chat: InnerFormat, write: Write) -> None:
    asked = len(Stage(chat, []).loop.ask(Transcript(), "Ring."))
    stage = Stage(chat, [write("Far too long an answer.")], window=asked + 4)
    turn = await stage.run()
    assert (turn.stop, len(turn.transcript)) == (StopReason.CONTEXT, asked + 4)


async def test_6_a_result_that_fills_the_window(chat: InnerFormat, write: Write) -> None:
    stretch = write("", ("bell", {"n": 1}))
    asked = len(Stage(chat, [], *rung("bell")).loop.ask(Transcript(), "Ring."))
    stage = Stage(chat, [stretch], *rung("bell"), window=asked + len(stretch) + 4)
    assert (await stage.run()).stop is StopReason.CONTEXT


def test_6_a_message_that_cannot_fit(chat: InnerFormat) -> None:
    with pytest.raises(ContextFull, match="window holds 64"):
        Stage(chat, [], window=64).loop.ask(Transcript(), "Ring. " * 50)


@in_made_up_time
async def test_7_cancelling(chat: InnerFormat, write: Write) -> None:
    bell = Bell("bell")
    stage = Stage(chat, [write("", ("bell", {}))[:-1] + write("still talking " * 50)], bell)
    stage.engine._seconds_per_chunk = 1.0
    running = asyncio.create_task(stage.run())
    await bell.started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bell.cancelled
    assert stage.engine.aborted == 1


@in_made_up_time
async def test_7_a_tool_that_cannot_be_cancelled(chat: InnerFormat, write: Write) -> None:
    bell = Bell("bell")

    class Deaf(Bell):
        async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
            self.started.set()
            while not bell.ring.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await bell.ring.wait()
            return "at last"

    deaf = Deaf("deaf")
    stage = Stage(chat, [write("", ("deaf", {}))], deaf)
    running = asyncio.create_task(stage.run())
    await deaf.started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "interrupted" in chat.read(stage.kept[-1].spans[-1].tokens)
    told = len(stage.events)
    (stuck,) = [task for task in asyncio.all_tasks() if task.get_name() == "deaf c0"]
    bell.ring.set()
    await stuck
    assert len(stage.events) == told


async def test_8_a_failing_engine(chat: InnerFormat) -> None:
    def fail(prompt: tuple[int, ...], sampling: Sampling) -> list[tuple[int, ...]]:
        raise EngineError("out of memory")

    stage = Stage(chat, [])
    stage.loop._engine = ScriptedEngine(fail)
    with pytest.raises(EngineError):
        await stage.run()


async def test_8_a_failing_tool(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("", ("nothing", {"n": 1})), write("It failed.")], *rung("bell"))
    turn = await stage.run()
    (finished,) = [event for event in stage.events if isinstance(event, CallFinished)]
    assert finished.is_error
    assert "there is no tool 'nothing'; the tools are bell" in finished.text
    assert (turn.stop, turn.text) == (StopReason.DONE, "It failed.")


async def test_9_kept_after_every_splice(chat: InnerFormat, write: Write) -> None:
    """Here nothing is waited for."""
    stage = Stage(chat, [write("", ("bell", {"n": 1})), write("", ("bell", {"n": 2})), write("Done.")], *rung("bell"))
    turn = await stage.run()
    kept = [kept.spans[-1].origin for kept in stage.kept]
    assert kept == [*[Origin.SAMPLED, Origin.RETURNED] * 2, Origin.SAMPLED]
    assert stage.kept[-1] == turn.transcript


async def test_9_a_cancelled_turn_keeps_what_was_done(chat: InnerFormat, write: Write) -> None:
    done, undone = Bell("done"), Bell("undone")
    done.ring.set()
    stage = Stage(chat, [write("", ("done", {"n": 1}), ("undone", {"n": 2}))], done, undone)
    running = asyncio.create_task(stage.run())
    await stage.finished.wait()
    await undone.started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    last = stage.kept[-1].spans[-1]
    assert last.origin is Origin.RETURNED
    assert chat.read(last.tokens) == (
        "<|result|>done 1<|end_result|><|result|>error: interrupted: it may or may not have been done<|end_result|>"
    )


@pytest.mark.parametrize(("chunk", "refused"), [(1, 1), (10_000, 3)])
async def test_9_a_limit_keeps_what_was_done(chat: InnerFormat, write: Write, chunk: int, refused: int) -> None:
    stretch = write("Ding.", *[("bell", {"n": n}) for n in range(5)])
    stage = Stage(chat, [stretch], *rung("bell"), limits=Limits(calls=2), chunk=chunk)
    turn = await stage.run()
    results = chat.read(stage.kept[-1].spans[-1].tokens)
    assert results.count("<|result|>") == 2 + refused
    assert results.count("not run: the turn has reached its limit of calls") == refused
    assert turn.text == "Ding."


@in_made_up_time
async def test_9_time_is_up_before_a_call_starts(chat: InnerFormat, write: Write) -> None:
    """The database takes long to keep the first of them."""
    bell = Bell("bell")
    stage = Stage(chat, [write("", ("bell", {"n": 1}))], bell, limits=Limits(seconds=5.0))
    keep = stage.keep

    async def keep_slowly(transcript: Transcript) -> None:
        await asyncio.sleep(10.0)
        await keep(transcript)

    stage.keep = keep_slowly  # type: ignore[method-assign]
    turn = await stage.run()
    assert (turn.stop, turn.calls, bell.started.is_set()) == (StopReason.SECONDS, 0, False)
    assert stage.kept == [turn.transcript]
    not_run = "<|result|>error: not run: the turn was over before<|end_result|>"
    assert chat.read(turn.transcript.spans[-1].tokens) == not_run


async def test_9_a_result_that_cannot_be_noted_takes_no_other_with_it(chat: InnerFormat, write: Write) -> None:
    class Broken(NullJournal):
        async def note(self, finished: Finished) -> None:
            if finished.result.call_id == "c1":
                raise RuntimeError("the store failed")

    stage = Stage(chat, [write("", ("bell", {"n": 1}), ("bell", {"n": 2}))], *rung("bell"))
    asked = stage.loop.ask(Transcript(), "Ring.")
    with pytest.raises(RuntimeError, match="the store failed"):
        await stage.loop.run(asked, CALLER, stage.emit, Broken(stage.keep))
    assert chat.read(stage.kept[-1].spans[-1].tokens) == (
        "<|result|>bell 1<|end_result|><|result|>error: interrupted: it may or may not have been done<|end_result|>"
    )


async def test_9_after_a_crash_the_next_message_finds_what_was_begun(chat: InnerFormat, write: Write) -> None:
    bell = Bell("bell")
    stage = Stage(chat, [write("", ("bell", {"n": 1}), ("bell", {"n": 2}))], bell)
    running = asyncio.create_task(stage.run())
    await bell.started.wait()
    while len(stage.kept) < 3:
        await asyncio.sleep(0)
    left = stage.kept[-1]  # what a process that is killed now leaves behind
    running.cancel()
    asked = stage.loop.ask(left, "And?")
    added = chat.read(asked.tokens[len(left) :])
    interrupted = "<|result|>error: interrupted: it may or may not have been done<|end_result|>"
    assert added == f"{interrupted * 2}<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n"
    assert [span.origin for span in asked.spans[len(left.spans) :]] == [Origin.RETURNED, Origin.FORCED, Origin.GIVEN]


async def test_10_a_cut_turn_is_closed(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("Far too long.")], limits=Limits(tokens=3))
    cut = (await stage.run()).transcript
    asked = stage.loop.ask(cut, "Again?")
    forced = asked.spans[len(cut.spans)]
    assert forced == Span(Origin.FORCED, (chat.stop[0],))
    added = chat.read(asked.tokens[len(cut) :])
    assert added == "<|im_end|>\n<|im_start|>user\nAgain?<|im_end|>\n<|im_start|>assistant\n"


async def test_11_warmed_up_for_what_a_turn_does(chat: InnerFormat, write: Write) -> None:
    stage = Stage(chat, [write("Hello.")], Bell("a"))
    await stage.loop.warm_up()
    await stage.run("Ring.")
    ((prompt, sampling),) = stage.engine.requests
    ((tokens, as_sampled),) = stage.engine.warmed_up
    head = chat.begin("You ring bells.", [Bell("a").spec])
    assert tokens[: len(head)] == prompt[: len(head)] == head
    assert (as_sampled.constraint, as_sampled.logprobs) == (sampling.constraint, True)
    assert replace(as_sampled, max_tokens=0, seed=None) == replace(sampling, max_tokens=0, seed=None)
