"""The service under load: more than it can take, and very many streams at once beside the A2A SDK's own server.

    python -m bench.chaos.load [--seed N] [--streams N] [--repetitions N]

A scripted model that costs nothing. Overload: messages come at random, first at 0.8 times what the agent can carry
out, then at 10 times. Streams: all begin within seconds and last longer than that; both servers say the same pieces at
the same pace, in processes of their own, one after the other within each repetition. A piece carries the time at which
it was said, and an event's latency is what has passed when the client has read it. Memory per task is what the process
grew by while all ran, after it had answered a few. Figures are medians over repetitions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.spread import spread
from service.cli.agents import free_port
from service.cli.provenance import append, circumstances
from service.errors import ServiceError

RESULTS = Path(__file__).parent.with_name("load.jsonl")
SIDES = ("ours", "sdk")
RUNNING, TURN_SECONDS, ARRIVAL_SECONDS = 8, 1.0, 6.0
"""How many turns the overloaded agent decodes at once, how long each takes, and for how long messages come."""
LOADS = {"at capacity": 0.8, "10 times": 10.0}
PIECES, PIECE_SECONDS, BEGIN_SECONDS = 12, 2.0, 8.0
_TIMEOUT_SECONDS = 240.0


@dataclass(slots=True)
class Overload:
    """What came of the messages under one load."""

    admitted: list[float] = field(default_factory=list)
    """Seconds from sending to the task's end."""
    refused: list[float] = field(default_factory=list)
    """Seconds from sending to 429 or 503."""
    failed: int = 0


@dataclass(slots=True)
class Streams:
    """What came of very many streams."""

    completed: int
    kib_per_task: float
    median_ms: float
    """Of events' latencies."""
    p99_ms: float
    cpu_seconds: float
    """Of the server's process."""


