"""Tells webhooks of tasks. No turn waits for that: what is owed is in the database, and any process may deliver it.

A delivery is the task as it is now. It is tried again, at growing distances, until the webhook takes it (2xx), wants no
more (410), or has not taken any for a day. So it may come twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from a2a.compat.v0_3.conversions import to_compat_task
from a2a.types import StreamResponse, Task, TaskPushNotificationConfig
from google.protobuf.json_format import MessageToDict
from opentelemetry.trace import SpanKind

from service.endpoint.codec import Codec, Unreadable
from service.endpoint.shown import without_record
from service.endpoint.signer import Signer
from service.endpoint.tasks import Tasks
from service.outbound.egress import Egress
from service.sessions.outages import log_failure
from service.sessions.webhooks import Due, Webhooks
from service.task_states import TERMINAL
from service.telemetry import names, traces
from service.telemetry.metrics import Delivery, Metrics

logger = logging.getLogger(__name__)

TOKEN_HEADER = "X-A2A-Notification-Token"
SIGNATURE_HEADER = "X-A2A-Notification-Signature"

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 3600.0
GIVE_UP_SECONDS = 24 * 3600.0
_TIMEOUT_SECONDS = 10.0
_AT_ONCE = 64
POLL_SECONDS = 0.5
_SWEEP_SECONDS = 60.0


class Push:
    """One process's share of the deliveries."""

    def __init__(
        self,
        webhooks: Webhooks,
        tasks: Tasks,
        codec: Codec,
        egress: Egress,
        signer: Signer | None,
        metrics: Metrics,
    ) -> None:
        self._webhooks = webhooks
        self._tasks = tasks
        self._codec = codec
        self._egress = egress
        self._signer = signer
        self._metrics = metrics
        self._deliveries: dict[asyncio.Task[None], Due] = {}
        self._closing = asyncio.Event()

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Delivers for as long as this is open. What is under way then is left to whoever is next."""
        async with self._egress.open(httpx.Timeout(_TIMEOUT_SECONDS)) as http:
            taking = asyncio.create_task(self._take(http))
            try:
                yield
            finally:
                self._closing.set()  # not cancelled: what it is about to take would be nobody's for a while
                await asyncio.wait({taking})
                await self._put_back(dict(self._deliveries))

    async def _put_back(self, deliveries: dict[asyncio.Task[None], Due]) -> None:
        for delivery in deliveries:
            delivery.cancel()
        if deliveries:
            await asyncio.wait(deliveries)
        for due in deliveries.values():
            with suppress(Exception):  # else its lease ends by itself
                await self._webhooks.put_back(due)

    async def _take(self, http: httpx.AsyncClient) -> None:
        swept = -_SWEEP_SECONDS
        while not self._closing.is_set():
            try:
                await self._begin(http)
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    swept = time.monotonic()
                    await self._webhooks.sweep()
            except Exception as error:
                log_failure("what webhooks are owed cannot be read", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)

    async def _begin(self, http: httpx.AsyncClient) -> None:
        """To deliver what is owed, as far as there is room."""
        free = _AT_ONCE - len(self._deliveries)
        found = await self._webhooks.claim(free) if free > 0 else []
        tasks = await self._tasks.read({due.task_id for due in found}) if found else {}
        for due in found:
            delivery = asyncio.create_task(self._deliver(http, due, tasks.get(due.task_id, (None, ""))[0]))
            self._deliveries[delivery] = due
            delivery.add_done_callback(self._deliveries.pop)

    async def _deliver(self, http: httpx.AsyncClient, due: Due, task: Task | None) -> None:
        try:
            if task is None:  # it was deleted
                await self._webhooks.drop(due)
            else:
                await self._settle(due, task, await self._tell(http, due, task))
        except Exception as error:  # once the lease is over, it is tried again
            log_failure("what became of a delivery cannot be written", error, task_id=due.task_id)

    async def _settle(self, due: Due, task: Task, answer: httpx.Response | str) -> None:
        outcome: Delivery
        if isinstance(answer, httpx.Response) and answer.is_success:
            outcome = "delivered"
            await self._webhooks.delivered(due, last=task.status.state in TERMINAL)
        elif isinstance(answer, httpx.Response) and answer.status_code == httpx.codes.GONE:
            outcome = "unwanted"
            logger.info("%s wants no more", _name(due))
            await self._webhooks.drop(due)
        elif due.waited > GIVE_UP_SECONDS:
            outcome = "given up"
            logger.warning("%s is given up after %d attempts; the last one: %s", _name(due), due.attempts, _why(answer))
            await self._webhooks.drop(due)
        else:
            outcome = "failed"
            pause = pause_after(due.attempts, answer)
            logger.info("%s: attempt %d: %s; again in %.0f s", _name(due), due.attempts, _why(answer), pause)
            await self._webhooks.failed(due, pause)
        self._metrics.delivered(outcome)

    async def _tell(self, http: httpx.AsyncClient, due: Due, task: Task) -> httpx.Response | str:
        """Posts it in a trace of its own: the one of the message may be over for a day."""
        links = traces.link(due.trace, "message")
        with traces.span("push notification", SpanKind.CLIENT, {names.A2A_TASK: due.task_id}, links) as span:
            answer = await self._post(http, due, task)
            if isinstance(answer, str):
                traces.fail(span, "unreachable")
            else:
                span.set_attribute(names.HTTP_STATUS, answer.status_code)
                if not answer.is_success:
                    traces.fail(span, str(answer.status_code))
            return answer

    async def _post(self, http: httpx.AsyncClient, due: Due, task: Task) -> httpx.Response | str:
        """The answer without its content, or why there is none."""
        try:
            config = self._codec.decode(due.config)
        except Unreadable as error:
            return str(error)
        body, content_type = _body(task, legacy=due.config["legacy"])
        headers = {"Content-Type": content_type, **traces.sent(), **self._credentials(config, body)}
        try:
            async with (
                asyncio.timeout(_TIMEOUT_SECONDS),
                http.stream("POST", config.url, content=body, headers=headers) as response,
            ):
                return response
        except TimeoutError:
            return "no answer in time"
        except httpx.HTTPError as error:
            return str(error) or type(error).__name__

    def _credentials(self, config: TaskPushNotificationConfig, body: bytes) -> dict[str, str]:
        """Those that the config has, and ours."""
        headers = {}
        signature = self._signer.sign(body, config.url) if self._signer else ""
        scheme, credentials = config.authentication.scheme, config.authentication.credentials
        if not credentials and scheme.lower() == "bearer":
            credentials = signature  # the protocol's example of a webhook that knows agents by their keys
        if credentials:
            headers["Authorization"] = f"{scheme} {credentials}"
        if config.token:
            headers[TOKEN_HEADER] = config.token
        if signature:
            headers[SIGNATURE_HEADER] = signature
        return headers


def _body(task: Task, *, legacy: bool) -> tuple[bytes, str]:
    """With its media type. What was said in the task is its caller's already."""
    task.ClearField("history")
    task = without_record(task)
    if legacy:  # 0.3 has the bare task
        return to_compat_task(task).model_dump_json(by_alias=True, exclude_none=True).encode(), "application/json"
    content: dict[str, Any] = MessageToDict(StreamResponse(task=task))
    return json.dumps(content).encode(), "application/a2a+json"


def pause_after(attempts: int, answer: httpx.Response | str) -> float:
    """Twice as long each time, but never all at once; no sooner than the webhook says it wants."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 30))
    asked = _retry_after(answer.headers.get("Retry-After", "")) if isinstance(answer, httpx.Response) else 0.0
    return max(random.uniform(longest / 2, longest), min(asked, LONGEST_PAUSE_SECONDS))


def _retry_after(value: str) -> float:
    """Seconds; 0 for what is neither a number nor a date."""
    if value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        date = parsedate_to_datetime(value)
        return (date - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _why(answer: httpx.Response | str) -> str:
    return answer if isinstance(answer, str) else f"HTTP {answer.status_code}"


def _name(due: Due) -> str:
    """For the log: its URL may be secret."""
    return f"webhook {due.id} of task {due.task_id}"
