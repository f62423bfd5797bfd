"""The Dockerfile, as far as it can be read without building it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
from itertools import pairwise
from pathlib import Path

from service.cli.agents import free_port
from service.engine.scripted import ScriptedEngine
from service.process.health import Health
from tests.process.test_management import managed

ROOT = Path(__file__).parents[1]
OWN = {
    r"(cpu|gpu)-build": "build",
    r"\b(VLLM|BASE)_(IMAGE|TAG)": r"BASE_\2",
    r"on vLLM for (processors|GPUs)": "on vLLM",
}
"""What each image says in its own way, and how it reads without that."""


def last_stage(name: str) -> str:
    """What the image `name` has on its base, without comments."""
    stages = re.split(r"^FROM .* AS (\S+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    text = re.sub(r"^#.*\n", "", stages[stages.index(name) + 1], flags=re.MULTILINE).strip()
    for own, common in OWN.items():
        text = re.sub(own, common, text)
    return text


def test_both_images_are_the_same_on_their_bases() -> None:
    gpu, cpu = last_stage("gpu"), last_stage("cpu")
    packages, common = cpu.split("RUN groupadd", 1)
    assert gpu == f"RUN groupadd{common}"
    assert "apt-get install" in packages


def test_the_docs_run_it_with_volumes_for_all_that_it_writes_and_a_port_that_it_has() -> None:
    (block,) = re.findall(r"^docker run ((?:.*\\\n)*.*)$", (ROOT / "docs/image.md").read_text(), re.MULTILINE)
    words = shlex.split(block)
    options, (image, command, agent) = words[:-3], words[-3:]
    given = {value.split(":")[-1] for option, value in pairwise(options) if option in ("--tmpfs", "--volume")}
    stage = last_stage("cpu")
    (written,) = re.findall(r"^VOLUME (.*)$", stage, re.MULTILINE)
    assert given == {*json.loads(written)}
    (ports,) = re.findall(r"^EXPOSE (.*)$", stage, re.MULTILINE)
    assert options[options.index("--publish") + 1].split(":")[-1] in ports.split()
    assert (image, command) == ("innerloop:cpu", "serve")
    assert (ROOT / agent.lstrip("/") / "agent.yaml").exists()


async def healthy(port: int) -> bool:
    """What the health check says of a service whose management port that is."""
    environment = {**os.environ, "INNERLOOP_MANAGEMENT_PORT": str(port)}
    check = await asyncio.create_subprocess_exec(
        sys.executable, "image/healthy.py", cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    return await check.wait() == 0


async def test_the_health_check_tells_alive_from_wedged_and_from_not_there() -> None:
    health, engine = Health(), ScriptedEngine(lambda *_: iter(()))
    health.loaded(engine)
    with managed(health) as url:
        port = int(url.rsplit(":", 1)[1])
        assert await healthy(port)
        engine.alive = False
        assert not await healthy(port)
    assert not await healthy(free_port())
