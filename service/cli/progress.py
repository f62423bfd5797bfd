"""What takes long says so: as lines in a log, and with something that moves on a terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

logger = logging.getLogger(__name__)


class Steps:
    """A line for each step, with the seconds since the first; on a terminal also a spinner, until the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._status = console.status("")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.end()

    def __call__(self, step: str) -> None:
        self._status.update(Text(step))
        elapsed = f"{time.monotonic() - self._began:5.1f} s  "
        self._console.print(Text.assemble((elapsed, "dim"), step), soft_wrap=True)

    def end(self) -> None:
        """Stops the spinner."""
        self._status.stop()


class LoggedSteps(Steps):
    """The same as records of a log."""

    def __init__(self) -> None:
        super().__init__(Console(quiet=True))

    def __call__(self, step: str) -> None:
        logger.info(step)


class Count(Protocol):
    """Hears how many are done."""

    def __call__(self, done: int, /) -> None: ...


@contextmanager
def count(console: Console, what: str, total: int) -> Iterator[Count]:
    """Up to `total`: a bar on a terminal, a line for each tenth in a log."""
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done: progress.update(task, completed=done)
    else:
        told = 0

        def tell(done: int) -> None:
            nonlocal told
            if done * 10 // total > told:
                told = done * 10 // total
                console.print(f"{what}: {done} of {total}", highlight=False)

        yield tell
