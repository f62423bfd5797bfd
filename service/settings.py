"""What can be set: an agent's `agent.yaml`, and the environment of the machine it runs on. Read once, at start.

Rooms never import this file; `app.py` hands each room its own part.
"""

from __future__ import annotations

import os
from dataclasses import fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.decode import Choice, Limits
from service.errors import ConfigError
from service.nested import map_strings
from service.sessions.database import checked_url
from service.telemetry.logs import Format, Level
from service.tools.peers import PeerConfig
from service.tools.toolbox import Limited


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _default(kind: type, name: str) -> Any:
    """What the room that a setting is for has as its default."""
    return next(each.default for each in fields(kind) if each.name == name)


class ModelSection(_Section):
    """What decodes."""

    base: str = "smollm2-135m-instruct"
    """The embedded model, or the path or hub id of one that vLLM serves and whose chat format we know. With an
    `@COMMIT`, all 40 digits of it, a hub id means that version for good.
    """
    adapter: Path | None = None
    """Folder of a LoRA adapter, relative to the agent's folder. Its sha256 is part of the weights' version."""
    window: int | None = Field(default=None, gt=0)
    """Tokens the engine keeps per conversation; the model's own limit if not given."""


class ChatSection(_Section):
    """How the model was taught to write conversations."""

    format: Literal["inner", "inner-live", "qwen3", "qwen3.5", "qwen3.6"] = "inner"
    """Ours, or the chat template of a family."""
    thinking: bool | None = None
    """Whether it reasons before it answers: to be said of a family's model, whose template leaves it open."""

    @property
    def ours(self) -> bool:
        """Whether it is one of the forms of our own format."""
        return self.format in ("inner", "inner-live")

    @property
    def live(self) -> bool:
        return self.format == "inner-live"

    @model_validator(mode="after")
    def _thinking_is_said_of_families(self) -> Self:
        if (self.thinking is None) != self.ours:
            wants = "has no `thinking`" if self.ours else "wants `thinking`, true or false"
            raise ValueError(f"{self.format} {wants}")
        return self


class ToolLimits(_Section):
    """Of each call."""

    seconds: float = Field(default=_default(Limited, "seconds"), gt=0)
    """A call that takes longer comes back to the model as an error."""
    result_chars: int = Field(default=_default(Limited, "result_chars"), gt=0)
    """A longer result is cut, and says so."""
    concurrency: int = Field(default=_default(Limited, "concurrency"), gt=0)
    """Calls of this tool that run at once; others wait, within their time."""


class ToolSection(_Section):
    """Python functions that the model can call."""

    use: str
    """`file.py:name`: a function, or a class whose public methods are tools. The file is in the agent's folder."""
    options: dict[str, Any] = Field(default={}, alias="with")
    """Keyword arguments for the class. `${data}` stands for the data folder."""
    approval: bool = False
    """Whether a call is made only once the user has said yes to it."""
    idempotent: bool = False
    """Whether a call may be made again when a process died and nobody knows what came of it; else the model is told."""
    limits: ToolLimits = ToolLimits()


class CredentialSection(_Section):
    """What we show a peer to be let in. It is sent to the origin of the peer's `url` and to its `grpc_port` only."""

    file: Path
    """Holds a bearer token, or the API key for the `header`. Read whenever it is needed."""
    header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    """In which it is shown, as for an API key; by default `Authorization: Bearer`."""


class PeerSection(_Section):
    """Other agents, as tools that take a message."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    """What the model calls it. Fixed here, so that a card cannot choose its own name."""
    url: str
    """Where its card is found: `<url>/.well-known/agent-card.json`."""
    keys: Path | None = None
    """A JWK set, relative to the agent's folder: what the peer publishes at `<url>/.well-known/jwks.json`, once it was
    compared with what the peer's people say. A card that none of these keys has signed is not believed.
    """
    credential: CredentialSection | None = None
    grpc_port: int | None = Field(default=None, ge=1, le=65535)
    """Where it speaks gRPC on the host of `url`: as trusted as that, and shown the same credential. At a port that its
    card alone names it is asked if its address is public or in `INNERLOOP_EGRESS_ALLOW`, and shown none.
    """
    direct: bool = False
    """Whether it is asked at the origin of `url`, whatever its card says. A card may name the way in from outside:
    within one cluster a detour, and no credential goes there. Over gRPC it is then asked only if `grpc_port` is given.
    """
    limits: ToolLimits = ToolLimits(seconds=60.0)
    refresh_seconds: float = Field(default=_default(PeerConfig, "refresh_seconds"), gt=0)
    """How often its card is read again. With less than a minute the connection stays open, and calls need not wait."""


class McpSection(_Section):
    """Some tools of an MCP server. One whose tools want different rules may be there more than once."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    """Ours, for messages: the model knows its tools only."""
    url: str | None = None
    """Where it is reached over Streamable HTTP."""
    command: list[str] | None = Field(default=None, min_length=1)
    """Or how it is started, as a child process in the agent's folder."""
    env: list[str] = []
    """Variables of our environment that the child gets too, besides PATH, HOME and the like."""
    credential: CredentialSection | None = None
    tools: list[str] | None = Field(default=None, min_length=1)
    """The names of those to take; all of them if not given."""
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,32}$")
    """Goes before the names by which the model knows them."""
    approval: bool = False
    """Whether a call is made only once the user has said yes to it."""
    idempotent: bool = False
    """As a function's. What the server says of its tools in this respect is not believed: if it were wrong, the same
    thing would be done twice. Each call has a key in its `_meta`, by which a server can see to it.
    """
    limits: ToolLimits = ToolLimits(seconds=60.0)
    refresh_seconds: float = Field(default=300.0, gt=0)
    """How often its list of tools is read though it does not say that it has changed."""

    @model_validator(mode="after")
    def _is_reached_one_way(self) -> Self:
        if (self.url is None) == (self.command is None):
            raise ValueError(f"{self.name} wants either `url` or `command`")
        if self.env and self.url:
            raise ValueError("`env` is for a `command`")
        if self.credential and self.command:
            raise ValueError("`credential` is for a `url`; a `command` gets its secrets by `env`")
        return self


