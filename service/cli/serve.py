"""`innerloop serve`: one agent in this process, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import pkgutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from starlette.types import Message, Receive, Scope, Send

from service.agent import make_chat
from service.app import Service
from service.chat.base import ChatFormat
from service.cli.machine import read_machine
from service.cli.progress import LoggedSteps, Steps
from service.engine.base import Engine
from service.engine.vllm import EngineConfig, VllmEngine
from service.errors import ConfigError, ServiceError
from service.models.prepare import prepare
from service.process.connections import allow_open_files
from service.process.health import Health
from service.process.management import management
from service.process.server import Server, listen, url_of
from service.settings import AgentConfig, Machine, load_agent
from service.telemetry.logs import set_up
from service.telemetry.metrics import Metrics
from service.telemetry.traces import exported
from service.urls import EVERY_ADDRESS

logger = logging.getLogger(__name__)

Opening = AbstractAsyncContextManager[Engine]
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def run(
    folder: Path,
    host: str | None,
    port: int | None,
    public_url: str | None,
    grpc_port: int | None,
    management_port: int | None,
    engine: str,
) -> int:
    """Serves until SIGINT or SIGTERM, both of which let running turns end. Raises ServiceError if it cannot start."""
    unread: list[str] = []
    machine = read_machine(
        warn=unread.append,
        host=host,
        port=port,
        public_url=public_url,
        grpc_port=grpc_port,
        management_port=management_port,
    )
    agent = load_agent(folder, machine)
    form = set_up(machine.log_format, level=machine.log_level)
    steps = Steps(Console(stderr=True)) if form == "text" else LoggedSteps()
    for line in unread:
        logger.warning(line)
    if unset := _unset_urls(machine):
        logger.warning("the card says localhost, where no other machine reaches this one: set %s", unset)
    health, metrics = Health(machine.wedged_seconds), Metrics(agent.name, agent.version)
    # Before anything slow, so that a port that is taken is told at once.
    if machine.grpc_port:
        listen(machine.host, machine.grpc_port, "grpc_port").close()
    with (
        listen(machine.host, machine.port) as listener,
        steps as say,
        exported(agent.name, agent.version),
        _managed(machine, health, metrics, say),
    ):
        url = (machine.public_url or url_of(listener)).rstrip("/")
        opening, chat = _open_vllm(agent, folder, machine, say) if engine == "vllm" else _resolve(engine)(folder)
        if not (machine.auth.is_set or machine.host in _THIS_MACHINE):
            say(f"anybody who reaches {url} may ask: no INNERLOOP_AUTH__… says who may")
        service = _Service(agent, machine, folder, opening, chat, url, health, metrics)
        allow_open_files(machine.connections * (2 if machine.grpc_port is not None else 1))
        server = _Server(service, machine.drain_seconds, machine.connections, say, f"{agent.name} is ready at {url}")
        try:
            asyncio.run(server.serve([listener]))
        except SystemExit:
            if service.failure:
                raise service.failure from None
            raise
    return 0


def _unset_urls(machine: Machine) -> str:
    """What would have to be set for the card to name this machine, where every address of it is listened on."""
    urls = {"INNERLOOP_PUBLIC_URL": machine.public_url}
    if machine.grpc_port is not None:
        urls["INNERLOOP_GRPC_PUBLIC_URL"] = machine.grpc_public_url
    return " and ".join(name for name, url in urls.items() if not url and machine.host in EVERY_ADDRESS)


@contextmanager
def _managed(machine: Machine, health: Health, metrics: Metrics, say: Steps) -> Iterator[None]:
    """The management port, if there is to be one."""
    if machine.management_port is None:
        yield
        return
    with (
        listen(machine.host, machine.management_port, "management_port") as listener,
        management(listener, health, metrics),
    ):
        say(f"probes and metrics are at {url_of(listener)}")
        yield


def _open_vllm(agent: AgentConfig, folder: Path, machine: Machine, say: Steps) -> tuple[Opening, ChatFormat]:
    prepared = prepare(agent.model, folder, machine.cache, say)
    stats = machine.management_port is not None
    window, arguments = agent.model.window, machine.engine
    config = EngineConfig(prepared.folder, prepared.version, window, stats=stats, arguments=arguments)
    return VllmEngine.open(config, say), make_chat(agent.chat, prepared.folder)


def _resolve(name: str) -> Callable[[Path], tuple[Opening, ChatFormat]]:
    """The function `MODULE:FUNCTION`, which makes an engine and a chat format for an agent's folder."""
    try:
        make: Callable[[Path], tuple[Opening, ChatFormat]] = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"no engine {name!r}: {error}") from error
    return make


class _Service(Service):
    """Keeps what is wrong with its configuration from being told as a traceback."""

    failure: ServiceError | None = None
    """Why it could not start."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            error = sys.exception()
            if message["type"] == "lifespan.startup.failed" and isinstance(error, ServiceError):
                self.failure = error
                message = {"type": "lifespan.startup.failed"}
                logging.getLogger("uvicorn.error").disabled = True  # it would add a line of its own
            await send(message)

        await super().__call__(scope, receive, tell if scope["type"] == "lifespan" else send)


class _Server(Server):
    """Says when it has started, and what it still waits for when it is to end."""

    def __init__(self, service: Service, drain_seconds: float, connections: int, say: Steps, ready: str) -> None:
        super().__init__(service, drain_seconds, "warning", connections)
        self._say = say
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say(self._ready)
            self._say.end()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.started:
            # Nothing was accepted, and vLLM's start cannot be interrupted. Its process dies with this one.
            try:
                self._say("stopped before it was ready")
                self._say.end()  # else the terminal would be left without a cursor
            finally:
                os._exit(128 + sig)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if turns := self._service.turns:
            self._say(
                f"turns that still run: {turns}; they have {self._drain_seconds:g} s, and Ctrl-C leaves them to whoever"
                " goes on: another replica, or the next start"
            )
        await super().shutdown(sockets)
