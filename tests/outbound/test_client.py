"""A task is heard to its end, also by agents that do not stream, and where the stream breaks off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from service import extension
from service.events import Event, TextDelta, Waiting
from service.outbound.client import Refused, RemoteAgent, Reply, Unreachable, open_http
from service.process.server import EmbeddedServer, listen, url_of
from tests.conftest import RunServer, Says, eventually

UNSUPPORTED, TASK_NOT_FOUND = -32004, -32001

CARD: dict[str, Any] = {
    "name": "Odd",
    "description": "Odd.",
    "version": "1",
    "capabilities": {"streaming": True},
    "defaultInputModes": ["text/plain"],
    "defaultOutputModes": ["text/plain"],
    "skills": [{"id": "s", "name": "Skill", "description": "d", "tags": ["t"]}],
}


def card_at(url: str) -> dict[str, Any]:
    """The card of an agent that is asked there, over JSON-RPC."""
    return CARD | {"supportedInterfaces": [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]}


Answer = Callable[[], Response]


def task(state: str, text: str = "") -> dict[str, Any]:
    artifacts = [{"artifactId": "a", "parts": [{"text": text}]}] if text else []
    return {"id": "t", "contextId": "c", "status": {"state": f"TASK_STATE_{state}"}, "artifacts": artifacts}


def piece(text: str, *, append: bool = True) -> dict[str, Any]:
    artifact = {"artifactId": "a", "parts": [{"text": text}]}
    return {"artifactUpdate": {"taskId": "t", "contextId": "c", "append": append, "artifact": artifact}}


def status(state: str) -> dict[str, Any]:
    return {"statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": f"TASK_STATE_{state}"}}}


def result(value: Any) -> Answer:
    return lambda: JSONResponse({"jsonrpc": "2.0", "id": 1, "result": value})


def error(code: int) -> Answer:
    return lambda: JSONResponse({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}})


def down() -> Response:
    return Response(status_code=503)


async def close() -> None:
    """How a stream ends that is over."""


async def cut() -> None:
    raise ConnectionError("cut")


async def stay() -> None:
    await asyncio.Event().wait()


def stream(*results: Any, first: Callable[[], Any] = close, then: Callable[[], Any] = close) -> Answer:
    """Results as objects, or as the JSON of one."""

    async def frames() -> AsyncIterator[str]:
        await first()
        for value in results:
            text = value if isinstance(value, str) else json.dumps(value)
            yield f'data: {{"jsonrpc": "2.0", "id": 1, "result": {text}}}\n\n'
        await then()

    return lambda: StreamingResponse(frames(), media_type="text/event-stream")


@dataclass
class Stranger:
    """An agent built on something else."""

    url: str
    answers: dict[str, list[Answer]]
    """To each method, one after the other; then 503."""
    asked: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    """Of the last request for each method."""
    headers: list[Headers] = field(default_factory=list)
    """Of each request, those for the card included."""
    card: Any = None
    """In place of the usual one."""

    async def respond(self, request: Request) -> Response:
        self.headers.append(request.headers)
        body = await request.json()
        method = body["method"]
        self.asked.append(method)
        self.params[method] = body["params"]
        answers = self.answers.get(method)
        return answers.pop(0)() if answers else down()


@asynccontextmanager
async def stranger(*, card: Any = None, streaming: bool = True, **answers: list[Answer]) -> AsyncIterator[Stranger]:
    listener = listen("127.0.0.1", 0)
    agent = Stranger(url_of(listener), answers, card=card)

    async def show(request: Request) -> Response:
        agent.headers.append(request.headers)
        usual = card_at(agent.url) | {"capabilities": {"streaming": streaming}}
        return (
            agent.card
            if isinstance(agent.card, Response)
            else JSONResponse(usual if agent.card is None else agent.card)
        )

    routes = [Route("/.well-known/agent-card.json", show), Route("/", agent.respond, methods=["POST"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="critical"))
    server.capture_signals = EmbeddedServer.capture_signals.__get__(server)  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield agent
    finally:
        server.should_exit = True
        await serving


class Ear:
    """Remembers what was emitted."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, event: Event) -> None:
        assert isinstance(event, TextDelta)
        self.texts.append(event.text)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.outbound.client._FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("service.outbound.client._LONGEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("service.outbound.client._AGAIN_SECONDS", 0.2)


async def ask(agent: Stranger, ear: Ear, task_id: str | None = None) -> Reply:
    async with asyncio.timeout(10), open_http() as http:
        return await (await RemoteAgent.find(http, agent.url)).ask("hello", None, ear, task_id=task_id)


async def test_an_agent_that_does_not_stream_is_looked_at_until_its_task_has_ended() -> None:
    ear = Ear()
    async with stranger(
        streaming=False,
        SendMessage=[result({"task": task("SUBMITTED")})],
        GetTask=[result(task("WORKING", "one")), result(task("COMPLETED", "one two"))],
    ) as agent:
        assert await ask(agent, ear) == Reply("completed", "one two", "", "c", "t")
    assert ear.texts == ["one", " two"]
    assert agent.asked == ["SendMessage", "GetTask", "GetTask"]
    assert agent.params["SendMessage"]["configuration"] == {"returnImmediately": True}


async def test_a_task_that_ends_as_it_is_sent_is_not_looked_at() -> None:
    async with stranger(streaming=False, SendMessage=[result({"task": task("COMPLETED", "one")})]) as agent:
        assert (await ask(agent, Ear())).text == "one"
    assert agent.asked == ["SendMessage"]


@pytest.mark.parametrize("then", [close, cut])
async def test_a_stream_that_breaks_off_is_taken_up_where_it_was(then: Callable[[], Any]) -> None:
    ear = Ear()
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, piece("one ", append=False), then=then)],
        SubscribeToTask=[stream({"task": task("WORKING", "one two ")}, piece("three"), status("COMPLETED"))],
        GetTask=[result(task("COMPLETED", "one two three"))],
    ) as agent:
        assert await ask(agent, ear) == Reply("completed", "one two three", "", "c", "t")
    assert ear.texts == ["one ", "two ", "three"]
    assert agent.asked == ["SendStreamingMessage", "SubscribeToTask", "GetTask"]


