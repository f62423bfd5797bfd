"""A service whose database is slow or away for a while: every turn is decoded once, and to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from service.endpoint import push, run, worker
from service.sessions import outages, session
from service.sessions.turns import Turns
from service.sessions.webhooks import Webhooks
from service.sessions.writes import Statement, Writes
from tests.conftest import Agent, RunServer, eventually, say
from tests.receiver import open_receiver

LEASE_SECONDS = 0.2
GONE = OperationalError("", {}, Exception("gone"))


@pytest.fixture
async def agent(run_server: RunServer, new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Agent:
    monkeypatch.setenv("INNERLOOP_LEASE_SECONDS", str(LEASE_SECONDS))
    found: Agent = await run_server(database=new_postgres())
    return found


def text_of(task: dict[str, Any]) -> str:
    return "".join(part["text"] for artifact in task["artifacts"] for part in artifact["parts"])


async def test_a_turn_that_could_not_be_renewed_is_not_taken_by_its_own_process(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[None] = []

    async def claim(*arguments: Any, **options: Any) -> Any:
        tried.append(None)
        return await original(*arguments, **options)

    async def renew(*_: Any) -> Any:
        raise GONE

    original = Turns.claim
    monkeypatch.setattr(Turns, "claim", claim)
    monkeypatch.setattr(Turns, "renew", renew)
    agent.engine.gate.clear()
    sending = asyncio.create_task(agent.send("hello"))
    await agent.engine.started.wait()
    await asyncio.sleep(2 * LEASE_SECONDS)
    tried.clear()

    async def tried_again() -> bool:
        return len(tried) > 1

    await eventually(tried_again)
    agent.engine.gate.set()
    assert text_of(await sending) == "You said: hello"
    assert len(agent.engine.requests) == 1


async def test_a_turn_whose_acceptance_takes_longer_than_its_lease_is_decoded_once(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def accept(*arguments: Any, **options: Any) -> Any:
        accepted = await original(*arguments, **options)
        await agent.engine.started.wait()
        return accepted

    original = Turns.accept
    monkeypatch.setattr(Turns, "accept", accept)
    assert text_of(await agent.send("hello")) == "You said: hello"
    assert len(agent.engine.requests) == 1


async def test_a_conversation_that_cannot_be_read_now_is_read_later(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "PAUSE_SECONDS", 0.01)
    errors = [GONE, GONE]

    async def read(*arguments: Any) -> Any:
        if agent.service.turns and errors:
            raise errors.pop()
        return await original(*arguments)

    first = await agent.send("hello")
    original = session.read_conversation
    monkeypatch.setattr(session, "read_conversation", read)
    assert text_of(await agent.send("again", contextId=first["contextId"])) == "You said: again"
    assert not errors


async def test_turns_that_cannot_be_taken_now_are_taken_later(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def claim(*arguments: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return await original(*arguments, **options)

    agent = await run_server()
    errors = [GONE, GONE]
    original = Turns.claim
    monkeypatch.setattr(worker, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(Turns, "claim", claim)
    assert text_of(await agent.send("hello", contextId="c")) == "You said: hello"
    assert not errors


def lines(caplog: pytest.LogCaptureFixture) -> set[str]:
    """What went wrong. Each is a line without a traceback, of which one is shown now and then."""
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not any(record.exc_info for record in records)
    assert all(getattr(record, "bounded", False) for record in records)
    return {record.getMessage() for record in records}


async def test_ends_and_states_that_cannot_be_written_now_are_told_in_a_line(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def write(self: Writes, *statements: Statement, **options: Any) -> None:
        if ends and any("ended=" in str(statement) for statement, _ in statements):
            raise ends.pop()
        await original(self, *statements, **options)

    def submit(self: Writes, *statements: Statement, **options: Any) -> asyncio.Future[None]:
        if states and options.get("lease") and all("tasks" in str(statement) for statement, _ in statements):
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(states.pop())
            return failed
        return original_submit(self, *statements, **options)

    monkeypatch.setattr(run, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(worker, "WRITE_SECONDS", 0.01)
    agent = await run_server()
    ends, states = [GONE] * 4, [GONE] * 4
    original, original_submit = Writes.write, Writes.submit
    monkeypatch.setattr(Writes, "write", write)
    monkeypatch.setattr(Writes, "submit", submit)
    agent.engine.gate.clear()
    sending = [asyncio.create_task(agent.send("hello", contextId=context)) for context in ("c", "d")]

    async def are_written() -> bool:
        return not states

    await eventually(are_written)
    agent.engine.gate.set()
    assert [text_of(task) for task in await asyncio.gather(*sending)] == ["You said: hello"] * 2
    assert not ends
    assert lines(caplog) == {
        f"{what}: the database is away: {GONE}"
        for what in ("a task has ended, but that cannot be written", "the state of a task cannot be written")
    }


async def test_deliveries_that_cannot_be_settled_now_are_told_in_a_line(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[None] = []

    async def delivered(*_: Any, **__: Any) -> None:
        tried.append(None)
        raise GONE

    async def are_tried() -> bool:
        return len(tried) == 2

    monkeypatch.setattr(push, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(Webhooks, "delivered", delivered)
    agent = await run_server(machine={"egress_allow": ["127.0.0.0/8"]})
    async with open_receiver() as receiver:
        configuration = {"taskPushNotificationConfig": {"url": receiver.url}}
        for _ in range(2):
            await agent.rpc("SendMessage", {"message": say("hello"), "configuration": configuration})
        await eventually(are_tried)
        await agent.stop()
    assert lines(caplog) == {f"what became of a delivery cannot be written: the database is away: {GONE}"}


async def test_a_process_whose_lease_is_over_does_not_say_what_it_knew(
    agent: Agent, run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was stopped, and goes on when another has brought its task to an end."""

    async def renew(*_: Any) -> Any:
        raise GONE

    async def has_ended() -> bool:
        return await state_at(other) == "TASK_STATE_COMPLETED"

    async def state_at(replica: Agent) -> str:
        state: str = (await replica.rpc("GetTask", {"id": task["id"]}))["result"]["status"]["state"]
        return state

    monkeypatch.setattr(Turns, "renew", renew)
    agent.engine.gate.clear()
    params = {"message": say("hello"), "configuration": {"returnImmediately": True}}
    task = (await agent.rpc("SendMessage", params))["result"]["task"]
    other = await run_server(name="other", database=agent.service._database)
    await eventually(has_ended)
    assert await state_at(agent) == "TASK_STATE_COMPLETED"
    agent.engine.gate.set()
