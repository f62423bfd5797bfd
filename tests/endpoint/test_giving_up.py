"""A peer's task that waits for an answer which will never come is cancelled.

1. Our task rests for it, and is cancelled: on any replica, after a restart, also of a peer that is away for a while.
2. Nobody answers in time.
3. Our task ends before it rests.
4. Our task ends after the answer, before anybody goes on with it.
5. Nobody goes on with our task, since too many have died over it, or it is cancelled then: also what the peer does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from service.endpoint.run import ATTEMPTS
from service.process.server import listen
from service.sessions.database import open_database
from service.sessions.tables import turns
from service.sessions.turns import Held
from service.tools.base import CallKey
from service.tools.peers import PeerConfig, open_peers
from tests.conftest import Agent, Asked, RunServer, Says, echo, eventually, say
from tests.endpoint.test_asking import asks, passes_on, peers, question_of, text_of


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.tools.peers._CANCEL_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("service.endpoint.worker._LOOK_SECONDS", 0.1)


async def cancel(agent: Agent, task_id: str) -> None:
    """That is told at once."""
    cancelled = (await agent.rpc("CancelTask", {"id": task_id}))["result"]
    assert cancelled["status"]["state"] == "TASK_STATE_CANCELED"


async def test_a_task_that_rests_is_cancelled_with_its_peer_s(run_server: RunServer) -> None:
    """And the conversation goes on."""
    outer, inner = await peers(run_server, asks)
    resting = await outer.send("Paint it.", contextId="c")
    await cancel(outer, resting["id"])
    await inner.listed("CANCELED")
    again = await outer.send("Paint it again.", contextId="c")
    assert question_of(again) == "inner asks: Which colour?"
    assert (await outer.rpc("GetTask", {"id": resting["id"]}))["result"]["status"]["state"] == "TASK_STATE_CANCELED"


async def test_after_a_restart(run_server: RunServer) -> None:
    outer, inner = await peers(run_server, asks)
    resting = await outer.send("Paint it.")
    await outer.stop()
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    await cancel(outer, resting["id"])
    await inner.listed("CANCELED")


async def test_on_another_replica(run_server: RunServer, new_postgres: Callable[[], str]) -> None:
    inner = await run_server(asks, name="inner", ask_user=True)
    shared = {"database": new_postgres(), "peers": [{"name": "inner", "url": inner.url}]}
    one, other = [await run_server(passes_on, name=name, **shared) for name in ("one", "other")]
    resting = await one.send("Paint it.")
    await cancel(other, resting["id"])
    await inner.listed("CANCELED")
    await one.listed("CANCELED")


async def test_of_several_peers_that_ask_at_once(run_server: RunServer) -> None:
    def asks_both(asked: Asked) -> Says:
        calls = [(name, json.dumps({"message": asked.text})) for name in ("left", "right")]
        return Says(" and ".join(asked.results)) if asked.results else Says("", tuple(calls))

    both = [await run_server(asks, name=name, ask_user=True) for name in ("left", "right")]
    config = [{"name": agent.name, "url": agent.url} for agent in both]
    outer = await run_server(asks_both, name="outer", peers=config)
    resting = await outer.send("Paint it.")
    assert question_of(resting) == "left asks: Which colour?"
    await cancel(outer, resting["id"])
    for agent in both:
        await agent.listed("CANCELED")


async def test_a_peer_that_is_away_is_told_later(run_server: RunServer, caplog: pytest.LogCaptureFixture) -> None:
    """Also by the process that comes after ours."""
    outer, inner = await peers(run_server, asks)
    first, second = await outer.send("Paint it."), await outer.send("Paint it.")
    await inner.stop()
    await cancel(outer, first["id"])
    await cancel(outer, second["id"])
    await outer.stop()
    inner = await run_server(
        asks, name="inner", ask_user=True, listener=listen("127.0.0.1", urlsplit(inner.url).port or 0)
    )
    await inner.listed("INPUT_REQUIRED", "INPUT_REQUIRED")
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    await inner.listed("CANCELED", "CANCELED")
    await outer.listed("CANCELED", "CANCELED")


async def test_a_peer_that_stays_away_is_given_up(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.tools.peers._CANCEL_SECONDS", 0.2)
    outer, inner = await peers(run_server, asks)
    resting = await outer.send("Paint it.", contextId="c")
    await inner.stop()
    await cancel(outer, resting["id"])
    task = await outer.send("Paint it again.", contextId="c")
    assert text_of(task) == "They say: error: inner cannot be reached"
    assert "peer inner has not been told to cancel task" in caplog.text


async def test_nobody_answers_in_time(run_server: RunServer) -> None:
    inner = await run_server(asks, name="inner", ask_user=True)
    outer = await run_server(
        passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}], limits={"answer_seconds": 0.2}
    )
    await outer.send("Paint it.")
    (task,) = await outer.listed("COMPLETED")
    whole = (await outer.rpc("GetTask", {"id": task["id"]}))["result"]
    assert text_of(whole) == "They say: error: nobody answered in time"
    await inner.listed("CANCELED")


async def test_a_task_that_ends_before_it_rests(run_server: RunServer) -> None:
    """One call asks while another runs."""

    def asks_and_sleeps(asked: Asked) -> Says:
        return Says("", (("inner", json.dumps({"message": asked.text})), ("sleep", "{}")))

    inner = await run_server(asks, name="inner", ask_user=True)
    outer = await run_server(asks_and_sleeps, name="outer", peers=[{"name": "inner", "url": inner.url}])
    sent = asyncio.create_task(outer.send("Paint it."))
    await inner.listed("INPUT_REQUIRED")
    (task,) = await outer.listed("WORKING")

    async def is_heard() -> bool:
        """Else the peer is cancelled while it is asked."""
        return not any(name.startswith("inner") for name in (each.get_name() for each in asyncio.all_tasks()))

    await eventually(is_heard)
    await cancel(outer, task["id"])
    assert (await sent)["status"]["state"] == "TASK_STATE_CANCELED"
    await inner.listed("CANCELED")


async def test_a_task_that_is_cancelled_between_the_answer_and_what_comes_of_it(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_: object, **__: object) -> list[Held]:
        return []

    outer, inner = await peers(run_server, asks)
    resting = await outer.send("Paint it.")
    with monkeypatch.context() as patch:
        assert outer.service._worker is not None
        patch.setattr(outer.service._worker._turns, "claim", none)
        answer = {"message": say("Red", taskId=resting["id"]), "configuration": {"returnImmediately": True}}
        answered = (await outer.rpc("SendMessage", answer))["result"]["task"]
        assert answered["status"]["state"] == "TASK_STATE_SUBMITTED"
        await cancel(outer, resting["id"])
    await inner.listed("CANCELED")


@pytest.mark.parametrize(("left", "state"), [({"attempts": ATTEMPTS}, "FAILED"), ({"cancelled": True}, "CANCELED")])
async def test_a_task_that_nobody_goes_on_with(run_server: RunServer, left: dict[str, Any], state: str) -> None:
    """1. Its process ends while the peer works on it.  2. The next one tells its end at once.  3. The peer is told."""
    outer, inner = await peers(run_server, echo)
    inner.engine.gate.clear()
    await outer.rpc("SendMessage", {"message": say("Paint it."), "configuration": {"returnImmediately": True}})
    await inner.listed("WORKING")
    await outer.stop()
    async with open_database(outer.database) as database, database.begin() as connection:
        await connection.execute(update(turns).values(left))
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    await outer.listed(state)
    await inner.listed("CANCELED")
    (prompt, _) = inner.engine.requests[0]
    assert inner.engine.read(prompt).text == "Paint it."


async def test_a_peer_does_not_hear_of_what_it_is_to_give_up(run_server: RunServer) -> None:
    inner = await run_server(echo, name="inner")
    async with open_peers([PeerConfig("inner", inner.url)]) as found:
        await found["inner"].give_up({"message": "Paint it."}, CallKey("t/c0"), "")
    assert (await inner.rpc("ListTasks", {}))["result"]["totalSize"] == 0