@pytest.mark.parametrize(
    "again",
    [
        pytest.param([task("WORKING", "one two "), piece("two "), piece("three")], id="a piece that is in the task"),
        pytest.param([task("WORKING", "one "), piece("two "), piece("three")], id="a task behind what was heard"),
        pytest.param([task("WORKING", "one two three")], id="all in the task"),
    ],
)
async def test_nothing_is_told_twice(again: list[Any]) -> None:
    ear = Ear()
    heard = [{"task": task("WORKING")}, piece("one ", append=False), piece("two ")]
    async with stranger(
        SendStreamingMessage=[stream(*heard, then=cut)],
        SubscribeToTask=[stream({"task": again[0]}, *again[1:], status("COMPLETED"))],
        GetTask=[result(task("COMPLETED", "one two three"))],
    ) as agent:
        assert (await ask(agent, ear)).text == "one two three"
    assert ear.texts == ["one ", "two ", "three"]


async def test_the_task_has_the_last_word_about_its_text() -> None:
    """A new piece like the end of the task cannot be told from one that is in it."""
    ear = Ear()
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, then=cut)],
        SubscribeToTask=[stream({"task": task("WORKING", "ha")}, piece("ha"), status("COMPLETED"))],
        GetTask=[result(task("COMPLETED", "haha"))],
    ) as agent:
        assert (await ask(agent, ear)).text == "haha"
    assert ear.texts == ["ha", "ha"]


