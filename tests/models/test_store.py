"""What is made once is there whole or not at all, whatever happens on the way."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.errors import ModelError
from service.models.store import Store


class Maker:
    """Writes two files, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / "a").write_text("first")
        (folder / "b").write_text("second")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, said: list[str]) -> Store:
    return Store(tmp_path / "models", said.append)


def test_is_made_once(store: Store, said: list[str]) -> None:
    make = Maker()
    folder = store.get("key", 100, make)
    assert store.get("key", 100, make) == folder
    assert make.times == 1
    assert sorted(path.name for path in folder.iterdir()) == [".manifest.json", "a", "b"]
    assert said == []


@pytest.mark.parametrize("name", ["a", ".manifest.json"])
def test_what_is_damaged_is_said_and_made_again(store: Store, said: list[str], name: str) -> None:
    make = Maker()
    folder = store.get("key", 100, make)
    (folder / name).write_text("garbage")
    store.get("key", 100, make)
    assert make.times == 2
    assert (folder / "a").read_text() == "first"
    assert len(said) == 1
    assert f"is damaged ({name}" in said[0]


def test_what_is_missing_is_made_again(store: Store, said: list[str]) -> None:
    make = Maker()
    (store.get("key", 100, make) / "b").unlink()
    store.get("key", 100, make)
    assert make.times == 2
    assert "b is missing" in said[0]


def test_what_cannot_be_read_is_made_again(store: Store, said: list[str]) -> None:
    make = Maker()
    folder = store.get("key", 100, make)
    (folder / "b").unlink()
    (folder / "b").mkdir()
    assert store.find("key") is None
    assert (store.get("key", 100, make) / "b").read_text() == "second"
    assert make.times == 2
    assert "Is a directory" in said[0]


def test_a_failure_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "a").write_text("half")
        raise ModelError("no")

    with pytest.raises(ModelError, match="no"):
        store.get("key", 100, fail)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["key.lock"]


def _get_and_sleep(root: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "a").write_text("half")
        (root / "begun").touch()
        time.sleep(60)

    Store(root, print).get("key", 100, make)


def test_a_killed_preparation_is_redone(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "models"
    process = multiprocessing.get_context("spawn").Process(target=_get_and_sleep, args=(root,))
    process.start()
    while not (root / "begun").exists():
        time.sleep(0.01)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    folder = store.get("key", 100, Maker())
    assert (folder / "a").read_text() == "first"
    assert not list(root.glob("*.partial"))


def test_two_at_once_make_it_once(store: Store, said: list[str]) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.3)

    with ThreadPoolExecutor() as pool:
        folders = list(pool.map(lambda _: store.get("key", 100, make), range(2)))
    assert len(made) == 1
    assert folders[0] == folders[1]
    assert said == ["waiting for another process that is preparing key"]


def test_a_full_disk_is_said_beforehand(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(0, 0, 5_000_000))
    make = Maker()
    with pytest.raises(ModelError, match=r"the disk is full: .* needs 300 MB and has 5 MB; make room"):
        store.get("key", 300_000_000, make)
    assert make.times == 0


def test_a_disk_that_fills_up_is_said(store: Store) -> None:
    def fail(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ModelError, match="the disk is full"):
        store.get("key", 100, fail)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match="cannot be read or written"):
        Store(tmp_path / "models", print).get("key", 100, Maker())
