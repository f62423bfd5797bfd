"""The engine of both sides, for `innerloop serve --engine bench.telemetry.engine:fixed`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from service.agent import make_chat
from service.chat.base import ChatFormat
from service.engine.around import Around
from service.engine.base import Chunk, Engine, Sampling
from service.engine.vllm import EngineConfig, VllmEngine
from service.models.prepare import prepare
from service.settings import Machine, load_agent

TOKENS = 128
"""Of each answer."""


class FixedLength(Around):
    """Decodes that many tokens for every request."""

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        async with aclosing(super().generate(tokens, replace(sampling, stop=(), max_tokens=TOKENS))) as stream:
            async for chunk in stream:
                yield chunk


def fixed(folder: Path) -> tuple[AbstractAsyncContextManager[Engine], ChatFormat]:
    machine = Machine()
    agent = load_agent(folder, machine)
    prepared = prepare(agent.model, folder, machine.cache, _quiet)
    config = EngineConfig(prepared.folder, prepared.version, stats=machine.management_port is not None)
    return _open(config), make_chat(agent.chat, prepared.folder)


@asynccontextmanager
async def _open(config: EngineConfig) -> AsyncIterator[Engine]:
    async with VllmEngine.open(config, _quiet) as engine:
        yield FixedLength(engine)


def _quiet(_: str) -> None:
    pass