@pytest.mark.parametrize(
    ("subscribed", "again"),
    [
        pytest.param(error(UNSUPPORTED), False, id="not offered, or ended"),
        pytest.param(down, True, id="no connection"),
        pytest.param(stream({"task": task("WORKING", "one")}, then=cut), True, id="broken off too"),
    ],
)
async def test_where_subscribing_does_not_help_the_task_is_looked_at(subscribed: Answer, again: bool) -> None:
    ear = Ear()
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, piece("one", append=False), then=cut)],
        SubscribeToTask=[subscribed],
        GetTask=[result(task("WORKING", "one")), down, result(task("FAILED", "one two"))],
    ) as agent:
        assert (await ask(agent, ear)).state == "failed"
    assert ear.texts == ["one", " two"]
    subscribes = ["SubscribeToTask"] * again
    looks = ["SubscribeToTask", "GetTask", *subscribes, "GetTask", *subscribes, "GetTask"]
    assert agent.asked == ["SendStreamingMessage", *looks]


async def test_an_agent_that_is_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """As while it is restarted. Then it is heard again, and that it was away is told once."""
    ear = Ear()
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, piece("one ", append=False), then=cut)],
        SubscribeToTask=[*[down] * 20, stream({"task": task("WORKING", "one ")}, piece("two"), status("COMPLETED"))],
        GetTask=[*[down] * 20, result(task("COMPLETED", "one two"))],
    ) as agent:
        assert await ask(agent, ear) == Reply("completed", "one two", "", "c", "t")
    assert ear.texts == ["one ", "two"]
    assert agent.asked == ["SendStreamingMessage", *["SubscribeToTask", "GetTask"] * 21]
    assert caplog.messages == [f"{agent.url} does not answer: its task t is looked for until it does"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (error(TASK_NOT_FOUND), "the agent does not know its task any more"),
        (lambda: Response(status_code=401), "the agent wants credentials"),
        (lambda: Response(status_code=403), "the agent wants credentials"),
    ],
)
async def test_a_task_that_the_agent_will_never_tell_of_is_lost(answer: Answer, why: str) -> None:
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, piece("one", append=False), then=cut)],
        GetTask=[down, answer],
    ) as agent:
        assert await ask(agent, Ear()) == Reply("lost", "one", why, "c", "t")
    assert agent.asked == ["SendStreamingMessage", *["SubscribeToTask", "GetTask"] * 2]


async def test_who_does_not_wait_any_longer_cancels_the_task() -> None:
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, then=cut)],
        CancelTask=[result(task("CANCELED"))],
    ) as agent:
        asking = asyncio.create_task(ask(agent, Ear()))

        async def is_looked_for() -> bool:
            return agent.asked.count("GetTask") > 4

        await eventually(is_looked_for)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert agent.asked[-1] == "CancelTask"


@pytest.mark.parametrize("state", ["INPUT_REQUIRED", "AUTH_REQUIRED"])
async def test_a_task_that_asks_is_left_to_be_answered(state: str) -> None:
    """Its stream may stay open meanwhile."""
    async with stranger(SendStreamingMessage=[stream({"task": task("WORKING")}, status(state), then=stay)]) as agent:
        assert (await ask(agent, Ear())).asks
    assert agent.asked == ["SendStreamingMessage"]
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, then=cut)],
        SubscribeToTask=[stream({"task": task(state)}, then=stay)],
        GetTask=[result(task(state))],
    ) as agent:
        assert (await ask(agent, Ear())).state == state.lower()
    assert agent.asked == ["SendStreamingMessage", "SubscribeToTask", "GetTask"]


async def test_an_answer_that_is_refused_is_looked_after() -> None:
    """The task may have had it before."""
    done = result(task("COMPLETED", "done"))
    async with stranger(SendStreamingMessage=[error(UNSUPPORTED)], GetTask=[done], SubscribeToTask=[down]) as agent:
        reply = await ask(agent, Ear(), task_id="t")
    assert (reply.state, reply.text) == ("completed", "done")


@pytest.mark.parametrize("task_id", ["a\0b", "x" * 257, "a\nb"])
async def test_an_id_that_cannot_be_kept_is_none(task_id: str) -> None:
    """It would go into our database and our log."""
    working = {**task("WORKING"), "id": task_id}
    async with stranger(SendStreamingMessage=[stream({"task": working}, then=stay)]) as agent:
        with pytest.raises(Refused, match="no id"):
            await ask(agent, Ear())


