"""The management port: probes and metrics for whoever runs this process, beside the port where agents are asked.

    /livez      whether to keep the process: it is not wedged
    /startupz   whether the model has been loaded and has sampled something
    /readyz     whether to send it work
    /metrics    for Prometheus

It is served from a thread with an event loop of its own, from before the model is loaded: so it tells when the main
loop stands still, and a scrape holds up no token. It asks nobody who he is: the network lets in who may see it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.process.connections import IDLE_SECONDS, Connection
from service.process.health import Health
from service.process.probes import Probes
from service.telemetry.metrics import Metrics

_CONNECTIONS = 100
_CLOSE_SECONDS = 1


@contextmanager
def management(listener: socket.socket, health: Health, metrics: Metrics) -> Iterator[None]:
    """Serves the management port on `listener` until it is left."""
    server = uvicorn.Server(
        uvicorn.Config(
            management_app(health, metrics),
            loop="asyncio",
            http=Connection,
            ws="none",
            lifespan="off",
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=_CLOSE_SECONDS,
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
    )
    # A daemon: a process that must end at once does not wait for it.
    thread = threading.Thread(target=server.run, args=([listener],), name="management", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def management_app(health: Health, metrics: Metrics) -> Starlette:
    """Its paths. None of them waits for anything."""
    probes, all_metrics = Probes(health), _All(metrics)

    async def scrape(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(all_metrics), media_type=content_type)

    return Starlette(
        routes=[
            Route("/livez", probes.live),
            Route("/readyz", probes.ready),
            Route("/startupz", probes.started),
            Route("/metrics", scrape),
        ]
    )


class _All(Collector):
    """This service's metrics, and what libraries have of the whole process, vLLM among them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics.registry.collect()
        yield from REGISTRY.collect()
