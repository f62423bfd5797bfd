"""Events from other agents are taken only as far as they can be told on."""

from __future__ import annotations

from typing import Any

import pytest

from service.events import CallFinished, CallProgress, from_json, to_json

FINISHED = CallFinished(call_id="c0", tool="add", text="3", is_error=False, seconds=0.5)


def nested(depth: int) -> dict[str, Any]:
    data = to_json(FINISHED)
    for _ in range(depth):
        data = {"kind": "call_progress", "call_id": "c0", "event": data}
    return data


def test_what_one_agent_says_another_hears() -> None:
    event = CallProgress(call_id="c1", event=FINISHED)
    assert from_json(to_json(event)) == event


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        {"kind": "unheard of"},
        {"kind": "text"},
        {**to_json(FINISHED), "seconds": "NaN"},
        {**to_json(FINISHED), "seconds": float("inf")},
        nested(9),
        nested(400),
    ],
)
def test_what_is_no_event_of_ours(data: object) -> None:
    assert from_json(data) is None


def test_as_deep_as_agents_may_ask_each_other() -> None:
    assert from_json(nested(8)) is not None
