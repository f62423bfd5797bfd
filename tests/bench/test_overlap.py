"""What the contenders of the overlap benchmark are given to say, and the bound they are held against."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bench.overlap.bound import Speed, bound
from bench.overlap.script import Job, read_jobs, say, write_jobs, write_text
from service.chat.inner import InnerFormat
from service.messages import ToolResult
from service.transcript import Arrival, Origin, Span, Transcript
from tests.byte_tokenizer import byte_tokenizer

JOBS = [Job("a1", 0.5), Job("a2", 0.5, after="a1"), Job("b1", 0.7), Job("peer", 0.0, message="Jobs: d1 0.4.")]
SAID = "Jobs: a1 0.5; a2 0.5 after a1; b1 0.7. Ask: Jobs: d1 0.4."


def test_jobs_are_read_as_they_were_written() -> None:
    assert write_jobs(JOBS) == SAID
    assert read_jobs(SAID) == JOBS
    assert read_jobs("hello") == []


def inner(heading: str) -> str:
    system = f"<|im_start|>system\nRun.\n\n{heading}\n- x<|im_end|>\n"
    return f"{system}<|im_start|>user\n{SAID}<|im_end|>\n<|im_start|>assistant\n"


PEER = '<|call|>peer {"message": "Jobs: d1 0.4."}<|end_call|>'
A1 = '<|call|>run_job {"job": "a1", "seconds": 0.5}<|end_call|>'
A2 = '<|call|>run_job {"job": "a2", "seconds": 0.5, "using": "11"}<|end_call|>'
B1 = '<|call|>run_job {"job": "b1", "seconds": 0.7}<|end_call|>'


def test_the_live_form_goes_on_with_what_can_be_done() -> None:
    """What takes longest comes first: the peer, then the chain of two, then the single job."""
    prompt = inner("Live tools:")
    for words, results in [
        (f"{PEER}{A1}{B1}<|wait|>", "<|result|>c1 a1 gave 11<|end_result|>"),
        (f"{A2}a1 gave 11.\n<|wait|>", "<|result|>c2 b1 gave 22<|end_result|><|result|>c3 a2 gave 33<|end_result|>"),
        ("b1 gave 22.\na2 gave 33.\n<|wait|>", "<|result|>c0 d1 gave 44.\n<|end_result|>"),
        ("d1 gave 44.\n<|im_end|>", ""),
    ]:
        assert say(prompt) == words
        prompt += words + results


def test_the_turn_form_calls_all_there_is_and_reports_at_the_end() -> None:
    prompt = inner("Tools:")
    for words, results in [
        (f"{PEER}{A1}{B1}<|wait|>", ("d1 gave 44.", "a1 gave 11", "b1 gave 22")),
        (f"{A2}<|wait|>", ("a2 gave 33",)),
        ("a1 gave 11. a2 gave 33. b1 gave 22. d1 gave 44.<|im_end|>", ()),
    ]:
        assert say(prompt) == words
        prompt += words + "".join(f"<|result|>{result}<|end_result|>" for result in results)


def test_the_outer_loop_s_format_does_the_same() -> None:
    prompt = f"<|im_start|>system\nReturn <tool_call>...<|im_end|>\n<|im_start|>user\n{SAID}<|im_end|>\n"
    for words, results in [
        (
            '<tool_call>\n{"name": "peer", "arguments": {"message": "Jobs: d1 0.4."}}\n</tool_call>\n'
            '<tool_call>\n{"name": "run_job", "arguments": {"job": "a1", "seconds": 0.5}}\n</tool_call>\n'
            '<tool_call>\n{"name": "run_job", "arguments": {"job": "b1", "seconds": 0.7}}\n</tool_call><|im_end|>',
            ("d1 gave 44.", "a1 gave 11", "b1 gave 22"),
        ),
        (
            '<tool_call>\n{"name": "run_job", "arguments": {"job": "a2", "seconds": 0.5, "using": "11"}}\n</tool_call>'
            "<|im_end|>",
            ("a2 gave 33",),
        ),
        ("a1 gave 11. a2 gave 33. b1 gave 22. d1 gave 44.<|im_end|>", ()),
    ]:
        assert say(f"{prompt}<|im_start|>assistant\n") == words
        told = "\n".join(f"<tool_response>\n{result}\n</tool_response>" for result in results)
        prompt += f"<|im_start|>assistant\n{words}\n<|im_start|>user\n{told}<|im_end|>\n"


@pytest.mark.parametrize("heading", ["Tools:", "Live tools:"])
def test_a_text_is_as_long_as_was_asked(heading: str) -> None:
    said = inner(heading).replace(SAID, write_text(20))
    assert len((say(said) or "").split()) == 20


def test_what_is_about_nothing_is_left_to_the_model() -> None:
    assert say(inner("Tools:").replace(SAID, "hello")) is None


def conversation(chat: InnerFormat, said: str, *stretches: tuple[str, list[ToolResult]]) -> Transcript:
    """Stretches with the results that came in after each, sampled as the script has them."""
    transcript = Transcript.of([Span(Origin.GIVEN, chat.begin("Run.", []))])
    transcript = transcript.append(*chat.ask(said, transcript))
    tokenizer = byte_tokenizer()
    for words, results in stretches:
        transcript = transcript.append(Span(Origin.SAMPLED, tuple(tokenizer.encode(words).ids)))
        for result in results:
            spans = chat.write_results([result], transcript)
            arrivals = (Arrival(result.call_id, 0, 0.0, 0.0),)
            transcript = transcript.append(Span(Origin.RETURNED, spans[-1].tokens, arrivals=arrivals))
    return transcript


LIVE = InnerFormat(byte_tokenizer(), live=True)


def call(job: str, seconds: float, using: str = "") -> str:
    arguments = f'{{"job": "{job}", "seconds": {seconds}' + f', "using": "{using}"' * bool(using) + "}"
    return f"<|call|>run_job {arguments}<|end_call|>"


def tokens(text: str) -> int:
    return len(byte_tokenizer().encode(text).ids)


def read_for(result: ToolResult) -> int:
    return tokens(f"<|result|>{result.call_id} {result.text}<|end_result|>")


SPEED = Speed(token=1.0, prefill=0.1, beside=0.4)


def test_one_that_decodes_all_the_time_is_bound_by_what_it_decodes_and_reads() -> None:
    """Waits do not have to be."""
    said = "Jobs: a 1.0; b 0.5."
    results = ToolResult("c0", "a gave 11"), ToolResult("c1", "b gave 22")
    calls, lines = call("a", 1.0) + call("b", 0.5), ("b gave 22.\n", "a gave 11.\n")
    transcript = conversation(
        LIVE,
        said,
        (f"{calls}<|wait|>", [results[1]]),
        (f"{lines[0]}<|wait|>", [results[0]]),
        (f"{lines[1]}<|im_end|>", []),
    )
    found = bound([(said, transcript)], LIVE, SPEED)
    read = len(transcript.spans[1].tokens) + sum(map(read_for, results))
    assert (found.needed, found.read) == (tokens(calls) + tokens("".join(lines)) + 1, read)
    assert found.seconds == pytest.approx(found.needed + 0.1 * read)


def test_one_that_waits_is_bound_by_the_chain_it_waits_for() -> None:
    said = "Jobs: a 1000.0; b 1.0; a2 2000.0 after a."
    first, other, second = call("a", 1000.0), call("b", 1.0), call("a2", 2000.0, "11")
    results = ToolResult("c0", "a gave 11"), ToolResult("c1", "b gave 22"), ToolResult("c2", "a2 gave 33")
    transcript = conversation(
        LIVE,
        said,
        (f"{first}{other}<|wait|>", [results[1]]),
        ("b gave 22.\n<|wait|>", [results[0]]),
        (f"{second}a gave 11.\n<|wait|>", [results[2]]),
        ("a2 gave 33.\n<|im_end|>", []),
    )
    read = len(transcript.spans[1].tokens) + sum(map(read_for, results[::2]))
    chain = tokens(first) + 1000 + tokens(second) + 2000 + tokens("a2 gave 33.\n") + 1
    assert bound([(said, transcript)], LIVE, SPEED).seconds == pytest.approx(chain + 0.1 * read)


def test_all_calls_come_before_the_last_one_can_run() -> None:
    said = "Jobs: a 50.0; b 50.0; c 50.0."
    calls = [call(job, 50.0) for job in "abc"]
    results = [ToolResult(f"c{n}", f"{job} gave 11") for n, job in enumerate("abc")]
    lines = [f"{job} gave 11.\n" for job in "abc"]
    transcript = conversation(LIVE, said, ("".join(calls) + "<|wait|>", results), ("".join(lines) + "<|im_end|>", []))
    last = sum(map(tokens, calls)) + 50 + tokens(lines[0]) + 1
    read = len(transcript.spans[1].tokens) + read_for(results[0])
    assert bound([(said, transcript)], LIVE, SPEED).seconds == pytest.approx(last + 0.1 * read)


def test_the_order_in_which_things_happened_is_not_held_against_it() -> None:
    said = "Jobs: a 1000.0; b 1.0."
    calls = call("a", 1000.0) + call("b", 1.0)
    a, b = ToolResult("c0", "a gave 11"), ToolResult("c1", "b gave 22")
    together = conversation(LIVE, said, (f"{calls}<|wait|>", [b, a]), ("b gave 22.\na gave 11.\n<|im_end|>", []))
    one_by_one = conversation(
        LIVE, said, (f"{calls}<|wait|>", [b]), ("b gave 22.\n<|wait|>", [a]), ("a gave 11.\n<|im_end|>", [])
    )
    assert bound([(said, together)], LIVE, SPEED) == bound([(said, one_by_one)], LIVE, SPEED)


def with_a_peer(seconds: float) -> tuple[list[tuple[str, Transcript]], int]:
    """The turns of an agent that has a short job, and a peer with one that takes so long; tokens of the short job."""
    asked = f"Jobs: b {seconds}."
    call_peer = f'<|call|>peer {{"message": "{asked}"}}<|end_call|>'
    said, mine, line = f"Jobs: a 1.0. Ask: {asked}", call("a", 1.0), "a gave 11.\n"
    results = [ToolResult("c1", "a gave 11"), ToolResult("c0", "b gave 22.")]
    asker = conversation(LIVE, said, (f"{call_peer}{mine}<|wait|>", results), (f"{line}b gave 22.\n<|im_end|>", []))
    peer = conversation(
        LIVE,
        asked,
        (f"{call('b', seconds)}<|wait|>", [ToolResult("c0", "b gave 22")]),
        ("b gave 22.\n<|im_end|>", []),
    )
    return [(said, asker), (asked, peer)], tokens(mine) + tokens(line)


def test_a_peer_takes_as_long_as_its_own_turn() -> None:
    for seconds in (0.5, 7.0, 70.0):
        turns, _ = with_a_peer(seconds)
        assert bound(turns, LIVE, Speed(0.0, 0.0)).seconds == max(1.0, seconds)


def test_what_is_decoded_beside_a_peer_is_not_free_unless_tools_run() -> None:
    for seconds, share in ((0.0, 1.0), (1_000.0, 0.0)):
        turns, beside = with_a_peer(seconds)
        alone = bound(turns, LIVE, replace(SPEED, beside=0.0)).seconds
        assert bound(turns, LIVE, SPEED).seconds == pytest.approx(alone + share * 0.4 * beside)


def test_a_text_without_jobs_is_bound_by_its_tokens() -> None:
    said = write_text(3)
    transcript = conversation(LIVE, said, ("one day a<|im_end|>", []))
    found = bound([(said, transcript)], LIVE, SPEED)
    assert found.needed == tokens("one day a") + 1
    assert found.seconds == pytest.approx(found.needed + 0.1 * found.read)


def test_a_forced_row_has_nothing_but_its_token() -> None:
    from bench.overlap.forced import force  # takes vLLM, and seconds

    logits = force(
        torch.tensor([[1.0, 2.0, 3.0], [1.0, -torch.inf, 3.0]]), torch.tensor([[0], [1]]), torch.tensor([False, True])
    )
    assert logits.tolist() == [[1.0, 2.0, 3.0], [-torch.inf, 0.0, -torch.inf]]
