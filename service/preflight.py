"""What a machine must have before anything is installed on it.

Standard library only, and no newer syntax than Python 3.8's: a Python that is too old must be able to say so.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from service.engine.cpu import cpu_problem

PYTHONS = ((3, 11), (3, 14))
"""Oldest and newest that vLLM supports."""
LIBRARY = "libnuma.so.1"
DISK_GB = 6
"""The environment takes 3 GB; downloads, the prepared models and some air the rest."""


def problems(folder: Path) -> Iterator[str]:
    """One line for each thing that stands in the way of an installation in `folder`, with what to do about it."""
    oldest, newest = PYTHONS
    if not oldest <= sys.version_info[:2] <= newest:
        yield (
            f"this is Python {_dotted(sys.version_info[:2])}; needed is {_dotted(oldest)} to {_dotted(newest)}: "
            "install one and name it, as in `make PYTHON=python3.12`"
        )
    if sys.platform != "linux":
        yield f"this is {sys.platform}; vLLM's wheels are for Linux"
        return
    free = shutil.disk_usage(str(folder)).free / 1e9
    if free < DISK_GB:
        yield f"the disk of {folder.resolve()} has {free:.1f} GB left; needed are {DISK_GB} GB: make room"
    problem = cpu_problem()
    if problem:
        yield problem
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        yield f"{LIBRARY}, which vLLM's kernels need, is not there: install libnuma1 (Fedora: numactl-libs)"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
