"""An agent's configuration made into its parts, the same for serving, evaluation and training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tokenizers import Tokenizer

from service.cards import PinnedKeys
from service.chat.base import ChatFormat
from service.chat.inner import InnerFormat
from service.credentials import Credential
from service.decode import Choice, DecodeLoop, Limits
from service.delegation import Budget
from service.engine.base import Engine
from service.errors import ConfigError
from service.settings import AgentConfig, ChatSection, PeerSection, ToolLimits
from service.tools.base import Tool
from service.tools.builtin import Approved, AskUser
from service.tools.functions import load_tools
from service.tools.peers import PeerConfig
from service.tools.toolbox import Limited, Toolbox


def make_toolbox(agent: AgentConfig, folder: Path, peers: Mapping[str, Tool]) -> Toolbox:
    """The agent's functions, then its peers, in the order agent.yaml has them, which is how the model knows them.

    Raises ConfigError for tools that cannot be loaded or share a name.
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
    try:
        return Toolbox(tools)
    except ValueError as error:
        raise ConfigError(f"{folder / 'agent.yaml'}: {error}") from error


def peer_config(section: PeerSection, folder: Path, asked_by: str) -> PeerConfig:
    """The peer of the agent whose card is found at `asked_by`. Raises ConfigError for files that will not do."""
    keys = PinnedKeys.read(folder / section.keys) if section.keys else None
    credential = None
    if section.credential:
        credential = Credential(section.url, folder / section.credential.file, section.credential.header)
        credential.check()
    return PeerConfig(section.name, section.url, section.refresh_seconds, asked_by, keys, credential)


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
    if section.thinking is None:
        return InnerFormat(tokenizer, live=section.live)
    # Only now: this takes a second to import.
    from service.chat.families import FamilyFormat

    return FamilyFormat(tokenizer, section.format, section.thinking)


def make_loop(agent: AgentConfig, engine: Engine, chat: ChatFormat, toolbox: Toolbox) -> DecodeLoop:
    """The loop that decodes this agent's turns."""
    sampling, limits = agent.sampling, agent.limits
    budget = Budget(tokens=limits.budget.tokens, calls=limits.budget.calls)
    return DecodeLoop(
        engine,
        chat,
        toolbox,
        agent.instructions,
        Choice(sampling.temperature, sampling.top_p, sampling.seed, sampling.logprobs),
        Limits(limits.tokens, limits.calls, limits.seconds, budget),
    )


def _limited(tool: Tool, limits: ToolLimits, idempotent: bool, approval: bool = False) -> Limited:
    tool = Approved(tool) if approval else tool
    return Limited(tool, limits.seconds, limits.result_chars, limits.concurrency, idempotent, asks_first=approval)
