"""An agent whose model is slow, as a process: `python -m tests.endpoint.slow_agent FOLDER DRAIN_SECONDS [PORT]`.

Prints its URL, then every prompt its model is given, as JSON. It says what it is told, or does what it is told to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, nullcontext, suppress
from pathlib import Path

from service.app import Service
from service.chat.inner import InnerFormat
from service.engine.base import Chunk, Sampling
from service.process.server import Server, listen, url_of
from service.settings import Machine
from tests.byte_tokenizer import byte_tokenizer
from tests.conftest import TOOLS, ActorEngine, Asked, Says, agent_config

ADD_AND_SLEEP = "Add, then sleep."
"""Two calls, one after the other; the second lasts."""


def reply(asked: Asked) -> Says:
    if asked.text != ADD_AND_SLEEP:
        return Says(asked.text)
    match asked.results:
        case ():
            return Says(calls=(("add", '{"a": 2, "b": 3}'),))
        case (_,):
            return Says(calls=(("sleep", "{}"),))
        case first, second:
            return Says(f"{first}, then {second.removeprefix('error: ')!r}")
    raise AssertionError(asked.results)


class PrintingEngine(ActorEngine):
    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        print(json.dumps(list(tokens)), flush=True)
        async with aclosing(super().generate(tokens, sampling)) as stream:
            async for chunk in stream:
                yield chunk


def main(folder: Path, drain_seconds: float, port: int = 0) -> None:
    tokenizer = byte_tokenizer()
    chat = InnerFormat(tokenizer)
    engine = PrintingEngine(tokenizer, chat, reply, seconds_per_chunk=0.05)
    (folder / "tools.py").write_text(TOOLS)
    listener = listen("127.0.0.1", port)
    machine = Machine(data=folder / "data")
    service = Service(agent_config(), machine, folder, nullcontext(engine), chat, url_of(listener))
    print(url_of(listener), flush=True)
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has shut down
        Server(service, drain_seconds).run([listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), *map(int, sys.argv[3:]))
