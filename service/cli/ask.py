"""`innerloop ask`: one message to an agent, its turn told as it happens."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from rich.console import Console
from rich.text import Text

from service.cli.story import Story, printable
from service.client import RemoteAgent, Reply, open_http
from service.events import Event, to_json


def run(url: str, text: str, context_id: str | None, as_json: bool) -> int:
    """0 if the task was completed, else 1. Raises ServiceError if it could not be asked for."""
    asking = ask_as_json(url, text, context_id) if as_json else ask_and_show(Console(), url, text, context_id)
    reply = asyncio.run(asking)
    return 0 if reply.completed else 1


async def ask_and_show(console: Console, url: str, text: str, context_id: str | None = None) -> Reply:
    """For people: events as lines, then the answer."""
    async with open_http() as http:
        with Story(console) as story:
            reply = await (await RemoteAgent.find(http, url)).ask(text, context_id, story.hear)
    console.print()
    if reply.text:
        console.print(Text("\n".join(map(printable, reply.text.splitlines())), style="bold"), soft_wrap=True)
    if reply.reason:
        console.print(Text(printable(reply.reason), style="red"), soft_wrap=True)
    end = f"{reply.state} in {story.seconds:.1f} s · context {printable(reply.context_id)}"
    console.print(Text(end, style="dim" if reply.completed else "red"), soft_wrap=True)
    return reply


async def ask_as_json(url: str, text: str, context_id: str | None) -> Reply:
    """For machines: each event as a line of JSON, as agents tell each other; the last has the kind `end`."""
    began = time.monotonic()
    async with open_http() as http:
        reply = await (await RemoteAgent.find(http, url)).ask(text, context_id, _write_event)
    _write(
        {
            "kind": "end",
            "state": reply.state,
            "text": reply.text,
            "reason": reply.reason,
            "context_id": reply.context_id,
            "seconds": round(time.monotonic() - began, 3),
        }
    )
    return reply


async def _write_event(event: Event) -> None:
    _write(to_json(event))


def _write(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False), file=sys.stdout, flush=True)
