"""An agent whose model is slow, as a process of its own: `python -m tests.endpoint.slow_agent FOLDER DRAIN_SECONDS`.

Prints its URL.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext, suppress
from pathlib import Path

from service.app import Service
from service.chat.inner import InnerFormat
from service.server import Server, listen, url_of
from service.settings import Machine
from tests.conftest import ActorEngine, Says, agent_config, byte_tokenizer


def main(folder: Path, drain_seconds: float) -> None:
    tokenizer = byte_tokenizer()
    chat = InnerFormat(tokenizer)
    engine = ActorEngine(tokenizer, chat, lambda asked: Says(asked.text), seconds_per_chunk=0.05)
    listener = listen("127.0.0.1", 0)
    machine = Machine(data=folder / "data")
    service = Service(agent_config(tools=[]), machine, folder, nullcontext(engine), chat, url_of(listener))
    print(url_of(listener), flush=True)
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has shut down
        Server(service, drain_seconds).run([listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
