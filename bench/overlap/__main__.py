"""Tools that run while the model decodes, against what people do today, and against what is possible at all.

    python -m bench.overlap [--repetitions N] [--only WORKLOAD]

Two engines with the same weights and settings: that of our service, with agents in the live and in the turn form, and
that of vLLM's OpenAI server, with outer loops around it: two of a few lines, and an agent framework. What the model
says is given (`script`, `forced`), so that all do the same work; how long it takes is not. Contenders take turns within
each repetition; figures are medians over repetitions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
from pathlib import Path

from rich.console import Console

from bench.overlap.contenders import OURS, Contenders
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
IN_CROWDS = (*OURS, "gathered")


async def main(repetitions: int, only: str) -> None:
    console = Console(stderr=True)
    found: Found = {}
    crowds: dict[str, list[float]] = {name: [] for name in IN_CROWDS}
    async with open_contenders(console) as contenders:
        rng = random.Random(SEED)
        if repetitions:
            await _warm_up(contenders, console)
        for repetition in range(repetitions):
            speed = await contenders.speed()
            console.print(f"{repetition + 1} of {repetitions}: {1000 * speed.token:.1f} ms a token", highlight=False)
            tasks = [(ratio, task) for ratio in RATIOS for task in draw(rng, ratio * CALL_TOKENS * speed.token)]
            for ratio, task in [*tasks, (None, plain())]:
                if only not in task.workload:
                    continue
                runs = await contenders.run(task, speed, backwards=repetition % 2 == 1)
                times = ", ".join(f"{name} {run.seconds:.2f}" for name, run in runs.items())
                console.print(f"{task.workload}, {ratio}: {times}", style="dim", highlight=False, soft_wrap=True)
                found.setdefault((task.workload, ratio), []).append(runs)
            if only in "crowd":
                crowd = draw_crowd(rng, CROWD)
                for name in IN_CROWDS:
                    crowds[name].append(60 * CROWD / await contenders.crowd(name, crowd))
                    console.print(f"{name}: {crowds[name][-1]:.1f} tasks a minute", style="dim", highlight=False)
        gaps = {
            f"{context} tokens, {others} other streams{', at the least' * least}": await contenders.gaps(
                context, others, least
            )
            for context in CONTEXTS
            for others in OTHERS
            for least in (False, True)
            if only in "gaps"
        }
        waits = {
            name: await contenders.peer_answers(prefilled)
            for name, prefilled in (("at the end", False), ("as it comes", True))
            if only in "prefill"
        }
    result = summary(found, crowds, gaps, waits)
    console.print(table(found))
    if not only:
        for workload, ratio in PICTURED:
            title = f"{workload}, each tool {ratio:g} times as long as its call"
            name = re.sub(r"[^a-z0-9]+", "-", title)
            (FOLDER / f"{name}.svg").write_text(picture(title, found[workload, ratio][-1]))
        command = f"python -m bench.overlap --repetitions {repetitions}"
        append(RESULTS, {**result, **circumstances(command, SEED)})
    print(json.dumps(result))


async def _warm_up(contenders: Contenders, console: Console) -> None:
    """Every contender meets every sort of step once: grammars are compiled, connections opened."""
    console.print("warming up", highlight=False)
    speed = await contenders.speed()
    for task in (draw(random.Random(SEED), 0.1)[0], draw(random.Random(SEED), 0.1)[-1], plain()):
        await contenders.run(task, speed, backwards=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", default="", help="workloads whose name holds this, or `crowd`, `gaps` or `prefill`")
    given = parser.parse_args()
    try:
        asyncio.run(main(given.repetitions, given.only))
    except ServiceError as error:
        sys.exit(f"bench-overlap: {error}")
