"""The engine of both sides, for `innerloop serve --engine bench.telemetry.engine:fixed`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from bench.fixed_length import FixedLength
from service.agent import make_chat
from service.chat.base import ChatFormat
from service.engine.base import Engine
from service.engine.vllm import EngineConfig, VllmEngine
from service.models.prepare import prepare
from service.settings import Machine, load_agent

TOKENS = 128
"""Of each answer."""


def fixed(folder: Path) -> tuple[AbstractAsyncContextManager[Engine], ChatFormat]:
    machine = Machine()
    agent = load_agent(folder, machine)
    prepared = prepare(agent.model, folder, machine.cache, lambda _: None)
    config = EngineConfig(prepared.folder, prepared.version, stats=machine.management_port is not None)
    return _open(config), make_chat(agent.chat, prepared.folder)


@asynccontextmanager
async def _open(config: EngineConfig) -> AsyncIterator[Engine]:
    async with VllmEngine.open(config, lambda _: None) as engine:
        yield FixedLength(engine, TOKENS)
