"""The way from a name in `agent.yaml` to a folder vLLM loads.

    base: the embedded model | a folder | a model of the Hugging Face hub
      + adapter: merged, if there is one
      -> Prepared(folder, version)

What is made is kept in the cache, one folder per base and adapter, and checked by hash at each start.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from service.errors import ModelError
from service.models import adapter, embedded
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
    # What is made of it does not need the embedded base any more: an image has the one without the other.
    if model.base == embedded.NAME and (made := _found(store, f"{embedded.version()}+{digest}")):
        return made
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


def _found(store: Store, version: str) -> Prepared | None:
    folder = store.find(_key(version))
    return Prepared(folder, version) if folder else None


def _key(version: str) -> str:
    return version.replace("/", "--")


def _base(name: str, agent: Path, store: Store, progress: Callable[[str], None]) -> Prepared:
    if name == embedded.NAME:
        version = embedded.version()
        folder = store.get(version, embedded.SIZE, lambda folder: embedded.convert(folder, progress))
        return Prepared(folder, version)
    if (agent / name / "config.json").is_file():
        folder = (agent / name).resolve()
        return Prepared(folder, f"{folder.name}@{_fingerprint(folder)}")
    if hub := re.fullmatch(r"([\w.-]+/[\w.-]+)(?:@([0-9a-f]{40}))?", name):
        folder = _download(hub[1], hub[2], progress)
        return Prepared(folder, f"{hub[1]}@{folder.name[:12]}")  # a snapshot's folder is named after its commit
    raise ModelError(f'no model "{name}": neither {embedded.NAME}, nor a folder with a config.json, nor a hub id')


def _fingerprint(folder: Path) -> str:
    """Tells versions of a folder apart without reading it: it may hold many gigabytes."""
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    return hashlib.sha256(repr(files).encode()).hexdigest()[:12]


def _download(name: str, commit: str | None, progress: Callable[[str], None]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    progress(f"fetching {name} from the Hugging Face hub, unless it is cached")
    try:
        unwanted = ["*.bin", "*.gguf", "*.pt", "*.pth", "original/*"]
        return Path(snapshot_download(name, revision=commit, ignore_patterns=unwanted))
    except LocalEntryNotFoundError as error:
        raise ModelError(f"{name} is not cached and the Hugging Face hub cannot be reached") from error
    except HfHubHTTPError as error:
        raise ModelError(f"the Hugging Face hub does not give out {name}: {str(error).splitlines()[0]}") from error
