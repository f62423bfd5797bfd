"""Joins the rooms: what one agent's service is made of, opened in order and closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.agent import make_loop, make_toolbox, open_mcp, peer_config
from service.chat.base import ChatFormat
from service.endpoint.agent import Agent
from service.endpoint.api_keys import ApiKeys
from service.endpoint.auth import Auth, Authenticate
from service.endpoint.body import WholeBody
from service.endpoint.card import extend_card, make_card, required_extensions
from service.endpoint.codec import Codec
from service.endpoint.configs import Configs
from service.endpoint.decoding import Decoding
from service.endpoint.extensions import EchoExtensions
from service.endpoint.grpc import GrpcServer
from service.endpoint.handler import Handler
from service.endpoint.identity import Way
from service.endpoint.legacy import RefusedStreams
from service.endpoint.metered import TurnMetrics
from service.endpoint.proxies import Proxies
from service.endpoint.push import Push
from service.endpoint.reading import Wellformed
from service.endpoint.refusals import refuse_path
from service.endpoint.retention import Retention
from service.endpoint.routes import make_routes
from service.endpoint.signatures import SigningKey, signed
from service.endpoint.signer import Signer
from service.endpoint.storage import Storage
from service.endpoint.tokens import Tokens
from service.endpoint.traced import Traced, TurnSpans
from service.endpoint.turning_away import TurnAway
from service.endpoint.worker import Worker
from service.engine.base import Engine
from service.engine.traced import TracedEngine
from service.outbound.egress import Egress
from service.process.gauges import watch_health, watch_service
from service.process.health import Health
from service.process.probes import Probes
from service.sessions.backlog import BacklogWatch
from service.sessions.database import agent_database, sole_use
from service.settings import AgentConfig, AuthSection, Machine
from service.telemetry.metrics import Metrics
from service.tools.peers import Peer, keep_known, open_peers

if TYPE_CHECKING:
    from service.tools.mcp import McpServer

_BYTES_PER_CHARACTER = 12
"""A character outside the basic plane, escaped in JSON."""
_ENVELOPE_BYTES = 64 * 2**10
"""Everything of a request but the message's text."""


