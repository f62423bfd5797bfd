"""Clients that lose their connections: each sends one message, answers what is asked back, and does not rest until it
knows how its task ended.
"""

from __future__ import annotations

import asyncio
import difflib
import random
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import grpc
import grpc.aio
import httpx
from a2a.client.client import ClientCallContext
from a2a.client.transports.base import ClientTransport
from a2a.client.transports.grpc import GrpcTransport
from a2a.client.transports.jsonrpc import JsonRpcTransport
from a2a.client.transports.rest import RestTransport
from a2a.types import (
    AgentCard,
    Artifact,
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    Task,
    TaskState,
    TaskStatus,
)
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import A2AError, InternalError, TaskNotCancelableError, UnsupportedOperationError
from google.protobuf.json_format import MessageToJson
from google.protobuf.struct_pb2 import Value

from bench.chaos.agent import ANSWER_SECONDS
from bench.chaos.plan import answer_to
from bench.chaos.replicas import Replica
from service.extension import URI, events_of
from service.task_states import INTERRUPTED, TERMINAL

BINDINGS = (TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON, TransportProtocol.GRPC)
_TIMEOUT_SECONDS = 10.0
_PAUSE_SECONDS = 0.2
_PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
}


@asynccontextmanager
async def transports(replicas: Sequence[Replica]) -> AsyncIterator[dict[str, list[ClientTransport]]]:
    """Ways to each of the replicas, by binding."""
    async with httpx.AsyncClient(
        headers={"A2A-Version": "1.0"}, limits=httpx.Limits(max_connections=None), timeout=_TIMEOUT_SECONDS
    ) as http:
        channels = [grpc.aio.insecure_channel(each.grpc_target) for each in replicas]
        yield {
            TransportProtocol.JSONRPC: [JsonRpcTransport(http, AgentCard(), each.url) for each in replicas],
            TransportProtocol.HTTP_JSON: [RestTransport(http, AgentCard(), each.url) for each in replicas],
            TransportProtocol.GRPC: [GrpcTransport(channel, None) for channel in channels],
        }
        for channel in channels:
            await channel.close()


