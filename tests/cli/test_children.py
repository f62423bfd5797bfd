"""Processes end with the one that started them, whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from service.cli.children import Children
from tests.conftest import eventually

STUBBORN = "trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def ended(pid: int) -> None:
    """Waits until the process is no more: what was killed needs a moment for it."""

    async def is_over() -> bool:
        return not alive(pid)

    await eventually(is_over)


class Heard:
    """What children say."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._news = asyncio.Event()

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._news.set()

    async def at_least(self, count: int) -> None:
        while len(self.lines) < count:
            self._news.clear()
            await self._news.wait()

    @property
    def pid(self) -> int:
        """The first number that was said."""
        return next(int(line) for _, line in self.lines if line.isdigit())


async def test_lines_are_heard_with_who_said_them() -> None:
    heard = Heard()
    async with Children(heard) as children:
        one = await children.start("one", ["sh", "-c", r"echo a; echo b >&2; printf '10%%\r20%%\rend'"], os.environ)
        await one.process.wait()
    assert heard.lines == [("one", "a"), ("one", "b"), ("one", "10%"), ("one", "20%"), ("one", "end")]


async def test_all_are_asked_to_end() -> None:
    heard = Heard()
    async with Children(heard) as children:
        script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
        child = await children.start("one", ["sh", "-c", script], os.environ)
        await heard.at_least(1)
    assert child.process.returncode == 0
    assert heard.lines[-1] == ("one", "bye")


async def test_who_does_not_end_is_ended() -> None:
    heard = Heard()
    async with Children(heard, patience=0.1) as children:
        child = await children.start("one", ["sh", "-c", STUBBORN], os.environ)
        await heard.at_least(1)
    assert child.process.returncode == -signal.SIGKILL


async def test_what_they_have_started_ends_too() -> None:
    heard = Heard()
    async with Children(heard, patience=5) as children:
        await children.start("one", ["sh", "-c", f"({STUBBORN}) & echo $!; wait"], os.environ)
        await heard.at_least(2)
    await ended(heard.pid)


async def test_cancelled_while_it_waits_it_ends_them_at_once() -> None:
    heard = Heard()

    async def run() -> None:
        async with Children(heard, patience=60) as children:
            await children.start("one", ["sh", "-c", f"echo $$; {STUBBORN}"], os.environ)
            await heard.at_least(2)

    running = asyncio.create_task(run())
    await heard.at_least(3)  # now it waits for the child
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await ended(heard.pid)


async def test_they_end_if_their_parent_is_killed() -> None:
    script = """
import asyncio, os
from service.cli.children import Children

async def main():
    async with Children(lambda name, line: print(line, flush=True)) as children:
        await children.start("one", ["sh", "-c", "echo $$; exec sleep 60"], os.environ)
        await asyncio.sleep(60)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    await parent.wait()
    await ended(pid)
