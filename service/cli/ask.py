"""`innerloop ask`: one message to an agent, its turn told as it happens."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from importlib.metadata import version

from rich.console import Console
from rich.text import Text

from service.cli.story import Story, printable
from service.errors import ServiceError
from service.events import Event, to_json
from service.outbound.client import CredentialsWanted, RemoteAgent, Reply, open_http
from service.outbound.credentials import Credential
from service.telemetry.traces import exported


def run(
    url: str,
    text: str,
    context_id: str | None,
    task_id: str | None,
    as_json: bool,
    credential: Credential | None = None,
    *,
    direct: bool = False,
) -> int:
    """0 if the task was completed, 3 if it asks something, else 1; 130 if Ctrl-C has cancelled it.

    Raises ServiceError if it could not be asked for.
    """
    if credential:
        credential.check()
    try:
        with exported("innerloop-ask", version("innerloop")):
            if as_json:
                reply = asyncio.run(ask_as_json(url, text, context_id, task_id, credential, direct=direct))
            else:
                asking = ask_and_show(Console(), url, text, context_id, task_id, credential, direct=direct)
                reply = asyncio.run(asking)
    except CredentialsWanted as error:
        if credential:
            raise
        raise ServiceError(f"{error}: --token-file, and --token-header for an API key, show them") from error
    except KeyboardInterrupt:
        print("\ninterrupted; what was done until then stays done", file=sys.stderr)
        return 130
    return 0 if reply.completed else 3 if reply.asks else 1


async def ask_and_show(
    console: Console,
    url: str,
    text: str,
    context_id: str | None = None,
    task_id: str | None = None,
    credential: Credential | None = None,
    *,
    direct: bool = False,
) -> Reply:
    """For people: events as lines, then the answer."""
    async with open_http(auth=credential) as http:
        with Story(console) as story:
            agent = await RemoteAgent.find(http, url, direct=direct)
            reply = await agent.ask(text, context_id, story.hear, task_id=task_id)
    console.print()
    if reply.text:
        console.print(Text("\n".join(map(printable, reply.text.splitlines())), style="bold"), soft_wrap=True)
    if reply.reason:
        console.print(Text(printable(reply.reason), style="bold" if reply.asks else "red"), soft_wrap=True)
    if reply.asks:
        again = f'innerloop ask {url} "..." --task {printable(reply.task_id)}{" --direct" * direct}'
        console.print(f"answer with: {again}", soft_wrap=True)
    end = [f"{reply.state} in {story.seconds:.1f} s"]
    end += [f"{reply.usage.output} tokens"] * bool(reply.usage)
    end += [f"{story.splices} splice{'s' * (story.splices > 1)}"] * bool(story.splices)
    end += [f"context {printable(reply.context_id)}"]
    console.print(Text(" · ".join(end), style="dim" if reply.completed or reply.asks else "red"), soft_wrap=True)
    return reply


async def ask_as_json(
    url: str,
    text: str,
    context_id: str | None,
    task_id: str | None = None,
    credential: Credential | None = None,
    *,
    direct: bool = False,
) -> Reply:
    """For machines: each event as a line of JSON, as agents tell each other; the last has the kind `end`."""
    began = time.monotonic()
    async with open_http(auth=credential) as http:
        agent = await RemoteAgent.find(http, url, direct=direct)
        reply = await agent.ask(text, context_id, _write_event, task_id=task_id)
    _write(
        {
            "kind": "end",
            "state": reply.state,
            "text": reply.text,
            "reason": reply.reason,
            "context_id": reply.context_id,
            "task_id": reply.task_id,
            "usage": reply.usage.model_dump(mode="json"),
            "seconds": round(time.monotonic() - began, 3),
        }
    )
    return reply


async def _write_event(event: Event) -> None:
    _write(to_json(event))


def _write(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False), file=sys.stdout, flush=True)
