"""An agent.yaml as it is read."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from service.errors import ConfigError
from service.settings import Machine, load_agent

AGENT = """
name: keeper
description: Keeps.
instructions: You keep.
tools:
  - use: tools.py:Keeper
    with:
      database: ${data}/keeper.sqlite
      others: ["${data}", 3, true]
skills: [{id: keep, name: Keep, description: Keeps., tags: [keeping]}]
"""


@pytest.mark.parametrize("name", ["data", "my #data", "data: mine", "'{[\"%&*"])
def test_the_data_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    (tmp_path / "agent.yaml").write_text(AGENT)
    data = tmp_path / name
    (tool,) = load_agent(tmp_path, Machine(data=data)).tools
    assert tool.options == {"database": f"{data}/keeper.sqlite", "others": [str(data), 3, True]}


def test_networks_are_given_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNERLOOP_EGRESS_ALLOW", '["10.0.0.0/8", "fd00::/8"]')
    assert Machine().egress_allow == [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("chat", "message"),
    [
        ("{format: qwen3}", "qwen3 wants `thinking`, true or false"),
        ("{thinking: true}", "inner has no `thinking`"),
        ("{format: chatml}", "Input should be 'inner', 'inner-live', 'qwen3'"),
    ],
)
def test_a_chat_format_says_what_it_wants(tmp_path: Path, chat: str, message: str) -> None:
    (tmp_path / "agent.yaml").write_text(f"{AGENT}\nchat: {chat}\n")
    with pytest.raises(ConfigError, match=message):
        load_agent(tmp_path, Machine())


def test_a_machine_says_where_peers_are_and_which_of_them_are_asked_directly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = "peers: [{name: near, url: https://near.example}, {name: far, url: https://far.example}]"
    (tmp_path / "agent.yaml").write_text(f"{AGENT}\n{peers}\n")
    monkeypatch.setenv("INNERLOOP_PEERS", '{"near": "http://near.shop.svc:8001"}')
    monkeypatch.setenv("INNERLOOP_DIRECT_PEERS", '["near"]')
    near, far = load_agent(tmp_path, Machine()).peers
    assert (near.url, near.direct) == ("http://near.shop.svc:8001", True)
    assert (far.url, far.direct) == ("https://far.example", False)
    for variable, value in (("INNERLOOP_PEERS", '{"stock": "http://stock"}'), ("INNERLOOP_DIRECT_PEERS", '["stock"]')):
        with monkeypatch.context() as changed:
            changed.setenv(variable, value)
            with pytest.raises(ConfigError, match=f"{variable} names .'stock'., which .* does not have as peers"):
                load_agent(tmp_path, Machine())
