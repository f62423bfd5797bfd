"""The environment as settings: what is spelt wrongly is told, what is empty is as good as none where that is safe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from service.cli.machine import read_machine
from service.errors import ConfigError
from service.settings import Machine


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("INNERLOOP_")]:
        monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> tuple[Machine, list[str]]:
    """The settings, and what was warned of."""
    warned: list[str] = []
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return read_machine(warn=warned.append), warned


def test_what_is_spelt_wrongly_is_told_with_what_may_be_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, warned = read(monkeypatch, {"INNERLOOP_DATABSE": "x", "INNERLOOP_WINDOWS_11": "x", "innerloop_prot": "1"})
    assert warned == [
        "INNERLOOP_DATABSE is not a setting, and is ignored; is INNERLOOP_DATABASE meant?",
        "INNERLOOP_PROT is not a setting, and is ignored; is INNERLOOP_PORT meant?",
        "INNERLOOP_WINDOWS_11 is not a setting, and is ignored",
    ]
    read_machine()
    assert capsys.readouterr().err.splitlines()[0] == f"innerloop: {warned[0]}"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AUHT__API_KEYS", "AUTH__API_KEYS"),
        ("auht__api_keys", "AUTH__API_KEYS"),
        ("JWT__ISSUER", "AUTH__JWT__ISSUER"),
        ("PEESR__CONTRACTS_OF_OTHERS", "PEERS__CONTRACTS_OF_OTHERS"),
        ("PUBLIC__URL", "PUBLIC_URL"),
        ("XYZ__1", None),
    ],
)
def test_what_is_meant_for_a_section_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, meant: str | None) -> None:
    told = f"INNERLOOP_{name.upper()} is not a setting" + (f"; is INNERLOOP_{meant} meant?" if meant else "")
    with pytest.raises(ConfigError) as error:
        read(monkeypatch, {f"INNERLOOP_{name}": "keys"})
    assert str(error.value) == told


def test_a_setting_without_its_section_is_told_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _, warned = read(monkeypatch, {"INNERLOOP_API_KEYS": "keys"})
    assert warned == ["INNERLOOP_API_KEYS is not a setting, and is ignored; is INNERLOOP_AUTH__API_KEYS meant?"]


def test_what_is_a_setting_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "INNERLOOP_PORT": "1",
        "innerloop_data": "/data",
        "INNERLOOP_PEERS__CONTRACTS": "http://contracts",
        "INNERLOOP_AUTH__JWT__JWKS": "jwks.json",
        "INNERLOOP_AUTH__JWT__ISSUER": "i",
        "INNERLOOP_AUTH__JWT__AUDIENCE": "a",
    }
    machine, warned = read(monkeypatch, given)
    assert not warned
    assert (machine.port, machine.peers) == (1, {"contracts": "http://contracts"})


def links(service: str) -> dict[str, str]:
    """What Kubernetes sets for a Service with one port, which has a name."""
    return {
        f"{service}_SERVICE_HOST": "10.0.0.1",
        f"{service}_SERVICE_PORT": "8000",
        f"{service}_SERVICE_PORT_HTTP": "8000",
        f"{service}_PORT": "tcp://10.0.0.1:8000",
        f"{service}_PORT_8000_TCP": "tcp://10.0.0.1:8000",
        f"{service}_PORT_8000_TCP_ADDR": "10.0.0.1",
        f"{service}_PORT_8000_TCP_PORT": "8000",
        f"{service}_PORT_8000_TCP_PROTO": "tcp",
    }


def test_what_kubernetes_sets_for_services_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {name: value for name, value in links("INNERLOOP").items() if name != "INNERLOOP_PORT"}
    machine, warned = read(monkeypatch, links("INNERLOOP_ORDERS") | ours | {"INNERLOOP_HTTP_PORT": "8000"})
    assert warned == ["INNERLOOP_HTTP_PORT is not a setting, and is ignored; is INNERLOOP_GRPC_PORT meant?"]
    assert machine.port == Machine.model_fields["port"].default


@pytest.mark.parametrize("service", ["innerloop", "innerloop-management"])
def test_one_that_would_be_a_setting_says_what_to_do(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    told = f"_PORT is what Kubernetes sets for a Service called {service}: the pod wants enableServiceLinks: false"
    with pytest.raises(ConfigError, match=told):
        read(monkeypatch, links(service.upper().replace("-", "_")))


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = {name.upper() for name in Machine.model_fields} - {"AUTH", "CARD_KEYS", "DATABASE"}
    environment = {f"INNERLOOP_{name}": "" for name in empty if not name.startswith("PUSH_")}
    machine, warned = read(monkeypatch, environment)
    assert (machine, warned) == (Machine(), [])
    assert machine.grpc_port is None


@pytest.mark.parametrize(
    "name", ["AUTH", "AUTH__API_KEYS", "AUTH__JWT__JWKS", "CARD_KEYS", "DATABASE", "PUSH_KEY", "PUSH_SECRETS"]
)
def test_what_would_leave_a_door_open_is_not_taken_for_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    environment: dict[str, Any] = {f"INNERLOOP_{name}": ""}
    with pytest.raises(ConfigError, match=f"INNERLOOP_{name} is empty: set it, or leave it out"):
        read(monkeypatch, environment)
