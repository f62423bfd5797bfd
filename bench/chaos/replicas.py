"""Processes of agents, and what happens to them."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.chaos.postgres import Postgres
from service.cli.agents import free_port, is_up


class Replica:
    """One process; when it has ended, it can be started again on the same ports."""

    def __init__(self, folder: Path, form: str, environment: Mapping[str, str]) -> None:
        port, grpc_port = str(free_port()), str(free_port())
        self._folder = folder
        self._form = form
        self._environment = {**environment, "INNERLOOP_PORT": port, "INNERLOOP_GRPC_PORT": grpc_port}
        self.url = f"http://127.0.0.1:{port}"
        self.grpc_target = f"127.0.0.1:{grpc_port}"
        self.peer = ""
        """The URL of the agent that this one asks."""
        self.busy = False
        """Whether something happens to it."""

    async def start(self) -> None:
        command = (sys.executable, "-m", "bench.chaos.agent", str(self._folder), self._form, self.peer)
        with (self._folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*command, env=self._environment, stderr=log)
        async with httpx.AsyncClient(timeout=5) as http:
            while not await is_up(http, f"{self.url}/readyz"):
                if self.process.returncode is not None:  # the database may be away, as for any service at its start
                    await asyncio.sleep(0.5)
                    return await self.start()
                await asyncio.sleep(0.1)
        return None

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()
        await self.start()

    async def end(self) -> None:
        self.process.terminate()
        await self.process.wait()
        await self.start()

    async def stop_for(self, seconds: float) -> None:
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def running(replicas: Sequence[Replica]) -> AsyncIterator[None]:
    """Starts them, and kills them when it is left."""
    try:
        await asyncio.gather(*(each.start() for each in replicas))
        yield
    finally:
        for each in replicas:
            if each.process.returncode is None:
                each.process.kill()
                await each.process.wait()


class Trouble:
    """What goes wrong, drawn by a seed."""

    def __init__(
        self, draws: random.Random, replicas: Sequence[Replica], database: Postgres, *, lease: float, apart: float
    ) -> None:
        """`lease` is that of a turn, `apart` how far faults lie apart on average, both in seconds."""
        self._draws = draws
        self._replicas = replicas
        self._database = database
        self._lease = lease
        self._apart = apart
        self._database_is_busy = False
        self.done: dict[str, list[float]] = {}
        """By kind of fault, how long each lasted, in seconds, until all was there again."""

    async def go_on(self) -> None:
        """Makes trouble until it is cancelled, then mends what is broken."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                await asyncio.sleep(self._draws.expovariate(1 / self._apart))
                name = self._draws.choices(("killed", "stopped", "ended", "database"), (4, 3, 3, 2))[0]
                running.add(asyncio.create_task(self._make(name), name=name))
                for task in [task for task in running if task.done()]:
                    running.remove(task)
                    task.result()
        finally:
            if running:
                await asyncio.wait(running)

    async def _make(self, name: str) -> None:
        seconds = self._draws.uniform(0.2, 3 * self._lease)
        if name == "database":
            mode = self._draws.choice(("fast", "immediate"))
            if not self._database_is_busy:
                self._database_is_busy = True
                await self._note(f"database restarted, {mode}", self._database.restart(seconds, mode))
                self._database_is_busy = False
            return
        replica = self._draws.choice(self._replicas)
        faults: Mapping[str, Callable[[], Awaitable[None]]] = {
            "killed": replica.kill,
            "stopped": lambda: replica.stop_for(seconds),
            "ended": replica.end,
        }
        if not replica.busy:
            replica.busy = True
            await self._note(f"process {name}", faults[name]())
            replica.busy = False

    async def _note(self, name: str, fault: Awaitable[None]) -> None:
        begun = time.monotonic()
        await fault
        self.done.setdefault(name, []).append(time.monotonic() - begun)
