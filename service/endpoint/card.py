"""The card: the template at the repository's top, filled in with what this agent is and where it is reached."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any, Protocol

from a2a.types import AgentCard
from a2a.utils.constants import TransportProtocol
from google.protobuf.json_format import ParseDict

from service.nested import map_strings
from service.tools.base import ToolSpec

TEMPLATE = Path(__file__).with_name("agent_card.json")


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
    name: str,
    description: str,
    version: str,
    skills: Sequence[Skill],
    url: str,
    grpc_url: str | None = None,
    *,
    security: Mapping[str, Mapping[str, Any]],
) -> AgentCard:
    """The card of the agent at `url`, which has no slash at its end, and at `grpc_url` if it serves gRPC.

    `security` are the security schemes by name, any one of which will do; if there are none, none is wanted.
    """
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
    filled["capabilities"]["extendedAgentCard"] = bool(security)
    filled["securitySchemes"] = security
    filled["securityRequirements"] = [{"schemes": {scheme: {}}} for scheme in security]
    if grpc_url:
        filled["supportedInterfaces"] += _over_grpc(grpc_url, filled["supportedInterfaces"])
    return ParseDict(filled, AgentCard())


def extend_card(card: AgentCard, tools: Iterable[ToolSpec], peers: Iterable[str]) -> AgentCard:
    """The card for callers who are known: its skills are followed by the agent's tools, of which some are its peers."""
    extended = AgentCard()
    extended.CopyFrom(card)
    extended.ClearField("signatures")
    asked = set(peers)
    for tool in tools:
        kind = "peer" if tool.name in asked else "tool"
        extended.skills.add(id=f"{kind}/{tool.name}", name=tool.name, description=tool.description, tags=[kind])
    return extended


def _over_grpc(url: str, interfaces: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The versions that the card has, in their order."""
    versions = dict.fromkeys(each["protocolVersion"] for each in interfaces)
    return [{"url": url, "protocolBinding": TransportProtocol.GRPC, "protocolVersion": each} for each in versions]
