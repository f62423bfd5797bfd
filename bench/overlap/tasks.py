"""The tasks of one repetition."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bench.overlap.script import Job, write_jobs, write_text

PLAIN_WORDS = 120


@dataclass(frozen=True, slots=True)
class Task:
    workload: str
    said: str
    turns: tuple[str, ...]
    """What each agent of a chain is asked, first to last."""


def draw(rng: random.Random, seconds: float) -> list[Task]:
    """One task of each workload, for tools that take this long."""
    run = rng.randrange(10, 100)
    tasks = []
    for count in (2, 4, 8):
        jobs = [Job(f"{letter}{run}", round(seconds, 3)) for letter in "abcdefgh"[:count]]
        tasks.append(Task(f"parallel {count}", write_jobs(jobs), (write_jobs(jobs),)))
    chains = []
    for letter in "abc":
        names = [f"{letter}{at}{run}" for at in range(rng.randint(1, 5))]
        befores = ["", *names]
        chains += [Job(name, round(seconds, 3), before) for name, before in zip(names, befores, strict=False)]
    tasks.append(Task("chains", write_jobs(chains), (write_jobs(chains),)))
    said = ""
    turns: list[str] = []
    for letter in "cba":
        jobs = [Job(f"{letter}{run}", round(seconds, 3))]
        said = write_jobs([*jobs, Job("peer", 0.0, message=said)] if said else jobs)
        turns.insert(0, said)
    tasks.append(Task("peer", said, tuple(turns)))
    plain = write_text(PLAIN_WORDS)
    tasks.append(Task("plain", plain, (plain,)))
    return tasks


def draw_crowd(rng: random.Random, count: int) -> list[Task]:
    """Tasks of four jobs each, which take one to five seconds."""
    said = [
        write_jobs([Job(f"{letter}{number}", round(rng.uniform(1, 5), 3)) for letter in "abcd"])
        for number in range(count)
    ]
    return [Task("crowd", text, (text,)) for text in said]