@dataclass(slots=True)
class Client:
    """One message and what became of it."""

    ask: str
    context_id: str
    """Empty where it does not care."""
    draws: random.Random
    agents: Sequence[ClientTransport]
    """Of which it asks any, each time."""
    task: Task = field(default_factory=Task)
    """As it was told last; once it has ended, as it was then."""
    task_ids: set[str] = field(default_factory=set)
    cancels: bool = False
    answers: dict[str, Message] = field(default_factory=dict)
    """By question, those that were not refused."""
    lost: Counter[str] = field(default_factory=Counter)
    """Answers of the agent, by what became of them."""
    sent: int = 0
    heard: tuple[str, list[int]] | None = None
    """The text, and the numbers of the events, by whoever followed the task to its end, from its last subscription on.
    """
    wrong: list[str] = field(default_factory=list)

    async def run(self, delay: float) -> None:
        await asyncio.sleep(delay)
        self.cancels = self.draws.random() < 0.05
        message = _message(self.ask, context_id=self.context_id)
        await self._send_at_least_once(message)
        if self.cancels:
            await asyncio.sleep(self.draws.uniform(0, 2))
            await self._persist(self._cancel)
        while not self.ended:
            if self.task.status.state in INTERRUPTED:
                await self._answer(self.task.status)
            else:
                await self._persist(self.draws.choice((self._subscribe, self._subscribe, self._look)))
        await self._persist(self._look)

    @property
    def ended(self) -> bool:
        return self.task.status.state in TERMINAL

    @property
    def _agent(self) -> ClientTransport:
        return self.draws.choice(self.agents)

    async def _persist(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                return
            except A2AError as error:
                why = _passing(error)
                if why is None:
                    raise
                self.lost[why] += 1
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _send_at_least_once(self, message: Message) -> None:
        for _ in range(2 if self.draws.random() < 0.2 else 1):
            await self._persist(partial(self._send, message))

    async def _send(self, message: Message) -> None:
        """In one of three ways; the connection may be lost before anything of the answer comes."""
        self.sent += 1
        request = SendMessageRequest(message=message)
        way = self.draws.choice(("stream", "stream", "wait", "return"))
        if self.draws.random() < 0.1:
            way = "lose"
        if way == "stream":
            await self._follow(self._agent.send_message_streaming(request, context=_context()))
            return
        request.configuration.return_immediately = way == "return"
        context = _context(self.draws.uniform(0.01, 0.3) if way == "lose" else _TIMEOUT_SECONDS)
        had_ended = self.ended
        self._know((await self._agent.send_message(request, context=context)).task, had_ended)

    async def _answer(self, asked: TaskStatus) -> None:
        """At times late, so that the question may have expired; at times the task is cancelled instead."""
        if (chance := self.draws.random()) < 0.05:
            self.cancels = True
            await self._persist(self._cancel)
            return
        if chance < 0.15:
            await asyncio.sleep(self.draws.uniform(0, 1.5 * ANSWER_SECONDS))
        question = text_of(asked.message)
        message = self.answers.setdefault(question, _message(answer_to(question), task_id=self.task.id))
        try:
            await self._send_at_least_once(message)
        except UnsupportedOperationError:
            self.lost["too late"] += 1
            del self.answers[question]
            await self._persist(self._look)

    async def _subscribe(self) -> None:
        try:
            await self._follow(self._agent.subscribe(SubscribeToTaskRequest(id=self.task.id), context=_context()))
        except UnsupportedOperationError:  # it has ended
            await self._look()

    async def _look(self) -> None:
        had_ended = self.ended
        self._know(await self._agent.get_task(GetTaskRequest(id=self.task.id), context=_context()), had_ended)
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _cancel(self) -> None:
        had_ended = self.ended
        try:
            self._know(await self._agent.cancel_task(CancelTaskRequest(id=self.task.id), context=_context()), had_ended)
        except TaskNotCancelableError:
            await self._look()

    async def _follow(self, events: AsyncGenerator[StreamResponse]) -> None:
        """Until the stream ends, or as long as the connection is to last; beyond a question if it is answered now."""
        patience = self.draws.randint(1, 15) if self.draws.random() < 0.5 else None
        text, state, count = "", TaskState.TASK_STATE_UNSPECIFIED, 0
        numbers: list[int] = []
        answering: list[asyncio.Task[None]] = []
        had_ended = self.ended
        try:
            async with aclosing(events):
                async for event in events:
                    count += 1
                    status = TaskStatus()
                    match event.WhichOneof("payload"):
                        case "task":
                            self._know(event.task, had_ended)
                            text, status = text_of(*event.task.artifacts), event.task.status
                            numbers = numbers_of(events_of(event.task.metadata))
                        case "artifact_update":
                            piece = text_of(event.artifact_update.artifact)
                            text = text + piece if event.artifact_update.append else piece
                        case "status_update":
                            status = event.status_update.status
                            numbers += numbers_of(part.data for part in status.message.parts)
                    state = status.state or state
                    if status.state in INTERRUPTED:
                        if self.draws.random() < 0.5:
                            return
                        answering.append(asyncio.create_task(self._answer(status)))
                    if count == patience:
                        self.lost["left"] += 1
                        return
        finally:
            await asyncio.gather(*answering)
        if state in TERMINAL:
            self.heard = text, numbers
            await self._persist(self._look)

    def _know(self, task: Task, had_ended: bool) -> None:
        """What was asked for before the end was known may be older: the client asks several things at a time."""
        self.task_ids.add(task.id)
        if not self.ended:
            self.task = task
        elif task != self.task and (had_ended or task.status.state in TERMINAL):
            self.wrong.append(f"has ended, and then was something else: {difference(self.task, task)}")


def difference(one: Task, other: Task) -> str:
    """Both as a whole: what only one of them has is marked."""
    before, after = (MessageToJson(each, indent=1).splitlines() for each in (one, other))
    return "\n".join(difflib.ndiff(before, after))


def text_of(*said: Message | Artifact) -> str:
    return "".join(part.text for each in said for part in each.parts)


def numbers_of(events: Iterable[Value]) -> list[int]:
    """Those that have one: the others are told once only."""
    found = (event.struct_value.fields.get("seq") for event in events)
    return [int(number.number_value) for number in found if number]


def _message(text: str, *, task_id: str = "", context_id: str = "") -> Message:
    return Message(
        message_id=str(uuid.uuid4()),
        task_id=task_id,
        context_id=context_id,
        role=Role.ROLE_USER,
        parts=[Part(text=text)],
    )


def _context(seconds: float = _TIMEOUT_SECONDS) -> ClientCallContext:
    return ClientCallContext(timeout=seconds, service_parameters={"A2A-Extensions": URI})


def _passing(error: A2AError) -> str | None:
    """How an error is counted after which the same is tried again; None for one that says what was wrong."""
    match error.__cause__:
        case httpx.TransportError() as cause:
            return type(cause).__name__
        case httpx.HTTPStatusError(response=response) if response.status_code in (429, 503):
            return f"HTTP {response.status_code}"
        case grpc.aio.AioRpcError() as cause if cause.code() in _PASSING:
            return f"gRPC {cause.code().name}"
    return error.message if isinstance(error, InternalError) and "again" in error.message else None
