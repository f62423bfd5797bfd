"""Folders that are made once and then only read, found by key, checked by hash, safe under several processes.

A folder is built beside its place and renamed into it, so that it is there whole or not at all; its manifest, written
last, holds the sha256 of every file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from service.errors import ModelError

_MANIFEST = ".manifest.json"


class Store:
    """The folders under one root, such as `~/.cache/innerloop/models`."""

    def __init__(self, root: Path, progress: Callable[[str], None]) -> None:
        self._root = root
        self._progress = progress

    def find(self, key: str) -> Path | None:
        """The folder of `key` if it is there and whole."""
        folder = self._root / key
        return None if self._damage(folder) else folder

    def get(self, key: str, size: int, make: Callable[[Path], None]) -> Path:
        """The folder of `key`, made by `make(folder)` if it is missing or damaged. `size` is what it takes, in bytes.

        Raises ModelError if it cannot be written; whatever `make` raises passes through and leaves nothing behind.
        """
        folder = self._root / key
        try:
            if found := self.find(key):
                return found
            self._root.mkdir(parents=True, exist_ok=True)
            with self._locked(key):
                if not folder.is_dir() or self._say_damage(folder):
                    self._build(folder, size, make)
        except (OSError, SafetensorError) as error:
            # Safetensors tells of it in words only.
            if any(os.strerror(number) in str(error) for number in (errno.ENOSPC, errno.EDQUOT)):
                raise self._full(size) from error
            raise ModelError(f"{folder} cannot be read or written: {error}") from error
        return folder

    def _build(self, folder: Path, size: int, make: Callable[[Path], None]) -> None:
        if shutil.disk_usage(self._root).free < size:
            raise self._full(size)
        partial = folder.with_name(f"{folder.name}.partial")
        _remove(partial)  # of a preparation that was interrupted
        partial.mkdir()
        try:
            make(partial)
            for path in partial.iterdir():
                path.chmod(0o644)  # safetensors lets only the owner read
            manifest = {path.name: sha256(path) for path in sorted(partial.iterdir())}
            (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1))
            _remove(folder)
            partial.rename(folder)
        finally:
            _remove(partial)

    def _damage(self, folder: Path) -> str | None:
        """What is wrong with a folder, or that it is missing; None if nothing is."""
        try:
            manifest = json.loads((folder / _MANIFEST).read_text())
            for name, expected in manifest.items():
                if sha256(folder / name) != expected:
                    return f"{name} has changed"
        except FileNotFoundError as error:
            return f"{Path(error.filename).name} is missing"
        except OSError as error:
            return str(error)
        except (ValueError, AttributeError):
            return f"{_MANIFEST} cannot be read"
        return None

    def _say_damage(self, folder: Path) -> bool:
        damage = self._damage(folder)
        if damage:
            self._progress(f"{folder} is damaged ({damage}): making it again")
        return damage is not None

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        lock = FileLock(self._root / f"{key}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            self._progress(f"waiting for another process that is preparing {key}")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _full(self, size: int) -> ModelError:
        free = shutil.disk_usage(self._root).free
        return ModelError(
            f"the disk is full: {self._root} needs {size // 1_000_000} MB and has {free // 1_000_000} MB; "
            "make room, or set INNERLOOP_CACHE to a folder on another disk"
        )


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
