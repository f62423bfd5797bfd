"""MCP servers: what they list becomes tools.

Each server has a task of its own, which opens its session, keeps it and opens it again: the SDK's contexts must be left
by the task that entered them. Calls use the session that there is. What a server says of its tools, and what these
return, comes from outside: it is read as plain text of a limited length. The server is offered nothing in return: no
sampling, no questions to the user, no roots.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from mcp import Client, MCPError, types
from mcp.client import IncomingMessage
from mcp.client.subscriptions import ListenNotSupportedError, Subscription, SubscriptionLost
from pydantic import ValidationError

from service.errors import ToolError
from service.plain import one_line
from service.tools.base import CallContext, CallKey, ToolSpec
from service.tools.mcp_results import as_text
from service.tools.mcp_transports import UNREACHABLE, Command, Endpoint, over_http, over_stdio
from service.tools.schemas import tame

logger = logging.getLogger(__name__)

IDEMPOTENCY_KEY = "dev.innerloop/idempotencyKey"
"""In the `_meta` of each call: the same where a call is made again because nobody knows what came of it."""

_ANSWER_SECONDS = 60.0
"""For all but calls, whose time is the toolbox's. A child process may have to be installed first."""
_START_SECONDS = 15.0
_RETRY_SECONDS = 5.0
_PAUSE_SECONDS = 1.0
"""Between two looks at one server's list, however often it says that it has changed."""
_PAGES = 20
_TOOLS = 100
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DESCRIPTION_CHARS = 1_000
_REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class McpConfig:
    """A server whose tools to take."""

    name: str
    """Ours, for messages."""
    reached: Endpoint | Command
    prefix: str
    """Goes before the names of its tools."""
    tools: Collection[str] | None
    """Those to take; all if None."""
    refresh_seconds: float
    """How often its list is read though it does not say that it has changed."""


@asynccontextmanager
async def open_servers(configs: Sequence[McpConfig]) -> AsyncIterator[Mapping[str, McpServer]]:
    """The servers by name, each of which has said what it has, could not be reached, or is slow.

    They are looked for until it is left.
    """
    servers = {config.name: McpServer(config) for config in configs}
    keeping = [asyncio.create_task(server.keep_open(), name=f"MCP server {name}") for name, server in servers.items()]
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                for server in servers.values():
                    await server.looked.wait()
        yield servers
    finally:
        for server, task in zip(servers.values(), keeping, strict=True):
            server.end()
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)


