"""Processes that are started together and never outlive the one that started them."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from service.errors import ServiceError

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_LAST_WORDS_SECONDS = 1.0
"""How long output is read after the end, should anyone have escaped with the other end of the pipe."""
_LINE_END = re.compile(rb"[\r\n]+")
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Child:
    """A process, in a group of its own: what it starts ends with it."""

    name: str
    process: asyncio.subprocess.Process
    reader: asyncio.Task[None]
    """Ends when nobody can write to its output any more."""


@dataclass
class Children:
    """To be entered before the first is started; leaving ends them all."""

    hear: Callable[[str, str], None]
    """Hears each line that a child, named first, writes to its output or error output."""
    patience: float = 10.0
    """Seconds between SIGTERM and SIGKILL."""
    _children: list[Child] = field(default_factory=list)

    async def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for us; they hear of it in good order
            preexec_fn=_end_with_parent,
        )
        child = Child(name, process, asyncio.create_task(self._read(name, process)))
        self._children.append(child)
        return child

    def kill(self) -> None:
        """Ends all at once, with all that they have started."""
        for child in self._children:
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Asks all to end, waits, and ends what is left of them: at once if the waiting is cancelled."""
        for child in self._children:
            if child.process.returncode is None:
                child.process.terminate()
        try:
            if waiting := [asyncio.create_task(child.process.wait()) for child in self._children]:
                await asyncio.wait(waiting, timeout=self.patience)
        finally:
            self.kill()
            for child in self._children:
                await child.process.wait()
                await asyncio.wait({child.reader}, timeout=_LAST_WORDS_SECONDS)
                child.reader.cancel()

    async def _read(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = b""
        while data := await process.stdout.read(2**16):
            *lines, rest = _LINE_END.split(rest + data)  # progress bars end their lines with a carriage return
            for line in lines:
                self.hear(name, line.decode(errors="replace"))
        if rest:
            self.hear(name, rest.decode(errors="replace"))


async def wait_until_ready(ready: Mapping[Child, Callable[[], Awaitable[bool]]], seconds: float) -> None:
    """Asks each whether it is ready until all are. Raises ServiceError as soon as one has ended, or after `seconds`."""
    waiting = dict(ready)
    try:
        async with asyncio.timeout(seconds):
            while waiting:
                for child in ready:
                    if child.process.returncode is not None:
                        raise ServiceError(f"{child.name} ended before it was ready; why is told above")
                waiting = {child: is_ready for child, is_ready in waiting.items() if not await is_ready()}
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError as error:
        names = " and ".join(child.name for child in waiting)
        raise ServiceError(f"{names} not ready after {seconds:.0f} s") from error


def _end_with_parent() -> None:
    """Runs in the child: it is told to end also if we are killed before we can tell it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
