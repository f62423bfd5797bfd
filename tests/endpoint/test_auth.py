"""Who is let in, by each kind of credentials, and how the others are told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.client import A2ACardResolver, ClientCallContext, ClientConfig, create_client
from a2a.client.auth import AuthInterceptor, CredentialService
from a2a.client.errors import A2AClientError
from a2a.types import Message, Part, Role, SendMessageRequest, TaskState
from a2a.utils.constants import TransportProtocol
from joserfc.jwk import JWKRegistry, KeySet
from starlette.datastructures import Headers

from service.app import make_auth
from service.cli.machine import read_machine
from service.endpoint import jwks
from service.endpoint.identity import Identity, Unauthenticated
from service.errors import ConfigError
from service.settings import AuthSection, JwtSection, ProxySection
from tests.conftest import Agent, RunServer, echo, eventually, say
from tests.endpoint.issuer import AUDIENCE, ISSUER, Issuer, KeyServer, bearer, claims_of, encoded, trust

KEY, OTHER_KEY = "alice's own very long and random key", "bob's own very long and random key"
CERT = 'By=spiffe://mesh/agent;Hash=0123;Subject="CN=alice,O=\\"Acme; Inc\\"";URI=spiffe://mesh/alice'


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def key_server(issuer: Issuer) -> AsyncIterator[KeyServer]:
    server = KeyServer(issuer.jwks())
    async with server.serving():
        yield server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(f"# who may ask\n\nalice {hash_of(KEY)}\nbob  {hash_of(OTHER_KEY).upper()}\n")
    return path


@pytest.fixture
def all_ways(issuer: Issuer, key_file: Path, tmp_path: Path) -> AuthSection:
    proxy = ProxySection(addresses=[ip_network("127.0.0.0/8")])
    return issuer.publish(tmp_path).model_copy(update={"api_keys": key_file, "proxy": proxy})


async def ask(agent: Agent, path: str, headers: dict[str, str]) -> httpx.Response:
    """SendMessage: over JSON-RPC at /, over HTTP+JSON else."""
    params = {"message": say("hello")}
    body = {"jsonrpc": "2.0", "id": 7, "method": "SendMessage", "params": params} if path == "/" else params
    return await agent.http.post(agent.url + path, json=body, headers={"A2A-Version": "1.0", **headers})


PATHS = ("/", "/message:send")


async def is_let_in(agent: Agent, headers: dict[str, str]) -> bool:
    """Over both bindings, or neither, with an answer in the form of each."""
    let_in = set()
    for path in PATHS:
        response = await ask(agent, path, headers)
        let_in.add(response.status_code == 200)
        if response.status_code != 200:
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"]
            said = response.json()
            if path == "/":
                assert (said["jsonrpc"], said["id"], said["error"]["code"]) == ("2.0", None, -32000)
                (info,) = said["error"].pop("data")
            else:
                assert (said["error"]["code"], said["error"]["status"]) == (401, "UNAUTHENTICATED")
                (info,) = said["error"].pop("details")
            assert info == {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "UNAUTHENTICATED",
                "domain": "innerloop.dev",
                "metadata": {"challenge": response.headers["WWW-Authenticate"]},
            }
            assert not any(value.removeprefix("Bearer ") in str(said) for value in headers.values() if value)
        else:
            assert "TASK_STATE_COMPLETED" in response.text
    (result,) = let_in
    return result


async def test_tokens(run_server: RunServer, issuer: Issuer, tmp_path: Path) -> None:
    agent = await run_server(echo, auth=issuer.publish(tmp_path))
    now = int(time.time())
    for name, token in {
        "plain": issuer.token(),
        "one audience of several": issuer.token(aud=["https://other.example", AUDIENCE]),
        "a clock that goes slow": issuer.token(exp=now - 10),
        "no key id, and only one key": issuer.token({"kid": None}),
        "a header of the issuer's own": issuer.token({"nonce": "x"}),
    }.items():
        assert await is_let_in(agent, bearer(token)), name
    assert await is_let_in(agent, {"authorization": f"bearer {issuer.token()}"})


async def test_tokens_that_are_not_trusted(run_server: RunServer, issuer: Issuer, tmp_path: Path) -> None:
    agent = await run_server(echo, auth=issuer.publish(tmp_path))
    now, public = int(time.time()), issuer.key.as_pem(private=False)
    other = Issuer()
    head, body, signature = issuer.token().split(".")
    for name, token in {
        "expired": issuer.token(exp=now - 60),
        "without an end": issuer.token(exp=None),
        "an end that is no number": issuer.token(exp="tomorrow"),
        "not yet": issuer.token(nbf=now + 600),
        "another audience": issuer.token(aud="https://other.example"),
        "no audience": issuer.token(aud=None),
        "another issuer": issuer.token(iss="https://other.example"),
        "no issuer": issuer.token(iss=None),
        "no subject": issuer.token(sub=None),
        "an empty subject": issuer.token(sub=""),
        "a subject that is no text": issuer.token(sub=["alice"]),
        "somebody else's key": other.token(),
        "an unknown key": other.token({"kid": "two"}),
        "alg none": issuer.forged("none"),
        "the public key as a secret": issuer.forged("HS256", public),
        "changed": f"{head}.{encoded(claims_of(sub='bob'))}.{signature}",
        "without its signature": f"{head}.{body}.",
        "cut": issuer.token()[:-10],
        "two parts": "a.b",
        "five parts": "a.b.c.d.e",
        "a header that is a list": f"{encoded([])}.{body}.{signature}",
        "a header that is text": f"{encoded('alg')}.{body}.{signature}",
        "something critical that is no list": f"{encoded({'alg': 'ES256', 'crit': 5})}.{body}.{signature}",
        "something critical that nobody knows": issuer.critical(),
        "not base64": "!.!.!",
        "long": "x" * 8_000,
    }.items():
        assert not await is_let_in(agent, bearer(token)), name
    assert not agent.engine.requests


async def test_headers_that_are_malformed_or_missing(run_server: RunServer, issuer: Issuer, tmp_path: Path) -> None:
    agent = await run_server(echo, auth=issuer.publish(tmp_path))
    token = issuer.token()
    for value in ("", "Bearer", token, f"Basic {token}", f"Bearer {token} {token}", f"Bearer,{token}"):
        assert not await is_let_in(agent, {"Authorization": value}), value
    assert not await is_let_in(agent, {})
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}"), ("A2A-Version", "1.0")]
    response = await agent.http.post(agent.url + "/message:send", json={"message": say("hello")}, headers=twice)
    assert response.status_code == 401


async def test_a_client_learns_that_its_token_is_the_reason(
    run_server: RunServer, issuer: Issuer, tmp_path: Path
) -> None:
    agent = await run_server(echo, auth=issuer.publish(tmp_path))
    response = await ask(agent, "/", bearer(issuer.token(exp=1)))
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="agent", error="invalid_token"'
    assert response.json()["error"]["message"] == "the token has expired"
    assert (await ask(agent, "/", {})).headers["WWW-Authenticate"] == 'Bearer realm="agent"'


async def test_an_issuer_changes_its_key(
    run_server: RunServer, issuer: Issuer, key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await run_server(echo, auth=trust(key_server.url))
    old = bearer(issuer.token())
    assert all(await asyncio.gather(*(is_let_in(agent, old) for _ in range(5))))
    assert key_server.asked == 1
    issuer.rotate("two")
    key_server.content = issuer.jwks()
    assert not await is_let_in(agent, bearer(issuer.token()))  # only just looked
    monkeypatch.setattr(jwks, "PAUSE_SECONDS", 0.0)
    assert await is_let_in(agent, bearer(issuer.token()))
    assert not await is_let_in(agent, old)
    monkeypatch.setattr(jwks, "PAUSE_SECONDS", 1000.0)
    asked = key_server.asked
    for number in range(5):
        assert not await is_let_in(agent, bearer(Issuer().token({"kid": f"made up {number}"})))
    assert key_server.asked == asked


async def test_a_key_that_its_issuer_drops_is_not_believed_for_long(
    run_server: RunServer, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await run_server(echo, auth=issuer.publish(tmp_path))
    old = bearer(issuer.token())
    assert await is_let_in(agent, old)
    issuer.rotate("two")
    issuer.publish(tmp_path)
    monkeypatch.setattr(jwks, "FRESH_SECONDS", 0.0)

    async def is_forgotten() -> bool:
        return (await ask(agent, "/", old)).status_code == 401

    await eventually(is_forgotten)
    assert await is_let_in(agent, bearer(issuer.token()))


async def test_an_issuer_that_is_away(
    run_server: RunServer, issuer: Issuer, key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its keys are known nobody can be judged; afterwards they are good for as long as it is away."""
    monkeypatch.setattr(jwks, "PAUSE_SECONDS", 0.0)
    agent = await run_server(echo, auth=trust(key_server.url))
    key_server.status = 500
    for path in PATHS:
        response = await ask(agent, path, bearer(issuer.token()))
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert response.json()["error"]["code"] == (-32603 if path == "/" else 503)
    key_server.status = 200
    for content in ("{}", "[]", "no JSON", '{"keys": 5}', "x" * 2**21):
        key_server.content = content
        assert (await ask(agent, "/", bearer(issuer.token()))).status_code == 503
    key_server.content = issuer.jwks()
    assert await is_let_in(agent, bearer(issuer.token()))
    key_server.status = 500
    assert not await is_let_in(agent, bearer(Issuer().token({"kid": "two"})))
    assert await is_let_in(agent, bearer(issuer.token()))


