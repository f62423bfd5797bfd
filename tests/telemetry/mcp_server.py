"""An MCP server whose spans go to where the environment says, as a process of its own over stdio.

python -m tests.telemetry.mcp_server
"""

from __future__ import annotations

from service.telemetry.traces import exported
from tests.tools.mcp_server import Tickets

if __name__ == "__main__":
    with exported("tickets", "1"):
        Tickets().server.run("stdio")
