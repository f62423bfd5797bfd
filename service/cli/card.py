"""`innerloop card`: what the world reads about an agent, and whether it is the agent's own word."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToJson
from rich.console import Console

from service.outbound.cards import PinnedKeys
from service.outbound.client import RemoteAgent, open_http


def run(url: str, keys: Path | None) -> int:
    """Prints the card as JSON, and to stderr whether it is signed.

    Raises ServiceError if there is none, or if there are keys and none of them has signed it.
    """
    agent = asyncio.run(_find(url, PinnedKeys.read(keys) if keys else None))
    Console().print_json(MessageToJson(agent.card))
    print(_signed(agent, keys), file=sys.stderr)
    return 0


def _signed(agent: RemoteAgent, keys: Path | None) -> str:
    if keys:
        return f"signed by a key in {keys}"
    return "signed; whether by a key that you know, --keys would tell" if agent.card.signatures else "not signed"


async def _find(url: str, keys: PinnedKeys | None) -> RemoteAgent:
    async with open_http() as http:
        return await RemoteAgent.find(http, url, keys)
