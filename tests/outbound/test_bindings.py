"""Where and how another agent is asked, above all over gRPC, and what it is shown there.

1. At the port of its URL, and at the one that the operator names: wherever that is, with the credential.
2. At any other port that its card names: where its address may be, at the very address that was checked, without one.
3. At no other host. Where it is not asked over gRPC, it is asked over HTTP if it speaks that too.

An agent that is asked directly is asked where it was found, whatever its card says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import grpc.aio
import httpx
import pytest
from a2a.client.errors import A2AClientError
from a2a.types import (
    AgentCard,
    AgentInterface,
    Artifact,
    GetTaskRequest,
    Part,
    StreamResponse,
    Task,
    TaskState,
    TaskStatus,
    a2a_pb2_grpc,
)

from service.errors import ServiceError
from service.events import ignore
from service.outbound.bindings import Home, choose_binding
from service.outbound.client import Refused, RemoteAgent, Unreachable
from service.outbound.credentials import Credential
from service.outbound.egress import Egress
from tests.keys import write_certificate
from tests.outbound.test_client import CARD, Stranger, result, stranger, task
from tests.outbound.test_egress import PUBLIC, answers

PUBLIC_ONLY, LOOPBACK = Egress(), ip_network("127.0.0.0/8")
HOST = "hook.example"
OVER_HTTP, OVER_GRPC = "over HTTP", "over gRPC"


@dataclass
class OverGrpc(a2a_pb2_grpc.A2AServiceServicer):
    """An agent that speaks gRPC, and remembers what its callers show."""

    port: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    async def SendStreamingMessage(self, request: Any, context: Any) -> AsyncIterator[StreamResponse]:
        self.shown.append(dict(context.invocation_metadata()))
        if self.refuses:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        done = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.TASK_STATE_COMPLETED))
        done.artifacts.append(Artifact(artifact_id="a", parts=[Part(text=OVER_GRPC)]))
        yield StreamResponse(task=done)


@asynccontextmanager
async def over_grpc(certificate: tuple[Path, Path] | None = None) -> AsyncIterator[OverGrpc]:
    server, agent = grpc.aio.server(), OverGrpc()
    a2a_pb2_grpc.add_A2AServiceServicer_to_server(agent, server)  # type: ignore[no-untyped-call]
    if certificate:
        file, key = certificate
        credentials = grpc.ssl_server_credentials([(key.read_bytes(), file.read_bytes())])
        agent.port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        agent.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield agent
    finally:
        await server.stop(None)


@asynccontextmanager
async def with_card(grpc_url: str, *, also_http: bool = True) -> AsyncIterator[Stranger]:
    """An agent whose card has gRPC first, there."""
    async with stranger(SendStreamingMessage=[result({"task": task("COMPLETED", OVER_HTTP)})]) as agent:
        interfaces = [{"url": grpc_url, "protocolBinding": "GRPC", "protocolVersion": "1.0"}]
        if also_http:
            interfaces.append({"url": agent.url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"})
        agent.card = CARD | {"supportedInterfaces": interfaces}
        yield agent


async def ask(
    url: str,
    egress: Egress | None,
    grpc_port: int | None = None,
    secret: Path | None = None,
    *,
    direct: bool = False,
) -> str:
    """How it was asked, of an agent whose names all are this machine's."""
    here = Egress([LOOPBACK], answers(["127.0.0.1"]))
    async with here.open(httpx.Timeout(10)) as http:
        if secret:
            http.auth = Credential(url, secret)
        agent = await RemoteAgent.find(http, url, egress=egress, grpc_port=grpc_port, direct=direct)
        return (await agent.ask("hello", None, ignore)).text


def named(url: str) -> str:
    """The URL with a name that nobody can look up."""
    return f"http://{HOST}:{urlsplit(url).port}"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("secret")
    return file


async def test_a_port_that_the_operator_names_is_reached_wherever_it_is() -> None:
    async with over_grpc() as other, with_card(f"127.0.0.1:{other.port}") as agent:
        assert await ask(agent.url, PUBLIC_ONLY, grpc_port=other.port) == OVER_GRPC
    assert not agent.asked


async def test_a_port_that_only_a_card_names_is_not_reached_where_its_address_may_not_be() -> None:
    async with over_grpc() as other:
        async with with_card(f"127.0.0.1:{other.port}") as agent:
            assert await ask(agent.url, PUBLIC_ONLY) == OVER_HTTP
        async with with_card(f"127.0.0.1:{other.port}", also_http=False) as agent:
            with pytest.raises(ServiceError, match="may not be reached"):
                await ask(agent.url, PUBLIC_ONLY)
    assert not other.shown


async def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    """No second lookup, which would fail: there is no such name."""
    async with over_grpc() as other, with_card(f"{HOST}:{other.port}") as agent:
        egress = Egress([LOOPBACK], answers(["127.0.0.1"]))
        assert await ask(named(agent.url), egress) == OVER_GRPC
    assert not agent.asked


