"""Another agent, asked over A2A: one message out, its events to a sink, its last word the reply.

    stream ──► the task's end                                        the usual way
       └─► it broke off, or there is none ──► subscribe ──► look     again and again, until the task has ended
                                              (an agent that streams)

An agent that is silent may be about to be restarted: who asks decides how long that is waited for. A task is lost only
if the agent says that it will never tell of it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import httpx
from a2a.client import Client, ClientCallContext
from a2a.client.errors import A2AClientError
from a2a.client.service_parameters import ServiceParametersFactory, with_a2a_extensions
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
from a2a.utils.errors import A2AError, InternalError, TaskNotFoundError
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Value
from opentelemetry.trace import SpanKind

from service import extension
from service.delegation import URI as DELEGATION
from service.delegation import Delegation
from service.errors import ServiceError
from service.events import Emit, TextDelta, UsageReported, from_json, ignore
from service.messages import never
from service.nested import map_strings
from service.outbound.bindings import Connect, Home, choose_binding, has_not_arrived, reason_of, refuses_us
from service.outbound.cards import PinnedKeys, ReadCard, read_card
from service.outbound.credentials import Credential
from service.outbound.egress import Egress
from service.plain import one_line, plain
from service.task_states import INTERRUPTED, RESTING
from service.telemetry import names, traces
from service.urls import port_of
from service.usage import NOTHING, Usage

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
_CARD_SECONDS = 5.0
_CANCEL_SECONDS = 2.0
_LOOK_SECONDS = 10.0
_AGAIN_SECONDS = 10.0
"""For how long a message is said again whose connection broke before there was a task."""
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_RESPONSE_BYTES = 32 * 2**20
_ANSWER_CHARS = 8 * 2**20
"""Over all pieces and connections."""
_ID_CHARS = 256
_NAME_CHARS = 100
_EVENT_CHARS = 64_000
"""Of each text in an event."""
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Unreachable(ServiceError):
    """No connection, or none that held until a task was made, or an agent that has failed before it told of one."""

    def __init__(self, url: str, reason: str, heard: bool) -> None:
        """`heard`: whether the agent may have heard the message, and do what it says."""
        super().__init__(f"the agent at {url} cannot be reached: {reason}")
        self.heard = heard


class Refused(ServiceError):
    """The agent did not take the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the agent refused: {reason}")
        self.reason = reason


class CredentialsWanted(Refused):
    """It does not let in who has shown what we have, if we have anything."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How it ended."""

    state: str
    """As the protocol names it, in small letters (`completed`, `failed`, ...), or `lost` if nobody could say."""
    text: str
    """The answer."""
    reason: str
    """What the agent says about the state; often nothing."""
    context_id: str
    """Names the conversation."""
    task_id: str = ""
    question: str = ""
    """Names what it asks, if it asks something."""
    usage: Usage = NOTHING
    """What the agent says that it took."""

    @property
    def completed(self) -> bool:
        return self.state == "completed"

    @property
    def asks(self) -> bool:
        """Whether the task goes on once what its reason says is answered."""
        return self.state in ("input_required", "auth_required")


