"""`innerloop serve` as a process: what it says of itself, and of its end."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import httpx
import pytest

from service.__main__ import main
from tests.cli.test_commands import AGENT
from tests.conftest import eventually, say
from tests.serving import serving


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    folder = tmp_path / "adder"
    folder.mkdir()
    (folder / "agent.yaml").write_text(AGENT)
    return folder


async def test_an_end_that_waits_for_a_turn_says_so_and_a_second_interrupt_does_not_wait(agent: Path) -> None:
    async def waits() -> bool:
        told = "turns that still run: 1; they have 600 s, and Ctrl-C leaves them to whoever goes on"
        return any(told in line for line in served.lines)

    settings = {"INNERLOOP_LOG_FORMAT": "text", "INNERLOOP_DRAIN_SECONDS": "600"}
    with serving(agent, "tests.cli.actors:idle", **settings) as served:
        asked = asyncio.create_task(_ask(served.url))
        await eventually(lambda: _works(served.url))
        served.process.send_signal(signal.SIGINT)
        await eventually(waits)
        served.process.send_signal(signal.SIGINT)
        assert (await asked)["result"]["task"]["status"]["state"] == "TASK_STATE_WORKING"
        assert served.wait() == 128 + signal.SIGINT


def test_one_that_has_nothing_to_do_says_that_it_ends(agent: Path) -> None:
    settings = {"INNERLOOP_LOG_FORMAT": "json", "INNERLOOP_KEEP_DAYS": "30"}
    with serving(agent, "tests.cli.actors:idle", **settings) as served:
        pass
    kept, _, *end = (json.loads(line)["message"] for line in served.lines)
    assert kept == "conversations are removed 30 days after they have ended"
    assert end == ["draining for 20 s at most; turns that run: 0", "ended"]


def test_it_says_that_anybody_may_ask_where_others_can_reach_it(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"alice {'0' * 64}")
    told = []
    for auth in ({}, {"INNERLOOP_AUTH__API_KEYS": str(tmp_path / "keys")}):
        settings = {"INNERLOOP_HOST": "0.0.0.0", "INNERLOOP_PUBLIC_URL": "http://agent.example", **auth}
        with serving(agent, "tests.cli.actors:idle", **settings) as served:
            told.append(served.lines[0])
    assert "anybody who reaches" in told[0]
    assert "is ready at" in told[1]


@pytest.mark.parametrize(
    ("settings", "unset"),
    [
        ({"HOST": "0.0.0.0"}, ["INNERLOOP_PUBLIC_URL"]),
        ({"HOST": "::", "GRPC_PORT": "0"}, ["INNERLOOP_PUBLIC_URL and INNERLOOP_GRPC_PUBLIC_URL"]),
        ({"HOST": "0.0.0.0", "GRPC_PORT": "0", "PUBLIC_URL": "http://a.example"}, ["INNERLOOP_GRPC_PUBLIC_URL"]),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "http://a.example"}, []),
        ({"HOST": "127.0.0.1"}, []),
    ],
)
def test_it_warns_of_a_card_that_leads_no_other_machine_here(
    settings: dict[str, str],
    unset: list[str],
    agent: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {"PORT": "0", "DATA": str(agent), "LOG_FORMAT": "json", **settings}.items():
        monkeypatch.setenv(f"INNERLOOP_{name}", value)
    assert main(["serve", str(agent), "--engine", "nowhere:nothing"]) == 2
    *logged, why = capsys.readouterr().err.splitlines()
    assert why == "innerloop: no engine 'nowhere:nothing': No module named 'nowhere'"
    told = [json.loads(line)["message"] for line in logged]
    assert told == [f"the card says localhost, where no other machine reaches this one: set {each}" for each in unset]


async def _ask(url: str) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": say("hello")}}
    async with httpx.AsyncClient(timeout=60) as http:
        response = await http.post(url, json=body, headers={"A2A-Version": "1.0"})
        return dict(response.json())


async def _works(url: str) -> bool:
    async with httpx.AsyncClient() as http:
        listed = await http.get(f"{url}/tasks", headers={"A2A-Version": "1.0"})
        return any(task["status"]["state"] == "TASK_STATE_WORKING" for task in listed.json()["tasks"])
