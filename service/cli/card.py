"""`innerloop card`: what the world reads about an agent."""

from __future__ import annotations

import asyncio

from google.protobuf.json_format import MessageToJson
from rich.console import Console

from service.client import RemoteAgent, open_http


def run(url: str) -> int:
    """Prints the card as JSON. Raises ServiceError if there is none."""
    Console().print_json(asyncio.run(_read(url)))
    return 0


async def _read(url: str) -> str:
    async with open_http() as http:
        return MessageToJson((await RemoteAgent.find(http, url)).card)
