"""Another agent as a tool, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
import pytest

from service import extension
from service.errors import ToolError
from service.events import CallFinished, CallProgress, CallStarted, TextDelta, to_json
from service.messages import Caller, ToolCall
from service.outbound import client
from service.outbound.cards import PinnedKeys
from service.outbound.credentials import Credential
from service.outbound.egress import KEPT_SECONDS, Egress
from service.process.connections import IDLE_SECONDS
from service.process.server import listen, url_of
from service.tools.base import Asks, CallContext
from service.tools.peers import Peer, PeerConfig, keep_known, open_peers
from tests.conftest import Agent, Asked, RunServer, Says, adds, echo, eventually, say
from tests.endpoint.test_signals import slow_agent
from tests.keys import write_key, write_pins
from tests.outbound.test_client import (
    CARD,
    TASK_NOT_FOUND,
    Stranger,
    card_at,
    error,
    piece,
    status,
    stranger,
    stream,
    task,
)

UNCLEAR = "helper cannot be reached, and may or may not have done what it was asked"
PUBLIC, LOCAL = Egress(), Egress([ip_network("127.0.0.0/8")])


class Ear:
    """A call's context that remembers what was emitted."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.context = CallContext(ToolCall("c7", "helper", "{}"), Caller(), self._emit)

    async def _emit(self, event: Any) -> None:
        self.events.append(event)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.outbound.client._AGAIN_SECONDS", 0.2)


@asynccontextmanager
async def peer_at(
    url: str, refresh_seconds: float = 300, egress: Egress = PUBLIC, **config: Any
) -> AsyncIterator[Peer]:
    configs = [PeerConfig("helper", url, refresh_seconds, **config)]
    async with open_peers(configs, egress) as peers:
        await peers["helper"].refresh()
        async with keep_known(peers.values()):
            yield peers["helper"]


def bound() -> socket.socket:
    """An address at which connections are refused until somebody listens."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


async def ask(url: str, text: str = "hello") -> str:
    async with peer_at(url) as peer:
        return await peer({"message": text}, Ear().context)


async def test_the_answer_of_a_peer_is_the_result(run_server: RunServer) -> None:
    agent: Agent = await run_server(echo)
    assert await ask(agent.url, "Who are you?") == "You said: Who are you?"
    assert await ask(f"{agent.url}/") == "You said: hello"


async def test_the_connection_is_kept_open(run_server: RunServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads the card opens it, and reads the card again before it is closed at either end."""
    opened: list[str] = []
    connect = httpcore.AnyIOBackend.connect_tcp

    async def connect_and_note(self: httpcore.AnyIOBackend, host: str, *rest: Any, **options: Any) -> Any:
        opened.append(host)
        return await connect(self, host, *rest, **options)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_and_note)
    agent = await run_server(echo)
    opened.clear()
    async with peer_at(agent.url) as peer:
        for _ in range(3):
            await peer({"message": "hello"}, Ear().context)
    assert len(opened) == 1
    assert PeerConfig("helper", "").refresh_seconds < KEPT_SECONDS < IDLE_SECONDS


