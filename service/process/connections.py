"""HTTP connections, and what they may cost while nothing is answered on them: uvicorn itself sets no such limits.

    open ──► headers ──► answered ──► idle ─┐
                ▲                           │
                └───────────────────────────┘

From the opening, and later from the first byte of each request, a clock runs until its headers are there: so nobody
keeps a connection by sending nothing, or a byte now and then. Between requests it may rest for longer, so that the next
one need not connect. Nobody keeps one either who does not read what is written to it. An answer itself may take as long
as it likes: streams live for hours.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.endpoint.probes import OnlyProbes
from service.telemetry.logs import BOUNDED

logger = logging.getLogger(__name__)

IDLE_SECONDS = 75
"""How long a connection rests between requests. Clients that keep theirs for less are never closed upon."""
HEADER_SECONDS = 10.0
"""How long the headers of a request may take, and however little comes of a body that nobody reads any more."""
READ_SECONDS = 60.0
"""How long a client may leave so much unread that nothing more can be written to it."""
_HEADER_BYTES = 32 * 2**10
"""What may come without being headers that are complete or a piece of a body. The parser would take any amount."""
_RESERVE = 64
"""Connections too many that are told so. Further ones are closed at once."""
_OTHER_FILES = 1_024
"""That are open beside connections, and connections that are not counted yet."""


class Connection(HttpToolsProtocol):
    """One of at most `limit_concurrency`, as uvicorn's setting is called. Whoever comes then is told to come again.

    Probes are answered all the same: a service that is busy must not be taken for one that is dead.
    """

    # With these, uvicorn's attributes would be too many for Python to share their names among connections.
    __slots__ = ("_headers_due", "_most", "_reading_due", "_unread")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn would turn away requests, on whatever connection, probes among them.
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._unread = 0
        self._headers_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        surplus = len(self.connections) - self._most if self._most else 0
        if surplus > 0:
            logger.warning("connection refused: this agent has too many", extra=BOUNDED)
        if surplus > _RESERVE:
            transport.abort()
            return
        if surplus > 0:
            self.app = OnlyProbes(self.app)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for due in (self._headers_due, self._reading_due):
            if due:
                due.cancel()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        if self._is_idle and self._headers_due is None:
            self._expect_headers()
        super().data_received(data)
        if self._unread > _HEADER_BYTES and not self.transport.is_closing():
            self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._unread = 0
        if self._headers_due:
            self._headers_due.cancel()
            self._headers_due = None

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._unread and self._headers_due is None and not self.transport.is_closing():
            self._expect_headers()  # of a request that has begun meanwhile

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_due = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading_due:
            self._reading_due.cancel()

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _expect_headers(self) -> None:
        self._headers_due = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if self._unread:
            self._end(HTTPStatus.REQUEST_TIMEOUT)
        else:  # to whom nothing was said, nothing is answered: a client may be about to send its next request
            self.transport.close()

    def _end(self, status: HTTPStatus) -> None:
        if self._is_idle:
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
        else:  # in the middle of an answer to what was asked before
            self.transport.abort()


def allow_open_files(connections: int) -> None:
    """As many as this process needs for so many connections, as far as the machine lets it: by default often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
