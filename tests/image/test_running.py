"""The image at work: nothing that a restricted pod may not do, no network but loopback, and the real model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.image.container import Container, running

QUESTION = "Does Titan Labs bear the tariffs?"
AGENT = "http://127.0.0.1:8001"
MANAGEMENT = "http://127.0.0.1:9464"
GRACE = 20
"""Seconds that running turns have after SIGTERM."""


@pytest.fixture(scope="module")
def untouched(root: Path) -> dict[Path, tuple[int, int]]:
    """What is on the root file system before anything runs."""
    return _state(root)


@pytest.fixture(scope="module")
def serving(
    untouched: object, root: Path, config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """An agent whose weights the image has."""
    with running(root, config, tmp_path_factory.mktemp("serving"), ["serve", "/agents/contracts"]) as container:
        container.wait_for(f"{MANAGEMENT}/readyz", 200, seconds=600)
        yield container


def test_a_question_is_answered(serving: Container) -> None:
    said = serving.run("innerloop", "ask", "--json", AGENT, QUESTION).stdout
    events = [json.loads(line) for line in said.splitlines()]
    assert {event["kind"] for event in events} >= {"call_finished", "end"}
    assert events[-1]["state"] == "completed"
    answer = events[-1]["text"]
    assert "Titan Labs" in answer
    assert re.search(r"\(clause \d+\)", answer), answer


def test_it_is_healthy_by_the_image_s_own_check(serving: Container, config: dict[str, Any]) -> None:
    kind, *command = config["Healthcheck"]["Test"]
    assert kind == "CMD"
    serving.run(*command)
    assert serving.answers(f"{MANAGEMENT}/metrics") == 200


def test_it_may_do_nothing(serving: Container) -> None:
    status = serving.run("cat", "/proc/1/status").stdout
    assert re.search(r"^Uid:(\t65532){4}$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert set(re.findall(r"^Cap\w+:\t(\w+)$", status, re.MULTILINE)) == {"0" * 16}
    assert "Read-only file system" in serving.run("touch", "/opt/x", check=False).stderr


def test_only_its_volumes_are_written_to(
    serving: Container, untouched: dict[Path, tuple[int, int]], root: Path
) -> None:
    assert _state(root) == untouched
    data = serving.run("find", "/data", "-type", "f").stdout.split()
    assert any(path.endswith(".sqlite3") for path in data)


def test_sigterm_lets_a_turn_end_and_the_process_with_it(root: Path, config: dict[str, Any], tmp_path: Path) -> None:
    with running(root, config, tmp_path / "bundle", ["serve", "/agents/contracts"]) as container:
        container.wait_for(f"{MANAGEMENT}/readyz", 200, seconds=600)
        asking = container.start("innerloop", "ask", "--json", AGENT, QUESTION)
        assert asking.stdout
        asking.stdout.readline()  # the turn has begun
        seconds = container.stop()
        said, _ = asking.communicate(timeout=30)
        assert json.loads(said.splitlines()[-1])["state"] == "completed"
        assert container.process.returncode == 128 + 15, container.log.read_text()
        assert seconds < GRACE


def test_sigterm_ends_one_that_still_loads(root: Path, config: dict[str, Any], tmp_path: Path) -> None:
    with running(root, config, tmp_path / "bundle", ["serve", "/agents/contracts"]) as container:
        container.wait_for(f"{MANAGEMENT}/startupz", 503, seconds=120)
        container.stop()
        assert container.process.returncode == 128 + 15


def test_weights_are_prepared_into_a_volume(root: Path, config: dict[str, Any], tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    command = ["model", "prepare", "/agents/contracts"]
    with running(root, config, tmp_path / "bundle", command, {"/models": models}) as container:
        assert container.process.wait(900) == 0, container.log.read_text()
        folder = container.log.read_text().split()[-1]
    assert (models / Path(folder).relative_to("/models") / "model.safetensors").is_file()


def test_an_agent_that_is_not_mounted_is_said(root: Path, config: dict[str, Any], tmp_path: Path) -> None:
    with running(root, config, tmp_path / "bundle") as container:
        assert container.process.wait(60) == 2
        assert "/agent/agent.yaml: No such file" in container.log.read_text()


def _state(root: Path) -> dict[Path, tuple[int, int]]:
    """Of each file, when it was written and how long it is."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}
