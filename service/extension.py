"""The A2A extension by which an agent tells what happens inside its turn, and how its events look on the wire.

A client that names `URI` in its `A2A-Extensions` header hears, beside the answer's text, every call that starts and
ends, when the model waits and when results come in, and what happens inside calls to other agents. Each event is one
data part of a WORKING status update, of the form in `extension.schema.json`. The end says what the turn took.
"""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.struct_pb2 import Struct, Value
from pydantic import ValidationError

from service.events import CallFinished, CallStarted, Event, to_json
from service.usage import NOTHING, Usage

URI = "https://innerloop.dev/extensions/events/v1"


def data_of(event: Event) -> dict[str, Any]:
    """The event as a data part. Calls and results also carry the fields that readers of `adk_type` look for."""
    data = to_json(event)
    if isinstance(event, CallStarted):
        data |= {"id": event.call_id, "name": event.tool, "args": _arguments(event.arguments)}
    elif isinstance(event, CallFinished):
        outcome = "error" if event.is_error else "result"
        data |= {"id": event.call_id, "name": event.tool, "response": {outcome: event.text}}
    return data


def metadata_of(event: Event) -> dict[str, str]:
    """The part's metadata: what the most widely read clients know such a part by."""
    if isinstance(event, CallStarted):
        return {"adk_type": "function_call"}
    if isinstance(event, CallFinished):
        return {"adk_type": "function_response"}
    return {}


def task_metadata(stop: str, usage: Usage) -> dict[str, Any]:
    """Of a task that has ended: why its turn stopped, and what it took."""
    return {URI: {"stop": stop, "usage": usage.model_dump()}}


def usage_of(metadata: Struct) -> Usage:
    """What an agent says that its task took; nothing if it says none that makes sense."""
    ours = metadata.fields.get(URI, Value()).struct_value.fields.get("usage", Value())
    try:
        return Usage.model_validate(MessageToDict(ours.struct_value))
    except (ValidationError, SerializeToJsonError):
        return NOTHING


def _arguments(text: str) -> dict[str, Any]:
    """As an object; empty if it is none or holds what the wire cannot: half a character, a number beyond a double."""
    try:
        arguments = json.loads(text, parse_int=_integer)
        json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) and _depth(arguments) <= _DEPTH else {}


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"{len(digits)} digits")
    return int(digits)


_DEPTH = 32
"""Of arguments: protocol buffers read 100 levels, of which agents that ask each other take some."""
_DIGITS = 300
