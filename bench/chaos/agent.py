"""The agent, a process of its own: `python -m bench.chaos.agent FOLDER PORT`.

Its model says what the plan has that a message names, and goes on in it wherever the prompt ends: also in the middle of
what another process began to say. A prompt that no plan leads to is an error of the engine, and so of the task.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from tokenizers import Tokenizer

from bench.chaos.plan import draw
from service.app import Service
from service.chat.inner import InnerFormat
from service.engine.base import Chunk, Finish, Sampling
from service.errors import EngineError
from service.server import Server, listen, url_of
from service.settings import AgentConfig, Machine
from tests.byte_tokenizer import byte_tokenizer

TOKENS_PER_CHUNK = 8
SECONDS_PER_CHUNK = 0.04
DRAIN_SECONDS = 1.0
_ROOM = 100_000


class PlannedEngine:
    """Plays plans."""

    pressure = 0.0

    def __init__(self, tokenizer: Tokenizer, chat: InnerFormat, seconds_per_chunk: float = SECONDS_PER_CHUNK) -> None:
        self._chat = chat
        self._seconds = seconds_per_chunk
        self._message, self._end_result = (tokenizer.token_to_id(each) for each in ("<|im_start|>", "<|end_result|>"))

    @property
    def window(self) -> int:
        return _ROOM

    @property
    def weights(self) -> str:
        return "planned"

    @property
    def alive(self) -> bool:
        return True

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        rest = self._rest(tokens)
        for at in range(0, len(rest), TOKENS_PER_CHUNK):
            await asyncio.sleep(self._seconds)
            piece = rest[at : at + TOKENS_PER_CHUNK]
            finish = Finish.STOP if at + TOKENS_PER_CHUNK >= len(rest) else None
            yield Chunk(piece, (-0.5,) * len(piece) if sampling.logprobs else None, finish)

    async def prefill(self, tokens: Sequence[int]) -> None:
        pass

    def _rest(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """What is still to be said where the prompt ends."""
        begun = len(tokens) - tokens[::-1].index(self._message)
        header, results = begun + len("assistant\n"), tokens[begun:].count(self._end_result)
        said = len(tokens) - tokens[::-1].index(self._end_result) if results else header
        plan = draw(self._chat.read(tokens).rsplit("<|im_start|>user\n", 1)[1].split("<|im_end|>")[0])
        try:
            stretch = plan.tokens(self._chat)[plan.position(results)]
        except ValueError as error:
            raise EngineError(str(error)) from error
        before = len(tokens) - said
        if stretch[:before] != tuple(tokens[said:]) or before == len(stretch):
            raise EngineError(f"the script does not lead to {self._chat.read(tokens[said:])!r}")
        return stretch[before:]


def config(folder: Path, running: int) -> AgentConfig:
    options = {"folder": str(folder)}
    return AgentConfig.model_validate(
        {
            "name": "clerk",
            "description": "Pays and reserves.",
            "instructions": "You are a clerk.",
            "tools": [
                {"use": "tools.py:Once", "with": options},
                {"use": "tools.py:Keyed", "with": options, "idempotent": True},
            ],
            "limits": {"tokens": _ROOM, "running": running},
            "skills": [{"id": "clerk", "name": "Clerk", "description": "Pays.", "tags": ["pay"]}],
        }
    )


def main(folder: Path, port: int) -> None:
    tokenizer = byte_tokenizer()
    chat = InnerFormat(tokenizer)
    listener = listen("127.0.0.1", port)
    machine = Machine(data=folder / "data")
    agent = config(folder, running=8)
    engine = nullcontext(PlannedEngine(tokenizer, chat))
    service = Service(agent, machine, Path(__file__).parent, engine, chat, url_of(listener))
    with suppress(KeyboardInterrupt):
        Server(service, DRAIN_SECONDS, log_level="warning").run([listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
