"""Another agent, asked over A2A: one message out, its events to a sink, its last word the reply.

    stream ──► the task's end                                        the usual way
       └─► it broke off, or there is none ──► subscribe ──► look     again and again, until the task has ended
                                              (an agent that streams)

Only a task that cannot be looked at any more is lost.
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

import grpc
import grpc.aio
import httpx
from a2a.client import Client, ClientCallContext, ClientConfig, ClientFactory
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
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import A2AError
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Value

from service import extension
from service.cards import PinnedKeys, ReadCard, read_card
from service.delegation import URI as DELEGATION
from service.delegation import Delegation
from service.errors import ServiceError
from service.events import Emit, TextDelta, UsageReported, from_json
from service.nested import map_strings
from service.plain import plain
from service.task_states import INTERRUPTED, RESTING
from service.usage import NOTHING, Usage

CONNECT_SECONDS = 5.0
_CARD_SECONDS = 5.0
_CANCEL_SECONDS = 2.0
_LOOK_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_FAILED_LOOKS = 4
"""In a row, after which a task is lost."""
_RESPONSE_BYTES = 32 * 2**20
_EVENT_CHARS = 64_000
"""Of each text in an event."""
_PORTS = {"http": 80, "https": 443}
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_HTTP_BINDINGS: list[str] = [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON]
_BINDINGS: list[str] = [*_HTTP_BINDINGS, TransportProtocol.GRPC]


class Unreachable(ServiceError):
    """No connection, or none that held until a task was made."""


class Refused(ServiceError):
    """The agent did not take the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the agent refused: {reason}")
        self.reason = reason


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
async def open_http(tls: ssl.SSLContext | bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """A client that waits for as long as an agent thinks, and reaches this machine without a proxy."""
    timeout = httpx.Timeout(CONNECT_SECONDS, read=None)
    direct = {f"all://{host}": None for host in _LOCAL}
    async with httpx.AsyncClient(timeout=timeout, verify=tls, mounts=direct) as http:
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

    _read: ReadCard
    _client: Client

    @property
    def card(self) -> AgentCard:
        return self._read.card

    @classmethod
    async def find(
        cls, http: httpx.AsyncClient, url: str, keys: PinnedKeys | None = None, known: Self | None = None
    ) -> Self:
        """The agent at `url`; the `known` one if its card is still the same.

        Raises ServiceError if none answers in time, it speaks no binding that we do, or none of the `keys`, if there
        are any, has signed its card.
        """
        if not url.startswith(("http://", "https://")):
            raise ServiceError(f"{url!r} is not a URL: it begins with http:// or https://")
        try:
            async with asyncio.timeout(_CARD_SECONDS):
                read = await read_card(http, url, keys, known._read if known else None)
            if known and read is known._read:
                return known
            config = ClientConfig(
                httpx_client=http,
                # Who has a credential to show goes where it is shown.
                supported_protocol_bindings=_BINDINGS if http.auth is None else _HTTP_BINDINGS,
                grpc_channel_factory=partial(_open_channel, card=httpx.URL(url)),
            )
            return cls(read, ClientFactory(config).create(read.card))
        except ServiceError as error:
            raise ServiceError(f"no agent at {url}: {error}") from error
        except TimeoutError as error:
            raise ServiceError(f"no agent at {url}: no card came within {_CARD_SECONDS:g} s") from error
        except ValueError as error:
            raise ServiceError(f"the agent at {url} speaks none of {', '.join(_BINDINGS)}") from error

    async def ask(
        self,
        text: str,
        context_id: str | None,
        emit: Emit,
        delegation: Delegation | None = None,
        key: str | None = None,
        let_go: Callable[[], bool] = bool,
        task_id: str | None = None,
    ) -> Reply:
        """Says `text`, and learns how that ends, also where the stream breaks off. `delegation` is for an agent that
        asks on behalf of another.

        Asked again with the same `key`, an agent that knows messages by their ids goes on with the task it has. With a
        `task_id` it is the answer to what that task wants to know.

        Leaving early, for whatever reason, cancels the task, once it is known, unless who leaves has let go of it, for
        another process to ask on. Raises Unreachable, or Refused if the agent turns the message down.
        """
        message = Message(
            message_id=str(uuid.uuid5(uuid.NAMESPACE_OID, key) if key else uuid.uuid4()),
            context_id=context_id or "",
            task_id=task_id or "",
            role=Role.ROLE_USER,
            parts=[Part(text=text)],
            extensions=[DELEGATION] if delegation else [],
            metadata={DELEGATION: delegation.to_json()} if delegation else None,
        )
        return await _Turn(self._client, self.card.capabilities.streaming, emit, let_go).run(message)


class _Turn:
    """One message, and all that comes back."""

    def __init__(self, client: Client, streams: bool, emit: Emit, let_go: Callable[[], bool]) -> None:
        self._client = client
        self._streams = streams
        self._emit = emit
        self._let_go = let_go
        parameters = ServiceParametersFactory.create([with_a2a_extensions([extension.URI, DELEGATION])])
        self._context = ClientCallContext(service_parameters=parameters)
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
        self._seq = 0
        """The number of the newest event that was heard."""

    async def run(self, message: Message) -> Reply:
        self._task_id = message.task_id
        try:
            await self._send(message)
            if self._task_id and not self._ended:
                await self._catch_up()
        finally:
            if self._task_id and not self._ended and not self._let_go():
                await self._cancel()
        return self._reply()

    @property
    def _ended(self) -> bool:
        """As far as we are concerned."""
        return self._status.state in RESTING

    async def _send(self, message: Message) -> None:
        """Once there is a task, an error here says nothing about how it goes on."""
        request = SendMessageRequest(message=message)
        if not self._streams:
            # A task that is not known until it has ended could not be cancelled.
            request.configuration.return_immediately = True
        try:
            async for response in self._client.send_message(request, context=self._context):
                await self._hear(response)
                if self._status.state in INTERRUPTED:
                    break
        except A2AClientError as error:
            if not self._task_id:
                raise Unreachable("the agent cannot be reached") from error
        except A2AError as error:
            if not self._task_id:
                raise Refused(error.message) from error

    async def _catch_up(self) -> None:
        """Learns how the task ends without its stream."""
        if self._streams:
            # Refused for a task that has ended meanwhile, and by agents that stream but do not offer this.
            with suppress(A2AError):
                await self._subscribe()
        # Also after a subscription that went well: the task as a whole has the last word about its text.
        await self._look()

    async def _subscribe(self) -> None:
        request = SubscribeToTaskRequest(id=self._task_id)
        async for response in self._client.subscribe(request, context=self._context):
            await self._hear(response)
            if response.HasField("task"):
                # Servers begin to listen before they read the task: a piece that came in between comes twice.
                self._overlapping = {artifact.artifact_id for artifact in response.task.artifacts}
            if self._status.state in INTERRUPTED:
                break

    async def _look(self) -> None:
        """Reads the task until it has ended."""
        request = GetTaskRequest(id=self._task_id, history_length=0)
        context = self._context.model_copy(update={"timeout": _LOOK_SECONDS})
        pause, failed = _FIRST_PAUSE_SECONDS, 0
        while True:
            try:
                await self._hear_task(await self._client.get_task(request, context=context))
                failed = 0
            except A2AError:
                failed += 1
            if self._ended or failed == _FAILED_LOOKS:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _reply(self) -> Reply:
        if self._message is not None:
            return Reply("completed", self._message, "", self._context_id)
        text = "\n".join(self._artifacts.values())
        if not self._ended:
            return Reply(
                "lost", text, "the agent cannot be reached any more", self._context_id, self._task_id, self._usage
            )
        name = TaskState.Name(self._status.state).removeprefix("TASK_STATE_").lower()
        return Reply(name, text, _text(self._status.message.parts), self._context_id, self._task_id, self._usage)

    async def _hear(self, response: StreamResponse) -> None:
        match response.WhichOneof("payload"):
            case "message":
                self._context_id = response.message.context_id
                self._message = _text(response.message.parts)
                await self._emit(TextDelta(text=self._message))
            case "task":
                await self._hear_task(response.task)
            case "status_update":
                self._task_id, self._status = response.status_update.task_id, response.status_update.status
                self._usage = extension.usage_of(response.status_update.metadata) or self._usage
                if extension.URI in self._status.message.extensions:
                    await self._hear_events(part.data for part in self._status.message.parts if part.HasField("data"))
            case "artifact_update":
                await self._hear_artifact(response.artifact_update.artifact, append=response.artifact_update.append)

    async def _hear_task(self, task: Task) -> None:
        self._task_id, self._context_id, self._status = task.id, task.context_id, task.status
        self._usage = extension.usage_of(task.metadata) or self._usage
        await self._hear_events(extension.events_of(task.metadata))
        for artifact in task.artifacts:
            await self._hear_artifact(artifact, append=False)

    async def _hear_artifact(self, artifact: Artifact, *, append: bool) -> None:
        name, text = artifact.artifact_id, _text(artifact.parts)
        if append:
            before = self._artifacts.get(name, "")
            overlaps = name in self._overlapping and before.endswith(text)
            self._overlapping.discard(name)
            text = before if overlaps else before + text
        self._artifacts[name] = text
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

    async def _cancel(self) -> None:
        with suppress(A2AError, httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                request = CancelTaskRequest(id=self._task_id)
                task = await self._client.cancel_task(request, context=self._context)
                if usage := extension.usage_of(task.metadata):
                    await self._emit(UsageReported(usage=usage))


def _open_channel(url: str, *, card: httpx.URL) -> grpc.aio.Channel:
    """To where a card says that gRPC is spoken, encrypted if it says so, or is so itself and does not say.

    Raises ServiceError if that is not the card's own host: gRPC looks names up by itself, and nobody has checked it.
    """
    scheme, _, target = url.rpartition("://")
    try:
        where = httpx.URL(f"{scheme or card.scheme}://{target}")
    except httpx.InvalidURL as error:
        raise ServiceError(f"it speaks gRPC at {url}: {error}") from error
    if where.scheme not in ("http", "https") or where.host != card.host:
        raise ServiceError(f"it speaks gRPC elsewhere, at {url}, which is not asked")
    target = where.netloc.decode() if where.port else f"{where.netloc.decode()}:{_PORTS[where.scheme]}"
    options = [("grpc.enable_http_proxy", 0)] if where.host in ("localhost", "127.0.0.1", "::1") else []
    if where.scheme == "https":
        return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options)
    return grpc.aio.insecure_channel(target, options)


def _text(parts: Iterable[Part]) -> str:
    return plain("".join(part.text for part in parts if part.HasField("text")))


def _shown(text: str) -> str:
    return plain(text)[:_EVENT_CHARS]
