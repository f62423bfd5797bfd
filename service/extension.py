"""The A2A extension by which an agent tells what happens inside its turn, and how its events look on the wire.

A client that names `URI` in its `A2A-Extensions` header hears, beside the answer's text, every call that starts and
ends, when the model waits and when results come in, and what happens inside calls to other agents. Each event is one
data part of a WORKING status update, of the form in `extension.schema.json`, and has its number in the task. A task
that such a client is given has a `Record` in its metadata under `URI`: the events so far, so that whoever was cut off
goes on after the last that it knows, and at the end what the turn took.

A message that answers what a task asks may have an `Answer` in its metadata under `URI`, which names the question. One
that names another than the task asks now is refused; without it, a message answers whatever is asked when it comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.struct_pb2 import Struct, Value
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.events import CallFinished, CallStarted, Event, event_schema, to_json
from service.usage import NOTHING, Usage

URI = "https://innerloop.dev/extensions/events/v1"


class Record(BaseModel):
    """What the metadata of a task have under the extension's URI. Nothing is said of what is not in it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    stop: str | None = None
    """Why the turn stopped, if it came to a stop by itself or by a limit."""
    usage: Usage | None = None
    """What it took, once it has ended; what it has taken so far, while it asks something."""
    events: Sequence[Annotated[Event, Field(discriminator="kind")]] = ()
    """What has happened, in order: of a task that is read, streamed, subscribed to or cancelled, not of a list."""


class Answer(BaseModel):
    """What the metadata of a message that answers a question may have under the extension's URI."""

    model_config = ConfigDict(frozen=True, strict=True, use_attribute_docstrings=True)

    answers: str = Field(min_length=1)
    """The messageId of the question: of the message in the status of the task that asks."""


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


def task_metadata(stop: str | None, usage: Usage) -> dict[str, Any]:
    """Of a task: why its turn stopped, if it has, and what it took."""
    record = Record(stop=stop, usage=usage)
    return {URI: record.model_dump(exclude_none=True, exclude={"events"})}


def answer_metadata(question: str) -> dict[str, Any]:
    """Of a message that answers this question."""
    return {URI: Answer(answers=question).model_dump()}


def answered_question(metadata: Struct) -> str | None:
    """The question that a message says it answers, if it does. Raises ValueError if it says so in another form."""
    if URI not in metadata.fields:
        return None
    try:
        return Answer.model_validate(MessageToDict(metadata.fields[URI])).answers
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f".{part}" for part in first["loc"])
        raise ValueError(f"metadata[{URI}]{where}: {first['msg']}") from None


def add_events(metadata: Struct, events: Iterable[Event]) -> None:
    """To a task's metadata, all that there are."""
    metadata.get_or_create_struct(URI).get_or_create_list("events").extend([_struct(event) for event in events])


def usage_of(metadata: Struct) -> Usage:
    """What an agent says that its task took; nothing if it says none that makes sense."""
    try:
        return Usage.model_validate(MessageToDict(_of(metadata, "usage").struct_value))
    except (ValidationError, SerializeToJsonError):
        return NOTHING


def events_of(metadata: Struct) -> Sequence[Value]:
    """What an agent says that has happened in its task so far, in the form of data parts."""
    return _of(metadata, "events").list_value.values


def json_schema() -> dict[str, Any]:
    """Of an event; and among its definitions, of a record and of an answer."""
    schema, record = event_schema(), Record.model_json_schema(mode="serialization")
    others = {"Record": record, "Answer": Answer.model_json_schema()}
    return schema | {"$defs": schema["$defs"] | record.pop("$defs") | others}


def _struct(event: Event) -> Struct:
    struct = Struct()
    struct.update(to_json(event))
    return struct


def _of(metadata: Struct, name: str) -> Value:
    return metadata.fields.get(URI, Value()).struct_value.fields.get(name, Value())


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
