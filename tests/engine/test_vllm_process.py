"""The process the model runs in: what it survives, and what it does not."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
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

async def tell():
    while not (children := multiprocessing.active_children()):
        await asyncio.sleep(0.05)
    print(children[0].pid, flush=True)

async def main():
    telling = asyncio.create_task(tell())
    async with VllmEngine.open(EngineConfig(Path(sys.argv[1]), "", window=256), lambda _: None):
        print("open", flush=True)
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


async def test_an_engine_that_does_not_end_by_itself_is_not_waited_for(weights: Prepared) -> None:
    others = set(multiprocessing.active_children())
    async with VllmEngine.open(EngineConfig(weights.folder, weights.version, window=256), print):
        (process,) = set(multiprocessing.active_children()) - others
        assert process.pid
        os.kill(process.pid, signal.SIGSTOP)
        begun = time.monotonic()
    assert time.monotonic() - begun < 4  # vLLM itself would wait for five seconds
    wait_until(lambda: not process.is_alive(), seconds=10)


@pytest.mark.parametrize("when", ["loading", "open"])
def test_the_engine_does_not_outlive_its_owner(when: str, weights: Prepared, tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(OPEN_AND_WAIT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), str(weights.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as owner:
        assert owner.stdout
        engine = Path("/proc", owner.stdout.readline().strip())
        assert engine.exists()
        if when == "loading":
            wait_until(lambda: ".safetensors" in (engine / "maps").read_text(), seconds=60)
        else:
            assert owner.stdout.readline() == "open\n"
        owner.kill()
    wait_until(lambda: not engine.exists(), seconds=10)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
