"""The spans of requests, over every binding, and of the turns that come of them.

A request's span is a child of its caller's, and is named after the operation as soon as that is known. A turn's span is
a child of the request whose message it answers, in whichever process it is decoded. Where that may have ended long
before, or with the process that had it, there is a link as well:

    another process goes on with a turn    to the request whose message it answers
    an answer goes on with a turn          to the request whose message was answered before
    a webhook is told of a task            to the request whose message the task has got last
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from a2a.types import Task
from a2a.utils.errors import A2AError
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, Span, SpanKind
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.decode import Turn
from service.sessions.turns import ANSWERED, TRACE, Held
from service.telemetry import names, traces
from service.telemetry.logs import about

_UNTRACED = ("/healthz", "/readyz", "/.well-known/")
"""Asked for every few seconds, by those that nobody waits for."""


class Traced:
    """Each HTTP request is a span."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNTRACED):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        attributes = {names.HTTP_METHOD: method, names.URL_PATH: scope["path"]}

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                span.set_attribute(names.HTTP_STATUS, status)
                if status >= 500:
                    traces.fail(span, str(status))
            await send(message)

        caller = propagate.extract(Headers(scope=scope))
        with traces.span(method, SpanKind.SERVER, attributes, within=caller) as span:
            await self._app(scope, receive, note if span.is_recording() else send)


def name_operation(name: str) -> None:
    """Says what the current request asks for."""
    span = trace.get_current_span()
    span.update_name(name)
    span.set_attribute(names.A2A_METHOD, name)


def note_refusal(error: A2AError) -> None:
    """Says with what the current request is answered. That it is wrong is not this service's failure."""
    trace.get_current_span().set_attribute(names.ERROR_TYPE, type(error).__name__)


def note_task(task: Task) -> None:
    """Says what task the current request is about, to traces and to logs."""
    about(task_id=task.id, context_id=task.context_id)
    trace.get_current_span().set_attributes({names.A2A_TASK: task.id, names.CONVERSATION: task.context_id})


def work_on(held: Held, task: Task) -> None:
    """What this asyncio task does and logs is for the turn's message, whichever request or duty has led to it here."""
    traces.take_up(held.ask.get(TRACE, {}))
    about(task_id=task.id, context_id=task.context_id)


@dataclass(frozen=True, slots=True)
class TurnSpans:
    """Those of one agent's turns."""

    agent: str
    version: str
    model: str
    """What the agent's configuration calls it."""
    weights: str
    """Their version."""

    def turn(self, held: Held, conversation: str) -> AbstractContextManager[Span]:
        """The span of a turn, for as long as this process decodes it. `conversation` as its caller names it."""
        attributes: dict[str, Any] = {
            names.OPERATION: names.INVOKE_AGENT,
            names.AGENT_NAME: self.agent,
            names.CONVERSATION: conversation,
            names.REQUEST_MODEL: self.model,
            names.A2A_TASK: held.lease.turn_id,
            names.ATTEMPT: held.attempts,
            names.RESUMED: held.begun,
        }
        if not names.latest():
            attributes |= {names.PROVIDER: "vllm", names.AGENT_VERSION: self.version}
        links: list[Link] = []
        if held.begun:
            links += traces.link(held.ask.get(TRACE), "message")
        links += traces.link(held.ask.get(ANSWERED), "answered before")
        if names.captures_content():
            attributes[names.INPUT_MESSAGES] = _messages("user", held.ask["text"])
        return traces.span(f"{names.INVOKE_AGENT} {self.agent}", attributes=attributes, links=links)

    def ended(self, span: Span, turn: Turn) -> None:
        """Says what a turn has come to: of the model's own, not of what other agents took."""
        if not span.is_recording():
            return
        if took := turn.usage.models.get(self.weights):
            span.set_attributes(
                {names.INPUT_TOKENS: took.input, names.CACHED_TOKENS: took.cached, names.OUTPUT_TOKENS: took.output}
            )
        span.set_attributes({names.STOP: turn.stop.value, names.RESPONSE_FINISH_REASONS: (turn.stop.value,)})
        if names.captures_content():
            span.set_attribute(names.OUTPUT_MESSAGES, _messages("assistant", turn.text, turn.stop.value))


def _messages(role: str, text: str, finish: str | None = None) -> str:
    """One message, as the conventions write them."""
    message: dict[str, Any] = {"role": role, "parts": [{"type": "text", "content": text}]}
    return json.dumps([message | ({"finish_reason": finish} if finish else {})], ensure_ascii=False)