class Service:
    """One agent as an ASGI application. Its lifespan opens and closes everything it needs."""

    def __init__(
        self,
        agent: AgentConfig,
        machine: Machine,
        folder: Path,
        engine: AbstractAsyncContextManager[Engine],
        chat: ChatFormat,
        url: str,
        health: Health | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`engine` is entered once, at start; `url` is where callers reach this service.

        What operators look at, `health` and `metrics`, is kept up to date.

        Raises ConfigError if what says who may ask cannot be used.
        """
        self._agent = agent
        self._machine = machine
        self._folder = folder
        self._database = agent_database(machine.database, machine.data, folder.name)
        self._engine = engine
        self._chat = chat
        self._url = url
        self._auth = make_auth(machine.auth)
        self._worker: Worker | None = None
        self._message_bytes = agent.limits.message_chars * _BYTES_PER_CHARACTER + _ENVELOPE_BYTES
        self._peers: Mapping[str, Peer] = {}
        self._servers: Mapping[str, McpServer] = {}
        self._health = health or Health(machine.wedged_seconds)
        self._probes = Probes(self._health)
        self._metrics = metrics or Metrics(agent.name, agent.version)
        watch_health(self._metrics, self._health)
        self._app = Starlette(
            routes=[Route("/healthz", self._probes.live), Route("/readyz", self._readiness)],
            middleware=[
                Middleware(Traced),
                Middleware(Authenticate, self._auth),
                Middleware(EchoExtensions),
                Middleware(WholeBody, self._message_bytes),
                Middleware(TurnAway, lambda: self._health.draining),
                Middleware(Wellformed),
                Middleware(RefusedStreams),
            ],
            exception_handlers={HTTPException: refuse_path},
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @property
    def turns(self) -> int:
        """How many are decoded now."""
        return len(self._worker) if self._worker else 0

    async def drain(self, seconds: float) -> None:
        """Takes no more work, lets running turns end for this long, then lets go of them. Comes before closing."""
        self._health.drain()
        if self._worker is not None:  # one that decodes nothing now is as false as none
            await self._worker.drain(seconds)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        agent = self._agent
        async with AsyncExitStack() as stack:
            stack.enter_context(sole_use(self._database))
            await stack.enter_async_context(self._health.beating())
            key, egress = self._machine.push_key, Egress(self._machine.egress_allow)
            signer, codec = Signer.read(key, self._url) if key else None, Codec.read(self._machine.push_secrets)
            peers = [peer_config(section, self._folder, self._url) for section in agent.peers]
            self._peers = await stack.enter_async_context(open_peers(peers, egress))
            # Before the engine, which takes long to start: what is wrong with a database, tool or key is told at once.
            storage = await stack.enter_async_context(Storage.open(self._database, self._machine.lease_seconds))
            self._servers = await stack.enter_async_context(open_mcp(agent, self._folder))
            toolbox = make_toolbox(agent, self._folder, self._peers, self._servers)
            keys = [SigningKey.read(path) for path in self._machine.card_keys]
            await stack.enter_async_context(keep_known(self._peers.values()))
            engine = TracedEngine(await stack.enter_async_context(self._engine), agent.model.base)
            spans = TurnSpans(agent.name, agent.version, agent.model.base, engine.weights)
            loop = make_loop(agent, engine, self._chat, toolbox)
            await loop.warm_up()  # before any turn, also one that another process has left, and before it is ready
            backlog = BacklogWatch(storage.turns, storage.webhooks, self._health.database_answered)
            await stack.enter_async_context(backlog.looking())
            turn_metrics = TurnMetrics(self._metrics, agent.name, agent.model.base, toolbox.names)
            answers = self._answering(Decoding(loop, storage, spans, turn_metrics))
            push = Push(storage.webhooks, storage.tasks, codec, egress, signer, self._metrics)
            await stack.enter_async_context(push.delivering())
            if days := self._machine.keep_days:
                await stack.enter_async_context(Retention(storage.database, days, self._metrics).removing())
            self._worker = worker = Worker(
                answers,
                storage,
                at_once=agent.limits.running,
                queued=agent.limits.queued,
                answer_seconds=agent.limits.answer_seconds,
                pressure=lambda: engine.pressure,
                metrics=self._metrics,
            )
            watch_service(self._metrics, worker, engine, backlog, agent.limits, self._peers, self._servers)
            await stack.enter_async_context(worker.working())
            handler = Handler(
                answers,
                storage,
                worker,
                Configs(storage.webhooks, codec, egress),
                url=self._url,
                extended_card=lambda: signed(extend_card(card, toolbox.specs, self._peers), keys),
                message_chars=agent.limits.message_chars,
                required=required_extensions(),
            )
            grpc_url = await self._serve_grpc(handler, stack)
            card = make_card(
                agent.name,
                agent.description,
                agent.version,
                agent.skills,
                self._url,
                grpc_url,
                security=self._auth.schemes,
            )
            public = [key.public for key in keys] + ([signer.public] if signer else [])
            app.router.routes.extend(make_routes(handler, signed(card, keys), public))
            app.router.redirect_slashes = False  # any path could be a tenant's: what is not there is not found
            self._health.loaded(engine)
            yield

    def _answering(self, decoding: Decoding) -> Agent:
        """What answers messages. Conformance tests put an agent here whose answers a model cannot be made to give."""
        return decoding

    async def _serve_grpc(self, handler: Handler, stack: AsyncExitStack) -> str | None:
        """Where callers reach it; None if it is not to be served."""
        machine = self._machine
        if machine.grpc_port is None:
            return None
        server = GrpcServer(
            handler,
            machine.host,
            machine.grpc_port,
            message_bytes=self._message_bytes,
            draining=lambda: self._health.draining,
            identify=self._auth.identify,
            connections=machine.connections,
        )
        await stack.enter_async_context(server.serving())
        return machine.grpc_public_url or server.address

    async def _readiness(self, request: Request) -> JSONResponse:
        """A peer or an MCP server that is not known is told, but no hindrance: calls say that it cannot be reached.

        Where callers have to say who they are, those who have not learn no names.
        """
        if self._machine.auth.is_set:
            return await self._probes.ready(request)
        peers = {name: peer.known for name, peer in self._peers.items()}
        servers = {name: server.known for name, server in self._servers.items()}
        return await self._probes.ready(request, peers=peers, mcp=servers)


def make_auth(section: AuthSection) -> Auth:
    """The ways that are set. What a caller gives of itself counts before what a proxy says. Raises ConfigError."""
    ways: list[Way] = []
    if section.jwt:
        ways.append(Tokens(section.jwt.jwks, section.jwt.issuer, section.jwt.audience))
    if section.api_keys:
        ways.append(ApiKeys(section.api_keys))
    if section.proxy:
        ways.append(Proxies(section.proxy.header, section.proxy.addresses))
    return Auth(ways)
