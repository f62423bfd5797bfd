"""The card that is served is the template with the agent's own facts; it can be signed, and kept in caches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from a2a.client import A2ACardResolver
from a2a.types import AgentCard
from a2a.utils.signing import InvalidSignaturesError, create_signature_verifier
from google.protobuf.json_format import ParseDict
from joserfc.jwk import ECKey, OKPKey, RSAKey
from jwt import PyJWK
from jwt.utils import base64url_decode

from service import delegation, extension
from service.endpoint.signatures import SigningKey
from service.errors import ConfigError
from service.settings import AuthSection
from tests.conftest import RunServer
from tests.endpoint.test_auth import hash_of
from tests.keys import KINDS, write_key

PATH = "/.well-known/agent-card.json"
KEYS = "/.well-known/jwks.json"


async def test_the_card_says_what_the_agent_is_and_where(run_server: RunServer) -> None:
    agent = await run_server(name="adder", description='Adds "numbers" for $5.', version="2.3.4")
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    assert (card.name, card.description, card.version) == ("adder", 'Adds "numbers" for $5.', "2.3.4")
    assert [skill.name for skill in card.skills] == ["Help"]
    spoken = {(interface.protocol_binding, interface.protocol_version) for interface in card.supported_interfaces}
    assert spoken == {(binding, version) for binding in ("JSONRPC", "HTTP+JSON") for version in ("1.0", "0.3")}
    assert {interface.url for interface in card.supported_interfaces} == {agent.url}
    assert [declared.uri for declared in card.capabilities.extensions] == [extension.URI, delegation.URI]
    assert card.capabilities.streaming
    assert card.capabilities.push_notifications


async def test_a_v0_3_client_finds_its_fields(run_server: RunServer) -> None:
    agent = await run_server()
    card = (await agent.http.get(agent.url + PATH)).json()
    assert (card["url"], card["preferredTransport"], card["protocolVersion"]) == (agent.url, "JSONRPC", "0.3")


async def test_the_card_can_be_cached(run_server: RunServer) -> None:
    agent = await run_server()
    first = await agent.http.get(agent.url + PATH)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert etag.startswith('"')
    assert first.headers["Cache-Control"] == "public, max-age=60"
    for known in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = await agent.http.get(agent.url + PATH, headers=known)
        assert (again.status_code, again.content) == (304, b""), known
        assert (again.headers["ETag"], again.headers["Last-Modified"]) == (etag, modified)
    for known in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        again = await agent.http.get(agent.url + PATH, headers=known)
        assert (again.status_code, again.content) == (200, first.content), known


async def test_the_card_s_head(run_server: RunServer) -> None:
    agent = await run_server()
    whole, head = await agent.http.get(agent.url + PATH), await agent.http.head(agent.url + PATH)
    assert (head.status_code, head.content) == (200, b"")
    names = ("ETag", "Last-Modified", "Cache-Control", "Content-Length", "Content-Type")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_card_is_signed(run_server: RunServer, tmp_path: Path, kind: str) -> None:
    """With words that JSON may write in several ways, and checked by the published keys."""
    agent = await run_server(description="Größe „5 $“ \u2028", card_keys=[write_key(tmp_path / "key.pem", kind)])
    (key,) = (await agent.http.get(agent.url + KEYS)).json()["keys"]
    assert not {"d", "p", "q", "k"} & key.keys()
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card(signature_verifier=verifier(key))
    (signature,) = card.signatures
    header = json.loads(base64url_decode(signature.protected.encode()))
    assert header == {"alg": key["alg"], "kid": key["kid"], "typ": "JOSE"}
    card.description += "!"
    with pytest.raises(InvalidSignaturesError):
        verifier(key)(card)


async def test_two_keys_sign_while_one_follows_the_other(run_server: RunServer, tmp_path: Path) -> None:
    old, new = write_key(tmp_path / "old.pem"), write_key(tmp_path / "new.pem", "Ed25519")
    agent = await run_server(card_keys=[old, new])
    keys = (await agent.http.get(agent.url + KEYS)).json()["keys"]
    assert [key["kid"] for key in keys] == [SigningKey.read(old).id, SigningKey.read(new).id]
    for key in keys:
        await A2ACardResolver(agent.http, agent.url).get_agent_card(signature_verifier=verifier(key))


async def test_without_keys_nothing_is_signed(run_server: RunServer) -> None:
    agent = await run_server()
    assert "signatures" not in (await agent.http.get(agent.url + PATH)).json()
    assert (await agent.http.get(agent.url + KEYS)).json() == {"keys": []}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"", "not a private key in PEM form without a password"),
        (b"\xffsecret", "not a private key in PEM form without a password"),
        (RSAKey.generate_key(2048).as_pem(private=True, password="secret"), "not a private key in PEM form without"),
        (ECKey.generate_key("P-256").as_pem(private=False), "not a private key for signatures"),
        (ECKey.generate_key("secp256k1").as_pem(private=True), "a key on a curve that signs no cards"),
        (OKPKey.generate_key("X25519").as_pem(private=True), "a key on a curve that signs no cards"),
    ],
)
def test_a_file_that_is_no_key_to_sign_with(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        SigningKey.read(path)
    assert str(error.value).startswith(f"{path}: {why}")
    assert "secret" not in str(error.value)


async def test_who_is_known_reads_the_extended_card(run_server: RunServer, tmp_path: Path) -> None:
    (tmp_path / "callers").write_text(f"alice {hash_of('open sesame')}\n")
    auth = AuthSection(api_keys=tmp_path / "callers")
    peer = await run_server(name="helper", description="Helps\nwith \u202esums.")
    peers = [{"name": "helper", "url": peer.url}]
    agent = await run_server(peers=peers, auth=auth, card_keys=[write_key(tmp_path / "key.pem")])
    (key,) = (await agent.http.get(agent.url + KEYS)).json()["keys"]
    assert (await agent.http.get(agent.url + PATH)).json()["capabilities"]["extendedAgentCard"] is True
    assert (await agent.http.get(agent.url + "/extendedAgentCard", headers={"A2A-Version": "1.0"})).status_code == 401
    answer = await agent.rpc("GetExtendedAgentCard", {}, **{"X-API-Key": "open sesame"})
    card = ParseDict(answer["result"], AgentCard(), ignore_unknown_fields=True)
    verifier(key)(card)
    told = {skill.id: (skill.name, skill.description, list(skill.tags)) for skill in card.skills}
    assert told == {
        "help": ("Help", "Helps.", ["help"]),
        "tool/add": ("add", "Adds two numbers.", ["tool"]),
        "tool/sleep": ("sleep", "Sleeps for long.", ["tool"]),
        "peer/helper": ("helper", "Helps with sums. Skills: Help.", ["peer"]),
    }


def verifier(key: dict[str, Any]) -> Callable[[AgentCard], None]:
    """The SDK's, for one key."""
    return create_signature_verifier(lambda kid, jku: PyJWK(key), [key["alg"]])
