"""The real model, loaded once for all tests that want it: mark them `model`, and let them share the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.engine.vllm import EngineConfig, VllmEngine
from service.models.prepare import Prepared, prepare
from service.settings import Machine, load_agent

AGENT = Path(__file__).parent.parent / "agents" / "procurement"
WINDOW = 2048
"""Enough for every test, and soon full."""


@pytest.fixture(scope="session")
def weights() -> Prepared:
    """The procurement agent's."""
    machine = Machine()
    return prepare(load_agent(AGENT, machine).model, AGENT, machine.cache, print)


@pytest.fixture(scope="session")
def inner(weights: Prepared) -> InnerFormat:
    return InnerFormat(Tokenizer.from_file(str(weights.folder / "tokenizer.json")))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vllm(weights: Prepared) -> AsyncIterator[VllmEngine]:
    async with VllmEngine.open(EngineConfig(weights.folder, weights.version, WINDOW, stats=True), print) as engine:
        yield engine