async def test_a_message_whose_connection_breaks_is_said_again() -> None:
    """With its id, so that the agent does once what it says."""
    done = stream({"task": task("COMPLETED", "done")})
    async with stranger(SendStreamingMessage=[stream(first=cut), stream(first=cut), done]) as agent:
        assert (await ask(agent, Ear())).text == "done"
    assert agent.asked.count("SendStreamingMessage") == 3


async def test_a_message_is_not_said_again_for_ever() -> None:
    async with stranger(SendStreamingMessage=[stream(first=cut)] * 1_000) as agent:
        with pytest.raises(Unreachable) as lost:
            await ask(agent, Ear())
    assert lost.value.heard


async def test_an_answer_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pieces it comes in; then its task is cancelled."""
    monkeypatch.setattr("service.outbound.client._ANSWER_CHARS", 1_000)
    pieces = [piece("x" * 100) for _ in range(20)]
    async with stranger(
        SendStreamingMessage=[stream({"task": task("WORKING")}, *pieces, then=stay)],
        CancelTask=[result(task("CANCELED"))],
    ) as agent:
        with pytest.raises(Refused, match="longer than"):
            await ask(agent, Ear())
    assert agent.asked[-1] == "CancelTask"


async def test_a_task_that_does_not_take_its_answer_says_why() -> None:
    async with stranger(
        SendStreamingMessage=[error(UNSUPPORTED)], GetTask=[result(task("INPUT_REQUIRED"))], SubscribeToTask=[down]
    ) as agent:
        with pytest.raises(Refused):
            await ask(agent, Ear(), task_id="t")
    assert "CancelTask" not in agent.asked


@pytest.mark.parametrize("code", [429, 503])
async def test_an_answer_that_has_not_arrived_is_said_again(code: int) -> None:
    """As to an agent that is about to be restarted, or has not been quite yet."""
    ear, turned_away = Ear(), lambda: Response(status_code=code)
    async with stranger(
        SendStreamingMessage=[turned_away, turned_away, stream({"task": task("COMPLETED", "done")})],
        GetTask=[result(task("INPUT_REQUIRED"))] * 2,
    ) as agent:
        assert (await ask(agent, ear, task_id="t")).text == "done"
    assert agent.asked.count("SendStreamingMessage") == 3


async def test_an_answer_that_may_have_arrived_is_not_said_again() -> None:
    async with stranger(
        SendStreamingMessage=[lambda: Response(status_code=502)], GetTask=[result(task("INPUT_REQUIRED"))]
    ) as agent:
        assert (await ask(agent, Ear(), task_id="t")).asks
    assert agent.asked == ["SendStreamingMessage", "SubscribeToTask", "GetTask"]


async def test_a_refusal_says_why() -> None:
    async with stranger(SendStreamingMessage=[error(UNSUPPORTED)]) as agent:
        with pytest.raises(Refused) as refusal:
            await ask(agent, Ear())
    assert (refusal.value.reason, str(refusal.value)) == ("no", "the agent refused: no")
    assert agent.asked == ["SendStreamingMessage"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            lambda: JSONResponse({"error": {"message": "we\x1b[2J\nclose"}}, 503),
            "503 Service Unavailable: we [2J close",
        ),
        (
            lambda: JSONResponse({"error": {"message": "long" * 1000}}, 503),
            f"503 Service Unavailable: {'long' * 68}lon",
        ),
        (lambda: JSONResponse({"error": {"message": 1}}, 503), "503 Service Unavailable"),
        (lambda: JSONResponse({"error": "no"}, 502), "502 Bad Gateway"),
        (lambda: JSONResponse([]), "Invalid JSON-RPC response: expected an object, got list"),
        (lambda: Response("<html>", 503), "503 Service Unavailable"),
        (lambda: Response("[" * 100_000, 503), "503 Service Unavailable"),
    ],
)
@pytest.mark.parametrize("streaming", [True, False])
async def test_one_that_cannot_take_a_message_is_told_with_its_reason(
    answer: Answer, why: str, streaming: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.outbound.client._AGAIN_SECONDS", 0)
    method = "SendStreamingMessage" if streaming else "SendMessage"
    async with stranger(streaming=streaming, **{method: [answer] * 9}) as agent:
        with pytest.raises(Unreachable) as error:
            await ask(agent, Ear())
    assert str(error.value) == f"the agent at {agent.url} cannot be reached: {why}"


@pytest.mark.parametrize("code", [401, 403])
async def test_who_is_not_let_in_is_refused(code: int) -> None:
    async with stranger(SendStreamingMessage=[lambda: Response(status_code=code)]) as agent:
        with pytest.raises(Refused, match="it wants credentials"):
            await ask(agent, Ear())


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"SubscribeToTask": [stream({"task": task("WORKING")}, then=stay)]}, id="subscribed"),
        pytest.param({"GetTask": [result(task("WORKING"))] * 100}, id="looked at"),
    ],
)
async def test_leaving_a_task_that_is_not_streamed_any_more_cancels_it(answers: Any) -> None:
    async with stranger(SendStreamingMessage=[stream({"task": task("WORKING")}, then=cut)], **answers) as agent:
        asking = asyncio.create_task(ask(agent, Ear()))

        async def is_followed() -> bool:
            return set(agent.asked).issuperset(answers)

        await eventually(is_followed)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert agent.asked[-1] == "CancelTask"
    assert agent.params["CancelTask"] == {"id": "t"}


class Cutting(httpx.AsyncHTTPTransport):
    """Loses the first stream after its first text."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if self.cut or response.headers["content-type"].partition(";")[0] != "text/event-stream":
            return response
        self.cut = True
        return httpx.Response(response.status_code, headers=response.headers, stream=_Cut(response))


