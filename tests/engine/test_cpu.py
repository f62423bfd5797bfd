"""What a processor can do is read right."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.engine.cpu import cpu_problem, emulates_bfloat16


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


@pytest.mark.parametrize(
    ("flags", "emulates"), [("avx2", True), ("avx2 avx512f", True), ("avx512f avx512_bf16", False), ("amx_bf16", False)]
)
def test_bfloat16_takes_instructions_of_its_own(tmp_path: Path, flags: str, emulates: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert emulates_bfloat16(cpuinfo) is emulates


def test_other_processors_are_left_to_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert cpu_problem(tmp_path / "missing") is None
    assert not emulates_bfloat16(tmp_path / "missing")
