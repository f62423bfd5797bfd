"""Another agent's card is believed if a key that we know has signed it, and read again only where it is new."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.client.card_resolver import parse_agent_card
from a2a.types import AgentCard
from a2a.utils.signing import create_agent_card_signer
from starlette.responses import Response

from service.endpoint.signatures import SigningKey, signed
from service.errors import ConfigError, ServiceError
from service.outbound.cards import PinnedKeys, read_card
from service.outbound.client import RemoteAgent, open_http
from tests.conftest import RunServer
from tests.keys import KINDS, write_key, write_pins
from tests.outbound.test_client import CARD, stranger


@pytest.fixture
def card() -> AgentCard:
    return parse_agent_card(json.loads(json.dumps(CARD)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_that_a_pinned_key_has_signed(tmp_path: Path, card: AgentCard, kind: str) -> None:
    key, other = write_key(tmp_path / "key.pem", kind), write_key(tmp_path / "other.pem")
    pins = PinnedKeys.read(write_pins(tmp_path / "pins.json", key, other))
    pins.verify(signed(card, [SigningKey.read(key)]))
    card.name += "!"
    with pytest.raises(ServiceError, match="its card has no valid signature by a pinned key"):
        pins.verify(card)


def test_one_signature_of_two_is_enough(tmp_path: Path, card: AgentCard) -> None:
    old, new = write_key(tmp_path / "old.pem"), write_key(tmp_path / "new.pem")
    both = signed(card, [SigningKey.read(new), SigningKey.read(old)])
    for pinned in (old, new):
        PinnedKeys.read(write_pins(tmp_path / "pins.json", pinned)).verify(both)


def test_a_card_that_nobody_has_signed(tmp_path: Path, card: AgentCard) -> None:
    pins = PinnedKeys.read(write_pins(tmp_path / "pins.json", write_key(tmp_path / "key.pem")))
    with pytest.raises(ServiceError, match="its card is not signed"):
        pins.verify(card)


def header(**values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize("case", ["another's", "its id", "shared secret", "none", "odd id", "odd header", "no header"])
def test_a_card_that_somebody_else_has_signed(tmp_path: Path, card: AgentCard, case: str) -> None:
    """Whatever it says of the key, and of where to find it."""
    ours, theirs = write_key(tmp_path / "ours.pem"), write_key(tmp_path / "theirs.pem")
    pins = PinnedKeys.read(write_pins(tmp_path / "pins.json", ours))
    pinned, stranger_key = SigningKey.read(ours), SigningKey.read(theirs)
    place = "http://127.0.0.1:9/jwks.json"
    if case == "another's":
        signed(card, [stranger_key])
    elif case == "its id":
        protected = {"kid": pinned.id, "alg": "ES256", "typ": "JOSE", "jku": place}
        create_agent_card_signer(theirs.read_bytes(), protected)(card)  # type: ignore[arg-type]
    elif case == "shared secret":
        secret = pinned.public["x"].encode()
        protected = {"kid": pinned.id, "alg": "HS256", "typ": "JOSE", "jku": place}
        create_agent_card_signer(secret, protected)(card)  # type: ignore[arg-type]
    else:
        signed(card, [pinned])
        forged = {
            "none": header(alg="none", kid=pinned.id),
            "odd id": header(alg="ES256", kid=[pinned.id]),
            "odd header": header(alg="ES256", kid=pinned.id, crit=["x"]),
            "no header": "!",
        }
        card.signatures[0].protected = forged[case]
        if case == "none":
            card.signatures[0].signature = ""
    with pytest.raises(ServiceError, match="its card has no valid signature by a pinned key"):
        pins.verify(card)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        ("", "not a JWK set"),
        ("[]", "not a JWK set"),
        ('{"keys": {}}', "there is no key in it"),
        ('{"keys": []}', "there is no key in it"),
        ('{"keys": ["secret"]}', "not a JWK set"),
        ('{"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}', "not a JWK set"),
        ('{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "secret", "y": "secret"}]}', "not a JWK set"),
    ],
)
def test_a_file_that_pins_no_keys(tmp_path: Path, content: str | None, why: str) -> None:
    path = tmp_path / "pins.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as error:
        PinnedKeys.read(path)
    assert str(error.value).startswith(f"{path}: {why}")
    assert "secret" not in str(error.value)


def test_private_keys_are_not_for_pinning(tmp_path: Path) -> None:
    key = SigningKey.read(write_key(tmp_path / "key.pem"))
    (tmp_path / "pins.json").write_text(json.dumps({"keys": [{**key.public, "d": "AA"}]}))
    with pytest.raises(ConfigError, match="not a JWK set of public keys"):
        PinnedKeys.read(tmp_path / "pins.json")


async def test_a_card_that_is_known_is_not_read_again(run_server: RunServer, tmp_path: Path) -> None:
    agent = await run_server(card_keys=[write_key(tmp_path / "key.pem")])
    pins = PinnedKeys.read(write_pins(tmp_path / "pins.json", tmp_path / "key.pem"))
    async with open_http() as http:
        found = await RemoteAgent.find(http, agent.url, pins)
        assert await RemoteAgent.find(http, agent.url, pins, found) is found
        other = await run_server(name="other", description="Another one.")
        assert (await RemoteAgent.find(http, other.url, None, found)).card.name == "other"


@asynccontextmanager
async def answering(response: Response) -> AsyncIterator[str]:
    async with stranger(card=response) as agent:
        yield agent.url


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (Response(status_code=503), "answers 503"),
        (Response(status_code=304), "answers 304"),
        (Response(status_code=302, headers={"Location": "/elsewhere"}), "answers 302"),
        (Response(b"<html>"), "is no card"),
        (Response(b"\xff"), "is no card"),
        (Response(b"[" * 100_000), "is no card"),
        (Response(b'{"name": 3}'), "is no card"),
        (Response(b" " * (2**20 + 1)), "its card has more than 1048576 bytes"),
    ],
)
async def test_what_is_no_card(response: Response, why: str) -> None:
    async with answering(response) as url, open_http() as http:
        with pytest.raises(ServiceError, match=why):
            await read_card(http, url)


async def test_nobody_there() -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(ServiceError, match="cannot be read"):
            await read_card(http, "http://127.0.0.1:1")
