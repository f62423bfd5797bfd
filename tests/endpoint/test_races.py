"""What is asked in the very moment in which a task changes: nobody is told, or writes, what is true no more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from service import extension
from service.endpoint.decoding import Decoding
from service.endpoint.worker import Worker
from service.sessions.database import open_database
from service.sessions.tables import turns
from service.sessions.turns import Turns
from service.sessions.writes import Writes
from tests.conftest import Agent, Asked, RunServer, Says, eventually, say
from tests.endpoint.slow_agent import ADD_AND_SLEEP, reply
from tests.endpoint.test_asking import asks, passes_on, question_of, text_of
from tests.endpoint.test_extension import CURIOUS, events_of

CANCELED = "TASK_STATE_CANCELED"
AT_ONCE = {"returnImmediately": True}


async def get(agent: Agent, task_id: str, **headers: str) -> Any:
    return (await agent.rpc("GetTask", {"id": task_id}, **headers))["result"]


async def frames(agent: Agent, method: str, params: Any, **headers: str) -> list[dict[str, Any]]:
    """The results of a JSON-RPC stream."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with agent.http.stream("POST", agent.url, json=body, headers={"A2A-Version": "1.0", **headers}) as response:
        lines = [line async for line in response.aiter_lines()]
    return [json.loads(line.removeprefix("data: "))["result"] for line in lines if line.startswith("data: ")]


async def cancel(agent: Agent, task_id: str) -> Any:
    return (await agent.rpc("CancelTask", {"id": task_id}))["result"]


def history_of(task: dict[str, Any]) -> list[str]:
    return [message["parts"][0]["text"] for message in task["history"]]


