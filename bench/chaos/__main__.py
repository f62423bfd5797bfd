"""Tasks with effects on several replicas, while everything around them fails: does each end, and happen once?

    python -m bench.chaos [--tasks N] [--replicas N] [--seed N]

A scripted model, everything else real: processes, HTTP and gRPC, PostgreSQL. There are two agents, each with replicas
and a database of its own: one gets results when its model stops for them, the other while it goes on. Each asks the
other. Clients send their messages over a while, lose connections, subscribe again, look tasks up, send messages again,
answer what is asked back, at times too late, and cancel, on any replica. Meanwhile processes are killed, stopped past
their leases and continued, asked to end and started again, and the database server is restarted. At the end tasks,
transcripts and the ledger of effects are compared with what the script says. The seed fixes what is asked and what
fails when; how the two meet is up to the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.chaos.agent import FORMS
from bench.chaos.check import Findings, check
from bench.chaos.clients import BINDINGS, Client, transports
from bench.chaos.plan import asks
from bench.chaos.postgres import postgres
from bench.chaos.replicas import Replica, Trouble, running
from bench.spread import spread
from service.chat.inner import InnerFormat
from service.cli.provenance import append, circumstances
from tests.byte_tokenizer import byte_tokenizer

RESULTS = Path(__file__).parent.with_name("chaos.jsonl")
LEASE_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Size:
    """Of one run."""

    tasks: int = 200
    replicas: int = 3
    seed: int = 0
    tasks_per_second: float = 3.0
    faults_apart: float = 1.0
    """Seconds on average."""
    rest_seconds: float = 90.0
    """For what is left to end, once all was asked and nothing fails any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    findings: Findings
    faults: Mapping[str, Sequence[float]]
    """How long each lasted, in seconds."""
    seconds: float
    sent: int
    lost: Mapping[str, int]

    def to_json(self, size: Size) -> dict[str, Any]:
        found = self.findings
        return {
            "wrong": found.wrong,
            "tasks": dict(found.states),
            "tasks_of_peers": dict(found.peers_states),
            "faults": {name: len(each) for name, each in sorted(self.faults.items())},
            "fault_seconds": {name: round(statistics.median(each), 1) for name, each in sorted(self.faults.items())},
            "calls": dict(sorted(found.calls.items())),
            "idempotent_calls_made_again": found.again,
            "turns_by_leases": {str(count): turns for count, turns in sorted(found.holders.items())},
            "messages_sent": self.sent,
            "answers_lost": dict(self.lost),
            "seconds": round(self.seconds, 1),
            "size": {name: getattr(size, name) for name in Size.__dataclass_fields__},
        }


async def run(size: Size, folder: Path) -> Outcome:
    """`folder` gets the ledger and the processes' log."""
    (folder / "reserved").mkdir()
    draws = random.Random(size.seed)
    begun = time.monotonic()
    with postgres() as server:
        databases = {form: server.new_database(form) for form in FORMS}
        agents = {
            form: [Replica(folder, form, environment(databases[form])) for _ in range(size.replicas)] for form in FORMS
        }
        for one, other in zip(*agents.values(), strict=True):
            one.peer, other.peer = other.url, one.url
        processes = [replica for agent in agents.values() for replica in agent]
        trouble = Trouble(
            random.Random(f"{size.seed} trouble"), processes, server, lease=LEASE_SECONDS, apart=size.faults_apart
        )
        async with running(processes), AsyncExitStack() as stack:
            ways = {form: await stack.enter_async_context(transports(agents[form])) for form in FORMS}
            clients = [
                Client(ask, context_id, random.Random(f"{ask} client"), ways[form][draws.choice(BINDINGS)])
                for ask, (form, context_id) in zip(asks(size.seed, size.tasks), contexts(draws), strict=False)
            ]
            window = size.tasks / size.tasks_per_second
            asking = [asyncio.create_task(each.run(draws.uniform(0, window))) for each in clients]
            failing = asyncio.create_task(trouble.go_on())
            await asyncio.wait([*asking, failing], timeout=window + 5, return_when=asyncio.ALL_COMPLETED)
            failing.cancel()
            with suppress(asyncio.CancelledError):
                await failing
            _, late = await asyncio.wait(asking, timeout=size.rest_seconds)
            for task in late:
                task.cancel()
            ends = await asyncio.gather(*asking, return_exceptions=True)
            for client, end in zip(clients, ends, strict=True):
                if isinstance(end, Exception):
                    client.wrong.append(f"{type(end).__name__}: {end}")
            formats = {databases[form]: InnerFormat(byte_tokenizer(), live=form == "live") for form in FORMS}
            findings = await check(clients, formats, folder, size.rest_seconds)
    sent, lost = sum(each.sent for each in clients), sum((each.lost for each in clients), Counter[str]())
    return Outcome(findings, trouble.done, time.monotonic() - begun, sent, lost)


def environment(database: str) -> dict[str, str]:
    """Of a process."""
    ours = {"INNERLOOP_DATABASE": database, "INNERLOOP_LEASE_SECONDS": str(LEASE_SECONDS)}
    return os.environ | ours


def contexts(draws: random.Random) -> Iterator[tuple[str, str]]:
    """Which agent, and in what conversation: a third come in some, one after the other or at the same time."""
    for number in itertools.count():
        form, length = draws.choice(FORMS), draws.choice((1, 1, 1, 1, 2, 3))
        for _ in range(length):
            yield form, f"conversation-{number}" if length > 1 else ""


def spread_of(seconds: Sequence[float]) -> str:
    return f"{len(seconds)}, of {spread(seconds, 1)} s"


def table(outcome: Outcome) -> Table:
    found = outcome.findings
    shown = Table("", "", show_header=False)
    for title, counts in (
        ("tasks", found.states),
        ("tasks of peers", found.peers_states),
        ("faults", {name: spread_of(each) for name, each in outcome.faults.items()}),
        ("calls", found.calls),
        ("turns, by leases", found.holders),
        ("answers lost", outcome.lost),
    ):
        for name, count in sorted(counts.items()):
            shown.add_row(f"{title}: {name}", str(count))
        shown.add_section()
    shown.add_row("calls made again under their key", str(found.again))
    shown.add_row("messages sent", str(outcome.sent))
    shown.add_row("seconds", f"{outcome.seconds:.0f}")
    return shown


async def main(size: Size) -> int:
    console = Console(stderr=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos"))
    outcome = await run(size, folder)
    console.print(table(outcome))
    for each in outcome.findings.wrong:
        console.print(f"✗ {each}", highlight=False, markup=False)
    console.print(f"the processes' log: {folder / 'log'}" if outcome.findings.wrong else "✓ nothing is wrong")
    command = f"python -m bench.chaos --tasks {size.tasks} --replicas {size.replicas} --seed {size.seed}"
    result = {**outcome.to_json(size), **circumstances(command, size.seed)}
    append(RESULTS, result)
    print(json.dumps(result))
    return 1 if outcome.findings.wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.chaos")
    for name in ("tasks", "replicas", "seed"):
        parser.add_argument(f"--{name}", type=int, default=Size.__dataclass_fields__[name].default)
    sys.exit(asyncio.run(main(Size(**vars(parser.parse_args())))))