async def test_nobody_else_waits_for_an_issuer(
    run_server: RunServer, issuer: Issuer, key_server: KeyServer, key_file: Path
) -> None:
    agent = await run_server(echo, auth=trust(key_server.url).model_copy(update={"api_keys": key_file}))
    key_server.open.clear()
    waiting = asyncio.create_task(is_let_in(agent, bearer(issuer.token())))

    async def is_asked() -> bool:
        return key_server.asked == 1

    await eventually(is_asked)
    assert await is_let_in(agent, {"X-API-Key": KEY})
    assert not waiting.done()
    key_server.open.set()
    assert await waiting


@pytest.mark.parametrize("kind", ["RSA", "OKP"])
async def test_keys_of_other_kinds(tmp_path: Path, kind: str) -> None:
    """And those that the same set has for other uses."""
    issuer = Issuer()
    algorithm, curve = {"RSA": ("RS256", 2048), "OKP": ("Ed25519", "Ed25519")}[kind]
    key: Any = JWKRegistry.generate_key(kind, curve, {"kid": "k"})  # type: ignore[arg-type]
    issuer.key = key
    path = tmp_path / "jwks.json"
    published: Any = KeySet([key]).as_dict(private=False)
    published["keys"] += [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, {"kty": "EC", "kid": "broken"}, {"kty": "new"}]
    path.write_text(json.dumps(published))
    auth = make_auth(trust(str(path)))
    token = issuer.token({"alg": algorithm})
    assert await auth.identify(Headers(bearer(token)), None) == Identity(ISSUER, "alice")
    with pytest.raises(Unauthenticated):
        await auth.identify(Headers(bearer(Issuer().forged("HS256", b"secret"))), None)