async def test_each_call_is_a_conversation_of_its_own(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"))
    async with peer_at(agent.url) as peer:
        assert [await peer({"message": "hello"}, Ear().context) for _ in range(2)] == ["0 before", "0 before"]


async def test_the_card_describes_the_tool_but_does_not_name_it(run_server: RunServer) -> None:
    skill = {"id": "x", "name": "Sums\x07 and\u202e more", "description": "d", "tags": ["t"]}
    agent = await run_server(description="Adds\n\nnumbers.\x1b[31m" + "y" * 1000, skills=[skill])
    async with peer_at(agent.url) as peer:
        assert peer.spec.name == "helper"
        assert peer.spec.parameters["required"] == ["message"]
        assert peer.spec.description.startswith("Adds numbers. [31myyy")
        assert peer.spec.description.endswith("yy Skills: Sums and more.")
        assert len(peer.spec.description) < 500


async def test_what_happens_inside_the_peer_is_heard(run_server: RunServer) -> None:
    agent = await run_server(adds)
    ear = Ear()
    async with peer_at(agent.url) as peer:
        assert await peer({"message": "2 and 3?"}, ear.context) == "Let me see. It is 5."
    assert all(isinstance(event, CallProgress) and event.call_id == "c7" for event in ear.events)
    inner = [event.event for event in ear.events]
    text = "".join(event.text for event in inner if isinstance(event, TextDelta))
    assert text == "Let me see. It is 5."
    calls = [event for event in inner if not isinstance(event, TextDelta)]
    assert isinstance(calls[0], CallStarted)
    assert isinstance(calls[1], CallFinished)
    assert (calls[0].tool, calls[1].text) == ("add", "5")


async def test_events_of_a_peer_s_peer_travel_up(run_server: RunServer) -> None:
    def delegates(asked: Asked) -> Says:
        return Says(asked.results[0]) if asked.results else Says("", (("inner", '{"message": "2 and 3?"}'),))

    inner = await run_server(adds, name="inner")
    outer = await run_server(delegates, name="outer", peers=[{"name": "inner", "url": inner.url}])
    ear = Ear()
    async with peer_at(outer.url) as peer:
        assert await peer({"message": "go"}, ear.context) == "Let me see. It is 5."
    tools = [
        event.event.event.tool
        for event in ear.events
        if isinstance(event.event, CallProgress) and isinstance(event.event.event, CallStarted)
    ]
    assert tools == ["add"]


async def test_a_card_that_points_elsewhere_is_not_followed_to_where_only_we_can_go() -> None:
    async with stranger() as elsewhere:
        async with stranger(card=card_at(elsewhere.url)) as agent, peer_at(agent.url) as peer:
            assert peer.known
            with pytest.raises(ToolError, match="helper cannot be reached"):
                await peer({"message": "hello"}, Ear().context)
        assert not elsewhere.asked
        async with stranger(card=card_at(elsewhere.url)) as agent:
            configs = [PeerConfig("helper", agent.url)]
            async with open_peers(configs, LOCAL) as peers, keep_known(peers.values()):
                with pytest.raises(ToolError):
                    await peers["helper"]({"message": "hello"}, Ear().context)
        assert elsewhere.asked


async def test_agents_that_ask_each_other_start_together(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both listen before they have started, and answer after that: neither waits for the other."""
    monkeypatch.setattr(client, "_CARD_SECONDS", 3600)
    here, there = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    async with asyncio.timeout(20):
        one = await run_server(name="one", listener=here, peers=[{"name": "other", "url": url_of(there)}])
        other = await run_server(name="other", listener=there, peers=[{"name": "one", "url": one.url}])

    async def know_each_other() -> bool:
        known = [(await agent.http.get(f"{agent.url}/readyz")).json()["peers"] for agent in (one, other)]
        return known == [{"other": True}, {"one": True}]

    await eventually(know_each_other)


async def test_a_peer_that_is_down_is_a_tool_that_says_so(run_server: RunServer) -> None:
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)
    listener.close()
    async with peer_at(url) as peer:
        assert peer.spec.name == "helper"
        with pytest.raises(ToolError, match="helper cannot be reached"):
            await peer({"message": "hello"}, Ear().context)


async def test_of_a_peer_that_may_have_heard_of_it_nobody_says_that_nothing_was_done(run_server: RunServer) -> None:
    """It was asked by a process that has died, and is down now."""
    again = replace(Ear().context, again=True)
    async with peer_at(url_of(held := bound())) as unknown:
        with pytest.raises(ToolError, match=f"^{UNCLEAR}$"):
            await unknown({"message": "hello"}, again)
    held.close()
    agent = await run_server(echo)
    async with peer_at(agent.url) as peer:
        await agent.stop()
        with pytest.raises(ToolError, match=f"^{UNCLEAR}$"):
            await peer({"message": "hello"}, again)
        with pytest.raises(ToolError, match=r"^helper cannot be reached$"):
            await peer({"message": "hello"}, Ear().context)


async def test_a_peer_that_comes_up_later_is_found(run_server: RunServer) -> None:
    held = bound()
    async with peer_at(url_of(held), refresh_seconds=0.05) as peer:
        assert "Asks another agent" in peer.spec.description
        await run_server(echo, listener=held)

        async def is_known() -> bool:
            return "The agent called" in peer.spec.description

        await eventually(is_known)
        assert await peer({"message": "hello"}, Ear().context) == "You said: hello"


async def test_a_peer_that_goes_away_keeps_its_description(run_server: RunServer) -> None:
    agent = await run_server(echo)
    async with peer_at(agent.url) as peer:
        await agent.stop()
        await peer.refresh()
        assert "The agent called" in peer.spec.description
        with pytest.raises(ToolError, match="helper cannot be reached"):
            await peer({"message": "hello"}, Ear().context)


async def test_a_peer_that_is_killed_while_it_answers_is_heard_once_it_is_there_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ear, text = Ear(), "x" * 30
    async with slow_agent(tmp_path) as agent, peer_at(agent.url) as peer:
        asked = asyncio.create_task(peer({"message": text}, ear.context))

        async def has_begun() -> bool:
            return bool(ear.events)

        async def is_missed() -> bool:
            return "does not answer" in caplog.text

        await eventually(has_begun)
        agent.process.kill()
        await eventually(is_missed)
        async with slow_agent(tmp_path, port=urlsplit(agent.url).port):
            assert await asked == text
    assert "".join(event.event.text for event in ear.events if isinstance(event.event, TextDelta)) == text


async def test_a_peer_that_fails_says_why(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.error = RuntimeError("secret")
    with pytest.raises(ToolError, match="helper failed: Something went wrong inside this agent"):
        await ask(agent.url)


async def test_a_peer_that_refuses_the_message_says_why(run_server: RunServer) -> None:
    agent = await run_server(echo)
    with pytest.raises(ToolError, match="helper refused: the message has no text"):
        await ask(agent.url, "  ")


async def test_a_peer_whose_task_is_cancelled(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    asked = asyncio.create_task(ask(agent.url))
    (task,) = await agent.listed("WORKING")
    await agent.rpc("CancelTask", {"id": task["id"]})
    with pytest.raises(ToolError, match="helper was cancelled"):
        await asked


async def test_cancelling_the_call_cancels_the_peer_s_task(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    async with peer_at(agent.url) as peer:
        asked = asyncio.create_task(peer({"message": "hello"}, Ear().context))
        await agent.listed("WORKING")
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    await agent.listed("CANCELED")
    assert agent.engine.aborted == 1


async def test_cancelling_a_task_cancels_all_the_way_down(run_server: RunServer) -> None:
    inner = await run_server(echo, name="inner")
    outer = await run_server(
        lambda _: Says("", (("inner", '{"message": "hello"}'),)),
        name="outer",
        peers=[{"name": "inner", "url": inner.url}],
    )
    inner.engine.gate.clear()
    sent = asyncio.create_task(outer.send("go"))
    await inner.listed("WORKING")
    (task,) = await outer.listed("WORKING")
    await outer.rpc("CancelTask", {"id": task["id"]})
    assert (await sent)["status"]["state"] == "TASK_STATE_CANCELED"
    await inner.listed("CANCELED")


async def test_a_failing_peer_is_a_result_the_model_reads(run_server: RunServer) -> None:
    def tells(asked: Asked) -> Says:
        return Says(f"Sorry: {asked.results[0]}") if asked.results else Says("", (("inner", '{"message": "hello"}'),))

    inner = await run_server(echo, name="inner")
    inner.engine.error = RuntimeError("secret")
    outer = await run_server(tells, name="outer", peers=[{"name": "inner", "url": inner.url}])
    task = await outer.send("go")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    answer = task["artifacts"][0]["parts"][0]["text"]
    assert answer == "Sorry: error: inner failed: Something went wrong inside this agent."


async def test_a_slow_peer_is_given_up_and_cancelled(run_server: RunServer) -> None:
    def tells(asked: Asked) -> Says:
        return Says(f"Sorry: {asked.results[0]}") if asked.results else Says("", (("inner", '{"message": "hello"}'),))

    inner = await run_server(echo, name="inner")
    inner.engine.gate.clear()
    limited = {"name": "inner", "url": inner.url, "limits": {"seconds": 0.5}}
    outer = await run_server(tells, name="outer", peers=[limited])
    task = await outer.send("go")
    assert task["artifacts"][0]["parts"][0]["text"] == "Sorry: error: inner gave no result within 0.5 seconds"
    await inner.listed("CANCELED")


def odd_peer(*results: str, card: Any = None) -> AbstractAsyncContextManager[Stranger]:
    """One that streams these results, then closes the stream and forgets them."""
    return stranger(card=card, SendStreamingMessage=[stream(*results)], GetTask=[error(TASK_NOT_FOUND)])


TASK = json.dumps({"task": task("WORKING")})


@pytest.mark.parametrize(
    ("results", "why"),
    [
        pytest.param([TASK], "helper stopped without an answer", id="stream ends early"),
        pytest.param([], "helper stopped without an answer", id="empty stream"),
        pytest.param([TASK.replace("WORKING", "REJECTED")], "helper refused", id="rejected"),
        pytest.param(["{nonsense"], UNCLEAR, id="not JSON"),
    ],
)
async def test_a_peer_without_an_answer(results: list[str], why: str) -> None:
    async with odd_peer(*results) as peer:
        with pytest.raises(ToolError, match=why):
            await ask(peer.url)


@pytest.mark.parametrize(("state", "wants_credentials"), [("INPUT_REQUIRED", False), ("AUTH_REQUIRED", True)])
async def test_what_a_peer_asks_is_asked_of_our_caller(state: str, wants_credentials: bool) -> None:
    async with odd_peer(TASK.replace("WORKING", state)) as peer:
        with pytest.raises(Asks, match="helper asks: ") as asks:
            await ask(peer.url)
    assert (asks.value.wants_credentials, asks.value.memo) == (wants_credentials, '["t", ""]')


async def test_a_peer_that_answers_with_a_message() -> None:
    reply = '{"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}}'
    async with odd_peer(reply) as peer:
        assert await ask(peer.url) == "hi"


@pytest.mark.parametrize(
    "card",
    [
        pytest.param({}, id="empty"),
        pytest.param([], id="no object"),
        pytest.param(CARD, id="no interface"),
        pytest.param(CARD | {"supportedInterfaces": [{"url": "x", "protocolBinding": "SMOKE"}]}, id="no known binding"),
    ],
)
async def test_a_card_that_is_no_use(card: Any) -> None:
    async with odd_peer(card=card) as odd, peer_at(odd.url) as peer:
        assert "Asks another agent" in peer.spec.description
        with pytest.raises(ToolError, match="helper cannot be reached"):
            await peer({"message": "hello"}, Ear().context)


async def test_a_peer_whose_card_a_pinned_key_has_signed(run_server: RunServer, tmp_path: Path) -> None:
    key = write_key(tmp_path / "key.pem")
    keys = PinnedKeys.read(write_pins(tmp_path / "pins.json", key))
    agent = await run_server(echo, card_keys=[key])
    async with peer_at(agent.url, keys=keys) as peer:
        assert peer.known
        assert await peer({"message": "hello"}, Ear().context) == "You said: hello"


@pytest.mark.parametrize("signed", [False, True])
async def test_a_peer_whose_card_is_not_believed(
    run_server: RunServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, signed: bool
) -> None:
    keys = PinnedKeys.read(write_pins(tmp_path / "pins.json", write_key(tmp_path / "key.pem")))
    agent = await run_server(echo, card_keys=[write_key(tmp_path / "other.pem")] if signed else [])
    async with peer_at(agent.url, keys=keys) as peer:
        assert not peer.known
        assert peer.spec.description == "Asks another agent."
        with pytest.raises(ToolError, match="helper cannot be reached"):
            await peer({"message": "hello"}, Ear().context)
    why = "has no valid signature by a pinned key" if signed else "is not signed"
    assert f"no agent at {agent.url}: its card {why}" in caplog.text


DONE = json.dumps({"task": task("COMPLETED", "done")})


async def test_a_peer_is_shown_its_credential(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("one\n")
    async with odd_peer(DONE) as odd:
        async with peer_at(odd.url, credential=Credential(odd.url, secret)) as peer:
            assert await peer({"message": "hello"}, Ear().context) == "done"
            secret.write_text("two\n")
            await peer.refresh()
        async with peer_at(odd.url, credential=Credential(odd.url, secret, "X-API-Key")):
            pass
    assert [each.get("authorization") for each in odd.headers] == ["Bearer one", "Bearer one", "Bearer two", None]
    assert [each.get("x-api-key") for each in odd.headers] == [None, None, None, "two"]


async def test_where_a_card_points_to_no_credential_goes(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    async with odd_peer(DONE) as elsewhere:
        card = card_at(elsewhere.url)
        async with (
            odd_peer(card=card) as odd,
            peer_at(odd.url, egress=LOCAL, credential=Credential(odd.url, tmp_path / "token")) as peer,
        ):
            assert await peer({"message": "hello"}, Ear().context) == "done"
    assert [each["authorization"] for each in odd.headers] == ["Bearer secret"]
    assert elsewhere.asked == ["SendStreamingMessage"]
    assert "secret" not in str(elsewhere.headers)


async def test_a_direct_peer_is_asked_where_it_was_found_and_shown_the_credential(tmp_path: Path) -> None:
    """Its card names a gateway."""
    (tmp_path / "token").write_text("secret")
    async with odd_peer(DONE) as gateway:
        card = card_at(gateway.url)
        async with (
            stranger(card=card, SendStreamingMessage=[stream(DONE)] * 2) as odd,
            peer_at(odd.url, credential=Credential(odd.url, tmp_path / "token"), direct=True) as peer,
        ):
            assert await peer({"message": "hello"}, Ear().context) == "done"
            await peer.refresh()  # the card that is known stays the one that it has sent
            assert await peer({"message": "hello"}, Ear().context) == "done"
    assert {each["authorization"] for each in odd.headers} == {"Bearer secret"}
    assert odd.asked == ["SendStreamingMessage"] * 2
    assert gateway.asked == []


async def test_one_that_is_not_there_yet_is_no_reason_to_worry_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be started together with us. Each is told once."""
    caplog.set_level(logging.INFO, "service.tools.peers")
    with bound() as nobody:
        async with open_peers([PeerConfig("helper", url_of(nobody))]) as peers:
            for seconds in (60.0, 60.0, 0.0, 0.0):
                monkeypatch.setattr("service.tools.peers._START_SECONDS", seconds)
                await peers["helper"].refresh()
    first, second = caplog.records
    assert (first.levelno, second.levelno) == (logging.INFO, logging.WARNING)
    assert first.getMessage() == second.getMessage()


async def test_a_credential_goes_with_every_question(tmp_path: Path) -> None:
    """Also to a peer that would rather be asked over gRPC, but where it does not go."""
    (tmp_path / "token").write_text("secret")
    async with odd_peer(DONE) as odd:
        interface = {"url": odd.url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        odd.card = CARD | {
            "supportedInterfaces": [interface | {"protocolBinding": "GRPC", "url": "127.0.0.1:1"}, interface]
        }
        async with peer_at(odd.url, credential=Credential(odd.url, tmp_path / "token")) as peer:
            assert await peer({"message": "hello"}, Ear().context) == "done"
    assert [each["authorization"] for each in odd.headers] == ["Bearer secret"] * 2


async def test_a_credential_that_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = tmp_path / "token"
    secret.write_text("secret")
    async with odd_peer(DONE) as odd, peer_at(odd.url, credential=Credential(odd.url, secret)) as peer:
        secret.unlink()
        with pytest.raises(ToolError, match="helper cannot be reached"):
            await peer({"message": "hello"}, Ear().context)
    assert not odd.asked
    assert f"no credential in {secret}" in caplog.text


async def test_what_a_caller_shows_us_no_peer_sees(run_server: RunServer) -> None:
    async with odd_peer(DONE) as odd:
        calls = Says("", (("odd", '{"message": "hello"}'),))
        agent = await run_server(
            lambda asked: Says("done") if asked.results else calls, peers=[{"name": "odd", "url": odd.url}]
        )
        shown = {"Authorization": "Bearer secret", "X-API-Key": "secret", "Cookie": "session=secret"}
        await agent.rpc("SendMessage", {"message": say("go")}, **shown)
    assert odd.asked == ["SendStreamingMessage"]
    assert "secret" not in str(odd.headers)


ODD = "a\x1b[31m\u202eb\x00\u200b\U000e0041c\r\nd\te"
PLAIN = "a[31mbc\nd\te"


async def test_what_a_peer_says_is_plain_text() -> None:
    """The answer, as it is streamed and as a whole, and what it tells of its calls."""
    event = to_json(CallStarted(call_id="c0", tool=ODD, arguments=ODD))
    message = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"data": event}], "extensions": [extension.URI]}
    told = {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_WORKING", "message": message}}
    ear = Ear()
    results = [{"task": task("WORKING")}, {"statusUpdate": told}, piece(ODD, append=False), status("COMPLETED")]
    async with odd_peer(*map(json.dumps, results)) as odd, peer_at(odd.url) as peer:
        assert await peer({"message": "hello"}, ear.context) == PLAIN
    call, text = (event.event for event in ear.events)
    assert (call.tool, call.arguments, text.text) == (PLAIN, PLAIN, PLAIN)


async def test_a_peer_s_reasons_are_one_short_line() -> None:
    failed = task("FAILED")
    failed["status"]["message"] = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": f"{ODD}\n" * 100}]}
    async with odd_peer(json.dumps({"task": failed})) as odd:
        with pytest.raises(ToolError, match=r"^helper failed: a\[31mbc d e a") as error:
            await ask(odd.url)
    assert len(str(error.value)) < 350
    assert str(error.value).isprintable()


async def test_what_a_peer_says_has_an_end(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(client, "_RESPONSE_BYTES", 10_000)
    async with odd_peer(json.dumps(piece("x" * 10_000, append=False))) as odd:
        with pytest.raises(ToolError, match="helper cannot be reached"):
            await ask(odd.url)
    assert "a response of more than 10000 bytes" in caplog.text
