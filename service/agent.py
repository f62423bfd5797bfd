"""An agent's configuration made into its parts, the same for serving, evaluation and training."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from service.chat.base import ChatFormat
from service.chat.inner import InnerFormat
from service.decode import Choice, DecodeLoop, Limits
from service.delegation import Budget
from service.engine.base import Engine
from service.errors import ConfigError
from service.outbound.cards import PinnedKeys
from service.outbound.credentials import Credential
from service.settings import AgentConfig, ChatSection, CredentialSection, McpSection, PeerSection, ToolLimits
from service.tools.base import Tool
from service.tools.builtin import Approved, AskUser
from service.tools.functions import load_tools
from service.tools.peers import Peer, PeerConfig
from service.tools.toolbox import Limited, Toolbox

if TYPE_CHECKING:
    from service.tools.mcp import McpConfig, McpServer


def make_toolbox(
    agent: AgentConfig, folder: Path, peers: Mapping[str, Tool], servers: Mapping[str, McpServer]
) -> Toolbox:
    """The agent's functions, its peers, and what its MCP servers have at any time, in the order agent.yaml has them.

    That is how the model knows them. Raises ConfigError for tools that cannot be loaded or share a name.
    """
    tools = [
        _limited(tool, section.limits, section.idempotent, section.approval)
        for section in agent.tools
        for tool in load_tools(folder, section.use, section.options)
    ]
    if agent.ask_user:
        tools.append(Limited(AskUser(), idempotent=True))
    # A peer that is asked again goes on with the task that it has.
    tools += [_limited(peers[section.name], section.limits, idempotent=True) for section in agent.peers]
    names = [limited.tool.spec.name for limited in tools]
    names += [section.prefix + name for section in agent.mcp for name in section.tools or ()]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"{folder / 'agent.yaml'}: two tools are called {twice!r}")
    return Toolbox(tools, [partial(_tools_of, servers[section.name], section) for section in agent.mcp])


@asynccontextmanager
async def open_mcp(agent: AgentConfig, folder: Path) -> AsyncIterator[Mapping[str, McpServer]]:
    """The agent's MCP servers by name, which are looked for until it is left. Raises ConfigError as `mcp_config`."""
    if not agent.mcp:
        yield {}
        return
    # Only now: this takes half a second to import.
    from service.tools.mcp import open_servers

    async with open_servers([mcp_config(section, folder) for section in agent.mcp]) as servers:
        yield servers


def mcp_config(section: McpSection, folder: Path) -> McpConfig:
    """The server. Raises ConfigError for an address, a command, a variable or a file that will not do."""
    from service.tools.mcp import McpConfig
    from service.tools.mcp_transports import Command, Endpoint

    reached: Command | Endpoint
    if section.url is not None:
        if not section.url.startswith(("http://", "https://")):
            raise ConfigError(f"{section.name}: {section.url!r} is not an http or https URL")
        reached = Endpoint(section.url, _credential(section.credential, section.url, folder))
    else:
        program, *arguments = section.command or []
        # With a slash in it, it is found from the folder that it runs in.
        if shutil.which(folder / program if os.sep in program else program) is None:
            raise ConfigError(f"{section.name}: there is no program {program!r}")
        if missing := [name for name in section.env if name not in os.environ]:
            raise ConfigError(f"{section.name}: the environment has no {', '.join(missing)}")
        environment = {name: os.environ[name] for name in section.env}
        reached = Command((program, *arguments), folder, environment)
    return McpConfig(section.name, reached, section.prefix, section.tools, section.refresh_seconds)


def peer_config(section: PeerSection, folder: Path, asked_by: str) -> PeerConfig:
    """The peer of the agent whose card is found at `asked_by`. Raises ConfigError for files that will not do."""
    keys = PinnedKeys.read(folder / section.keys) if section.keys else None
    credential = _credential(section.credential, section.url, folder)
    return PeerConfig(
        section.name,
        section.url,
        section.refresh_seconds,
        asked_by,
        keys,
        credential,
        section.grpc_port,
        section.direct,
    )


def _credential(section: CredentialSection | None, url: str, folder: Path) -> Credential | None:
    if section is None:
        return None
    credential = Credential(url, folder / section.file, section.header)
    credential.check()
    return credential


def make_chat(section: ChatSection, weights: Path) -> ChatFormat:
    """The chat format for the model whose weights and tokenizer are in `weights`.

    Raises ConfigError if the model does not have its control tokens, or has no fast tokenizer.
    """
    path = weights / "tokenizer.json"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: a model needs a fast tokenizer") from error
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises nothing more special
        raise ConfigError(f"{path}: not a tokenizer: {error}") from error
    tokenizer.no_truncation()  # as it may have been left on when the model was trained
    tokenizer.no_padding()
    if section.ours:
        return InnerFormat(tokenizer, live=section.live)
    # Only now: this takes a second to import.
    from service.chat.families import FamilyFormat

    return FamilyFormat(tokenizer, section.format, bool(section.thinking))


def make_loop(
    agent: AgentConfig, engine: Engine, chat: ChatFormat, toolbox: Toolbox, now: Callable[[], float] = time.time
) -> DecodeLoop:
    """The loop that decodes this agent's turns; `now` as for `DecodeLoop`."""
    sampling, limits = agent.sampling, agent.limits
    budget = Budget(tokens=limits.budget.tokens, calls=limits.budget.calls)
    return DecodeLoop(
        engine,
        chat,
        toolbox,
        agent.instructions,
        Choice(sampling.temperature, sampling.top_p, sampling.seed, sampling.logprobs),
        Limits(limits.tokens, limits.calls, limits.seconds, budget),
        now,
    )


def _limited(tool: Tool, limits: ToolLimits, idempotent: bool, approval: bool = False) -> Limited:
    tool = Approved(tool) if approval else tool
    give_up = tool.give_up if isinstance(tool, Peer) else None
    return Limited(tool, limits.seconds, limits.result_chars, limits.concurrency, idempotent, approval, give_up)


def _tools_of(server: McpServer, section: McpSection) -> list[Limited]:
    return [_limited(tool, section.limits, section.idempotent, section.approval) for tool in server.tools]
