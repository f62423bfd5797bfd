"""An MCP server for tests, made with the SDK: in this process over HTTP, or as a process of its own over stdio.

python -m tests.tools.mcp_server
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from mcp import types
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError


class Tickets:
    """The server, and what it has noticed."""

    def __init__(self) -> None:
        self.server = MCPServer("tickets", log_level="WARNING")
        self.asleep = self.cancelled = 0
        for tool in (self.find, self.about, self.fail, self.mixed, self.count, self.sleep, self.grow, self.spin):
            self.server.add_tool(tool, structured_output=False)

    async def find(self, query: str, limit: int = 3) -> str:
        """Finds tickets."""
        return f"{limit} for {query}"

    async def about(self, ctx: Context) -> str:
        """Says what it knows of the call."""
        request = ctx.request_context
        client = request.session.client_capabilities
        return json.dumps(
            {
                "key": (request.meta or {}).get("dev.innerloop/idempotencyKey"),
                "offers": client.model_dump(exclude_none=True) if client else None,
                "environment": sorted(os.environ),
            }
        )

    async def fail(self) -> str:
        """Fails."""
        raise ToolError("there are\x1b[31m no\u202e tickets")

    async def mixed(self) -> types.CallToolResult:
        """Returns all there is."""
        resource = types.TextResourceContents(uri="file:///a", text="in a file")
        blob = types.BlobResourceContents(uri="file:///b", mime_type="application/pdf", blob="x" * 4000)
        return types.CallToolResult(
            content=[
                types.TextContent(text="one\ntwo"),
                types.ImageContent(data="x" * 16_000, mime_type="image/png"),
                types.ResourceLink(name="three", uri="https://tickets.example/3"),
                types.EmbeddedResource(resource=resource),
                types.EmbeddedResource(resource=blob),
            ],
            structured_content={"n": 2},
        )

    async def count(self) -> types.CallToolResult:
        """Returns what is no text."""
        return types.CallToolResult(content=[], structured_content={"found": 2, "name": "Köln"})

    async def sleep(self) -> str:
        """Sleeps until it is cancelled."""
        print("sleeping", file=sys.stderr, flush=True)
        self.asleep += 1
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return "rested"

    async def grow(self, ctx: Context) -> str:
        """Gets one more tool."""
        self.server.add_tool(self.find, name="grown", structured_output=False)
        if ctx.request_context.protocol_version < "2026":
            await ctx.session.send_tool_list_changed()
        await ctx.notify_tools_changed()
        return "grown"

    async def spin(self) -> str:
        """Computes, and hears nothing meanwhile."""
        print("spinning", file=sys.stderr, flush=True)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            pass
        return "dizzy"


if __name__ == "__main__":
    print("tickets are served", file=sys.stderr, flush=True)
    Tickets().server.run("stdio")
