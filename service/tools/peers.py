"""Other agents as tools: found by their card, asked over A2A, heard while they work."""

from __future__ import annotations

import asyncio
import logging
import unicodedata
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

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
from service.errors import ToolError
from service.events import CallProgress, TextDelta, from_json
from service.tools.base import CallContext, ToolSpec

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_CARD_SECONDS = 5.0
_CANCEL_SECONDS = 2.0
_RETRY_SECONDS = 5.0
"""How soon the card of a peer that is down is asked for again."""
_DESCRIPTION_CHARS = 400
_SKILL_CHARS = 60
_SKILLS = 8
_REASON_CHARS = 300
_BINDINGS: list[str] = [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON]
_PARAMETERS = {
    "type": "object",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """An agent to ask."""

    name: str
    """What the model calls it."""
    url: str
    """Where its card is found."""
    refresh_seconds: float = 300.0
    """How often its card is looked at again."""


@asynccontextmanager
async def open_peers(configs: Sequence[PeerConfig]) -> AsyncIterator[Mapping[str, Peer]]:
    """The peers by name, their cards read as far as they answer, and kept up to date until the end."""
    timeout = httpx.Timeout(_CONNECT_SECONDS, read=None)  # a peer may think for long between two events
    direct = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}  # never through a proxy
    async with httpx.AsyncClient(timeout=timeout, mounts=direct) as http:
        peers = {config.name: Peer(config, http) for config in configs}
        await asyncio.gather(*(peer.refresh() for peer in peers.values()))
        refreshing = [asyncio.create_task(peer.keep_fresh()) for peer in peers.values()]
        try:
            yield peers
        finally:
            for task in refreshing:
                task.cancel()
            await asyncio.gather(*refreshing, return_exceptions=True)


class Peer:
    """One agent as a tool. It is a tool also while it is down: then calls say so."""

    def __init__(self, config: PeerConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        self._http = http
        self._factory = ClientFactory(ClientConfig(httpx_client=http, supported_protocol_bindings=_BINDINGS))
        self._client: Client | None = None
        self._spec = ToolSpec(config.name, "Asks another agent.", _PARAMETERS)

    @property
    def spec(self) -> ToolSpec:
        return self._spec

    async def keep_fresh(self) -> None:
        """Looks at the card again and again, until cancelled."""
        seconds = self._config.refresh_seconds
        while True:
            await asyncio.sleep(min(seconds, _RETRY_SECONDS) if self._client is None else seconds)
            await self.refresh()

    async def refresh(self) -> None:
        """Reads the card. Of a peer that is down, or whose card is no use, what was known stays."""
        try:
            async with asyncio.timeout(_CARD_SECONDS):
                card = await A2ACardResolver(self._http, self._config.url).get_agent_card()
            client = self._factory.create(card)
        except Exception as error:  # the card is a stranger's: whatever is wrong with it must not end this service
            logger.warning("peer %s at %s: %s", self._config.name, self._config.url, error or type(error).__name__)
            return
        self._client = client
        self._spec = ToolSpec(self._config.name, _describe(card), _PARAMETERS)

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        if self._client is None:
            await self.refresh()
        if self._client is None:
            raise ToolError(f"{self._config.name} cannot be reached")
        conversation = _Conversation(self._config.name, context)
        try:
            await conversation.hold(self._client, arguments["message"])
        except A2AClientError as error:
            logger.warning("peer %s: %s", self._config.name, error)
            raise ToolError(f"{self._config.name} cannot be reached") from error
        except A2AError as error:
            raise ToolError(f"{self._config.name} refused: {_clean(error.message, _REASON_CHARS)}") from error
        return conversation.result()


class _Conversation:
    """One message to a peer, and all that comes back."""

    def __init__(self, name: str, context: CallContext) -> None:
        self._name = name
        self._context = context
        self._task_id = ""
        self._status = TaskStatus()
        self._artifacts: dict[str, str] = {}
        self._reply: str | None = None

    async def hold(self, client: Client, text: str) -> None:
        """Sends the message and listens to the end. Leaving early, for whatever reason, cancels the peer's task."""
        message = Message(message_id=str(uuid.uuid4()), role=Role.ROLE_USER, parts=[Part(text=text)])
        parameters = ServiceParametersFactory.create([with_a2a_extensions([extension.URI])])
        try:
            async for response in client.send_message(
                SendMessageRequest(message=message), context=ClientCallContext(service_parameters=parameters)
            ):
                await self._hear(response)
        finally:
            if self._task_id and not self._ended():
                await self._cancel(client)

    def result(self) -> str:
        """The answer. Raises ToolError if there is none."""
        if self._reply is not None:
            return self._reply
        state = self._status.state
        if state == TaskState.TASK_STATE_COMPLETED:
            return "\n".join(self._artifacts.values())
        reason = _clean(_text(self._status.message.parts), _REASON_CHARS)
        raise ToolError(f"{self._name} {_OUTCOMES.get(state, 'stopped without an answer')}{reason and f': {reason}'}")

    async def _hear(self, response: StreamResponse) -> None:
        match response.WhichOneof("payload"):
            case "message":
                self._reply = _text(response.message.parts)
            case "task":
                self._task_id = response.task.id
                self._status = response.task.status
                for artifact in response.task.artifacts:
                    await self._hear_artifact(artifact, append=False)
            case "status_update":
                self._task_id = response.status_update.task_id
                self._status = response.status_update.status
                await self._hear_events(self._status.message)
            case "artifact_update":
                await self._hear_artifact(response.artifact_update.artifact, append=response.artifact_update.append)

    async def _hear_artifact(self, artifact: Artifact, *, append: bool) -> None:
        text = _text(artifact.parts)
        before = self._artifacts.get(artifact.artifact_id, "") if append else ""
        self._artifacts[artifact.artifact_id] = before + text
        if text:
            await self._report(TextDelta(text=text))

    async def _hear_events(self, message: Message) -> None:
        if extension.URI not in message.extensions:
            return
        for part in message.parts:
            if part.HasField("data") and (event := from_json(MessageToDict(part.data))):
                await self._report(event)

    async def _report(self, event: Any) -> None:
        await self._context.emit(CallProgress(call_id=self._context.call.id, event=event))

    def _ended(self) -> bool:
        return self._status.state in _ENDED

    async def _cancel(self, client: Client) -> None:
        with suppress(A2AError, TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                await client.cancel_task(CancelTaskRequest(id=self._task_id))


_ENDED = {
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_CANCELED,
    TaskState.TASK_STATE_REJECTED,
}
_OUTCOMES = {
    TaskState.TASK_STATE_FAILED: "failed",
    TaskState.TASK_STATE_REJECTED: "refused",
    TaskState.TASK_STATE_CANCELED: "was cancelled",
    TaskState.TASK_STATE_INPUT_REQUIRED: "asks back, which cannot be answered here",
    TaskState.TASK_STATE_AUTH_REQUIRED: "wants credentials, which this agent does not have",
}


def _text(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if part.HasField("text"))


def _describe(card: AgentCard) -> str:
    """What the model is told about a peer, of which nothing but plain text of a limited length is taken."""
    description = _clean(card.description, _DESCRIPTION_CHARS)
    skills = ", ".join(_clean(skill.name, _SKILL_CHARS) for skill in card.skills[:_SKILLS])
    return f"{description} Skills: {skills}." if skills else description


def _clean(text: str, limit: int) -> str:
    """One line of printable text, cut to `limit` characters."""
    printable = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: 4 * limit])
    return " ".join(printable.split())[:limit]
