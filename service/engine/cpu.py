"""Whether vLLM can run on this processor. Standard library only: it is asked before anything is installed."""

from __future__ import annotations

import platform
from pathlib import Path


def cpu_problem(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """Why the kernels cannot run here; None if they can. They are built for AVX2 and, twice as fast, for AVX-512."""
    if platform.machine() != "x86_64":
        return None
    flags = [line.split(":")[1].split() for line in cpuinfo.read_text().splitlines() if line.startswith("flags")]
    if not flags or "avx2" in flags[0]:
        return None
    return (
        "this CPU has neither AVX-512 nor AVX2, which vLLM's kernels need: use an x86-64 machine of 2015 or later "
        "(in a virtual machine, pass the host's CPU model through)"
    )
