"""Other agents as tools: found by their card, asked over A2A, heard while they work."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import httpx

from service.errors import ToolError
from service.events import CallProgress, Emit, Event, UsageReported
from service.outbound.cards import PinnedKeys
from service.outbound.client import CONNECT_SECONDS, Refused, RemoteAgent, Reply, Unreachable, limit_responses
from service.outbound.credentials import Credential
from service.outbound.egress import Egress
from service.plain import one_line
from service.tools.base import Asks, CallContext, CallKey, ToolSpec

logger = logging.getLogger(__name__)

_START_SECONDS = 120.0
"""How long a peer may not be there at first: it may be started together with us, and its model take long to load."""
_RETRY_SECONDS = 1.0
"""How soon the card of a peer that is down is asked for again."""
_DESCRIPTION_CHARS = 400
_SKILL_CHARS = 60
_SKILLS = 8
_REASON_CHARS = 300
_CANCEL_SECONDS = 30.0
"""How long a peer may be away that is to cancel a task: as long as it takes to restart it."""
_CANCEL_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """An agent to ask."""

    name: str
    """What the model calls it."""
    url: str
    """Where its card is found."""
    refresh_seconds: float = 45.0
    """How often its card is looked at again."""
    asked_by: str | None = None
    """Where the card of the agent is found that asks."""
    keys: PinnedKeys | None = None
    """One of these must have signed its card, if there are any."""
    credential: Credential | None = None
    grpc_port: int | None = None
    """Where it speaks gRPC on the host of `url`: as trusted as that, and shown the same credential."""
    direct: bool = False
    """Whether it is asked at the origin of `url`, wherever its card says."""


_PUBLIC = Egress()


@asynccontextmanager
async def open_peers(configs: Sequence[PeerConfig], egress: Egress = _PUBLIC) -> AsyncIterator[Mapping[str, Peer]]:
    """The peers by name, of which nothing more is known yet: their cards are for `keep_known`.

    Where a peer is found is the operator's choice; where its card points to from there is checked.
    """
    timeout = httpx.Timeout(CONNECT_SECONDS, read=None)  # a peer may think for long
    async with AsyncExitStack() as stack:
        peers = {}
        for config in configs:
            http = await stack.enter_async_context(egress.open(timeout, trusted=[config.url]))
            limit_responses(http)
            if config.credential:
                http.auth = config.credential
            peers[config.name] = Peer(config, http, egress)
        yield peers


@asynccontextmanager
async def keep_known(peers: Iterable[Peer]) -> AsyncIterator[None]:
    """Reads the cards of peers and keeps them up to date until it is left.

    Waits for none: agents that ask each other may start together, and none of them answers before it has started.
    """
    refreshing = [asyncio.create_task(peer.keep_fresh(), name=f"peer {peer.spec.name}") for peer in peers]
    try:
        yield
    finally:
        for task in refreshing:
            task.cancel()
        await asyncio.gather(*refreshing, return_exceptions=True)


class Peer:
    """One agent as a tool. It is a tool also while it is down: then calls say so."""

    def __init__(self, config: PeerConfig, http: httpx.AsyncClient, egress: Egress = _PUBLIC) -> None:
        self._config = config
        self._http = http
        self._egress = egress
        self._agent: RemoteAgent | None = None
        self.up = False
        """Whether it answered when it was last looked for or asked something."""
        self._told: tuple[int, str] | None = None
        """Of its being down: at which level that was told, and why it is."""
        self._began = time.monotonic()
        self._spec = peer_spec(config.name, "Asks another agent.", [])

    @property
    def spec(self) -> ToolSpec:
        return self._spec

    @property
    def known(self) -> bool:
        """Whether its card was read, so that the model is told what it can do."""
        return self._agent is not None

    async def keep_fresh(self) -> None:
        """Looks at the card again and again, until cancelled."""
        seconds = self._config.refresh_seconds
        if self._agent is None:
            await self.refresh()
        while True:
            await asyncio.sleep(min(seconds, _RETRY_SECONDS) if self._agent is None else seconds)
            await self.refresh()

    async def refresh(self) -> None:
        """Reads the card. Of a peer that is down, or whose card is no use, what was known stays."""
        config = self._config
        try:
            agent = await RemoteAgent.find(
                self._http,
                config.url,
                config.keys,
                self._agent,
                self._egress,
                config.grpc_port,
                direct=config.direct,
            )
        except Exception as error:  # the card is a stranger's: whatever is wrong with it must not end this service
            told = self._level(error), one_line(str(error), _REASON_CHARS)
            if told != self._told:
                level, why = told
                logger.log(level, "peer %s at %s: %s", config.name, config.url, why)
            self.up, self._told = False, told
            return
        self._agent, self.up, self._told = agent, True, None
        card = agent.card
        self._spec = peer_spec(config.name, card.description, [skill.name for skill in card.skills])

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        name = self._config.name
        if self._agent is None:
            await self.refresh()
        if self._agent is None:
            raise self._out_of_reach(heard=context.again)

        async def report(event: Event) -> None:
            await context.emit(CallProgress(call_id=context.call.id, event=event))

        try:
            reply = await self._ask(self._agent, arguments["message"], context, report)
        except Unreachable as error:
            self.up = False
            logger.warning("peer %s: %s", name, one_line(str(error.__cause__), _REASON_CHARS))
            raise self._out_of_reach(heard=context.again or error.heard) from error
        except Refused as error:
            raise ToolError(f"{name} refused: {one_line(error.reason, _REASON_CHARS)}") from error
        if reply.usage:
            await report(UsageReported(usage=reply.usage))
        if reply.completed:
            return reply.text
        reason = one_line(reply.reason, _REASON_CHARS)
        if reply.asks:
            wants_credentials = reply.state == "auth_required"
            what = reason or ("credentials" if wants_credentials else "what next?")
            memo = _Asked(reply.task_id, reply.question).memo
            raise Asks(f"{name} asks: {what}", wants_credentials=wants_credentials, memo=memo)
        raise ToolError(f"{name} {_OUTCOMES.get(reply.state, 'stopped without an answer')}{reason and f': {reason}'}")

    def _level(self, error: Exception) -> int:
        """How bad it is that its card cannot be read."""
        may_be_starting = self._agent is None and time.monotonic() - self._began < _START_SECONDS
        return logging.INFO if may_be_starting and _nobody_listens(error) else logging.WARNING

    def _out_of_reach(self, *, heard: bool) -> ToolError:
        """Of a message that the peer may have heard, nobody knows what it does about it."""
        unclear = ", and may or may not have done what it was asked" if heard else ""
        return ToolError(f"{self._config.name} cannot be reached{unclear}")

    async def give_up(self, arguments: dict[str, Any], key: CallKey, memo: str) -> None:
        """Cancels the peer's task for a call: the one that has asked something, which the memo names, or else the one
        that runs, if there is one.

        A peer that is away is asked again, for a while: if that does not help, it ends its task by a limit of its own.
        """
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                while not await self._cancelled(arguments["message"], key, _Asked.of(memo).task_id):
                    await asyncio.sleep(_CANCEL_PAUSE_SECONDS)
        except TimeoutError:
            what = f"task {_Asked.of(memo).task_id}" if memo else "what it was asked"
            logger.warning("peer %s has not been told to cancel %s: it cannot be reached", self._config.name, what)

    async def _cancelled(self, text: str, key: CallKey, task_id: str) -> bool:
        if self._agent is None:
            await self.refresh()
        if self._agent is None:
            return False
        try:
            task_id = task_id or await self._agent.task_of(text, key)
        except Unreachable:
            return False
        return not task_id or await self._agent.cancel(task_id)

    async def _ask(self, agent: RemoteAgent, text: str, context: CallContext, report: Emit) -> Reply:
        """Says `text`, or the newest answer to what the peer's task has asked."""
        caller, key, asked = context.caller, str(context.key), _Asked()
        if context.answers:
            text, asked = context.answers[-1].text or "", _Asked.of(context.answers[-1].memo)
            key += f"/{len(context.answers)}"
        delegation = caller.delegation.through(self._config.asked_by)
        return await agent.ask(
            text,
            None,
            report,
            delegation=delegation,
            key=key,
            let_go=caller.let_go,
            task_id=asked.task_id,
            question=asked.question,
        )


class _Asked(NamedTuple):
    """What a peer has asked."""

    task_id: str = ""
    question: str = ""
    """Names it."""

    @property
    def memo(self) -> str:
        return json.dumps(self)

    @classmethod
    def of(cls, memo: str) -> Self:
        return cls(*json.loads(memo)) if memo else cls()


def _nobody_listens(error: Exception) -> bool:
    cause: BaseException | None = error
    while cause and not isinstance(cause, httpx.ConnectError):
        cause = cause.__cause__
    return cause is not None


_OUTCOMES = {
    "failed": "failed",
    "rejected": "refused",
    "canceled": "was cancelled",
}


def peer_spec(name: str, description: str, skills: Sequence[str]) -> ToolSpec:
    """Another agent as the model knows it: one message in, one answer out.

    Of what its card says, nothing but plain text of a limited length is taken.
    """
    about = one_line(description, _DESCRIPTION_CHARS)
    can = ", ".join(one_line(skill, _SKILL_CHARS) for skill in skills[:_SKILLS])
    return ToolSpec(
        name,
        f"{about} Skills: {can}." if skills else about,
        {
            "type": "object",
            "properties": {"message": {"type": "string"}},
            "required": ["message"],
            "additionalProperties": False,
        },
    )
