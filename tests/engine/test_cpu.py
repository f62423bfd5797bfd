"""A processor that will not do is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.engine.cpu import cpu_problem


@pytest.fixture(autouse=True)
def on_x86(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


@pytest.mark.parametrize(
    ("flags", "fine"), [("fpu sse4_2 avx avx2 fma", True), ("fpu sse4_2 avx", False), ("avx2 avx512f", True)]
)
def test_flags(tmp_path: Path, flags: str, fine: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\nvmx flags\t: vnmi\n\nprocessor\t: 1\n")
    problem = cpu_problem(cpuinfo)
    assert problem is None if fine else problem and "neither AVX-512 nor AVX2" in problem


def test_other_processors_are_left_to_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert cpu_problem(tmp_path / "missing") is None
