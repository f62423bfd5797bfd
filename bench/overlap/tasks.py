"""The tasks of one repetition."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bench.overlap.jobs import value
from bench.overlap.script import Job, read_jobs, write_jobs, write_text

PLAIN_WORDS = 120


@dataclass(frozen=True, slots=True)
class Task:
    workload: str
    turns: tuple[str, ...]
    """What each agent of a chain is asked, first to last."""

    @property
    def said(self) -> str:
        return self.turns[0]

    @property
    def results(self) -> list[str]:
        """What has to be in the answer."""
        values: dict[str, str] = {}
        for turn in self.turns:
            for job in read_jobs(turn):
                if not job.message:
                    values[job.name] = value(job.name, job.seconds, values.get(job.after, ""))
        return [f"{name} gave {given}" for name, given in values.items()]

    def again(self, number: int) -> Task:
        """The same with names that nobody has in a cache. They are as long for every number of three digits."""
        return Task(self.workload, tuple(turn.replace(_NUMBER, str(number)) for turn in self.turns))


_NUMBER = "###"


def draw(rng: random.Random, seconds: float) -> list[Task]:
    """One task of each workload with tools, which take this long."""
    seconds = round(seconds, 3)
    tasks = []
    for count in (2, 4, 8):
        parallel = [Job(f"{letter}{_NUMBER}", seconds) for letter in "abcdefgh"[:count]]
        tasks.append(Task(f"parallel {count}", (write_jobs(parallel),)))
    chains = []
    for letter in "abc":
        names = [f"{letter}{step}-{_NUMBER}" for step in range(rng.randint(1, 5))]
        chains += [Job(name, seconds, before) for name, before in zip(names, ["", *names], strict=False)]
    tasks.append(Task("chains", (write_jobs(chains),)))
    turns: list[str] = []
    for letter in "cba":
        jobs = [Job(f"{letter}{_NUMBER}", seconds)]
        turns.insert(0, write_jobs([*jobs, Job("peer", 0.0, message=turns[0])] if turns else jobs))
    tasks.append(Task("peer", tuple(turns)))
    return tasks


def plain() -> Task:
    """A text without any tool."""
    return Task("plain", (write_text(PLAIN_WORDS),))


def draw_crowd(rng: random.Random, count: int) -> list[Task]:
    """Tasks of four jobs each, which take one to five seconds."""
    tasks = []
    for number in range(count):
        jobs = [Job(f"{letter}{number}-{_NUMBER}", round(rng.uniform(1, 5), 3)) for letter in "abcd"]
        tasks.append(Task("crowd", (write_jobs(jobs),)))
    return tasks