async def test_api_keys(run_server: RunServer, key_file: Path) -> None:
    agent = await run_server(echo, auth=AuthSection(api_keys=key_file))
    assert await is_let_in(agent, {"X-API-Key": KEY})
    assert await is_let_in(agent, {"x-api-key": OTHER_KEY})
    for key in ("", "wrong", KEY[:-1], hash_of(KEY), "alice"):
        assert not await is_let_in(agent, {"X-API-Key": key}), key
    with pytest.raises(Unauthenticated):
        await make_auth(AuthSection(api_keys=key_file)).identify(Headers({"X-API-Key": "é"}), None)
    assert not await is_let_in(agent, bearer(KEY))
    assert not await is_let_in(agent, {})
    assert (await ask(agent, "/", {})).headers["WWW-Authenticate"] == 'ApiKey realm="agent"'


async def test_a_proxy_s_word(run_server: RunServer) -> None:
    trusted = AuthSection(proxy=ProxySection(addresses=[ip_network("127.0.0.1/32")]))
    agent = await run_server(echo, auth=trusted)
    assert await is_let_in(agent, {"X-Forwarded-Client-Cert": CERT})
    for value in ("", "By=spiffe://mesh/agent;Hash=0123", f"{CERT},", "nonsense", 'Subject="CN=alice'):
        assert not await is_let_in(agent, {"X-Forwarded-Client-Cert": value}), value
    assert not await is_let_in(agent, {})


