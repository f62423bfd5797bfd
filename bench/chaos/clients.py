"""Clients that lose their connections: each sends one message, and does not rest until it knows how its task ended."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx

ENDED = ("TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED")
_HEADERS = {"A2A-Version": "1.0"}
_INTERNAL, _UNSUPPORTED, _NOT_CANCELABLE = -32603, -32004, -32002
_PAUSE_SECONDS = 0.2


class TryAgain(Exception):
    """The answer was lost, or the agent cannot do it now."""


class Refused(Exception):
    """The protocol's error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


@dataclass(slots=True)
class Client:
    """One message and what became of it."""

    ask: str
    context_id: str | None
    draws: random.Random
    urls: Sequence[str]
    http: httpx.AsyncClient
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    task_ids: set[str] = field(default_factory=set)
    cancels: bool = False
    lost: Counter[str] = field(default_factory=Counter)
    """Answers, by what became of them."""
    sent: int = 0
    heard: str | None = None
    """By whoever followed the task to its end, from its last subscription on."""
    task: dict[str, Any] = field(default_factory=dict)
    """At its end."""
    wrong: list[str] = field(default_factory=list)

    async def run(self, delay: float) -> None:
        await asyncio.sleep(delay)
        self.cancels = self.draws.random() < 0.05
        await self._persist(self._send)
        if self.draws.random() < 0.2:
            await self._persist(self._send)
        if self.cancels:
            await asyncio.sleep(self.draws.uniform(0, 2))
            await self._persist(self._cancel)
        while not self.task:
            await self._persist(self.draws.choice((self._subscribe, self._subscribe, self._look)))
        await self._persist(self._look)

    @property
    def _url(self) -> str:
        return self.draws.choice(self.urls)

    @property
    def _id(self) -> str:
        return next(iter(self.task_ids))

    async def _persist(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                return
            except (TryAgain, httpx.TransportError) as error:
                self.lost[str(error) if isinstance(error, TryAgain) else type(error).__name__] += 1
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _send(self) -> None:
        """In one of three ways; the connection may be lost before anything of the answer comes."""
        self.sent += 1
        message: dict[str, Any] = {"messageId": self.message_id, "role": "ROLE_USER", "parts": [{"text": self.ask}]}
        if self.context_id:
            message["contextId"] = self.context_id
        way = self.draws.choice(("stream", "stream", "wait", "return"))
        if self.draws.random() < 0.1:
            way = "lose"
        if way == "stream":
            await self._follow("SendStreamingMessage", {"message": message})
            return
        params = {"message": message, "configuration": {"returnImmediately": way == "return"}}
        seconds = self.draws.uniform(0.01, 0.3) if way == "lose" else 10
        self._know((await self._call("SendMessage", params, seconds))["task"])

    async def _subscribe(self) -> None:
        try:
            await self._follow("SubscribeToTask", {"id": self._id})
        except Refused as error:
            if error.code != _UNSUPPORTED:
                raise
            await self._look()

    async def _look(self) -> None:
        self._know(await self._call("GetTask", {"id": self._id}))
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _cancel(self) -> None:
        try:
            self._know(await self._call("CancelTask", {"id": self._id}))
        except Refused as error:
            if error.code != _NOT_CANCELABLE:
                raise

    async def _follow(self, method: str, params: dict[str, Any]) -> None:
        """Until the stream ends, or as long as the connection is to last."""
        patience = self.draws.randint(1, 15) if self.draws.random() < 0.5 else None
        text, state, count = "", "", 0
        async with aclosing(self._stream(method, params)) as events:
            async for event in events:
                count += 1
                if task := event.get("task"):
                    self._know(task)
                    text, state = text_of(task), task["status"]["state"]
                elif update := event.get("artifactUpdate"):
                    piece = text_of({"artifacts": [update["artifact"]]})
                    text = text + piece if update.get("append") else piece
                elif update := event.get("statusUpdate"):
                    state = update["status"]["state"]
                if count == patience:
                    self.lost["left"] += 1
                    return
        if state in ENDED:
            self.heard = text
            await self._persist(self._look)

    def _know(self, task: dict[str, Any]) -> None:
        self.task_ids.add(task["id"])
        if self.task and task["status"]["state"] != self.task["status"]["state"]:
            self.wrong.append(f"was {self.task['status']['state']}, then {task['status']['state']}")
        if task["status"]["state"] in ENDED:
            self.task = task

    async def _call(self, method: str, params: dict[str, Any], seconds: float = 10) -> Any:
        response = await self.http.post(self._url, json=_request(method, params), headers=_HEADERS, timeout=seconds)
        return _result(response.status_code, response.content)

    async def _stream(self, method: str, params: dict[str, Any]) -> AsyncGenerator[Any]:
        async with self.http.stream(
            "POST", self._url, json=_request(method, params), headers=_HEADERS, timeout=httpx.Timeout(10)
        ) as response:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                _result(response.status_code, await response.aread())
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield _result(200, line.removeprefix("data: ").encode())


def text_of(task: dict[str, Any]) -> str:
    return "".join(part["text"] for artifact in task.get("artifacts", ()) for part in artifact["parts"])


def _request(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def _result(status: int, content: bytes) -> Any:
    """Raises TryAgain and Refused."""
    if status in (429, 503):
        raise TryAgain(f"HTTP {status}")
    if status != 200:
        raise RuntimeError(f"HTTP {status}: {content.decode()}")
    answer = json.loads(content)
    if error := answer.get("error"):
        raise TryAgain(error["message"]) if error["code"] == _INTERNAL else Refused(error)
    return answer["result"]