@asynccontextmanager
async def open_http(
    tls: ssl.SSLContext | bool = True, auth: httpx.Auth | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that waits for as long as an agent thinks, and reaches this machine without a proxy."""
    timeout = httpx.Timeout(CONNECT_SECONDS, read=None)
    direct = {f"all://{host}": None for host in _LOCAL}
    async with httpx.AsyncClient(timeout=timeout, verify=tls, mounts=direct, auth=auth) as http:
        yield http


def limit_responses(http: httpx.AsyncClient) -> None:
    """Breaks off every response that is longer than an answer can be."""

    async def limit(response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Limited(response.stream)

    http.event_hooks["response"].append(limit)


class _Limited(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > _RESPONSE_BYTES:
                raise httpx.ReadError(f"a response of more than {_RESPONSE_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


@dataclass(frozen=True, slots=True)
class RemoteAgent:
    """An agent whose card was read."""

    url: str
    _read: ReadCard
    _connect: Connect
    _has_credential: bool = False

    @property
    def card(self) -> AgentCard:
        return self._read.card

    @property
    def wanted(self) -> str:
        """What it wants if it does not let us in."""
        return "other credentials" if self._has_credential else "credentials"

    @classmethod
    async def find(
        cls,
        http: httpx.AsyncClient,
        url: str,
        keys: PinnedKeys | None = None,
        known: Self | None = None,
        egress: Egress | None = None,
        grpc_port: int | None = None,
        *,
        direct: bool = False,
    ) -> Self:
        """The agent at `url`; the `known` one if its card is still the same.

        Where its card has gRPC before HTTP, it is asked over gRPC if that is at the port of `url` or at `grpc_port`,
        the only ones that are shown what `http` shows as a credential, or else where `egress` permits it. `direct` is
        for one whose card names its way in from outside: it is asked at the origin of `url` all the same. Raises
        ServiceError if none answers in time, it speaks no binding that we do, or none of the `keys`, if there are any,
        has signed its card.
        """
        if not url.startswith(("http://", "https://")):
            raise ServiceError(f"{url!r} is not a URL: it begins with http:// or https://")
        try:
            async with asyncio.timeout(_CARD_SECONDS):
                read = await read_card(http, url, keys, known._read if known else None)
                if known and read is known._read:
                    return known
                credential = http.auth if isinstance(http.auth, Credential) else None
                home = Home(httpx.URL(url), grpc_port, credential, egress, direct)
                return cls(url, read, await choose_binding(read.card, http, home), credential is not None)
        except ServiceError as error:
            raise ServiceError(f"no agent at {url}: {error}") from error
        except TimeoutError as error:
            raise ServiceError(f"no agent at {url}: no card came within {_CARD_SECONDS:g} s") from error

    async def ask(
        self,
        text: str,
        context_id: str | None,
        emit: Emit,
        *,
        delegation: Delegation | None = None,
        key: str | None = None,
        let_go: Callable[[], bool] = never,
        task_id: str | None = None,
        question: str | None = None,
    ) -> Reply:
        """Says `text`, and learns how that ends, also where the stream breaks off. `delegation` is for an agent that
        asks on behalf of another.

        Asked again with the same `key`, an agent that knows messages by their ids goes on with the task it has. With a
        `task_id` it is the answer to what that task wants to know, and no other `question`, if that is named.

        Once there is a task, this takes as long as the task does, and as long as the agent cannot be reached. Leaving
        early, for whatever reason, cancels the task, once it is known, unless who leaves has let go of it, for another
        process to ask on. Raises Unreachable, or Refused if the agent turns the message down.
        """
        message = _message(text, key, delegation)
        message.context_id, message.task_id = context_id or "", task_id or ""
        if question:
            message.metadata.update(extension.answer_metadata(question))
        return await _Exchange(self, emit, let_go).run(message)

    async def task_of(self, text: str, key: str) -> str:
        """The id of the task that it has made of a message that it was asked with this `key` on behalf of another.

        Empty if it has none, or cannot be asked without being given the message anew. Raises Unreachable.
        """
        if DELEGATION not in {each.uri for each in self.card.capabilities.extensions}:
            return ""
        # One that has not heard of it refuses what is too late.
        request = SendMessageRequest(message=_message(text, key, Delegation(deadline=_LONG_AGO)))
        request.configuration.return_immediately = True
        try:
            asking = self.requesting("SendMessage", "", _context())
            async with asyncio.timeout(_LOOK_SECONDS), asking as (client, within):
                async for response in client.send_message(request, context=within):
                    return response.task.id
        except (A2AClientError, InternalError, httpx.HTTPError, TimeoutError) as error:
            reason = reason_of(error) if isinstance(error, A2AError) else type(error).__name__
            raise Unreachable(self.url, reason, heard=True) from error
        except A2AError:
            pass
        return ""

    async def cancel(self, task_id: str) -> bool:
        """Whether that was heard: then the task has ended, now or before, or there is none."""
        return await _cancel(self, task_id)

    @asynccontextmanager
    async def requesting(
        self, method: str, task_id: str, context: ClientCallContext | None = None
    ) -> AsyncIterator[tuple[Client, ClientCallContext]]:
        """For one request: a client, and the context with that of the current trace in it, as headers or metadata."""
        url = httpx.URL(self.url)
        attributes = {
            names.A2A_METHOD: method,
            names.AGENT_NAME: one_line(self.card.name, _NAME_CHARS),
            names.SERVER_ADDRESS: url.host,
            names.SERVER_PORT: port_of(url),
        }
        if task_id:
            attributes[names.A2A_TASK] = task_id
        with traces.span(method, SpanKind.CLIENT, attributes):
            context = context or ClientCallContext()
            parameters = {**(context.service_parameters or {}), **traces.sent()}
            async with self._connect() as client:
                yield client, context.model_copy(update={"service_parameters": parameters})


def _message(text: str, key: str | None, delegation: Delegation | None) -> Message:
    """The same for the same `key`."""
    return Message(
        message_id=str(uuid.uuid5(uuid.NAMESPACE_OID, key) if key else uuid.uuid4()),
        role=Role.ROLE_USER,
        parts=[Part(text=text)],
        extensions=[DELEGATION] if delegation else [],
        metadata={DELEGATION: delegation.to_json()} if delegation else None,
    )


def _context() -> ClientCallContext:
    parameters = ServiceParametersFactory.create([with_a2a_extensions([extension.URI, DELEGATION])])
    return ClientCallContext(service_parameters=parameters)


async def _cancel(
    agent: RemoteAgent, task_id: str, context: ClientCallContext | None = None, emit: Emit = ignore
) -> bool:
    """Whether the agent has heard it. What its task has taken until then is emitted, if it says so."""
    try:
        request = CancelTaskRequest(id=task_id)
        async with (
            asyncio.timeout(_CANCEL_SECONDS),
            agent.requesting("CancelTask", task_id, context) as (client, within),
        ):
            task = await client.cancel_task(request, context=within)
        if usage := extension.usage_of(task.metadata):
            await emit(UsageReported(usage=usage))
    except (A2AClientError, InternalError, httpx.HTTPError, TimeoutError):
        return False
    except A2AError:  # it has ended, or is not known
        return True
    return True


class _Exchange:
    """One message, and all that comes back."""

    def __init__(self, agent: RemoteAgent, emit: Emit, let_go: Callable[[], bool]) -> None:
        self._agent = agent
        self._streams = agent.card.capabilities.streaming
        self._emit = emit
        self._let_go = let_go
        self._context = _context()
        self._task_id = ""
        self._context_id = ""
        self._status = TaskStatus()
        self._artifacts: dict[str, str] = {}
        self._emitted: dict[str, str] = {}
        """What of each artifact."""
        self._overlapping: set[str] = set()
        """Artifacts whose next piece may be known already."""
        self._message: str | None = None
        self._usage = NOTHING
        self._silent = False
        """Whether the agent did not answer when it was asked last."""
        self._lost = ""
        """Why nothing will be heard of the task any more, if so."""
        self._refusal = ""
        """Why a task did not take its answer. It may have had that before, and gone on."""
        self._seq = 0
        """The number of the newest event that was heard."""

    async def run(self, message: Message) -> Reply:
        self._task_id = message.task_id
        try:
            await self._say(message)
        finally:
            if self._task_id and not (self._ended or self._lost or self._let_go()):
                await _cancel(self._agent, self._task_id, self._context, self._emit)
        return self._reply()

    @property
    def _ended(self) -> bool:
        """As far as we are concerned."""
        return self._status.state in RESTING

    async def _say(self, message: Message) -> None:
        """Sends the message until it has surely arrived, then follows the task."""
        pause, until = _FIRST_PAUSE_SECONDS, time.monotonic() + _AGAIN_SECONDS
        broken: Unreachable | None = None
        """What kept the message from being answered first: it may have been heard since."""
        while True:
            try:
                arrived = await self._send(message)
            except Unreachable as error:
                broken = broken or error
                if not (broken.heard and isinstance(error.__cause__, A2AClientError)) or time.monotonic() > until:
                    raise broken from broken.__cause__
                # The same message, by whose id the agent knows what it has heard already.
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                continue
            if self._task_id and not self._ended:
                await self._catch_up()
            if self._refusal and (self._status.state in INTERRUPTED or (self._lost and not self._status.state)):
                raise Refused(self._refusal)
            if arrived or self._status.state not in INTERRUPTED:
                return
            self._status.Clear()  # it still asks what the message answers
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _send(self, message: Message) -> bool:
        """Whether it may have arrived. Once there is a task, an error here says nothing about how it goes on."""
        request = SendMessageRequest(message=message)
        if not self._streams:
            # A task that is not known until it has ended could not be cancelled.
            request.configuration.return_immediately = True
        try:
            method = "SendStreamingMessage" if self._streams else "SendMessage"
            async with self._agent.requesting(method, self._task_id, self._context) as (client, within):
                async for response in client.send_message(request, context=within):
                    await self._hear(response)
                    if self._status.state in INTERRUPTED:
                        break
        except (A2AClientError, InternalError) as error:
            if not self._task_id and refuses_us(error):
                raise CredentialsWanted(f"it wants {self._agent.wanted}") from error
            if not self._task_id:
                raise Unreachable(self._agent.url, reason_of(error), not has_not_arrived(error)) from error
            return not has_not_arrived(error)
        except A2AError as error:
            if not self._task_id:
                raise Refused(error.message) from error
            self._refusal = error.message
        return True

    async def _catch_up(self) -> None:
        """Learns how the task ends without its first stream, however long that takes."""
        pause, subscribes = _FIRST_PAUSE_SECONDS, self._streams
        while True:
            if subscribes:
                subscribes = await self._subscribe()
            # Also after a subscription that went well: the task as a whole has the last word about its text.
            await self._look()
            if self._ended or self._lost:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _subscribe(self) -> bool:
        """Whether to do it again if the stream has ended before the task."""
        request = SubscribeToTaskRequest(id=self._task_id)
        try:
            asking = self._agent.requesting("SubscribeToTask", self._task_id, self._context)
            async with asking as (client, within):
                async for response in client.subscribe(request, context=within):
                    await self._hear(response)
                    if response.HasField("task"):
                        # Servers begin to listen before they read the task: a piece that came in between comes twice.
                        self._overlapping = {artifact.artifact_id for artifact in response.task.artifacts}
                    if self._status.state in INTERRUPTED:
                        break
        except (A2AClientError, InternalError):
            return True
        except A2AError:  # for a task that has ended meanwhile, and by agents that stream but do not offer this
            return False
        return True

    async def _look(self) -> None:
        """Reads the task, if the agent answers."""
        request = GetTaskRequest(id=self._task_id, history_length=0)
        context = self._context.model_copy(update={"timeout": _LOOK_SECONDS})
        try:
            async with self._agent.requesting("GetTask", self._task_id, context) as (client, within):
                await self._hear_task(await client.get_task(request, context=within))
            self._silent = False
        except A2AError as error:
            if isinstance(error, TaskNotFoundError):
                self._lost = "the agent does not know its task any more"
            elif refuses_us(error):
                self._lost = f"the agent wants {self._agent.wanted}"
            elif not self._silent:
                self._silent = True
                url, task_id = self._agent.url, self._task_id
                logger.warning("%s does not answer: its task %s is looked for until it does", url, task_id)

    def _reply(self) -> Reply:
        if self._message is not None:
            return Reply("completed", self._message, "", self._context_id)
        text = "\n".join(self._artifacts.values())
        if not self._ended:
            reason = self._lost or "the agent has said nothing"
            return Reply("lost", text, reason, self._context_id, self._task_id, usage=self._usage)
        name = TaskState.Name(self._status.state).removeprefix("TASK_STATE_").lower()
        said = self._status.message
        is_named = self._status.state in INTERRUPTED and len(said.message_id) <= _ID_CHARS
        question = said.message_id if is_named else ""
        return Reply(name, text, _text(said.parts), self._context_id, self._task_id, question, self._usage)

    async def _hear(self, response: StreamResponse) -> None:
        match response.WhichOneof("payload"):
            case "message":
                self._context_id = response.message.context_id
                self._message = _text(response.message.parts)
                await self._emit(TextDelta(text=self._message))
            case "task":
                await self._hear_task(response.task)
            case "status_update":
                self._know(response.status_update.task_id)
                self._status = response.status_update.status
                self._usage = extension.usage_of(response.status_update.metadata) or self._usage
                if extension.URI in self._status.message.extensions:
                    await self._hear_events(part.data for part in self._status.message.parts if part.HasField("data"))
            case "artifact_update":
                await self._hear_artifact(response.artifact_update.artifact, append=response.artifact_update.append)

    async def _hear_task(self, task: Task) -> None:
        self._know(task.id)
        self._context_id, self._status = task.context_id, task.status
        self._usage = extension.usage_of(task.metadata) or self._usage
        await self._hear_events(extension.events_of(task.metadata))
        for artifact in task.artifacts:
            await self._hear_artifact(artifact, append=False)

    def _know(self, task_id: str) -> None:
        """The id goes into the database and into logs. Raises Refused for one that cannot."""
        if len(task_id) > _ID_CHARS or not task_id.isprintable():
            raise Refused("it names its task by what is no id")
        self._task_id = task_id

    async def _hear_artifact(self, artifact: Artifact, *, append: bool) -> None:
        name, text = artifact.artifact_id, _text(artifact.parts)
        if append:
            before = self._artifacts.get(name, "")
            overlaps = name in self._overlapping and before.endswith(text)
            self._overlapping.discard(name)
            text = before if overlaps else before + text
        self._artifacts[name] = text
        if sum(map(len, self._artifacts.values())) > _ANSWER_CHARS:
            raise Refused("its answer is longer than one can be")
        emitted = self._emitted.get(name, "")
        if not emitted.startswith(text):  # else what was read is behind what was heard
            self._emitted[name] = text
            await self._emit(TextDelta(text=text.removeprefix(emitted)))

    async def _hear_events(self, values: Iterable[Value]) -> None:
        """Each once, however often it is told."""
        for value in values:
            event = from_json(map_strings(MessageToDict(value), _shown))
            if event and (event.seq is None or event.seq > self._seq):
                self._seq = event.seq or self._seq
                await self._emit(event)


def _text(parts: Iterable[Part]) -> str:
    return plain("".join(part.text for part in parts if part.HasField("text")))


def _shown(text: str) -> str:
    return plain(text)[:_EVENT_CHARS]
