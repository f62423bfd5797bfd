"""What is asked in a benchmark of streams, and the client that asks an agent: a process of its own, as clients are.

    python -m bench.load URL

reads loads, a line of JSON each, and answers each with what the agent at the URL made of it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import httpx
from a2a.client import Client, ClientConfig, create_client
from a2a.types import Message, Part, Role, SendMessageRequest

PROMPTS = [
    f"Write a long letter to {name} about {matter}."
    for name, matter in [
        ("a supplier", "a late delivery"),
        ("a colleague", "the new office"),
        ("the landlord", "the broken heating"),
        ("a customer", "a price increase"),
        ("the bank", "a lost card"),
        ("a friend", "a walk in the rain"),
        ("the council", "the closed library"),
        ("the editor", "yesterday's article"),
    ]
]
"""One for each stream."""


@dataclass(frozen=True, slots=True)
class Load:
    """Streams side by side, each with one answer after the other."""

    streams: int
    answers: int
    """Of each stream."""
    tokens: int
    """Of each answer."""
    apart: float
    """Seconds between the starts of two streams."""
    repetitions: int
    """How often both sides get it."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side makes of a load."""

    tokens_per_second: float
    """Of all streams together."""
    first_token_ms: float
    """Median over answers."""


async def put(load: Load, ask: Callable[[int], Awaitable[float]]) -> Side:
    """Has the load answered by `ask`, which takes a prompt's index and gives the seconds to the first token.

    The time is that from the first stream's start to the last one's end.
    """

    async def stream(index: int) -> list[float]:
        await asyncio.sleep(index * load.apart)
        return [await ask(index) for _ in range(load.answers)]

    begun = time.perf_counter()
    firsts = await asyncio.gather(*(stream(index) for index in range(load.streams)))
    seconds = time.perf_counter() - begun
    decoded = load.streams * load.answers * load.tokens
    return Side(decoded / seconds, 1000 * statistics.median(first for each in firsts for first in each))


async def main(url: str) -> None:
    for line in sys.stdin:
        print(json.dumps(asdict(await put_over_a2a(Load(**json.loads(line)), url))), flush=True)


async def put_over_a2a(load: Load, url: str) -> Side:
    """With the agent's card read and a connection open for each stream."""
    async with httpx.AsyncClient(timeout=None) as http:
        await asyncio.gather(*(http.get(f"{url}/.well-known/agent-card.json") for _ in range(load.streams)))
        client = await create_client(url, ClientConfig(httpx_client=http))
        return await put(load, lambda index: _ask(client, PROMPTS[index]))


async def _ask(client: Client, text: str) -> float:
    """From sending the message to its first text, in seconds; reads the stream to its end."""
    message = Message(message_id=str(uuid.uuid4()), role=Role.ROLE_USER, parts=[Part(text=text)])
    begun = time.perf_counter()
    first = 0.0
    async for event in client.send_message(SendMessageRequest(message=message)):
        if not first and event.HasField("artifact_update"):
            first = time.perf_counter() - begun
    if not first:
        raise RuntimeError("the agent said nothing")
    return first


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
