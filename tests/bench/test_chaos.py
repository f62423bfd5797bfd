"""Durability as a whole: what `make chaos` does, in small."""

from __future__ import annotations

from pathlib import Path

from bench.chaos.__main__ import Size, run


async def test_whatever_fails_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    size = Size(tasks=30, replicas=2, seed=1, tasks_per_second=3.0, faults_apart=0.8, rest_seconds=60.0)
    outcome = await run(size, tmp_path)
    assert not outcome.findings.wrong, "\n\n".join(outcome.findings.wrong)  # whole: pytest shortens what it compares
    assert sum(map(len, outcome.faults.values())) > 2
    assert outcome.findings.states.total() == size.tasks
