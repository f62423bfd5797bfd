"""An agent, a process of its own: `python -m bench.chaos.agent FOLDER turn|live PEER`, on the ports of its environment.

Its model says what the plan has that a message names, and goes on in it wherever the prompt ends: also in the middle of
what another process began to say. A prompt that no plan leads to is an error of the engine, and so of the task.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from bench.chaos.plan import PEER, draw
from service.app import Service
from service.chat.inner import InnerFormat
from service.engine.base import Chunk, Finish, Sampling
from service.errors import EngineError
from service.process.server import Server, listen, url_of
from service.settings import AgentConfig, Machine
from tests.byte_tokenizer import byte_tokenizer

TOKENS_PER_CHUNK = 8
SECONDS_PER_CHUNK = 0.04
DRAIN_SECONDS = 1.0
ANSWER_SECONDS = 8.0
FORMS = ("turn", "live")
_ROOM = 100_000
_MARKER = re.compile(r"<\|\w+\|>")
_SPLICED = re.compile(r"(<\|result\|>.*?)?<\|end_result\|>|\n<\|im_start\|>assistant\n", re.DOTALL)
"""What a turn has that its model did not say: results, and the messages that are begun after them."""


class PlannedEngine:
    """Plays plans."""

    pressure = 0.0
    window = _ROOM
    weights = "planned"
    alive = True
    stalled = 0.0

    def __init__(self, chat: InnerFormat) -> None:
        self._chat = chat

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        rest = self._rest(tokens)
        while rest:
            await asyncio.sleep(SECONDS_PER_CHUNK)
            piece = rest[: self._length(rest)]
            rest = rest[len(piece) :]
            finish = None if rest else Finish.STOP
            yield Chunk(piece, (-0.5,) * len(piece) if sampling.logprobs else None, finish)

    async def warm_up(self, tokens: Sequence[int], sampling: Sampling) -> None:
        pass

    async def prefill(self, tokens: Sequence[int]) -> None:
        pass

    def _rest(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """What is still to be said where the prompt ends, up to where it stops."""
        turn = self._chat.read(tokens).rsplit("<|im_start|>user\n", 1)[1]
        ask, turn = turn.split("<|im_end|>\n<|im_start|>assistant\n", 1)
        said = _SPLICED.sub("", turn)
        plan = draw(ask).tokens(self._chat)
        if self._chat.live:  # a model that has ended while calls ran has nothing to add to their results
            plan += (plan[-1],) * len(draw(ask).calls)
        at = len(_MARKER.sub("|", said))  # a token is a character or a marker
        if at >= len(plan) or self._chat.read(plan[:at]) != said:
            raise EngineError(f"the script does not lead to {said!r}")
        stop = next(n for n in range(at, len(plan)) if plan[n] in self._chat.stop)
        return plan[at : stop + 1]

    def _length(self, rest: Sequence[int]) -> int:
        """Of the next chunk: it ends where a result can come in."""
        for length in range(1, TOKENS_PER_CHUNK):
            if self._chat.read(rest[length - 1 : length]) in ("\n", "<|end_call|>"):
                return length
        return TOKENS_PER_CHUNK


def config(folder: Path, form: str, peer: str) -> AgentConfig:
    options = {"folder": str(folder)}
    return AgentConfig.model_validate(
        {
            "name": form,
            "description": "Pays and reserves.",
            "instructions": "You are a clerk.",
            "tools": [
                {"use": "tools.py:Once", "with": options},
                {"use": "tools.py:Keyed", "with": options, "idempotent": True},
                {"use": "tools.py:ApprovedOnce", "with": options, "approval": True},
                {"use": "tools.py:ApprovedKeyed", "with": options, "approval": True, "idempotent": True},
            ],
            "ask_user": True,
            "peers": [{"name": PEER, "url": peer}],
            "limits": {"tokens": _ROOM, "running": 16, "answer_seconds": ANSWER_SECONDS},
            "skills": [{"id": "clerk", "name": "Clerk", "description": "Pays.", "tags": ["pay"]}],
        }
    )


def main(folder: Path, form: str, peer: str) -> None:
    chat, machine = InnerFormat(byte_tokenizer(), live=form == "live"), Machine(data=folder / "data")
    listener = listen(machine.host, machine.port)
    engine = nullcontext(PlannedEngine(chat))
    service = Service(config(folder, form, peer), machine, Path(__file__).parent, engine, chat, url_of(listener))
    with suppress(KeyboardInterrupt):
        Server(service, DRAIN_SECONDS, log_level="warning").run([listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
