"""`innerloop serve` as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SECONDS = 60


@dataclass
class Served:
    url: str
    process: subprocess.Popen[bytes]
    _log: Path = field(repr=False)

    @property
    def lines(self) -> list[str]:
        """What it has said so far."""
        return self._log.read_text().splitlines()

    def wait(self) -> int:
        """For its end; returns its exit status."""
        return self.process.wait(_SECONDS)


@contextmanager
def serving(folder: Path, engine: str, **environment: str) -> Iterator[Served]:
    """Serves the agent in `folder`, by default with its data in there and on a free port, and stops in the end.

    Of our settings the process has no others than `environment`. What it says is written to a file beside `folder`.
    """
    command = (sys.executable, "-m", "service", "serve", str(folder), "--engine", engine)
    others = {name: value for name, value in os.environ.items() if not name.startswith("INNERLOOP_")}
    ours = {"INNERLOOP_DATA": str(folder), "INNERLOOP_PORT": "0", **environment}
    log = folder.parent / f"{folder.name}.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=others | ours, stdout=subprocess.DEVNULL, stderr=file)
    try:
        yield Served(_ready(process, log), process, log)
        process.terminate()
        process.wait(_SECONDS)
    finally:
        process.kill()
        process.wait()


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The URL at which it serves, once it does."""
    end = time.monotonic() + _SECONDS
    while not (ready := re.search(r" is ready at (http:[\w/.:]+).*\n", log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    return ready[1]
