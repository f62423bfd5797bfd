"""What this processor can do. Standard library only: it is asked before anything is installed."""

from __future__ import annotations

import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def cpu_problem(cpuinfo: Path = _CPUINFO) -> str | None:
    """Why the kernels cannot run here; None if they can. They are built for AVX2 and, twice as fast, for AVX-512."""
    flags = _flags(cpuinfo)
    if not flags or "avx2" in flags:
        return None
    return (
        "this CPU has neither AVX-512 nor AVX2, which vLLM's kernels need: use an x86-64 machine of 2015 or later "
        "(in a virtual machine, pass the host's CPU model through)"
    )


def emulates_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether bfloat16 would be computed without instructions for it, several times slower than float32."""
    flags = _flags(cpuinfo)
    return bool(flags) and not flags & {"avx512_bf16", "amx_bf16"}


def _flags(cpuinfo: Path) -> set[str]:
    """What an x86 processor says that it can do; of others nothing is known."""
    if platform.machine() != "x86_64":
        return set()
    lines = [line.split(":")[1].split() for line in cpuinfo.read_text().splitlines() if line.startswith("flags")]
    return set(lines[0]) if lines else set()