async def test_what_has_ended_elsewhere_has_ended_where_it_was_decoded(
    run_server: RunServer, new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process has not heard yet that its end is stored."""

    async def write(self: Writes, *statements: Any, **options: Any) -> None:
        await original(self, *statements, **options)
        if any(getattr(getattr(each, "table", None), "name", "") == "tasks" for each, _ in statements if ending):
            await heard.wait()

    original, heard, ending = Writes.write, asyncio.Event(), False
    monkeypatch.setattr(Writes, "write", write)
    url = new_postgres()
    one, other = [await run_server(name=name, database=url) for name in ("one", "other")]
    one.engine.gate.clear()
    sent = say("hello")
    task = (await one.rpc("SendMessage", {"message": sent, "configuration": AT_ONCE}))["result"]["task"]
    await one.engine.started.wait()
    ending = True
    cancelled = await cancel(other, task["id"])
    assert cancelled["status"]["state"] == CANCELED
    assert await get(one, task["id"]) == cancelled
    again = await one.rpc("SendMessage", {"message": sent, "configuration": AT_ONCE})
    assert again["result"]["task"] == cancelled
    heard.set()


async def test_who_cleans_up_knows_no_more_than_what_is_stored(
    run_server: RunServer, new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody follows there what another process has ended."""

    async def give_up(*_: Any) -> None:
        cleaning.set()
        await cleaned.wait()

    async def never(*_: Any, **__: Any) -> Any:
        return await asyncio.get_running_loop().create_future()

    cleaning, cleaned = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(Worker, "_watch_others", never)
    monkeypatch.setattr(Decoding, "give_up", give_up)
    inner = await run_server(asks, name="inner", ask_user=True)
    shared = {"database": new_postgres(), "peers": [{"name": "inner", "url": inner.url}]}
    one, other = [await run_server(passes_on, name=name, **shared) for name in ("one", "other")]
    monkeypatch.setattr(other.service._worker._turns, "claim", never)
    resting = await one.send("Paint it.")
    following = asyncio.create_task(frames(one, "SubscribeToTask", {"id": resting["id"]}))
    while one.service._worker.logs.get(resting["id"]) is None:
        await asyncio.sleep(0.01)
    cancelled = await cancel(other, resting["id"])
    await cleaning.wait()
    assert await get(one, resting["id"]) == cancelled
    cleaned.set()
    following.cancel()


async def test_an_answer_that_came_before_a_cancel_is_in_the_task(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def comes_late(*arguments: Any) -> Any:
        monkeypatch.setattr(agent.service._worker._turns, "claim", no_more)
        answer = {"message": say("Red", taskId=resting["id"]), "configuration": AT_ONCE}
        assert "result" in await agent.rpc("SendMessage", answer)
        return await original(*arguments)

    async def no_more(*_: Any, **__: Any) -> list[Any]:
        return []

    original = Turns.cancel
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    monkeypatch.setattr(Turns, "cancel", comes_late)
    cancelled = await cancel(agent, resting["id"])
    assert cancelled["status"]["state"] == CANCELED
    assert history_of(cancelled) == ["Paint it.", "Which colour?", "Red"]
    assert await get(agent, resting["id"]) == cancelled


async def test_an_answer_that_comes_to_a_later_question_leaves_nothing_out(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks_twice(asked: Asked) -> Says:
        if len(asked.results) < 2:
            return Says(f"{len(asked.results)}. ", (("ask_user", '{"question": "Which?"}'),))
        return Says(" and ".join(asked.results))

    async def comes_late(*arguments: Any) -> Any:
        monkeypatch.setattr(Turns, "answer", original)
        assert question_of(await agent.send("Red", taskId=resting["id"])) == "Which?"
        return await original(*arguments)

    original = Turns.answer
    agent = await run_server(asks_twice, ask_user=True)
    resting = await agent.send("Paint it.")
    monkeypatch.setattr(Turns, "answer", comes_late)
    task = await agent.send("Blue", taskId=resting["id"])
    assert text_of(task) == "0. 1. Red and Blue"
    assert history_of(task) == ["Paint it.", "Which?", "Red", "Which?", "Blue"]
    assert task["metadata"] == (await get(agent, task["id"], **CURIOUS))["metadata"]


@pytest.mark.parametrize("takes_over", [False, True])
async def test_who_follows_hears_all_that_happened_before_a_cancel(
    run_server: RunServer, new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch, takes_over: bool
) -> None:
    """Its process has died since; who cancels it, or takes it over, has not looked at its events yet."""

    async def never(*_: Any) -> None:
        await asyncio.get_running_loop().create_future()

    async def claim(*arguments: Any, **options: Any) -> Any:
        return await original(*arguments, **options) if is_cancelled else []

    async def is_followed() -> bool:
        log = other.service._worker.logs.get(task["id"])
        return log is not None and log.curious > 0

    async def sleeps() -> bool:
        events = (await get(one, task["id"], **CURIOUS))["metadata"][extension.URI]["events"]
        return [each["tool"] for each in events if each["kind"] == "call_started"] == ["add", "sleep"]

    async def is_over() -> bool:
        return bool((await get(other, task["id"]))["status"]["state"] == CANCELED)

    original, is_cancelled = Turns.claim, False
    monkeypatch.setattr(Turns, "claim", claim)
    monkeypatch.setattr(Worker, "_watch_others", never)
    monkeypatch.setattr(Worker, "_renew", never)
    monkeypatch.setenv("INNERLOOP_LEASE_SECONDS", "0.5")
    url = new_postgres()
    one, other = [await run_server(reply, name=name, database=url) for name in ("one", "other")]
    one.engine.gate.clear()
    message = {"message": say(ADD_AND_SLEEP), "configuration": AT_ONCE}
    task = (await one.rpc("SendMessage", message))["result"]["task"]
    following = asyncio.create_task(frames(other, "SubscribeToTask", {"id": task["id"]}, **CURIOUS))
    await eventually(is_followed)
    one.engine.gate.set()
    await eventually(sleeps)
    await asyncio.sleep(0.6)
    if takes_over:
        async with open_database(url) as database, database.begin() as connection:
            await connection.execute(update(turns).values(cancelled=True))
        is_cancelled = True
        await eventually(is_over)
    else:
        await cancel(other, task["id"])
    whole = await get(other, task["id"], **CURIOUS)
    heard = [data for data in events_of(await following) if "seq" in data]
    assert [each["seq"] for each in heard] == [each["seq"] for each in whole["metadata"][extension.URI]["events"]]