async def test_nobody_but_the_proxy_is_believed(run_server: RunServer) -> None:
    """Not even who says that it is at the proxy's address."""
    auth = AuthSection(proxy=ProxySection(addresses=[ip_network("10.0.0.0/8")]))
    agent = await run_server(echo, auth=auth)
    assert not await is_let_in(agent, {"X-Forwarded-Client-Cert": CERT})
    assert not await is_let_in(agent, {"X-Forwarded-Client-Cert": CERT, "X-Forwarded-For": "10.0.0.1"})
    assert not await is_let_in(agent, {"X-Forwarded-Client-Cert": CERT, "Forwarded": "for=10.0.0.1"})


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        (CERT, "uri=spiffe://mesh/alice"),
        ('Subject="CN=alice,O=\\"Acme; Inc\\""', 'subject=CN=alice,O="Acme; Inc"'),
        (f"{CERT},By=b;URI=spiffe://mesh/bob", "uri=spiffe://mesh/bob"),
        ('Subject="CN=x;URI=spiffe://mesh/alice"', "subject=CN=x;URI=spiffe://mesh/alice"),
        ('URI="";Subject="CN=alice"', "subject=CN=alice"),
    ],
)
async def test_whose_certificate_it_is(value: str, subject: str) -> None:
    auth = make_auth(AuthSection(proxy=ProxySection(addresses=[ip_network("10.0.0.0/8")])))
    headers = Headers({"X-Forwarded-Client-Cert": value})
    for address in ("10.1.2.3", "::ffff:10.1.2.3"):
        assert await auth.identify(headers, address) == Identity("urn:innerloop:proxy", subject)
    for stranger in ("11.0.0.1", "::1", "", None):
        with pytest.raises(Unauthenticated):
            await auth.identify(headers, stranger)


async def test_a_header_of_the_proxy_s_own() -> None:
    proxy = ProxySection(addresses=[ip_network("::1/128")], header="X-SSL-Client-S-DN")
    auth = make_auth(AuthSection(proxy=proxy))
    found = await auth.identify(Headers({"x-ssl-client-s-dn": "CN=alice"}), "::1")
    assert found == Identity("urn:innerloop:proxy", "CN=alice")


