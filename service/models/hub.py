"""A model of the Hugging Face hub: fetched once, and compared at each start with the hashes that the hub has.

What comes over plain HTTP, huggingface_hub itself compares by size only. But its cache keeps each large file under its
sha256, and the model's folder is of links to those: so what a file should be is known without asking anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service.errors import ModelError
from service.models.store import sha256

_ID = re.compile(r"(\w[\w.-]*/\w[\w.-]*)(?:@([0-9a-f]{40}))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNWANTED = ["*.bin", "*.gguf", "*.pt", "*.pth", "original/*"]
"""The same weights, as others load them."""


def parse(base: str) -> tuple[str, str | None] | None:
    """Id and commit, if there is one, of `owner/name` or `owner/name@commit`; None for anything else."""
    found = _ID.fullmatch(base)
    return (found[1], found[2]) if found else None


def version(name: str, commit: str) -> str:
    """What a model at a commit is called."""
    return f"{name}@{commit[:12]}"


def fetch(name: str, commit: str | None, progress: Callable[[str], None]) -> Path:
    """The model's folder, named after its commit: the newest, if none is given. Raises ModelError."""
    # Importing these takes long, and most agents have no model of the hub.
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    progress(f"fetching {name} from the Hugging Face hub, unless it is cached, and comparing its sha256")
    try:
        folder = Path(snapshot_download(name, revision=commit, ignore_patterns=_UNWANTED))
        if damaged := _damaged(folder):
            progress(f"{name} is damaged ({', '.join(path.name for path in damaged)}): fetching it again")
            for path in damaged:
                path.resolve().unlink()
            snapshot_download(name, revision=folder.name, ignore_patterns=_UNWANTED)
            if damaged := _damaged(folder):
                raise ModelError(f"{damaged[0]} is not what the Hugging Face hub has, though it was fetched again")
    except LocalEntryNotFoundError as error:
        raise ModelError(f"{name} is not cached and the Hugging Face hub cannot be reached") from error
    except HfHubHTTPError as error:
        raise ModelError(f"the Hugging Face hub does not give out {name}: {str(error).splitlines()[0]}") from error
    except (OSError, httpx2.HTTPError, HFValidationError) as error:
        raise ModelError(f"{name} cannot be fetched or read: {' '.join(str(error).split())}") from error
    return folder


def _damaged(folder: Path) -> list[Path]:
    """The files that are not what the hub has. Where a cache has files for links, nobody knows."""
    links = [path for path in folder.iterdir() if path.is_symlink() and _SHA256.fullmatch(path.readlink().name)]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(sha256, links))
    return [path for path, digest in zip(links, found, strict=True) if digest != path.readlink().name]