class SamplingSection(_Section):
    """How tokens are chosen."""

    temperature: float = Field(default=_default(Choice, "temperature"), ge=0)
    """0 takes the most likely token."""
    top_p: float = Field(default=_default(Choice, "top_p"), gt=0, le=1)
    """Only the most likely tokens that have so much probability together."""
    seed: int | None = None
    """Makes what is sampled repeatable, as far as the engine is."""
    logprobs: bool = True
    """Kept in the transcript, so that served conversations can be trained on: each token's among those that the grammar
    of calls allowed, before `temperature` and `top_p`.
    """


class BudgetSection(_Section):
    tokens: int | None = Field(default=None, gt=0)
    """Sampled."""
    calls: int | None = Field(default=None, gt=0)
    """Of tools and agents."""


class TurnLimits(_Section):
    """Of each turn, and of the turns that there may be."""

    tokens: int = Field(default=_default(Limits, "tokens"), gt=0)
    """Sampled in one turn."""
    calls: int = Field(default=_default(Limits, "calls"), gt=0)
    """Made in one turn."""
    seconds: float = Field(default=_default(Limits, "seconds"), gt=0)
    """Wall-clock time of one turn since it was begun or answered, whichever process goes on with it."""
    budget: BudgetSection = BudgetSection()
    """For one turn and all that other agents do for it. What comes with a question may leave less."""
    answer_seconds: float = Field(default=86_400.0, gt=0)
    """How long a turn rests for an answer to what it has asked; then the model is told that none came."""
    running: int = Field(default=64, gt=0)
    """Turns decoded at once; later ones wait."""
    queued: int = Field(default=64, gt=0)
    """Turns that may wait; beyond, messages are turned away until there is room again."""
    message_chars: int = Field(default=16_000, gt=0)
    """Text of one message."""


class SkillSection(_Section):
    """What the agent can do, as its card tells it."""

    id: str
    """Names it for programs."""
    name: str
    """Names it for people."""
    description: str
    """What it does, for whoever chooses an agent."""
    tags: list[str] = Field(min_length=1)
    """Words by which it is found."""
    examples: list[str] = []
    """What one could ask."""


class AgentConfig(_Section):
    """The whole of `agent.yaml`."""

    name: str
    """On the card."""
    description: str
    """On the card. Agents that have this one as a peer tell their models so."""
    version: str = "1.0.0"
    """Of the agent, on the card."""
    instructions: str
    """What the model reads before every conversation."""
    model: ModelSection = ModelSection()
    chat: ChatSection = ChatSection()
    tools: list[ToolSection] = []
    ask_user: bool = False
    """Whether the model has a tool `ask_user`, whose question goes to the user and whose result is the answer."""
    peers: list[PeerSection] = []
    mcp: list[McpSection] = []
    sampling: SamplingSection = SamplingSection()
    limits: TurnLimits = TurnLimits()
    skills: list[SkillSection] = Field(min_length=1)

    @model_validator(mode="after")
    def _servers_are_told_apart(self) -> Self:
        names = [section.name for section in self.mcp]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two MCP servers are called {twice!r}")
        return self


class JwtSection(_Section):
    jwks: str
    """The file or the URL of the issuer's public keys."""
    issuer: str = Field(min_length=1)
    """What tokens have in `iss`."""
    audience: str = Field(min_length=1)
    """What tokens for this agent have in `aud`."""


class ProxySection(_Section):
    addresses: list[IPv4Network | IPv6Network] = Field(min_length=1)
    """From which the header is believed. In the environment a JSON array."""
    header: str = Field(default="X-Forwarded-Client-Cert", min_length=1)
    """In which the proxy says whose certificate it has checked: the subject, or Envoy's form in Envoy's header."""


class AuthSection(_Section):
    """Who may ask. Any of the ways that are set will do; if none is, everybody may."""

    jwt: JwtSection | None = None
    api_keys: Path | None = None
    """A file with a line for each key: a name, and the key's SHA-256 in hexadecimal."""
    proxy: ProxySection | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return any((self.jwt, self.api_keys, self.proxy))