async def test_the_same_name_is_somebody_else_s_by_another_way(all_ways: AuthSection, issuer: Issuer) -> None:
    auth = make_auth(all_ways)
    cert = {"X-Forwarded-Client-Cert": 'Subject="CN=mesh"'}
    assert await auth.identify(Headers(bearer(issuer.token())), None) == Identity(ISSUER, "alice")
    assert await auth.identify(Headers({"X-API-Key": KEY}), None) == Identity("urn:innerloop:api-keys", "alice")
    # What callers give of themselves is what counts behind a proxy too, and also if it is wrong.
    found = await auth.identify(Headers({"X-API-Key": KEY, **cert}), "127.0.0.1")
    assert found == Identity("urn:innerloop:api-keys", "alice")
    with pytest.raises(Unauthenticated):
        await auth.identify(Headers({"X-API-Key": "wrong", **cert}), "127.0.0.1")
    with pytest.raises(Unauthenticated):
        await auth.identify(Headers({"X-API-Key": KEY, "Authorization": "Bearer x"}), "127.0.0.1")


async def test_what_anybody_may_read(run_server: RunServer, all_ways: AuthSection) -> None:
    agent = await run_server(echo, auth=all_ways)
    for path in ("/.well-known/agent-card.json", "/healthz", "/readyz"):
        assert (await agent.http.get(agent.url + path)).status_code == 200
        assert (await agent.http.post(agent.url + path, json={})).status_code == 401
    assert (await agent.http.get(agent.url)).status_code == 307  # to the card
    assert (await agent.http.get(f"{agent.url}/readyz")).json() == {"state": "ready"}  # and no names of peers
    for path in (
        "//healthz",
        "/healthz/",
        "/t/healthz",
        "/tasks",
        "/tasks/x",
        "/extendedAgentCard",
        "/nothing",
        "/v1/card",
    ):
        assert (await agent.http.get(agent.url + path)).status_code == 401, path
    host = {"Host": "a.example/healthz?"}  # of which a request's URL is made
    assert (await agent.http.get(f"{agent.url}/tasks", headers=host)).status_code in (400, 401)


async def test_the_card_says_how_to_be_known(run_server: RunServer, all_ways: AuthSection) -> None:
    agent = await run_server(echo, auth=all_ways)
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    schemes = card.security_schemes
    assert schemes["bearer"].http_auth_security_scheme.scheme == "Bearer"
    assert schemes["apiKey"].api_key_security_scheme.name == "X-API-Key"
    assert schemes["mtls"].HasField("mtls_security_scheme")
    assert [list(wanted.schemes) for wanted in card.security_requirements] == [["bearer"], ["apiKey"], ["mtls"]]
    served = (await agent.http.get(f"{agent.url}/.well-known/agent-card.json")).json()
    assert served["security"] == [{"bearer": []}, {"apiKey": []}, {"mtls": []}]  # for 0.3
    assert served["securitySchemes"]["apiKey"]["in"] == "header"


class Wallet(CredentialService):
    """Has one credential, for one scheme."""

    def __init__(self, scheme: str, credential: str) -> None:
        self._held = {scheme: credential}

    async def get_credentials(self, security_scheme_name: str, context: ClientCallContext | None) -> str | None:
        return self._held.get(security_scheme_name)


@pytest.mark.parametrize("binding", [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON])
async def test_the_sdk_s_client_does_as_the_card_says(
    run_server: RunServer, all_ways: AuthSection, issuer: Issuer, binding: str
) -> None:
    agent = await run_server(echo, auth=all_ways)
    request = SendMessageRequest(message=Message(message_id="m", role=Role.ROLE_USER, parts=[Part(text="hello")]))
    config = ClientConfig(httpx_client=agent.http, supported_protocol_bindings=[binding])
    for scheme, credential in (("bearer", issuer.token()), ("apiKey", KEY)):
        client = await create_client(agent.url, config, [AuthInterceptor(Wallet(scheme, credential))])
        events = [event async for event in client.send_message(request)]
        assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
    client = await create_client(agent.url, config)
    with pytest.raises(A2AClientError, match="401"):
        [event async for event in client.send_message(request)]


async def test_anybody_may_ask_where_no_way_is_on(run_server: RunServer) -> None:
    agent = await run_server(echo)
    assert await is_let_in(agent, {})
    assert await is_let_in(agent, {"Authorization": "Bearer whatever", "X-API-Key": "x"})
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    assert not card.security_schemes
    assert not card.security_requirements