async def test_a_name_whose_address_changes_after_the_check() -> None:
    async with over_grpc() as other, with_card(f"{HOST}:{other.port}") as agent:
        egress = Egress(resolve=answers([PUBLIC], ["127.0.0.1"]))
        with pytest.raises(Unreachable):
            await ask(named(agent.url), egress)
    assert not other.shown


async def test_another_host_is_not_asked() -> None:
    async with over_grpc() as other, with_card(f"localhost:{other.port}") as agent:
        assert await ask(agent.url, Egress([LOOPBACK]), grpc_port=other.port) == OVER_HTTP
    assert not other.shown


async def test_directly_grpc_is_where_the_operator_names_its_port_and_nowhere_else() -> None:
    async with over_grpc() as other, with_card("agents.example:443") as agent:
        assert await ask(agent.url, PUBLIC_ONLY, other.port, direct=True) == OVER_GRPC
        assert not agent.asked
        assert await ask(agent.url, PUBLIC_ONLY, direct=True) == OVER_HTTP
    assert len(other.shown) == 1


@pytest.mark.parametrize(
    ("addresses", "asked_at"),
    [
        (["https://gateway.example/stock", "https://gateway.example/stock"], "/agents/stock"),
        (["https://gateway.example/a2a/rpc", "https://gateway.example/a2a/v1"], "/a2a/rpc"),
        (["https://gateway.example/a2a/rpc"], "/a2a/rpc"),
    ],
)
async def test_directly_the_path_of_a_gateway_is_left_out(addresses: list[str], asked_at: str) -> None:
    """What both bindings share is where the whole agent is; else a path is the binding's."""
    card = AgentCard(
        supported_interfaces=[
            AgentInterface(url=url, protocol_binding=binding, protocol_version="1.0")
            for url, binding in zip(addresses, ("JSONRPC", "HTTP+JSON"), strict=False)
        ]
    )
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        home = Home(httpx.URL("http://stock.shop.svc:8001/agents/stock"), direct=True)
        async with (await choose_binding(card, http, home))() as client:
            with pytest.raises(A2AClientError):
                await client.get_task(GetTaskRequest(id="t"))
    assert str(asked[0].url).removesuffix("/") == f"http://stock.shop.svc:8001{asked_at}"


async def test_directly_an_address_that_is_none_is_said() -> None:
    card = AgentCard(
        supported_interfaces=[
            AgentInterface(url="agents.example/a2a", protocol_binding="JSONRPC", protocol_version="1.0")
        ]
    )
    async with httpx.AsyncClient() as http:
        with pytest.raises(ServiceError, match="its card has an address that is none"):
            await choose_binding(card, http, Home(httpx.URL("http://stock.shop.svc:8001"), direct=True))


async def test_tls_goes_by_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    for host, answer in ((HOST, OVER_GRPC), ("other.example", None)):
        async with over_grpc(certificate) as other, with_card(f"https://{host}:{other.port}") as agent:
            asking = ask(f"http://{host}:{urlsplit(agent.url).port}", Egress([LOOPBACK], answers(["127.0.0.1"])))
            if answer:
                assert await asking == answer
            else:
                with pytest.raises(Unreachable):
                    await asking
                assert not other.shown


async def test_a_credential_goes_to_the_port_that_the_operator_names(secret: Path) -> None:
    async with over_grpc() as other, with_card(f"127.0.0.1:{other.port}") as agent:
        assert await ask(agent.url, PUBLIC_ONLY, other.port, secret) == OVER_GRPC
    assert other.shown[0]["authorization"] == "Bearer secret"


async def test_a_credential_goes_to_no_other_port(secret: Path) -> None:
    async with over_grpc() as other:
        async with with_card(f"127.0.0.1:{other.port}") as agent:
            assert await ask(agent.url, Egress([LOOPBACK]), None, secret) == OVER_HTTP
        async with with_card(f"127.0.0.1:{other.port}", also_http=False) as agent:
            with pytest.raises(ServiceError, match="where no credential goes"):
                await ask(agent.url, Egress([LOOPBACK]), None, secret)
    assert not other.shown


async def test_a_credential_is_not_sent_in_the_clear(secret: Path) -> None:
    async with over_grpc() as other, with_card(f"{HOST}:{other.port}") as agent:
        assert await ask(named(agent.url), Egress([LOOPBACK]), other.port, secret) == OVER_HTTP
    assert not other.shown


async def test_a_credential_that_is_gone(secret: Path) -> None:
    async with over_grpc() as other, with_card(f"127.0.0.1:{other.port}") as agent, httpx.AsyncClient() as http:
        http.auth = Credential(agent.url, secret)
        found = await RemoteAgent.find(http, agent.url, egress=PUBLIC_ONLY, grpc_port=other.port)
        secret.unlink()  # noqa: ASYNC240
        with pytest.raises(Unreachable) as error:
            await found.ask("hello", None, ignore)
    assert f"no credential in {secret}" in str(error.value.__cause__)
    assert not other.shown


async def test_who_is_not_let_in_is_refused() -> None:
    async with over_grpc() as other, with_card(f"127.0.0.1:{other.port}") as agent:
        other.refuses = True
        with pytest.raises(Refused, match="it wants credentials"):
            await ask(agent.url, PUBLIC_ONLY, other.port)
