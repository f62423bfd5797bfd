"""What is in the image, and what is not."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.image import buildah

LOCK = buildah.ROOT / "requirements.lock"
LARGEST = 3_100_000_000
"""Bytes, with both agents' weights: what it may grow to before somebody asks why."""


def test_what_it_is_is_said(config: dict[str, Any]) -> None:
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.revision"] == "abc"
    assert {"title", "description", "created", "base.name"} <= {
        name.removeprefix("org.opencontainers.image.") for name in labels
    }
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["innerloop"]
    assert config["Cmd"] == ["serve", "/agent"]
    assert set(config["ExposedPorts"]) == {"8001/tcp", "8002/tcp", "9464/tcp"}
    assert set(config["Volumes"]) == {"/data", "/tmp"}


def test_the_bill_of_materials_has_what_the_lock_has(root: Path) -> None:
    bill = json.loads((root / "opt/innerloop/sbom.cdx.json").read_text())
    lock = LOCK.read_text().split("# Bill of materials")[0]
    pins = re.findall(r'^([\w.-]+)==([^\s;]+)(?! ; python_version >= "3.12")', lock, re.MULTILINE)
    listed = {(re.sub("[-_.]+", "-", each["name"]).lower(), each["version"]) for each in bill["components"]}
    assert listed == {*pins, ("innerloop", "0.1.0")}


def test_there_is_no_compiler(root: Path) -> None:
    compilers = re.compile(r"(.*-)?(gcc|g\+\+|cc|c\+\+|clang|ld|as|make|cmake|nvcc|rustc|go)(-[\d.]+)?$")
    found = [
        path for folder in ("bin", "usr/bin", "usr/local/bin", "opt/innerloop/bin") for path in _files(root / folder)
    ]
    assert len(found) > 100
    assert not [path for path in found if compilers.match(path.name)]
    assert not [path for path in _files(root / "opt") if path.suffix == ".a"]


def test_there_are_no_caches_and_nothing_of_who_built_it(root: Path) -> None:
    for folder in ("root/.cache", "var/lib/apt/lists", "build", "bill", "wheel", "run/secrets", "tmp", "data"):
        assert not [*_files(root / folder)], folder
    assert not (root / "etc/pip.conf").exists()
    with buildah.mounted(f"{buildah.BASE}:{buildah.SUITE}") as before:
        base = (before / "etc/ssl/certs/ca-certificates.crt").read_bytes()
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_bytes() == base


def test_its_user_owns_only_what_it_writes_to(root: Path) -> None:
    owned = {path for path in [root, *_everything(root)] if path.lstat().st_uid == 65532}
    written = {root / "data", root / "models"}
    assert {path for path in owned if not written & {path, *path.parents}} == set()
    open_to_all = [path for path in _everything(root) if not path.is_symlink() and path.lstat().st_mode & stat.S_IWOTH]
    assert {str(path.relative_to(root)) for path in open_to_all if not path.is_char_device()} <= {
        "tmp",
        "var/tmp",
        "run/lock",
    }


def test_its_size(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = next((root / "opt/innerloop/lib").glob("python3*")) / "site-packages"
    parts = {
        "Debian and Python": _size(root) - _size(root / "opt") - _size(root / "models") - _size(root / "agents"),
        "packages": _size(root / "opt"),
        "agents": _size(root / "agents"),
        "weights": _size(root / "models"),
    }
    total = sum(parts.values())
    largest = sorted(((_size(path), path.name) for path in site.iterdir() if path.is_dir()), reverse=True)[:12]
    with capsys.disabled():
        print(f"\n{total / 1e6:.0f} MB: " + ", ".join(f"{name} {size / 1e6:.0f}" for name, size in parts.items()))
        print("of the packages: " + ", ".join(f"{name} {size / 1e6:.0f}" for size, name in largest))
    assert total < LARGEST


def _everything(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _everything(path)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in _everything(folder) if path.is_symlink() or path.is_file())


def _size(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in _files(folder))
