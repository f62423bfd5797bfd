"""What is told of turns that end, of those that are left to others, and of what is refused: a line each, or fewer."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from service.endpoint.run import ATTEMPTS
from service.sessions.database import open_database
from service.sessions.tables import turns
from service.settings import AuthSection
from tests.conftest import Agent, Asked, RunServer, Says, adds, echo, eventually, say
from tests.endpoint.bindings import Call, over_both
from tests.endpoint.test_admission import fill
from tests.logs import Written, as_before, lines
from tests.telemetry.test_logs import SPAN_ID, TRACE_ID

__all__ = ["as_before"]

CONTENT = "what was said"
SLEEPS = {"tools": [{"use": "tools.py:sleep"}]}


def told(written: Written, *beginnings: str) -> list[dict[str, Any]]:
    """The records whose messages begin so."""
    return [record for record in map(json.loads, written()) if record["message"].startswith(beginnings)]


def sleeps(asked: Asked) -> Says:
    return Says("Rested.") if asked.results else Says("Let me see.", (("sleep", "{}"),))


async def working(agent: Agent) -> tuple[dict[str, Any], asyncio.Task[Any]]:
    """A task in the middle of its turn, and the message that waits for it."""
    sent = asyncio.create_task(agent.send(CONTENT))
    (task,) = await agent.listed("WORKING")
    return task, sent


async def test_a_turn_that_is_done(run_server: RunServer) -> None:
    agent = await run_server(adds)
    written = lines("json")
    message, parent = say(CONTENT, contextId="c"), {"traceparent": f"00-{TRACE_ID}-{SPAN_ID}-01"}
    task = (await agent.rpc("SendMessage", {"message": message}, **parent))["result"]["task"]
    (record,) = told(written, "turn")
    assert (record["level"], record["message"], record["stop"]) == ("INFO", "turn ended: done", "done")
    assert (record["trace_id"], record["task_id"], record["context_id"]) == (TRACE_ID, task["id"], "c")
    assert record["calls"] == 1
    assert record["input_tokens"] == sum(len(tokens) for tokens, _ in agent.engine.requests)
    assert record["output_tokens"] == sum(map(len, agent.engine.outputs))
    assert record["seconds"] >= 0
    assert not [line for line in written() if CONTENT in line or "It is 5" in line]


async def test_it_can_be_read_on_a_terminal(run_server: RunServer) -> None:
    agent = await run_server(echo)
    written = lines("text")
    task = await agent.send("hello")
    (line,) = written()
    assert "turn ended: done  (" in line
    assert f"task_id={task['id']}" in line
    assert "stop=done" in line


async def test_a_turn_that_a_limit_cuts_off(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"tokens": 3})
    written = lines("json")
    await agent.send("more than three")
    (record,) = told(written, "turn")
    assert (record["level"], record["stop"], record["output_tokens"]) == ("INFO", "tokens", 3)


async def test_a_conversation_that_has_no_room_any_more_when_its_turn_comes(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says("x" * 60), engine={"window": 120}, tools=[])
    written = lines("json")
    agent.engine.gate.clear()
    first = asyncio.create_task(agent.send("one", contextId="c"))
    await agent.listed("WORKING")
    second = asyncio.create_task(agent.send("two", contextId="c"))
    await agent.listed("WORKING", "SUBMITTED")
    agent.engine.gate.set()
    assert (await first)["status"]["state"] == "TASK_STATE_COMPLETED"
    assert (await second)["status"]["state"] == "TASK_STATE_FAILED"
    assert [(record["level"], record["stop"]) for record in told(written, "turn")] == [
        ("INFO", "done"),
        ("INFO", "context"),
    ]


async def test_a_turn_that_asks(run_server: RunServer) -> None:
    """It rests, which is a line, and goes on, which is another once it ends."""

    def asks(asked: Asked) -> Says:
        return Says("Painted.") if asked.results else Says("", (("ask_user", '{"question": "Which colour?"}'),))

    agent = await run_server(asks, ask_user=True)
    written = lines("json")
    resting = await agent.send("Paint it.")
    await agent.send("Red", taskId=resting["id"])
    assert [(record["task_id"], record["stop"], record["calls"]) for record in told(written, "turn")] == [
        (resting["id"], "asks", 1),
        (resting["id"], "done", 1),
    ]


async def test_a_turn_that_is_cancelled(run_server: RunServer) -> None:
    agent = await run_server(sleeps, **SLEEPS)
    written = lines("json")
    task, sent = await working(agent)
    await agent.rpc("CancelTask", {"id": task["id"]})
    await sent
    (record,) = told(written, "turn")
    assert (record["level"], record["stop"], record["task_id"]) == ("INFO", "canceled", task["id"])
    assert record["calls"] <= 1


async def test_one_that_waits_is_cancelled(run_server: RunServer) -> None:
    agent = await run_server(echo, limits={"running": 1})
    written = lines("json")
    sent = await fill(agent, 2)
    (waiting,) = [task for task in await agent.listed("WORKING", "SUBMITTED") if "SUBM" in task["status"]["state"]]
    await agent.rpc("CancelTask", {"id": waiting["id"]})
    agent.engine.gate.set()
    await asyncio.gather(*sent)
    assert sorted((record["stop"], record["task_id"] == waiting["id"]) for record in told(written, "turn")) == [
        ("canceled", True),
        ("done", False),
    ]


async def test_a_fault_of_ours_is_one_error_with_its_exception(run_server: RunServer) -> None:
    agent = await run_server(echo)
    written = lines("json")
    agent.engine.error = RuntimeError("broken")
    task = await agent.send(CONTENT)
    (record,) = map(json.loads, written())
    assert (record["level"], record["message"], record["stop"]) == ("ERROR", "turn ended: failed", "failed")
    assert (record["exception"]["type"], record["task_id"]) == ("RuntimeError", task["id"])
    assert CONTENT not in str(record)


async def test_a_turn_over_which_too_many_have_died(run_server: RunServer) -> None:
    agent = await run_server(sleeps, **SLEEPS)
    _, sent = await working(agent)
    await agent.stop()
    await sent
    async with open_database(agent.database) as database, database.begin() as connection:
        await connection.execute(update(turns).values(attempts=ATTEMPTS))
    written = lines("json")
    again = await run_server(sleeps, **SLEEPS)
    await again.listed("FAILED")
    (record,) = told(written, "turn")
    assert (record["level"], record["stop"]) == ("ERROR", "failed")
    assert record["exception"]["message"] == f"{ATTEMPTS} processes have died over this turn"


async def test_a_turn_that_is_left_to_others(run_server: RunServer) -> None:
    """Each process has a line of it, with the same id."""
    agent = await run_server(sleeps, **SLEEPS)
    written = lines("json")
    task, sent = await working(agent)
    await agent.stop()
    await sent
    again = await run_server(lambda _: Says("Rested."), **SLEEPS)
    await again.listed("COMPLETED")
    left, done = told(written, "turn")
    assert {left["task_id"], done["task_id"]} == {task["id"]}
    assert (left["level"], left["stop"], done["stop"]) == ("INFO", "left", "done")


async def test_a_turn_that_another_process_takes(run_server: RunServer) -> None:
    agent = await run_server(echo)
    written = lines("json")
    agent.engine.gate.clear()
    task, sent = await working(agent)
    async with open_database(agent.database) as database, database.begin() as connection:
        await connection.execute(update(turns).values(fence=turns.c.fence + 1))
    agent.engine.gate.set()

    async def is_told() -> bool:
        return bool(told(written, "turn"))

    await eventually(is_told)
    await agent.stop()
    await sent
    (record,) = told(written, "turn")
    assert (record["level"], record["message"]) == ("WARNING", "turn lost: another process has taken it")
    assert (record["stop"], record["task_id"]) == ("left", task["id"])


@over_both
@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
async def test_what_is_refused_for_want_of_room_is_told_now_and_then(
    run_server: RunServer, call: Call, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it was asked, and without what the A2A SDK would say of each."""
    monkeypatch.setattr("service.endpoint.admission._COUNT_SECONDS", 0.0)
    agent = await run_server(echo, limits={"running": 1, "queued": 4})
    sent = await fill(agent, 3)
    written = lines("json")
    for _ in range(5):
        assert (await call(agent, method, {"message": say(CONTENT)})).status_code == 429
    (record,) = map(json.loads, written())
    refused = "message refused: too many of your messages wait already"
    assert (record["level"], record["message"]) == ("WARNING", refused)
    monkeypatch.setattr("service.telemetry.logs._BOUND_SECONDS", 0.0)
    await call(agent, method, {"message": say(CONTENT)})
    assert json.loads(written()[-1])["message"] == f"{refused}; 4 more since the last such line"
    agent.engine.gate.set()
    await asyncio.gather(*sent)


