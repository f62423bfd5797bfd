"""The way from a name in `agent.yaml` to a folder vLLM loads.

    base: the embedded model | a folder | a model of the Hugging Face hub
      + adapter: merged, if there is one
      -> Prepared(folder, version)

What is made is kept in the cache, one folder per base and adapter, and checked by hash at each start, as what the hub
has given is. A folder of one's own is taken as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from service.errors import ModelError
from service.models import adapter, embedded, hub
from service.models.store import Store


class Wanted(Protocol):
    """The part of an agent's configuration that names its weights."""

    @property
    def base(self) -> str: ...

    @property
    def adapter(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """Weights that are ready."""

    folder: Path
    """What vLLM loads: config, safetensors, tokenizer."""
    version: str
    """What these weights are a function of; kept with every token they sample."""


def prepare(model: Wanted, agent: Path, cache: Path, progress: Callable[[str], None]) -> Prepared:
    """Gets `model` ready. Relative paths are relative to the folder `agent`; `progress` hears of each long step.

    Safe to run in several processes at once. Raises ModelError, in one line that says what to do.
    """
    store = Store(cache / "models", progress)
    if model.adapter is None:
        return _base(model.base, agent, store, progress)
    path = agent / model.adapter
    digest = adapter.digest(path)[:12]
    # What is made of it does not need the base any more: an image has the one without the other.
    if (known := _known(model.base)) and (made := store.find(_key(f"{known}+{digest}"))):
        return Prepared(made, f"{known}+{digest}")
    base = _base(model.base, agent, store, progress)
    version = f"{base.version}+{digest}"
    return Prepared(
        store.get(
            _key(version),
            sum(file.stat().st_size for file in base.folder.iterdir()),
            lambda folder: adapter.merge(base.folder, path, folder, progress),
        ),
        version,
    )


def _key(version: str) -> str:
    return version.replace("/", "--")


def _base(name: str, agent: Path, store: Store, progress: Callable[[str], None]) -> Prepared:
    if name == embedded.NAME:
        version = embedded.version()
        folder = store.get(version, embedded.SIZE, lambda folder: embedded.convert(folder, progress))
        return Prepared(folder, version)
    try:
        if (agent / name / "config.json").is_file():
            folder = (agent / name).resolve()
            return Prepared(folder, f"{folder.name}@{_fingerprint(folder)}")
    except OSError as error:
        raise ModelError(f"the model {agent / name} cannot be read: {error}") from error
    if wanted := hub.parse(name):
        folder = hub.fetch(*wanted, progress)
        return Prepared(folder, hub.version(wanted[0], folder.name))
    raise ModelError(f'no model "{name}": neither {embedded.NAME}, nor a folder with a config.json, nor a hub id')


def _known(name: str) -> str | None:
    """The version of a base, if that can be known without having the base."""
    if name == embedded.NAME:
        return embedded.version()
    if (wanted := hub.parse(name)) and wanted[1]:
        return hub.version(wanted[0], wanted[1])
    return None


def _fingerprint(folder: Path) -> str:
    """Tells versions of a folder apart without reading it: it may hold many gigabytes."""
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    return hashlib.sha256(repr(files).encode()).hexdigest()[:12]