class Machine(BaseSettings):
    """Where this process runs: environment variables `INNERLOOP_*`."""

    model_config = SettingsConfigDict(
        env_prefix="INNERLOOP_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        use_attribute_docstrings=True,
    )

    host: str = "127.0.0.1"
    """The address that is listened on; 0.0.0.0 for all."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Serves A2A over HTTP; 0 takes a free port."""
    public_url: str | None = None
    """The URL on the card, at which other agents reach this one; by default http://host:port, with localhost for
    0.0.0.0 and ::, where only this machine finds it. Behind a proxy or a mapped port it must be given.
    """
    grpc_port: int | None = Field(default=None, ge=0, le=65535)
    """Serves gRPC there too; 0 takes a free port."""
    grpc_public_url: str | None = None
    """The same for gRPC, as its clients take it; by default host:port, or localhost:port."""
    connections: int = Field(default=2_000, gt=0)
    """Open at once over HTTP, and as many again over gRPC; whoever comes then is turned away. A stream is one of them.
    """
    data: Path = Path(".innerloop")
    """What must survive a restart: conversations and tasks, in `FOLDER-conversations.sqlite3`, after the name of the
    agent's folder, and what its tools keep in `${data}`.
    """
    cache: Path = Path.home() / ".cache" / "innerloop"
    """What can be made again: prepared weights."""
    engine: dict[str, Any] = {}
    """vLLM's engine arguments for this machine, by its own names, over those that we choose: `tensor_parallel_size`,
    `gpu_memory_utilization`, … In the environment a JSON object.
    """
    database: Annotated[str, AfterValidator(checked_url)] | None = None
    """SQLAlchemy URL of conversations and tasks, as `postgresql+asyncpg://…` or `sqlite+aiosqlite:///…`; by default a
    SQLite file per agent in the data folder."""
    lease_seconds: float = Field(default=10.0, gt=0)
    """After how long without a sign of life of one replica another goes on with its turns, where they share a database.
    """
    keep_days: int = Field(default=0, ge=0, le=36_500)
    """How long a conversation is kept after its last task has ended; then it is removed with all that belongs to it. 0
    keeps it for ever."""
    card_keys: list[Path] = []
    """PEM files of the private keys that sign the card; two of them while one follows the other. In the environment a
    JSON list.
    """
    peers: dict[str, str] = {}
    """Peer name -> URL, in place of the one in agent.yaml. In the environment a JSON object."""
    direct_peers: list[str] = []
    """Names of peers that are `direct` whatever agent.yaml says. In the environment a JSON list."""
    auth: AuthSection = AuthSection()
    """In the environment `INNERLOOP_AUTH__JWT__ISSUER` and so on."""
    management_port: int | None = Field(default=None, ge=0, le=65535)
    """Serves probes and metrics there, to anybody whom the network lets in; 0 takes a free port."""
    wedged_seconds: float = Field(default=120.0, gt=0)
    """After how long without any progress, of the event loop or of an engine that has something to do, this process is
    told to be past help."""
    log_format: Format | None = None
    """Of what a server says: by default text on a terminal, else JSON, one object a line."""
    log_level: Level = "info"
    """The least level that is shown. Each turn that ends is a line of `info`; of libraries only warnings and errors are
    shown."""
    drain_seconds: float = Field(default=20.0, ge=0)
    """How long running turns may go on after SIGTERM or Ctrl-C."""
    egress_allow: list[IPvAnyNetwork] = []
    """Networks that webhooks, and what peers' cards point to, may be in though they are not public. In the environment
    a JSON list."""
    push_key: Path | None = None
    """File with a private key, in PEM form, by which push notifications are signed."""
    push_secrets: Path | None = None
    """File with keys of Fernet, one a line, by which webhooks are stored encrypted: the first encrypts, all decrypt."""


def load_agent(folder: Path, machine: Machine) -> AgentConfig:
    """Reads `folder/agent.yaml`, with `${data}` filled in and peers as the machine has them.

    Raises ConfigError, in one line, for a file that is missing, not YAML, or says something we do not know.
    """
    path = folder / "agent.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        # Filled in after parsing: a folder's name may hold what means something in YAML.
        data = os.fspath(machine.data.resolve())
        filled = map_strings(yaml.safe_load(text), lambda string: Template(string).safe_substitute(data=data))
        agent = AgentConfig.model_validate(filled)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        # A key that we do not know is often the one that is missing, spelt wrongly.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigError(f"{path}: {where}: {first['msg']}") from error
    for variable, named in (("INNERLOOP_PEERS", machine.peers), ("INNERLOOP_DIRECT_PEERS", machine.direct_peers)):
        if unknown := {*named} - {peer.name for peer in agent.peers}:
            raise ConfigError(f"{variable} names {sorted(unknown)}, which {path} does not have as peers")
    peers = [
        peer.model_copy(
            update={
                "url": machine.peers.get(peer.name, peer.url),
                "direct": peer.direct or peer.name in machine.direct_peers,
            }
        )
        for peer in agent.peers
    ]
    return agent.model_copy(update={"peers": peers})
