"""A service for conformance kits: real routes, handler, worker and stores, with a scripted agent where the model was.

    python -m tests.conformance.server

Says where it is reached, and serves until it is told to end. Settings are those of any service; without
INNERLOOP_DATABASE it keeps what it stores in a SQLite file of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from contextlib import nullcontext, suppress
from ipaddress import ip_network
from pathlib import Path

import pytest

from service.app import Service
from service.chat.inner import InnerFormat
from service.endpoint import card, handler
from service.endpoint.agent import Agent
from service.endpoint.decoding import Decoding
from service.engine.scripted import ScriptedEngine
from service.process.server import Server, listen, url_of
from service.settings import Machine
from tests.byte_tokenizer import byte_tokenizer
from tests.conformance.agent import ConformanceAgent
from tests.conftest import agent_config


class ConformanceService(Service):
    def _answering(self, decoding: Decoding) -> Agent:
        return ConformanceAgent()


def make_service(machine: Machine, folder: Path, url: str) -> ConformanceService:
    never_asked = ScriptedEngine(lambda tokens, sampling: ())
    chat = InnerFormat(byte_tokenizer())
    config = agent_config("conformance", tools=[])
    return ConformanceService(config, machine, folder, nullcontext(never_asked), chat, url)


def each_message_is_new(owner: str, message_id: str) -> str:
    """Kits send different messages with one messageId, which this service takes for one message."""
    return uuid.uuid4().hex


def only_current(folder: Path) -> Path:
    """The card without its 0.3 interfaces: kits take the fields that 0.3 clients want for wrong."""
    template = json.loads(card.TEMPLATE.read_text())
    interfaces = template["supportedInterfaces"]
    template["supportedInterfaces"] = [each for each in interfaces if each["protocolVersion"] == "1.0"]
    path = folder / "agent_card.json"
    path.write_text(json.dumps(template))
    return path


def main() -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(handler, "message_key", each_message_is_new)
        patch.setattr(card, "TEMPLATE", only_current(Path(folder)))
        loopback = [ip_network("127.0.0.0/8"), ip_network("::1/128")]  # where a kit's webhooks are
        defaults = {"grpc_port": 0, "egress_allow": loopback}
        settings = {**defaults, **Machine().model_dump(exclude_unset=True), "data": Path(folder)}
        machine = Machine.model_validate(settings)
        with listen(machine.host, machine.port) as listener:
            url = machine.public_url or url_of(listener)
            print(f"serving {url}; its card says where gRPC is", file=sys.stderr)
            with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has shut down
                Server(make_service(machine, Path(folder), url), machine.drain_seconds).run([listener])


if __name__ == "__main__":
    main()
