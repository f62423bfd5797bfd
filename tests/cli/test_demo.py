"""The demo as a process of its own, with scripted models in the agents' processes, and once with the real ones."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.cli.agents import free_port

ROOT = Path(__file__).resolve().parents[2]


class Demo:
    """`innerloop demo`, started."""

    def __init__(self, port: int, data: Path, engine: str, *options: str) -> None:
        self.ports = (port, port + 1)
        engine = engine if engine == "vllm" else f"tests.cli.actors:{engine}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service", "demo", "--port", str(port), "--engine", engine, *options],
            cwd=ROOT,
            env=os.environ | {"INNERLOOP_DATA": str(data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, text: str) -> None:
        assert self.process.stdout is not None
        assert any(text in line for line in self.process.stdout), f"it never said {text!r}"

    def end(self) -> tuple[int, str]:
        """Its exit status and what it said. By then nothing may be left of its agents."""
        said, _ = self.process.communicate()
        assert not self._agents()
        assert not [port for port in self.ports if _answers(port)]
        return self.process.returncode, said

    def _agents(self) -> list[str]:
        """Command lines of its agents that still run."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = file.read_bytes().decode().split("\0")
            except OSError:
                continue
            if "serve" in words and {str(port) for port in self.ports} & set(words):
                found.append(" ".join(words))
        return found


Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a demo: `start(function_of_actors, *options)`. A second one has the same ports and data."""
    port = free_port(2)
    started: list[Demo] = []

    def start(engine: str, *options: str) -> Demo:
        started.append(Demo(port, tmp_path, engine, *options))
        return started[-1]

    yield start
    for demo in started:
        with demo.process:  # which waits and closes its pipe
            demo.process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_right_and_right_again(start: Start) -> None:
    for _ in range(2):
        status, said = start("office").end()
        assert status == 0, said
        assert "procurement │" in said
        assert "→ place_order(" in said
        assert "    contracts → search_contract(" in said
        assert said.count("✓") == 4
        assert "WARNING" not in said


@pytest.mark.model
@pytest.mark.timeout(400)
def test_with_the_real_models(start: Start) -> None:
    status, said = start("vllm").end()
    assert status == 0, said
    assert said.count("✓") == 4


def test_wrong(start: Start) -> None:
    status, said = start("forgetful").end()
    assert status == 1, said
    assert "✗ ordered in the database: nothing; asked for: 40 x" in said


def test_a_question_of_one_s_own(start: Start) -> None:
    status, said = start("forgetful", "--question", "Hello?").end()
    assert status == 0, said
    assert "asking procurement: Hello?" in said


def test_an_agent_that_cannot_start(start: Start) -> None:
    status, said = start("broken").end()
    assert status == 2, said
    assert "contracts   │ innerloop: the engine is broken" in said
    assert said.splitlines()[-1] == "innerloop: contracts ended before it was ready; why is told above"


@pytest.mark.parametrize("file", ["demo", "demo/office.sqlite"])
def test_a_data_folder_that_cannot_be_used(start: Start, tmp_path: Path, file: str) -> None:
    """A file in place of the folder, or something else in place of the database."""
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("This is neither a folder nor a database.")
    status, said = start("office").end()
    assert status == 2, said
    (line,) = said.splitlines()
    assert line.startswith(f"innerloop: the data folder {tmp_path / 'demo'} cannot be used: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_is_answered(start: Start, number: signal.Signals) -> None:
    demo = start("idle")
    demo.read_until("asking procurement")
    demo.process.send_signal(number)
    status, said = demo.end()
    assert status == 128 + number, said


def test_a_signal_while_the_agents_start(start: Start) -> None:
    demo = start("office")
    demo.read_until("starting")
    demo.process.send_signal(signal.SIGINT)
    status, said = demo.end()
    assert status == 130, said