class _Cut(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        async for chunk in self._response.stream:
            yield chunk
            if b"artifactUpdate" in chunk:
                raise httpx.ReadError("cut")

    async def aclose(self) -> None:
        await self._response.aclose()


async def test_our_own_agent_is_heard_to_the_end_over_a_lost_connection(run_server: RunServer) -> None:
    text = " ".join(map(str, range(100)))
    agent = await run_server(lambda _: Says(text), engine={"seconds_per_chunk": 0.001})
    ear = Ear()
    transport = Cutting()
    async with httpx.AsyncClient(transport=transport, timeout=30) as http:
        reply = await (await RemoteAgent.find(http, agent.url)).ask("count", None, ear)
    assert transport.cut
    assert (reply.state, reply.text) == ("completed", text)
    assert "".join(ear.texts) == text


async def test_what_happened_while_the_stream_was_lost_is_heard_once() -> None:
    def working(*events: int) -> dict[str, Any]:
        message = {"messageId": "m", "role": "ROLE_AGENT", "extensions": [extension.URI]}
        parts = [{"data": {"kind": "waiting", "call_ids": [f"c{seq}"], "seq": seq}} for seq in events]
        state = {"state": "TASK_STATE_WORKING", "message": message | {"parts": parts}}
        return {"statusUpdate": {"taskId": "t", "contextId": "c", "status": state}}

    def known(state: str, *events: int) -> dict[str, Any]:
        parts = working(*events)["statusUpdate"]["status"]["message"]["parts"]
        return task(state) | {"metadata": {extension.URI: {"events": [part["data"] for part in parts]}}}

    heard: list[Any] = []

    async def hear(event: Event) -> None:
        assert isinstance(event, Waiting)
        heard.append(event.call_ids)

    async with (
        stranger(
            SendStreamingMessage=[stream({"task": task("WORKING")}, working(1, 2), then=cut)],
            SubscribeToTask=[stream({"task": known("WORKING", 1, 2, 3)}, working(3, 4), then=cut)],
            GetTask=[result(known("COMPLETED", 1, 2, 3, 4, 5))],
        ) as agent,
        open_http() as http,
    ):
        assert (await (await RemoteAgent.find(http, agent.url)).ask("hello", None, hear)).completed
    assert heard == [("c1",), ("c2",), ("c3",), ("c4",), ("c5",)]
