"""A turn as it is told, in a log and on a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from rich.console import Console

from service.cli.story import Story, printable, short
from service.events import CallFinished, CallProgress, CallStarted, Event, TextDelta

ORDER = CallStarted(
    call_id="c0",
    tool="place_order",
    arguments='{"supplier": "Norvik Metals", "item": "steel bracket", "quantity": 40}',
)
ORDERED = CallFinished(
    call_id="c0", tool="place_order", text="PO-1234: 40 x steel bracket", is_error=False, seconds=0.012
)
ASK = CallStarted(call_id="c1", tool="contracts", arguments='{"message": "Does Norvik Metals bear the tariffs?"}')
ASKED = CallFinished(call_id="c1", tool="contracts", text="They do (clause 3).", is_error=False, seconds=1.306)
SEARCH = CallStarted(call_id="c0", tool="search_contract", arguments='{"supplier": "Norvik Metals"}')
FOUND = CallFinished(call_id="c0", tool="search_contract", text="3 Tariffs\n7 Customs", is_error=False, seconds=0.0004)


def inside(event: Event, call: str = "c1") -> CallProgress:
    return CallProgress(call_id=call, event=event)


def said(text: str) -> TextDelta:
    return TextDelta(text=text)


async def tell(events: Iterable[Event], **console: object) -> str:
    """The lines told, one event each tenth of a second."""
    file = io.StringIO()
    tick = iter(range(1000))
    story = Story(Console(file=file, color_system=None, **console), clock=lambda: next(tick) / 10)  # type: ignore[arg-type]
    with story:
        for event in events:
            await story.hear(event)
    return file.getvalue()


async def test_a_turn_with_a_peer() -> None:
    events = (
        said("Let me "),
        said("see."),
        ORDER,
        ASK,
        ORDERED,
        inside(SEARCH),
        inside(FOUND),
        inside(said("They do ")),
        inside(said("(clause 3).")),
        ASKED,
        said("Ordered 40 x steel "),
        said("bracket.\nThey bear the tariffs."),
    )
    told = [line[9:] for line in (await tell(events, width=80)).splitlines()]
    assert told == [
        "┃ Let me see.",
        '→ place_order(supplier="Norvik Metals", item="steel bracket", quantity=40)',
        '→ contracts(message="Does Norvik Metals bear the tariffs?")',
        "← place_order 0.01 s  PO-1234: 40 x steel bracket",
        '    contracts → search_contract(supplier="Norvik Metals")',
        "    contracts ← search_contract 0.00 s  3 Tariffs 7 Customs",
        "    contracts ┃ They do (clause 3).",
        "← contracts 1.31 s  They do (clause 3).",
        "┃ Ordered 40 x steel bracket.",
        "┃ They bear the tariffs.",
    ]


async def test_every_line_has_its_time() -> None:
    lines = (await tell((ORDER, ORDERED))).splitlines()
    times = [float(line[:5]) for line in lines]
    assert all(line[5:9] == " s  " for line in lines)
    assert times == sorted(times)


async def test_calls_of_the_same_peer_are_told_apart() -> None:
    again = CallStarted(call_id="c2", tool="contracts", arguments='{"message": "And their warranty?"}')
    done = CallFinished(call_id="c2", tool="contracts", text="12 months", is_error=False, seconds=1)
    events = (ASK, again, inside(said("one"), "c2"), inside(said("two"), "c1"), ASKED, done)
    told = [line[9:] for line in (await tell(events)).splitlines()]
    assert told[2:] == [
        "    contracts ┃ two",
        "← contracts 1.31 s  They do (clause 3).",
        "    contracts#2 ┃ one",
        "← contracts#2 1.00 s  12 months",
    ]


async def test_a_peer_of_a_peer_is_further_in() -> None:
    inner = CallStarted(call_id="c5", tool="directory", arguments="{}")
    told = (await tell((ASK, inside(inner), inside(inside(SEARCH, "c5"))))).splitlines()
    assert told[-1].endswith('        directory → search_contract(supplier="Norvik Metals")')


async def test_a_call_that_failed() -> None:
    failed = CallFinished(call_id="c1", tool="contracts", text="contracts cannot be reached", is_error=True, seconds=5)
    assert "✗ contracts 5.00 s  contracts cannot be reached" in await tell((ASK, failed))


async def test_arguments_that_are_no_object() -> None:
    told = await tell((CallStarted(call_id="c0", tool="add", arguments='{"a": '), ORDERED))
    assert '→ add({"a":)' in told
    told = await tell((CallStarted(call_id="c0", tool="add", arguments=f'{{"a": {"[" * 5_000}'),))
    assert '→ add({"a": [[[[[' in told


async def test_on_a_terminal_calls_and_results_take_one_line() -> None:
    long = CallFinished(call_id="c0", tool="place_order", text="x" * 400, is_error=False, seconds=0)
    told = await tell((ORDER, long), width=60, force_terminal=True)
    assert f"← place_order 0.00 s  {'x' * 28}…" in told
    assert "x" * 30 not in told


async def test_a_log_has_no_spinner_and_no_control_codes() -> None:
    told = await tell((ORDER, ORDERED, said("done")), force_terminal=False)
    assert len(told.splitlines()) == 3
    assert "\x1b" not in told
    assert "\r" not in told


@pytest.mark.parametrize("text", ["\x1b[2J", "a\rb", "\x07", "\u202egnp.exe"])
async def test_what_others_say_cannot_command_the_terminal(text: str) -> None:
    events = (
        said(text),
        CallStarted(call_id="c0", tool=text, arguments=text),
        CallFinished(call_id="c0", tool=text, text=text, is_error=False, seconds=0),
    )
    assert all(line.isprintable() for line in (await tell(events)).split("\n"))
    assert printable(text).isprintable()


def test_short() -> None:
    assert short("a\n  b") == "a b"
    assert len(short("x" * 1000)) == 160