async def test_who_is_not_known_hears_so_before_all_else(run_server: RunServer, all_ways: AuthSection) -> None:
    """Whatever it sends; and it can read that."""
    agent = await run_server(echo, auth=all_ways)
    for body in (b"x" * 2**21, b"{", b"\xff"):
        for path in PATHS:
            response = await agent.http.post(agent.url + path, content=body)
            assert response.status_code == 401


async def test_credentials_are_in_no_log(
    run_server: RunServer, issuer: Issuer, all_ways: AuthSection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    agent = await run_server(echo, auth=all_ways)
    expired, good = issuer.token(exp=1), issuer.token()
    for headers in (bearer(good), bearer(expired), {"X-API-Key": KEY}, {"X-API-Key": "a wrong key"}):
        for path in PATHS:
            await ask(agent, path, headers)
    for secret in (good, expired, good.split(".")[2], expired.split(".")[2], KEY, "a wrong key", hash_of(KEY)):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("alice secret", "line 1: not a name and the SHA-256"),
        (f"alice {'0' * 64}\nbob\n", "line 2: not a name"),
        (f"alice {'0' * 64}\nbob {'0' * 64}", "line 2: alice has the same key"),
    ],
)
def test_a_file_of_api_keys_that_is_no_use(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "keys"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message) as raised:
        make_auth(AuthSection(api_keys=path))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("http://issuer.example/jwks", "begins with https://"),
        ("ftp://issuer.example/jwks", "begins with https://"),
        ("missing.json", "cannot be read"),
        ("{}", "not a JWKS"),
        ("[]", "not a JWKS"),
        ("text", "cannot be read"),
        ('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "no public keys"),
    ],
)
def test_a_jwks_that_is_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    if "/" not in source and source != "missing.json":
        Path("jwks.json").write_text(source)
        source = "jwks.json"
    with pytest.raises(ConfigError, match=message):
        make_auth(trust(source))


def test_the_ways_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNERLOOP_AUTH__JWT__JWKS", "jwks.json")
    monkeypatch.setenv("INNERLOOP_AUTH__JWT__ISSUER", ISSUER)
    with pytest.raises(ConfigError, match="INNERLOOP_AUTH__JWT__AUDIENCE: Field required"):
        read_machine()
    monkeypatch.setenv("INNERLOOP_AUTH__JWT__AUDIENCE", AUDIENCE)
    monkeypatch.setenv("INNERLOOP_AUTH__API_KEYS", "keys")
    monkeypatch.setenv("INNERLOOP_AUTH__PROXY__ADDRESSES", '["10.0.0.0/8", "fd00::/8"]')
    auth = read_machine().auth
    assert auth.jwt == JwtSection(jwks="jwks.json", issuer=ISSUER, audience=AUDIENCE)
    assert auth.api_keys == Path("keys")
    assert auth.proxy
    assert [str(network) for network in auth.proxy.addresses] == ["10.0.0.0/8", "fd00::/8"]
    monkeypatch.setenv("INNERLOOP_AUTH__PROXY__ADDRESSES", "10.0.0.0/8")
    with pytest.raises(ConfigError, match="INNERLOOP_AUTH: not JSON"):
        read_machine()


def test_a_way_that_is_spelt_wrongly_does_not_leave_the_door_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNERLOOP_AUTH__APIKEYS", "keys")
    with pytest.raises(ConfigError, match="INNERLOOP_AUTH__APIKEYS"):
        read_machine()
    monkeypatch.delenv("INNERLOOP_AUTH__APIKEYS")
    monkeypatch.setenv("INNERLOOP_AUTH_API_KEYS", "keys")
    with pytest.raises(ConfigError, match="INNERLOOP_AUTH_API_KEYS"):
        read_machine()
