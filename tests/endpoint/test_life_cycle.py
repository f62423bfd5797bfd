"""Any order of operations on tasks, restarts of the service between them, against a model of what each must answer.

A turn ends when its message is released: until then its model says nothing. Turns of one conversation end in the order
of their messages.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from service.app import Service
from service.chat.inner import InnerFormat
from service.engine.base import Chunk, Sampling
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import Machine
from tests.byte_tokenizer import byte_tokenizer
from tests.conftest import TOOLS, ActorEngine, agent_config, echo
from tests.endpoint.bindings import INVALID_PARAMS, NOT_CANCELABLE, TASK_NOT_FOUND, UNSUPPORTED

OPEN = ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING")
COMPLETED, CANCELED = "TASK_STATE_COMPLETED", "TASK_STATE_CANCELED"


class HeldEngine(ActorEngine):
    """Answers a message once it is released."""

    released: defaultdict[str, asyncio.Event]

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        await self.released[self.read(tokens).text].wait()
        async with aclosing(super().generate(tokens, sampling)) as stream:
            async for chunk in stream:
                yield chunk


@dataclass(eq=False)
class Expected:
    """What is known of a task from what was done to it."""

    message: dict[str, Any]
    task_id: str
    context_id: str
    states: tuple[str, ...] = OPEN
    """One of them is its state."""
    released: bool = False

    @property
    def text(self) -> str:
        text: str = self.message["parts"][0]["text"]
        return text

    @property
    def is_open(self) -> bool:
        return self.states == OPEN


@dataclass
class Running:
    """The service as it runs now."""

    url: str
    http: httpx.AsyncClient
    stack: AsyncExitStack = field(repr=False)


class LifeCycle(RuleBasedStateMachine):
    tasks = Bundle("tasks")

    @initialize()
    def start(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.known: list[Expected] = []
        self.released: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.service = self.runner.run(self._start())

    def teardown(self) -> None:
        self.runner.run(self.service.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @rule(target=tasks, anew=st.booleans(), context=st.sampled_from(["one", "other"]))
    def send(self, anew: bool, context: str) -> Expected:
        number = len(self.known)
        message = {"messageId": f"m{number}", "role": "ROLE_USER", "parts": [{"text": f"message {number}"}]}
        if not anew:
            message["contextId"] = context
        task = self._send(message)["result"]["task"]
        assert task["status"]["state"] in OPEN
        assert task["id"] not in {each.task_id for each in self.known}
        assert anew or task["contextId"] == context
        expected = Expected(message, task["id"], task["contextId"])
        self.known.append(expected)
        return expected

    @rule(expected=tasks)
    def send_again(self, expected: Expected) -> None:
        self._check(self._send(expected.message)["result"]["task"], expected)

    @rule(expected=tasks)
    def send_another_by_the_same_name(self, expected: Expected) -> None:
        answer = self._send({**expected.message, "parts": [{"text": "something else"}]})
        assert answer["error"]["code"] == INVALID_PARAMS.code

    @rule(expected=tasks)
    def send_to_a_task(self, expected: Expected) -> None:
        """None of these takes messages: it works, or has ended."""
        answer = self._send({**expected.message, "messageId": "new", "taskId": expected.task_id})
        assert answer["error"]["code"] == UNSUPPORTED.code

    @rule(expected=tasks)
    def get(self, expected: Expected) -> None:
        self._check(self._rpc("GetTask", {"id": expected.task_id})["result"], expected)

    @rule()
    def get_unknown(self) -> None:
        for method in ("GetTask", "CancelTask"):
            assert self._rpc(method, {"id": "unknown"})["error"]["code"] == TASK_NOT_FOUND.code

    @rule(expected=tasks)
    def cancel(self, expected: Expected) -> None:
        answer = self._rpc("CancelTask", {"id": expected.task_id})
        if expected.is_open:
            expected.states = (CANCELED,)
            self._check(answer["result"], expected)
            self._let_end()
        else:
            assert answer["error"]["code"] == NOT_CANCELABLE.code

    @rule(expected=tasks)
    def release(self, expected: Expected) -> None:
        expected.released = True
        self.released[expected.text].set()
        self._let_end()

    @rule(expected=tasks)
    def follow_to_the_end(self, expected: Expected) -> None:
        heard = self.runner.run(self._follow(expected))
        if heard is None:
            assert not expected.is_open
        else:
            self._let_end()
            assert heard == (expected.states[0], self._answer(expected))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.service.stack.aclose())
        self.service = self.runner.run(self._start())

    @rule(state=st.sampled_from(["TASK_STATE_UNSPECIFIED", COMPLETED, CANCELED]))
    def list_by_state(self, state: str) -> None:
        tasks = self._rpc("ListTasks", {"status": state, "pageSize": 100})["result"]["tasks"]
        wanted = {each.task_id for each in self.known if state in (*each.states, "TASK_STATE_UNSPECIFIED")}
        assert {task["id"] for task in tasks} == wanted

    @invariant()
    def every_task_is_there_as_it_should_be(self) -> None:
        listed = self._rpc("ListTasks", {"pageSize": 100, "includeArtifacts": True})["result"]["tasks"]
        by_id = {task["id"]: task for task in listed}
        assert by_id.keys() == {each.task_id for each in self.known}
        for expected in self.known:
            self._check(by_id[expected.task_id], expected)

    def _check(self, task: dict[str, Any], expected: Expected) -> None:
        assert (task["id"], task["contextId"]) == (expected.task_id, expected.context_id)
        assert task["status"]["state"] in expected.states
        if expected.states == (COMPLETED,):
            assert _text(task) == self._answer(expected)

    def _answer(self, expected: Expected) -> str:
        return f"You said: {expected.text}" if expected.states == (COMPLETED,) else ""

    def _let_end(self) -> None:
        """Waits for the tasks that can end by now."""
        by_context: dict[str, list[Expected]] = defaultdict(list)
        for each in self.known:
            if each.is_open:
                by_context[each.context_id].append(each)
        for waiting in by_context.values():
            for each in waiting:
                if not each.released:
                    break
                each.states = (COMPLETED,)
                self.runner.run(self._ended(each))

    async def _ended(self, expected: Expected) -> None:
        async with asyncio.timeout(20):
            while (await self._call("GetTask", {"id": expected.task_id}))["result"]["status"]["state"] in OPEN:
                await asyncio.sleep(0.005)

    async def _follow(self, expected: Expected) -> tuple[str, str] | None:
        """What a subscriber hears while all that the task waits for is released. None if there is nothing to hear."""
        text, state = "", ""
        body = {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": expected.task_id}}
        async with self.service.http.stream(
            "POST", self.service.url, json=body, headers={"A2A-Version": "1.0"}
        ) as response:
            async for line in response.aiter_lines():
                if line.startswith("{") or '"error"' in line:
                    assert str(UNSUPPORTED.code) in line
                    return None
                if not line.startswith("data: "):
                    continue
                event = json.loads(line.removeprefix("data: "))["result"]
                if task := event.get("task"):
                    self._check(task, expected)
                    text, state = _text(task), task["status"]["state"]
                    for each in self.known:
                        if each.is_open and each.context_id == expected.context_id:
                            each.released = True
                            self.released[each.text].set()
                elif update := event.get("artifactUpdate"):
                    piece = _text({"artifacts": [update["artifact"]]})
                    text = text + piece if update.get("append") else piece
                else:
                    state = event["statusUpdate"]["status"]["state"]
        return state, text

    def _send(self, message: dict[str, Any]) -> Any:
        return self._rpc("SendMessage", {"message": message, "configuration": {"returnImmediately": True}})

    def _rpc(self, method: str, params: dict[str, Any]) -> Any:
        return self.runner.run(self._call(method, params))

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = await self.service.http.post(self.service.url, json=body, headers={"A2A-Version": "1.0"})
        return response.json()

    async def _start(self) -> Running:
        tokenizer, folder = byte_tokenizer(), Path(self.folder.name)
        (folder / "tools.py").write_text(TOOLS)
        chat, listener = InnerFormat(tokenizer), listen("127.0.0.1", 0)
        engine = HeldEngine(tokenizer, chat, echo)
        engine.released = self.released
        machine = Machine(data=folder / "data")
        service = Service(agent_config(), machine, folder, nullcontext(engine), chat, url_of(listener))
        stack = AsyncExitStack()
        await stack.enter_async_context(EmbeddedServer(service, 0.0, log_level="error").running(listener))
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        return Running(url_of(listener), http, stack)


def _text(task: dict[str, Any]) -> str:
    return "".join(part["text"] for artifact in task.get("artifacts", ()) for part in artifact["parts"])


TestLifeCycle = LifeCycle.TestCase
TestLifeCycle.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