class Server:
    """A process under load."""

    def __init__(self, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self._process = process

    @property
    def kib(self) -> int:
        """Resident memory."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    async def ask(self, streams: bool, latencies: list[float]) -> int:
        """Sends a message and reads the answer to its end. Returns the HTTP status; 0 if the task has not completed."""
        message = {"messageId": str(uuid.uuid4()), "role": "ROLE_USER", "parts": [{"text": "What time is it?"}]}
        method = "SendStreamingMessage" if streams else "SendMessage"
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}})
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        try:
            head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            writer.write(f"{head}Content-Type: application/json\r\nA2A-Version: 1.0\r\n\r\n{body}".encode())
            status = int((await reader.readline()).split()[1])
            completed = False
            while line := await reader.readline():
                now = time.time()
                completed |= b"TASK_STATE_COMPLETED" in line
                if line.startswith(b"data: ") and b'"artifactUpdate"' in line:
                    artifact = json.loads(line.removeprefix(b"data: "))["result"]["artifactUpdate"]["artifact"]
                    said = "".join(part["text"] for part in artifact["parts"]).split()
                    latencies += [now - float(each) for each in said]
            return status if status != 200 or completed else 0
        finally:
            writer.close()


@asynccontextmanager
async def serving(side: str, pieces: int, seconds: float, running: int) -> AsyncIterator[Server]:
    port = free_port()
    command = (sys.executable, "-m", "bench.chaos.serve", side, port, pieces, seconds, running)
    process = await asyncio.create_subprocess_exec(*map(str, command))
    try:
        server = Server(port, process)
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            except OSError:
                if process.returncode is not None:
                    raise ServiceError(f"{' '.join(map(str, command))} ended with {process.returncode}") from None
                await asyncio.sleep(0.1)
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def overload(rate: float, draws: random.Random) -> Overload:
    """Messages at `rate` times what the agent can carry out."""
    found = Overload()

    async def one(server: Server, at: float) -> None:
        await asyncio.sleep(at)
        begun = time.perf_counter()
        try:
            status = await server.ask(streams=False, latencies=[])
        except OSError:
            status = 0
        seconds = time.perf_counter() - begun
        if status == 200:
            found.admitted.append(seconds)
        elif status in (429, 503):
            found.refused.append(seconds)
        else:
            found.failed += 1

    async with serving("ours", 1, TURN_SECONDS, RUNNING) as server:
        await server.ask(streams=False, latencies=[])
        count = round(rate * RUNNING / TURN_SECONDS * ARRIVAL_SECONDS)
        times = sorted(draws.uniform(0, ARRIVAL_SECONDS) for _ in range(count))
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await asyncio.gather(*(one(server, at) for at in times))
    return found


async def streams(side: str, count: int, draws: random.Random) -> Streams:
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    async def one(server: Server, at: float) -> None:
        await asyncio.sleep(at)
        try:
            statuses[await server.ask(streams=True, latencies=latencies)] += 1
        except OSError:
            statuses[0] += 1

    async with serving(side, PIECES, PIECE_SECONDS, count + 10) as server:
        await asyncio.gather(*(server.ask(streams=True, latencies=[]) for _ in range(10)))
        before, busy, most = server.kib, server.cpu_seconds, 0
        asked = [asyncio.create_task(one(server, draws.uniform(0, BEGIN_SECONDS))) for _ in range(count)]
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            while waiting := [task for task in asked if not task.done()]:
                await asyncio.wait(waiting, timeout=0.5)
                most = max(most, server.kib)
        milliseconds = sorted(1000 * each for each in latencies)
        return Streams(
            statuses[200],
            (most - before) / count,
            statistics.median(milliseconds),
            milliseconds[int(0.99 * len(milliseconds))],
            server.cpu_seconds - busy,
        )


def quantile(values: Sequence[float], share: float) -> float | None:
    """None of nothing."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else None


def table(overloads: Mapping[str, Sequence[Overload]], sides: Mapping[str, Sequence[Streams]]) -> tuple[Table, Table]:
    """Medians over repetitions, and in brackets the smallest and the largest."""
    first = Table("load", "admitted", "p50 s", "p99 s", "refused", "refused after ms", "failed", title="Overload")
    for name, found in overloads.items():
        refused = [1000 * seconds for each in found for seconds in each.refused]
        first.add_row(
            name,
            spread([len(each.admitted) for each in found], 0),
            spread([quantile(each.admitted, 0.5) or 0 for each in found], 2),
            spread([quantile(each.admitted, 0.99) or 0 for each in found], 2),
            spread([len(each.refused) for each in found], 0),
            f"{statistics.median(refused):.0f}" if refused else "",
            str(sum(each.failed for each in found)),
        )
    second = Table("streams", "completed", "KiB a task", "median ms", "p99 ms", "CPU s", title="At once")
    for side, measured in sides.items():
        second.add_row(
            side,
            spread([each.completed for each in measured], 0),
            spread([each.kib_per_task for each in measured], 0),
            spread([each.median_ms for each in measured], 1),
            spread([each.p99_ms for each in measured], 0),
            spread([each.cpu_seconds for each in measured], 1),
        )
    return first, second


def summary(overloads: Mapping[str, Sequence[Overload]], sides: Mapping[str, Sequence[Streams]]) -> dict[str, Any]:
    def medians(name: str) -> dict[str, float | None]:
        found = overloads[name]
        refused = [1000 * seconds for each in found for seconds in each.refused]
        return {
            "admitted": statistics.median(len(each.admitted) for each in found),
            "p50_s": round(statistics.median(quantile(each.admitted, 0.5) or 0 for each in found), 3),
            "p99_s": round(statistics.median(quantile(each.admitted, 0.99) or 0 for each in found), 3),
            "refused": statistics.median(len(each.refused) for each in found),
            "refused_after_ms": round(statistics.median(refused), 1) if refused else None,
            "failed": sum(each.failed for each in found),
        }

    return {
        "overload": {name: medians(name) for name in overloads},
        "streams": {
            side: {
                name: round(statistics.median(asdict(each)[name] for each in measured), 1)
                for name in Streams.__dataclass_fields__
            }
            for side, measured in sides.items()
        },
        "repetitions": {side: [asdict(each) for each in measured] for side, measured in sides.items()},
    }


async def main(seed: int, count: int, repetitions: int) -> None:
    console = Console(stderr=True)
    draws = random.Random(seed)
    overloads: dict[str, list[Overload]] = {name: [] for name in LOADS}
    sides: dict[str, list[Streams]] = {side: [] for side in SIDES}
    for turn in range(repetitions):
        console.print(f"repetition {turn + 1} of {repetitions}", style="dim", highlight=False)
        for name, rate in LOADS.items():
            overloads[name].append(await overload(rate, draws))
        for side in sorted(SIDES, reverse=turn % 2 == 1):
            sides[side].append(await streams(side, count, draws))
    for shown in table(overloads, sides):
        console.print(shown)
    command = f"python -m bench.chaos.load --seed {seed} --streams {count} --repetitions {repetitions}"
    result = {**summary(overloads, sides), **circumstances(command, seed)}
    append(RESULTS, result)
    print(json.dumps(result))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.chaos.load")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    try:
        asyncio.run(main(options.seed, options.streams, options.repetitions))
    except ServiceError as error:
        sys.exit(f"load: {error}")
