"""What is asked about a process's health over HTTP: each answer is 200 or 503, with the state as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from service.process.health import Health, State


class Probes:
    """Endpoints. None of them waits for anything."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def live(self, _: Request) -> JSONResponse:
        """Whether to keep the process."""
        return self._answer(not self._health.wedged)

    async def started(self, _: Request) -> JSONResponse:
        """Whether the model has been loaded and has sampled something."""
        return self._answer(self._health.started)

    async def ready(self, _: Request, **details: Mapping[str, bool]) -> JSONResponse:
        """Whether to send it work."""
        return self._answer(self._health.state is State.READY, **details)

    def _answer(self, yes: bool, **details: Mapping[str, bool]) -> JSONResponse:
        why = self._health.wedged
        state = {"state": State.WEDGED, "reason": why} if why else {"state": self._health.state}
        return JSONResponse(state | details, status_code=200 if yes else 503)
