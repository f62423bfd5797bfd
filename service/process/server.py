"""Serving over HTTP: startup, main, shutdown, where shutdown begins with letting turns end."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from sse_starlette.sse import AppStatus, EventSourceResponse

from service.app import Service
from service.errors import ConfigError
from service.process.connections import IDLE_SECONDS, Connection
from service.urls import EVERY_ADDRESS

logger = logging.getLogger(__name__)

_CLOSE_SECONDS = 5
"""How long clients may take to read what was sent to them before their connections are cut."""
_PING_SECONDS = 2
"""Between signs of life in a stream that has nothing to say: the SDK's own client gives up after five without one."""


def listen(host: str, port: int, setting: str = "port") -> socket.socket:
    """A socket on the address, before anything slow is done. Port 0 takes a free one.

    Raises ConfigError, which names the `setting` the port comes from, if it is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, streams lag by 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # else two processes could bind it, and one fail only once its model is loaded
    except OSError as error:
        listener.close()
        options = f"--{setting.replace('_', '-')} or INNERLOOP_{setting.upper()}"
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with {options}"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The address on this machine."""
    host, port = listener.getsockname()[:2]
    host = "localhost" if host in EVERY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}"


class Server(uvicorn.Server):
    """Drains before it closes: uvicorn would close connections first, and streams would end without their last word.

    The first SIGINT or SIGTERM lets turns run for `drain_seconds`; a second SIGINT ends them at once.
    """

    def __init__(
        self, service: Service, drain_seconds: float, log_level: str = "info", connections: int | None = None
    ) -> None:
        """So many `connections` may be open at once; any number if not given."""
        super().__init__(
            uvicorn.Config(
                service,
                http=Connection,
                ws="none",
                limit_concurrency=connections,
                timeout_keep_alive=IDLE_SECONDS,
                log_level=log_level,
                log_config=None,  # its loggers speak as all others do
                access_log=False,
                timeout_graceful_shutdown=_CLOSE_SECONDS,
                lifespan="on",
                proxy_headers=False,  # by which whoever is on this machine could seem to be at any address
            )
        )
        self._service = service
        self._drain_seconds = drain_seconds
        # The SSE library would cut every stream as soon as it sees the signal.
        AppStatus.enable_automatic_graceful_drain = False
        EventSourceResponse.DEFAULT_PING_INTERVAL = _PING_SECONDS

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What there is now stays: Python's collector need not go through it again and again while all streams stand
        # still. What vLLM imports is most of it, and exempt since then, also for who has an engine and serves nothing.
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        logger.info("draining for %g s at most; turns that run: %d", self._drain_seconds, self._service.turns)
        drain = asyncio.create_task(self._service.drain(self._drain_seconds))
        while not drain.done() and not self.force_exit:
            await asyncio.wait({drain}, timeout=0.1)
        # Forced, uvicorn would leave the engine and the database open.
        self.force_exit = False
        drain.cancel()
        await self._service.drain(0)
        await super().shutdown(sockets)
        logger.info("ended")


class EmbeddedServer(Server):
    """For a program of which serving is only a part: leaves signals to it."""

    @asynccontextmanager
    async def running(self, listener: socket.socket) -> AsyncIterator[None]:
        """Serves on `listener` until it is left. Raises RuntimeError if the service does not start, and logs why."""

        async def serve() -> None:
            with suppress(SystemExit):  # uvicorn's way to say so
                await self.serve([listener])

        serving = asyncio.create_task(serve())
        try:
            while not self.started:
                if serving.done():
                    raise RuntimeError("the service did not start")
                await asyncio.sleep(0.01)
            yield
        finally:
            self.should_exit = True
            await serving
            gc.unfreeze()  # the program goes on

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
