"""Other clients: the SDK's of the version before, and the JavaScript SDK's. `make interoperation` installs both."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Asked, RunServer, Says

HERE = Path(__file__).parent
LEGACY_PYTHON = HERE.parents[1] / ".venv-legacy" / "bin" / "python"
MODULES = HERE / "node_modules"

over_each = pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON", "GRPC"])


def reply(asked: Asked) -> Says:
    return Says("x" * 400 if asked.text == "hold" else f"You said: {asked.text}")


async def hear(*command: str) -> Any:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return json.loads(said)


@over_each
@pytest.mark.skipif(not LEGACY_PYTHON.exists(), reason="a2a-sdk 0.3.26 is not installed")
async def test_the_sdk_of_the_version_before(run_server: RunServer, binding: str) -> None:
    agent = await run_server(reply, grpc_port=0, engine={"seconds_per_chunk": 0.02})
    script = str(HERE / "legacy_client.py")
    assert await hear(str(LEGACY_PYTHON), script, agent.url, binding) == {
        "sent": ["completed", "You said: one"],
        "got": ["completed", "You said: one"],
        "streamed": [True, "completed", "You said: two"],
        "followed": [True, "canceled", "canceled"],
    }


@over_each
@pytest.mark.skipif(not MODULES.exists(), reason="the JavaScript SDK is not installed")
async def test_the_javascript_sdk(run_server: RunServer, binding: str) -> None:
    agent = await run_server(reply, grpc_port=0, engine={"seconds_per_chunk": 0.02})
    assert await hear("node", str(HERE / "client.mjs"), agent.url, binding) == {
        "sent": ["TASK_STATE_COMPLETED", "You said: one"],
        "got": ["TASK_STATE_COMPLETED", "You said: one"],
        "streamed": ["task", "You said: two", "TASK_STATE_COMPLETED"],
        "followed": [True, "TASK_STATE_CANCELED", "TASK_STATE_CANCELED"],
        "listed": [2, 3],
    }
