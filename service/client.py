"""Another agent, asked over A2A: one message out, its events to a sink, its last word the reply."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

import httpx
from a2a.client import A2ACardResolver, Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientError
from a2a.client.service_parameters import ServiceParametersFactory, with_a2a_extensions
from a2a.types import (
    AgentCard,
    Artifact,
    CancelTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    StreamResponse,
    TaskState,
    TaskStatus,
)
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import A2AError
from google.protobuf.json_format import MessageToDict

from service import extension
from service.errors import ServiceError
from service.events import Emit, TextDelta, from_json

_CONNECT_SECONDS = 5.0
_CANCEL_SECONDS = 2.0
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_BINDINGS: list[str] = [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON]
_ENDED = {
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_CANCELED,
    TaskState.TASK_STATE_REJECTED,
    TaskState.TASK_STATE_INPUT_REQUIRED,
    TaskState.TASK_STATE_AUTH_REQUIRED,
}
"""Where a stream ends."""


class Unreachable(ServiceError):
    """No connection, or none that held until a task was made."""


class Refused(ServiceError):
    """The agent did not take the message; what it says about that follows a colon."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How it ended."""

    state: str
    """As the protocol names it, in small letters (`completed`, `failed`, ...), or `lost` if the connection was."""
    text: str
    """The answer."""
    reason: str
    """What the agent says about the state; often nothing."""
    context_id: str
    """Names the conversation."""

    @property
    def completed(self) -> bool:
        return self.state == "completed"


@asynccontextmanager
async def open_http() -> AsyncIterator[httpx.AsyncClient]:
    """A client that waits for as long as an agent thinks, and reaches this machine without a proxy."""
    timeout = httpx.Timeout(_CONNECT_SECONDS, read=None)
    async with httpx.AsyncClient(timeout=timeout, mounts={f"all://{host}": None for host in _LOCAL}) as http:
        yield http


@dataclass(frozen=True, slots=True)
class RemoteAgent:
    """An agent whose card was read."""

    card: AgentCard
    _client: Client

    @classmethod
    async def find(cls, http: httpx.AsyncClient, url: str) -> Self:
        """The agent at `url`. Raises ServiceError if there is none, or it speaks no binding that we do."""
        if not url.startswith(("http://", "https://")):
            raise ServiceError(f"{url!r} is not a URL: it begins with http:// or https://")
        try:
            card = await A2ACardResolver(http, url).get_agent_card()
            factory = ClientFactory(ClientConfig(httpx_client=http, supported_protocol_bindings=_BINDINGS))
            return cls(card, factory.create(card))
        except (A2AClientError, httpx.InvalidURL) as error:
            raise ServiceError(f"no agent at {url}: {error}") from error
        except ValueError as error:
            raise ServiceError(f"the agent at {url} speaks neither JSON-RPC nor HTTP+JSON") from error

    async def ask(self, text: str, context_id: str | None, emit: Emit) -> Reply:
        """Says `text` and hears the agent out. Leaving early, for whatever reason, cancels what was asked for.

        Raises Unreachable, or Refused if the agent turns the message down.
        """
        return await _Turn(self._client, emit).run(text, context_id)


class _Turn:
    """One message, and all that comes back."""

    def __init__(self, client: Client, emit: Emit) -> None:
        self._client = client
        self._emit = emit
        self._task_id = ""
        self._context_id = ""
        self._status = TaskStatus()
        self._artifacts: dict[str, str] = {}
        self._message: str | None = None

    async def run(self, text: str, context_id: str | None) -> Reply:
        message = Message(
            message_id=str(uuid.uuid4()), context_id=context_id or "", role=Role.ROLE_USER, parts=[Part(text=text)]
        )
        context = ClientCallContext(
            service_parameters=ServiceParametersFactory.create([with_a2a_extensions([extension.URI])])
        )
        try:
            async for response in self._client.send_message(SendMessageRequest(message=message), context=context):
                await self._hear(response)
        except A2AClientError as error:
            if not self._task_id:
                raise Unreachable("the agent cannot be reached") from error
        except A2AError as error:
            if not self._task_id:
                raise Refused(f"the agent refused: {error.message}") from error
        finally:
            if self._task_id and self._status.state not in _ENDED:
                await self._cancel()
        return self._reply()

    def _reply(self) -> Reply:
        if self._message is not None:
            return Reply("completed", self._message, "", self._context_id)
        state = self._status.state
        name = TaskState.Name(state).removeprefix("TASK_STATE_").lower() if state in _ENDED else "lost"
        return Reply(name, "\n".join(self._artifacts.values()), _text(self._status.message.parts), self._context_id)

    async def _hear(self, response: StreamResponse) -> None:
        match response.WhichOneof("payload"):
            case "message":
                self._context_id = response.message.context_id
                self._message = _text(response.message.parts)
                await self._emit(TextDelta(text=self._message))
            case "task":
                task = response.task
                self._task_id, self._context_id, self._status = task.id, task.context_id, task.status
                for artifact in task.artifacts:
                    await self._hear_artifact(artifact, append=False)
            case "status_update":
                self._task_id, self._status = response.status_update.task_id, response.status_update.status
                if extension.URI in self._status.message.extensions:
                    await self._hear_events(self._status.message)
            case "artifact_update":
                await self._hear_artifact(response.artifact_update.artifact, append=response.artifact_update.append)

    async def _hear_artifact(self, artifact: Artifact, *, append: bool) -> None:
        text = _text(artifact.parts)
        before = self._artifacts.get(artifact.artifact_id, "") if append else ""
        self._artifacts[artifact.artifact_id] = before + text
        if text:
            await self._emit(TextDelta(text=text))

    async def _hear_events(self, message: Message) -> None:
        for part in message.parts:
            if part.HasField("data") and (event := from_json(MessageToDict(part.data))):
                await self._emit(event)

    async def _cancel(self) -> None:
        with suppress(A2AError, httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self._client.cancel_task(CancelTaskRequest(id=self._task_id))


def _text(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts if part.HasField("text"))