class McpServer:
    """One server. What it had stays while it is away: then calls say so."""

    def __init__(self, config: McpConfig) -> None:
        self._config = config
        self._client: Client | None = None
        """Of the session, while there is one."""
        self._listed: list[types.Tool] | None = None
        self._tools: tuple[McpTool, ...] = ()
        self._look = asyncio.Event()
        """Set when its list, or the server itself, may not be what it was."""
        self._last_words: deque[str] = deque(maxlen=3)
        self._ending = False
        self.looked = asyncio.Event()
        """Set once it was looked for."""

    @property
    def tools(self) -> tuple[McpTool, ...]:
        return self._tools

    @property
    def known(self) -> bool:
        """Whether its list was read, so that the model is told what it has."""
        return self._listed is not None

    @property
    def up(self) -> bool:
        """Whether there is a session with it."""
        return self._client is not None

    def end(self) -> None:
        """To be called before `keep_open` is cancelled: what the SDK's contexts make of that may be anything."""
        self._ending = True

    async def keep_open(self) -> None:
        """Opens its session again and again, until cancelled."""
        told = ""
        while not self._ending:
            self._last_words.clear()
            try:
                await self._keep_session()
            except (Exception, asyncio.CancelledError) as error:  # whatever is wrong must not end this service
                if self._ending:
                    return
                why = "; ".join([_reason(error), *self._last_words])
                if self._client or why != told:
                    logger.warning("MCP server %s: %s", self._config.name, why)
                told = why
            seconds = _PAUSE_SECONDS if self._client else _RETRY_SECONDS
            self._client = None
            self.looked.set()
            await asyncio.sleep(min(self._config.refresh_seconds, seconds))

    async def _keep_session(self) -> None:
        """Opens one, and reads the list whenever there may be another. Raises what ends the session."""
        reached, seconds = self._config.reached, self._config.refresh_seconds
        async with Client(
            over_http(reached, self._look.set)
            if isinstance(reached, Endpoint)
            else over_stdio(reached, self._hear_line, self._look.set),
            read_timeout_seconds=_ANSWER_SECONDS,
            message_handler=self._hear_message,
            client_info=types.Implementation(name="innerloop", version="1"),
            cache=None,
        ) as client:
            while not self._ending:
                self._look.clear()
                async with self._listening(client):
                    self._take(await _list_tools(client))
                    self._client = client
                    self.looked.set()
                    await asyncio.sleep(min(seconds, _PAUSE_SECONDS))
                    with suppress(TimeoutError):
                        async with asyncio.timeout(seconds):
                            await self._look.wait()

    @asynccontextmanager
    async def _listening(self, client: Client) -> AsyncIterator[None]:
        """For changes. Since the protocol of 2026 servers tell of them when asked to; before, they do of themselves."""
        async with AsyncExitStack() as stack:
            try:
                changes = await stack.enter_async_context(client.listen(tools_list_changed=True))
            except (ListenNotSupportedError, MCPError, SubscriptionLost, TimeoutError):
                logger.debug("MCP server %s is not listened to", self._config.name)
            else:
                stack.callback(asyncio.create_task(self._hear_change(changes)).cancel)
            yield

    async def _hear_change(self, changes: Subscription) -> None:
        try:
            changed = await anext(changes, None)
        except SubscriptionLost:
            changed = None
        if changed is None:  # the stream has ended, which with some comes soon
            await asyncio.sleep(min(self._config.refresh_seconds, _RETRY_SECONDS))
        self._look.set()

    async def _hear_message(self, message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._look.set()

    def _hear_line(self, line: str) -> None:
        self._last_words.append(one_line(line, _REASON_CHARS))
        logger.info("MCP server %s: %s", self._config.name, self._last_words[-1])

    def _take(self, listed: list[types.Tool]) -> None:
        """What is left out of a list is told once."""
        if listed == self._listed:
            return
        config, tools = self._config, dict[str, McpTool]()
        wanted = [tool for tool in listed if config.tools is None or tool.name in config.tools]
        for tool in wanted[:_TOOLS]:
            try:
                tools[tool.name] = McpTool(mcp_spec(config.prefix, tool), self, tool.name)
            except ValueError as error:
                name = one_line(tool.name, _REASON_CHARS)
                logger.warning("MCP server %s: its tool %r is left out: %s", config.name, name, error)
        if len(wanted) > _TOOLS:
            logger.warning("MCP server %s: its tools after the first %d are left out", config.name, _TOOLS)
        if missing := set(config.tools or ()) - {tool.name for tool in listed}:
            logger.warning("MCP server %s has no %s", config.name, ", ".join(sorted(missing)))
        self._listed, self._tools = listed, tuple(tools.values())

    async def call(self, name: str, arguments: dict[str, Any], key: CallKey) -> str:
        """What the tool returns, as text. Cancelled, it tells the server so.

        Raises ToolError if the tool fails or the server does not answer.
        """
        if self._client is None:
            raise ToolError(f"{self._config.name} cannot be reached")
        meta = cast(types.RequestParamsMeta, {IDEMPOTENCY_KEY: key})
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=arguments, _meta=meta))
        try:
            # Not `call_tool`: it checks results by the server's own schema, whose patterns may take for ever.
            result = await self._client.session.send_request(request, types.CallToolResult, math.inf)
        except MCPError as error:
            self._look.set()
            if error.code == UNREACHABLE:
                raise ToolError(f"{self._config.name} cannot be reached") from error
            if error.code == types.CONNECTION_CLOSED:
                raise ToolError(f"{self._config.name} is gone: {name} may or may not have been done") from error
            raise ToolError(f"{name} failed: {one_line(error.message, _REASON_CHARS)}") from error
        except ValidationError as error:
            raise ToolError(f"{name} gave no result that can be read") from error
        text = as_text(result)
        if result.is_error:
            raise ToolError(text or f"{name} failed")
        return text


@dataclass(frozen=True, slots=True)
class McpTool:
    """One of a server's tools."""

    spec: ToolSpec
    server: McpServer
    name: str
    """What the server calls it."""

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        return await self.server.call(self.name, arguments, context.key)


def mcp_spec(prefix: str, tool: types.Tool) -> ToolSpec:
    """A server's tool as the model knows it. Raises ValueError, which says why the model must not know it."""
    name = prefix + tool.name
    if not _NAME.fullmatch(name):
        raise ValueError("its name is too long, or more than letters, digits, '_', '-' and '.'")
    return ToolSpec(name, one_line(tool.description or tool.title or "", _DESCRIPTION_CHARS), tame(tool.input_schema))


async def _list_tools(client: Client) -> list[types.Tool]:
    tools: list[types.Tool] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tools


def _reason(error: BaseException) -> str:
    """What has gone wrong, within the groups that the SDK's tasks put it into."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return one_line(str(error), _REASON_CHARS) or type(error).__name__
