"""The card: the template at the repository's top, filled in with what this agent is and where it is reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Protocol

from a2a.types import AgentCard
from a2a.utils.constants import PROTOCOL_VERSION_0_3, PROTOCOL_VERSION_1_0, TransportProtocol
from google.protobuf.json_format import ParseDict

from service.nested import map_strings

TEMPLATE = Path(__file__).resolve().parents[2] / "agent_card.json"


class Skill(Protocol):
    """The part of a skill's configuration that the card shows."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def tags(self) -> list[str]: ...
    @property
    def examples(self) -> list[str]: ...


def required_extensions() -> frozenset[str]:
    """What the card says that callers must know."""
    extensions = json.loads(TEMPLATE.read_text())["capabilities"].get("extensions", [])
    return frozenset(each["uri"] for each in extensions if each.get("required"))


def make_card(
    name: str, description: str, version: str, skills: Sequence[Skill], url: str, grpc_url: str | None = None
) -> AgentCard:
    """The card of the agent at `url`, which has no slash at its end, and at `grpc_url` if it serves gRPC."""
    values = {"name": name, "description": description, "version": version, "url": url}
    filled = map_strings(json.loads(TEMPLATE.read_text()), lambda text: Template(text).substitute(values))
    filled["skills"] = [
        {
            "id": skill.id,
            "name": skill.name,
            "description": skill.description,
            "tags": skill.tags,
            "examples": skill.examples,
        }
        for skill in skills
    ]
    for version in (PROTOCOL_VERSION_1_0, PROTOCOL_VERSION_0_3) if grpc_url else ():
        interface = {"url": grpc_url, "protocolBinding": TransportProtocol.GRPC, "protocolVersion": version}
        filled["supportedInterfaces"].append(interface)
    return ParseDict(filled, AgentCard())
