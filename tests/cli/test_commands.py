"""What is typed: help for all of it, one line for what is wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.__main__ import main
from service.cli.agents import free_port

AGENT = """
name: adder
description: Adds.
instructions: You add.
skills: [{id: add, name: Add, description: Adds., tags: [sums]}]
"""


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INNERLOOP_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("INNERLOOP_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "adder"
    folder.mkdir()
    (folder / "agent.yaml").write_text(AGENT)
    return folder


@pytest.fixture
def taken() -> Iterator[int]:
    """A port, of which the one before is free."""
    with socket.create_server(("127.0.0.1", free_port(2) + 1)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    "command",
    [
        *("", "serve", "ask", "card", "demo", "eval", "model", "model prepare", "train", "train sft"),
        *("db", "db upgrade", "db current", "db backup"),
    ],
)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert f"innerloop {command}".strip() in told
    if command not in ("", "model", "train", "db"):
        assert "Example" in told


def test_the_version_is_the_program_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
    assert capsys.readouterr().out == f"{declared}\n"


def test_help_loads_nothing_that_takes_long() -> None:
    script = (
        "import sys; from service.__main__ import main; main(['--help']);"
        "print(sorted({'a2a', 'httpx', 'pydantic', 'torch', 'transformers', 'vllm'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def wrong(capsys: pytest.CaptureFixture[str], *arguments: str | Path | int) -> str:
    """The one line that wrong input leads to."""
    assert main([str(argument) for argument in arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    return line


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["ask"],
        ["ask", "x"],
        ["demo", "--port", "x"],
        ["demo", "--port", "65535"],
        ["serve", "--x"],
        ["serve", "x", "--port", "70000"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong(capsys, *arguments).startswith("innerloop: ")


@pytest.mark.parametrize("command", [["serve"], ["model", "prepare"], ["train", "sft"], ["eval"]])
def test_an_agent_that_is_not_there(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "agent.yaml: No such file or directory" in wrong(capsys, *command, tmp_path / "nobody")


def test_an_agent_that_says_something_unknown(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (agent / "agent.yaml").write_text(f"{AGENT}\ncolour: blue\n")
    assert "colour" in wrong(capsys, "serve", agent)


def test_an_agent_that_is_not_text(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (agent / "agent.yaml").write_bytes(b"name: \xff")
    assert "not UTF-8" in wrong(capsys, "serve", agent)


def served(agent: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of an agent that cannot be served: told before its model, which cannot be loaded either."""
    assert main(["serve", str(agent), "--port", "0", "--engine", "tests.cli.actors:broken"]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return told.splitlines()[-1]


# The driver's own thread tells a loop that has ended meanwhile that there is no connection.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "the database's URL cannot be used: "),
        ("sqlite+nothing:///{folder}/x", "the database's URL cannot be used: "),
        ("mysql+nothing://a/b", "the database's URL cannot be used: mysql+nothing:// is neither "),
        ("postgresql://a:b@c/d", "the database's URL cannot be used: postgresql:// is neither postgresql+asyncpg:// "),
        ("sqlite+aiosqlite:///{folder}/adder/agent.yaml", "the database {url} cannot be used: file is not a database"),
        ("sqlite+aiosqlite:///{folder}/adder", "the database {url} cannot be used: unable to open database file"),
        ("sqlite+aiosqlite:///{folder}/adder/agent.yaml/x", "the folder {folder}/adder/agent.yaml cannot be used: "),
    ],
)
def test_a_database_that_cannot_be_used(
    url: str, why: str, agent: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = agent.parent
    url = url.format(folder=folder)
    monkeypatch.setenv("INNERLOOP_DATABASE", url)
    assert served(agent, capsys).startswith(f"innerloop: {why.format(folder=folder, url=url)}")


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError("[Errno 111] refused"), "[Errno 111] refused"), (TimeoutError(), "TimeoutError")]
)
def test_a_database_s_server_that_does_not_answer(
    error: Exception,
    reason: str,
    agent: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where drivers of servers raise what is no error of a database."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("aiosqlite.connect", refuse)
    monkeypatch.setenv("INNERLOOP_DATABASE", "sqlite+aiosqlite://")
    assert served(agent, capsys) == f"innerloop: the database sqlite+aiosqlite:// cannot be used: {reason}"


def test_a_data_folder_that_cannot_be_used(
    agent: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = agent / "agent.yaml"
    for data in (file, file / "data"):
        monkeypatch.setenv("INNERLOOP_DATA", str(data))
        assert served(agent, capsys).startswith(f"innerloop: the folder {data} cannot be used: ")


def test_tools_that_are_not_there(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is told before the engine has started, which takes its time."""
    (agent / "agent.yaml").write_text(f"{AGENT}\ntools: [{{use: 'tools.py:add'}}]\n")
    told = wrong(capsys, "serve", agent, "--port", 0, "--engine", "tests.cli.actors:endless")
    assert told == f"innerloop: {agent / 'tools.py'}: no such file"


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_interrupted(agent: Path, interruption: signal.Signals) -> None:
    """It ends at once, though the engine's start cannot be interrupted."""
    command = [sys.executable, "-m", "service", "serve", str(agent), "--port", "0"]
    command += ["--engine", "tests.cli.actors:endless"]
    environment = {**os.environ, "INNERLOOP_LOG_FORMAT": "text"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        while process.poll() is None and not (agent / "starting").exists():
            time.sleep(0.05)
        process.send_signal(interruption)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 128 + interruption
    assert told.splitlines()[-1].endswith("stopped before it was ready")


def test_a_key_that_is_not_known(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told rather than the one that is missing."""
    (agent / "agent.yaml").write_text(AGENT.replace("description: Adds.\n", "descripion: Adds.\n"))
    assert "descripion" in wrong(capsys, "serve", agent)


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr()
    assert "Usage: innerloop" in told.out
    assert told.err == ""


def test_an_engine_that_is_not_there(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nonsense", "tests.cli.actors:nobody", "no.such:engine"):
        assert f"no engine '{name}'" in wrong(capsys, "serve", agent, "--port", 0, "--engine", name)


def test_an_engine_that_cannot_start(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "the engine is broken" in wrong(capsys, "serve", agent, "--port", 0, "--engine", "tests.cli.actors:broken")


def test_a_base_model_that_is_not_there(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (agent / "agent.yaml").write_text(f"{AGENT}\nmodel: {{base: no such model}}\n")
    assert 'no model "no such model"' in wrong(capsys, "model", "prepare", agent)


def test_a_port_that_is_taken(agent: Path, taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"port {taken}" in wrong(capsys, "serve", agent, "--port", taken)
    assert f"port {taken}" in wrong(capsys, "demo", "--port", taken)
    assert f"port {taken}" in wrong(capsys, "demo", "--port", taken - 1)


def test_a_wrong_environment(agent: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNERLOOP_PORT", "many")
    assert wrong(capsys, "serve", agent).startswith("innerloop: INNERLOOP_PORT: ")
    monkeypatch.setenv("INNERLOOP_PORT", "8000")
    monkeypatch.setenv("INNERLOOP_PEERS", "{")
    assert wrong(capsys, "serve", agent).startswith("innerloop: INNERLOOP_PEERS: not JSON: ")
    monkeypatch.setenv("INNERLOOP_PEERS", "{}")
    monkeypatch.setenv("INNERLOOP_EGRESS_ALLOW", '["10.0.0.1/8"]')
    assert wrong(capsys, "serve", agent).startswith("innerloop: INNERLOOP_EGRESS_ALLOW__0: ")
    monkeypatch.setenv("INNERLOOP_EGRESS_ALLOW", "10.0.0.0/8")
    assert wrong(capsys, "serve", agent).startswith("innerloop: INNERLOOP_EGRESS_ALLOW: not JSON: ")


def test_a_split_that_is_not_there(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "entities and phrasings" in wrong(capsys, "eval", agent, "--split", "train")


def test_a_format_without_a_live_form(agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (agent / "agent.yaml").write_text(f"{AGENT}\nchat: {{format: qwen3, thinking: false}}\n")
    assert "qwen3 has only one form" in wrong(capsys, "eval", agent, "--live")


@pytest.mark.parametrize("option", ["--record", "--failures"])
def test_a_results_file_that_cannot_be_written(option: str, agent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = agent / "nowhere" / "results.jsonl"
    assert wrong(capsys, "eval", agent, option, path) == f"innerloop: {path}: No such file or directory"


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "http://127.0.0.1:9", "caf\udce9"],
        ["ask", "http://127.0.0.1:9", "hello", "--context", "caf\udce9"],
        ["demo", "--question", "caf\udce9"],
    ],
)
def test_what_is_not_utf_8(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Python reads a byte of the command line that is not as half a character."""
    assert "not UTF-8" in wrong(capsys, *arguments)


@pytest.mark.parametrize("url", ["127.0.0.1:8001", "nonsense", "ftp://a.example"])
def test_what_is_no_url(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "http://" in wrong(capsys, "ask", url, "hello")
    assert "http://" in wrong(capsys, "card", url)


def test_an_agent_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert f"no agent at {url}" in wrong(capsys, "ask", url, "hello")
        assert f"no agent at {url}" in wrong(capsys, "card", url)


def test_an_agent_that_takes_the_connection_and_says_nothing(
    taken: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.outbound.client._CARD_SECONDS", 0.2)
    url = f"http://127.0.0.1:{taken}"
    told = f"innerloop: no agent at {url}: no card came within 0.2 s"
    assert wrong(capsys, "ask", url, "hello") == told
    assert wrong(capsys, "card", url) == told
