"""Tools that run while the model decodes, against what people do today, and against what is possible at all.

    python -m bench.overlap [--repetitions N] [--only WORKLOAD] [--contenders NAME ...]

Two engines with the same weights and settings: that of our service, with agents in the live and in the turn form, and
that of vLLM's OpenAI server, with outer loops around it: two of a few lines, and an agent framework. What the model
says is given (`script`, `forced`), so that all do the same work; how long it takes is not. Contenders take turns within
each repetition; figures are medians over repetitions.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.overlap.contenders import ALL, OURS, Contenders
from bench.overlap.report import Found, picture, summary, table
from bench.overlap.servers import open_contenders
from bench.overlap.tasks import draw, draw_crowd, plain
from service.cli.provenance import append, circumstances
from service.errors import ServiceError

FOLDER = Path(__file__).parent
RESULTS = FOLDER.with_name("overlap.jsonl")
PICTURED = (("parallel 4", 4.0), ("chains", 1.0), ("peer", 1.0))
SEED = 0
RATIOS = (0.1, 1.0, 4.0)
"""Time of a tool over the time of decoding its call."""
CALL_TOKENS = 25
"""About what a call takes."""
CONTEXTS = (500, 3_000)
OTHERS = (0, 8)
CROWD = 32
PLAINS = 3
"""Texts without tools in each repetition: they are short, and the machine's speed drifts."""
IN_CROWDS = (*OURS, "gathered")


@dataclass(slots=True)
class Measured:
    """What was found so far."""

    found: Found = field(default_factory=dict)
    crowds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in IN_CROWDS})
    """Tasks per minute."""
    gaps: dict[str, list[float]] = field(default_factory=dict)
    """In token times."""
    waits: dict[str, list[float]] = field(default_factory=dict)
    """Seconds."""


async def main(repetitions: int, only: str, names: Sequence[str]) -> None:
    console = Console(stderr=True)
    measured = Measured()
    whole = not only and len(names) == len(ALL)
    try:
        async with open_contenders(names, console) as contenders:
            await measure(contenders, measured, repetitions, only, console)
    except asyncio.CancelledError:  # Ctrl-C
        if not measured.found:
            raise
        whole = False
        console.print("stopped: what follows is of what was done by then, and is not recorded")
    result = {
        **summary(measured.found, measured.crowds, measured.gaps, measured.waits),
        **circumstances(shlex.join(["python", "-m", "bench.overlap", *sys.argv[1:]]), SEED),
    }
    console.print(table(measured.found))
    if whole:
        for workload, ratio in PICTURED:
            title = f"{workload}, each tool {ratio:g} times as long as its call"
            name = re.sub(r"[^a-z0-9]+", "-", title)
            (FOLDER / f"{name}.svg").write_text(picture(title, measured.found[workload, ratio][-1]))
        append(RESULTS, result)
    print(json.dumps(result))


async def measure(contenders: Contenders, measured: Measured, repetitions: int, only: str, console: Console) -> None:
    """Everything, or `only` what has this in its name."""

    def wanted(name: str) -> bool:
        return only in name

    if repetitions:
        await _warm_up(contenders, console)
    rng = random.Random(SEED)
    for repetition in range(repetitions):
        speed = await contenders.speed()
        console.print(f"{repetition + 1} of {repetitions}: {1000 * speed.token:.1f} ms a token", highlight=False)
        tasks = [(ratio, task) for ratio in RATIOS for task in draw(rng, ratio * CALL_TOKENS * speed.token)]
        for number, (ratio, task) in enumerate([*tasks, *[(None, plain())] * PLAINS]):
            if not wanted(task.workload):
                continue
            runs = await contenders.run(task, speed, backwards=(repetition + number) % 2 == 1)
            times = ", ".join(f"{name} {run.seconds:.2f}" for name, run in runs.items())
            console.print(f"{task.workload}, {ratio}: {times}", style="dim", highlight=False, soft_wrap=True)
            measured.found.setdefault((task.workload, ratio), []).append(runs)
        if wanted("crowd"):
            crowd = draw_crowd(rng, CROWD)
            for name in [name for name in IN_CROWDS if name in contenders.names]:
                measured.crowds[name].append(60 * CROWD / await contenders.crowd(name, crowd))
                console.print(f"{name}: {measured.crowds[name][-1]:.1f} tasks a minute", style="dim", highlight=False)
    if wanted("gaps"):
        console.print("gaps", style="dim")
        for context, others, least in itertools.product(CONTEXTS, OTHERS, (False, True)):
            name = f"{context} tokens, {others} other streams{', at the least' * least}"
            measured.gaps[name] = await contenders.gaps(context, others, least)
    if wanted("prefill"):
        console.print("a long answer of a peer", style="dim")
        for name, prefilled in (("at the end", False), ("as it comes", True)):
            measured.waits[name] = await contenders.peer_answers(prefilled)


async def _warm_up(contenders: Contenders, console: Console) -> None:
    """Every contender meets every sort of step once: grammars are compiled, connections opened."""
    console.print("warming up", highlight=False)
    speed = await contenders.speed()
    parallel, *_, peer = draw(random.Random(SEED), 0.1)
    for task in (parallel, peer, plain()):
        await contenders.run(task, speed, backwards=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--only", default="", help="workloads whose name holds this, or `crowd`, `gaps` or `prefill`")
    parser.add_argument("--contenders", nargs="+", choices=ALL, default=ALL, help="the live form has to be among them")
    given = parser.parse_args()
    try:
        asyncio.run(main(given.repetitions, given.only, given.contenders))
    except ServiceError as error:
        sys.exit(f"bench-overlap: {error}")