async def test_what_is_no_request_at_all(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = await run_server(echo)
    for name in ("uvicorn", "uvicorn.error"):  # other tests have made servers that speak for themselves, or not at all
        for attribute, value in (("handlers", []), ("propagate", True), ("disabled", False)):
            monkeypatch.setattr(logging.getLogger(name), attribute, value)
    written = lines("json")
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(agent.url).port)
        writer.write(b"nonsense\r\n\r\n")
        await reader.read()
        writer.close()
    (record,) = map(json.loads, written())
    assert (record["level"], record["message"]) == ("WARNING", "Invalid HTTP request received.")


async def test_callers_who_are_not_known(run_server: RunServer, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"alice {'0' * 64}")
    agent = await run_server(echo, auth=AuthSection(api_keys=tmp_path / "keys"))
    written = lines("json")
    for _ in range(3):
        await agent.rpc("SendMessage", {"message": say(CONTENT)}, **{"X-API-Key": "made up"})
    (record,) = map(json.loads, written())
    assert (record["level"], record["message"]) == ("WARNING", "caller refused: the API key is not known")
    assert record["address"] == "127.0.0.1"


@over_both
@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
async def test_a_message_that_cannot_be_taken(run_server: RunServer, call: Call, method: str) -> None:
    agent = await run_server(echo, limits={"message_chars": 4})
    written = lines("json")
    for _ in range(3):
        await call(agent, method, {"message": say(CONTENT)})
    (record,) = map(json.loads, written())
    assert (record["level"], record["message"]) == ("INFO", f"{method} refused: InvalidParamsError")
