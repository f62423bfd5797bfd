"""A question to the user is an open call: the task rests, the next message is the call's result."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from service import extension
from tests.conftest import Agent, Asked, Reply, RunServer, Says, say
from tests.endpoint.bindings import INVALID_PARAMS, UNSUPPORTED, Call, assert_refused, over_both

WAITS = "TASK_STATE_INPUT_REQUIRED"


def asks(asked: Asked) -> Says:
    """Asks which colour while it adds, and says what came of both."""
    if not asked.results:
        return Says("Hm. ", (("ask_user", '{"question": "Which colour?"}'), ("add", '{"a": 2, "b": 3}')))
    return Says(f"{asked.results[0]}, {asked.results[1]}.")


def passes_on(asked: Asked) -> Says:
    """Asks its peer what it was asked."""
    if not asked.results:
        return Says("", (("inner", json.dumps({"message": asked.text})),))
    return Says(f"They say: {asked.results[0]}")


def text_of(task: dict[str, Any]) -> str:
    return "".join(part["text"] for artifact in task["artifacts"] for part in artifact["parts"])


def question_of(task: dict[str, Any]) -> str:
    assert task["status"]["state"] == WAITS
    question: str = task["status"]["message"]["parts"][0]["text"]
    return question


@over_both
async def test_a_question_and_its_answer(run_server: RunServer, call: Call) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = (await call(agent, "SendMessage", {"message": say("Paint it.")})).json()
    resting = resting.get("result", resting)["task"]
    assert question_of(resting) == "Which colour?"
    assert text_of(resting) == "Hm. "
    answered = (await call(agent, "SendMessage", {"message": say("Red", taskId=resting["id"])})).json()
    task = answered.get("result", answered)["task"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert text_of(task) == "Hm. Red, 5."
    assert [message["parts"][0]["text"] for message in task["history"]] == ["Paint it.", "Which colour?", "Red"]
    assert len(agent.engine.requests) == 2
    first, second = (prompt for prompt, _ in agent.engine.requests)
    assert second[: len(first) + len(agent.engine.outputs[0])] == first + agent.engine.outputs[0]


async def test_an_answer_after_a_restart(run_server: RunServer) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.", contextId="c")
    await agent.stop()
    again = await run_server(asks, ask_user=True)
    assert question_of((await again.rpc("GetTask", {"id": resting["id"]}))["result"]) == "Which colour?"
    assert text_of(await again.send("Blue", taskId=resting["id"], contextId="c")) == "Hm. Blue, 5."


async def test_the_same_answer_twice_is_one_answer(run_server: RunServer) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    message = say("Red", taskId=resting["id"])
    sent = await asyncio.gather(*(agent.rpc("SendMessage", {"message": message}) for _ in range(3)))
    assert {text_of(each["result"]["task"]) for each in sent} == {"Hm. Red, 5."}


async def test_of_two_answers_one_is_taken(run_server: RunServer) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    sent = await asyncio.gather(*(agent.send(colour, taskId=resting["id"]) for colour in ("Red", "Blue")))
    (refused,) = [each for each in sent if "code" in each]
    (taken,) = [each for each in sent if "code" not in each]
    assert refused["code"] == UNSUPPORTED.code
    assert text_of(taken) in ("Hm. Red, 5.", "Hm. Blue, 5.")


@over_both
async def test_answers_that_do_not_fit(run_server: RunServer, call: Call) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    elsewhere = say("Red", taskId=resting["id"], contextId="elsewhere")
    assert_refused(await call(agent, "SendMessage", {"message": elsewhere}), INVALID_PARAMS)
    task = await agent.send("Red", taskId=resting["id"])
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    late = say("Blue", taskId=resting["id"])
    assert_refused(await call(agent, "SendMessage", {"message": late}), UNSUPPORTED)


async def test_a_conversation_waits_for_the_answer(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: asks(asked) if asked.text == "Paint it." else Says("Hello."), ask_user=True)
    resting = await agent.send("Paint it.", contextId="c")
    other = asyncio.create_task(agent.send("Hello?", contextId="c"))
    await agent.listed("INPUT_REQUIRED", "SUBMITTED")
    await agent.send("Red", taskId=resting["id"])
    assert text_of(await other) == "Hello."


async def test_a_resting_task_is_cancelled(run_server: RunServer) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    cancelled = (await agent.rpc("CancelTask", {"id": resting["id"]}))["result"]
    assert cancelled["status"]["state"] == "TASK_STATE_CANCELED"
    assert [message["parts"][0]["text"] for message in cancelled["history"]] == ["Paint it.", "Which colour?"]
    assert (await agent.send("Red", taskId=resting["id"]))["code"] == UNSUPPORTED.code


async def test_a_question_that_nobody_answers_expires(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.endpoint.worker._LOOK_SECONDS", 0.1)
    agent = await run_server(asks, ask_user=True, limits={"answer_seconds": 0.2})
    await agent.send("Paint it.")
    (task,) = await agent.listed("COMPLETED")
    whole = (await agent.rpc("GetTask", {"id": task["id"]}))["result"]
    assert text_of(whole) == "Hm. error: nobody answered in time, 5."


@pytest.mark.parametrize(("answer", "said"), [("yes", "5"), ("no!", "error: not done, since the user did not agree")])
async def test_approval(run_server: RunServer, answer: str, said: str) -> None:
    def reply(asked: Asked) -> Says:
        return Says(asked.results[0]) if asked.results else Says("", (("add", '{"a": 2, "b": 3}'),))

    agent = await run_server(reply, tools=[{"use": "tools.py:add", "approval": True}])
    resting = await agent.send("2 and 3?")
    assert question_of(resting) == "May I call add(a=2, b=3)?"
    assert text_of(await agent.send(answer, taskId=resting["id"])).startswith(said)


@pytest.mark.parametrize(("tool", "asked"), [("ask_user", "half ?"), ("note", r'May I call note(text="half \ud83d")?')])
async def test_half_a_character_in_a_question(run_server: RunServer, tmp_path: Path, tool: str, asked: str) -> None:
    """JSON has a spelling for it, and no message can hold it."""
    half = r'{"question": "half \ud83d"}' if tool == "ask_user" else r'{"text": "half \ud83d"}'
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "notes.py").write_text('def note(text: str) -> str:\n    """Notes."""\n    return "noted"\n')

    def reply(told: Asked) -> Says:
        return Says(told.results[0]) if told.results else Says("", ((tool, half),))

    agent = await run_server(reply, ask_user=True, tools=[{"use": "notes.py:note", "approval": True}])
    resting = await agent.send("Go.")
    assert question_of(resting) == asked
    assert text_of(await agent.send("yes", taskId=resting["id"])) == ("yes" if tool == "ask_user" else "noted")


async def test_each_call_is_approved_by_itself(run_server: RunServer) -> None:
    """Two of one turn, the second of which is asked about once the first is answered."""

    def reply(asked: Asked) -> Says:
        if asked.results:
            return Says(" and ".join(asked.results))
        return Says("", (("add", '{"a": 2, "b": 3}'), ("add", '{"a": 4, "b": 5}')))

    agent = await run_server(reply, tools=[{"use": "tools.py:add", "approval": True}])
    resting = await agent.send("Both?")
    assert question_of(resting) == "May I call add(a=2, b=3)?"
    resting = await agent.send("Yes", taskId=resting["id"])
    assert question_of(resting) == "May I call add(a=4, b=5)?"
    assert text_of(await agent.send("Ok", taskId=resting["id"])) == "5 and 9"


async def peers(run_server: RunServer, reply: Reply) -> tuple[Agent, Agent]:
    inner = await run_server(reply, name="inner", ask_user=True)
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    return outer, inner


async def test_what_a_peer_asks_passes_through_and_the_answer_back(run_server: RunServer) -> None:
    """Also over a restart of the agent between them."""
    outer, inner = await peers(run_server, asks)
    resting = await outer.send("Paint it.")
    assert question_of(resting) == "inner asks: Which colour?"
    await outer.stop()
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    task = await outer.send("Red", taskId=resting["id"])
    assert text_of(task) == "They say: Hm. Red, 5."
    (done,) = await inner.listed("COMPLETED")
    assert done["id"] != task["id"]


async def test_a_peer_that_asks_twice(run_server: RunServer) -> None:
    outer, inner = await peers(run_server, curious)
    resting = await outer.send("Go.")
    for number in range(2):
        assert question_of(resting) == f"inner asks: Question {number}?"
        resting = await outer.send(f"answer {number}", taskId=resting["id"])
    assert text_of(resting) == "They say: answer 0 and answer 1"
    await inner.listed("COMPLETED")


async def test_who_follows_a_task_that_rests_hears_what_comes_of_the_answer(run_server: RunServer) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    heard: list[dict[str, Any]] = []
    listening = asyncio.Event()

    async def follow() -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": resting["id"]}}
        async with agent.http.stream("POST", agent.url, json=body, headers={"A2A-Version": "1.0"}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    heard.append(json.loads(line.removeprefix("data: "))["result"])
                    listening.set()

    following = asyncio.create_task(follow())
    await listening.wait()
    assert text_of(await agent.send("Red", taskId=resting["id"])) == "Hm. Red, 5."
    await following
    assert heard[0]["task"]["status"]["state"] == WAITS
    assert heard[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    states = [each["statusUpdate"]["status"]["state"] for each in heard if "statusUpdate" in each]
    assert states == ["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]


async def test_who_follows_a_task_that_rests_hears_that_it_is_cancelled(run_server: RunServer) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    body = {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": resting["id"]}}
    async with agent.http.stream("POST", agent.url, json=body, headers={"A2A-Version": "1.0"}) as response:
        lines = response.aiter_lines()
        assert WAITS in await anext(lines)
        await agent.rpc("CancelTask", {"id": resting["id"]})
        last = [line async for line in lines if line.startswith("data: ")][-1]
    assert json.loads(last.removeprefix("data: "))["result"]["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"


def curious(asked: Asked) -> Says:
    """Asks twice."""
    if len(asked.results) < 2:
        return Says("", (("ask_user", json.dumps({"question": f"Question {len(asked.results)}?"})),))
    return Says(" and ".join(asked.results))


def naming(question: Any) -> dict[str, Any]:
    """What the metadata say of a message that answers this one."""
    return {"metadata": {extension.URI: {"answers": question}}}


@over_both
async def test_an_answer_that_names_its_question(run_server: RunServer, call: Call) -> None:
    """It is none to another."""
    agent = await run_server(curious, ask_user=True)
    resting = await agent.send("Go.")
    first = resting["status"]["message"]["messageId"]
    to_first = say("zero", taskId=resting["id"], **naming(first))
    answered = (await call(agent, "SendMessage", {"message": to_first})).json()
    answered = answered.get("result", answered)["task"]
    assert question_of(answered) == "Question 1?"
    late = await call(agent, "SendMessage", {"message": say("late", taskId=resting["id"], **naming(first))})
    assert_refused(late, INVALID_PARAMS)
    assert f"does not ask {first}" in late.text
    again = (await call(agent, "SendMessage", {"message": to_first})).json()
    assert again.get("result", again)["task"]["id"] == resting["id"]
    second = answered["status"]["message"]["messageId"]
    assert text_of(await agent.send("one", taskId=resting["id"], **naming(second))) == "zero and one"


@over_both
@pytest.mark.parametrize("question", ["", 7, None, ["x"]])
async def test_an_answer_that_names_what_is_no_question(run_server: RunServer, call: Call, question: Any) -> None:
    agent = await run_server(asks, ask_user=True)
    resting = await agent.send("Paint it.")
    message = say("Red", taskId=resting["id"], **naming(question))
    assert_refused(await call(agent, "SendMessage", {"message": message}), INVALID_PARAMS)
    assert question_of((await agent.rpc("GetTask", {"id": resting["id"]}))["result"]) == "Which colour?"


async def test_an_answer_to_a_peer_s_question_that_is_not_asked_any_more(run_server: RunServer) -> None:
    """1. A peer asks, and waits no longer for the answer.  2. It asks something else.  3. The answer comes."""
    inner = await run_server(curious, name="inner", ask_user=True)
    outer = await run_server(passes_on, name="outer", peers=[{"name": "inner", "url": inner.url}])
    resting = await outer.send("Go.")
    (asking,) = await inner.listed("INPUT_REQUIRED")
    assert question_of(await inner.send("zero", taskId=asking["id"])) == "Question 1?"
    answered = await outer.send("to the first", taskId=resting["id"])
    assert text_of(answered).startswith("They say: error: inner refused: ")
