"""The process the model runs in: what it survives, and what it does not."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.engine.base import Sampling
from service.engine.vllm import EngineConfig, VllmEngine
from service.errors import EngineError
from service.models.prepare import Prepared

pytestmark = pytest.mark.model

OPEN_AND_WAIT = """
import asyncio, multiprocessing, sys
from pathlib import Path
from service.engine.vllm import EngineConfig, VllmEngine

async def main():
    async with VllmEngine.open(EngineConfig(Path(sys.argv[1]), "", window=256), lambda _: None):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_the_engine_outlives_ctrl_c_and_its_end_is_an_error(weights: Prepared) -> None:
    others = set(multiprocessing.active_children())
    async with VllmEngine.open(EngineConfig(weights.folder, weights.version, window=256), print) as engine:
        (process,) = set(multiprocessing.active_children()) - others
        assert process.pid
        stream = engine.generate((100, 101), Sampling(200, ()))
        await anext(stream)
        os.kill(process.pid, signal.SIGINT)
        for _ in range(20):
            await anext(stream)
        assert engine.alive
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(EngineError):
            async for _ in stream:
                pass
        with pytest.raises(EngineError):
            await anext(engine.generate((100, 101), Sampling(4, ())))
        assert not engine.alive


def test_the_engine_does_not_outlive_its_owner(weights: Prepared, tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(OPEN_AND_WAIT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), str(weights.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as owner:
        assert owner.stdout
        engine = Path("/proc", owner.stdout.readline().strip())
        assert engine.exists()
        owner.kill()
    deadline = time.monotonic() + 10
    while engine.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
