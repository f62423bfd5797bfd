"""The client of the version before, a2a-sdk 0.3.26, in an environment of its own: `make interoperation`."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.conftest import Asked, RunServer, Says

PYTHON = os.environ.get("LEGACY_PYTHON")

pytestmark = pytest.mark.skipif(not PYTHON, reason="LEGACY_PYTHON names no Python that has a2a-sdk 0.3.26")


def reply(asked: Asked) -> Says:
    return Says("x" * 400 if asked.text == "hold" else f"You said: {asked.text}")


@pytest.mark.parametrize("transport", ["JSONRPC", "HTTP+JSON", "GRPC"])
async def test_it_does_all_that_it_knows(run_server: RunServer, transport: str) -> None:
    agent = await run_server(reply, grpc_port=0, engine={"seconds_per_chunk": 0.02})
    script = Path(__file__).parent / "legacy_client.py"
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), str(script), agent.url, transport, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert json.loads(said) == {
        "sent": ["completed", "You said: one"],
        "got": ["completed", "You said: one"],
        "streamed": [True, "completed", "You said: two"],
        "followed": [True, "canceled", "canceled"],
    }
