# The SDK that is installed beside this service has other names.
# mypy: ignore-errors
"""The client of a2a-sdk 0.3.26, for a Python that has it: `python legacy_client.py URL TRANSPORT`.

Sends a message, streams another, follows and cancels a third; prints what it heard as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any

import grpc.aio
import httpx
from a2a import client, types


def say(text: str) -> Any:
    part = types.Part(root=types.TextPart(text=text))
    return types.Message(message_id=str(uuid.uuid4()), role=types.Role.user, parts=[part])


def text_of(task: Any) -> str:
    return "".join(part.root.text for artifact in task.artifacts or [] for part in artifact.parts)


async def main(url: str, transport: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=30) as http:
        card = await client.A2ACardResolver(http, url).get_agent_card()

        def connect(**config: Any) -> Any:
            bindings = [types.TransportProtocol(transport)]
            channels = grpc.aio.insecure_channel
            factory = client.ClientFactory(
                client.ClientConfig(
                    httpx_client=http,
                    grpc_channel_factory=channels,
                    supported_transports=bindings,
                    use_client_preference=True,
                    **config,
                )
            )
            return factory.create(card)

        unary, streaming = connect(streaming=False), connect()
        ((sent, _),) = [event async for event in unary.send_message(say("one"))]
        got = await unary.get_task(types.TaskQueryParams(id=sent.id))
        heard = [task async for task, _ in streaming.send_message(say("two"))]
        begun, _ = await anext(streaming.send_message(say("hold")))
        following = streaming.resubscribe(types.TaskIdParams(id=begun.id))
        again, _ = await anext(following)
        cancelled = await unary.cancel_task(types.TaskIdParams(id=begun.id))
        rest = [task async for task, _ in following]
        return {
            "sent": [sent.status.state.value, text_of(sent)],
            "got": [got.status.state.value, text_of(got)],
            "streamed": [len(heard) > 1, heard[-1].status.state.value, text_of(heard[-1])],
            "followed": [again.id == begun.id, cancelled.status.state.value, rest[-1].status.state.value],
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
