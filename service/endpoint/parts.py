"""Messages read as text, and text and events written as parts."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable

from a2a.types import Message, Part, Role
from a2a.utils.errors import ContentTypeNotSupportedError, InvalidParamsError
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Value

from service import extension
from service.endpoint.storable import storable
from service.events import Event

logger = logging.getLogger(__name__)


def read_text(message: Message, limit: int) -> str:
    """What the user says: the message's text parts, one paragraph each.

    Raises ContentTypeNotSupportedError for a part that is not text (it would be lost without a word), and
    InvalidParamsError for a message that is empty, longer than `limit` characters, or not from a user.
    """
    if message.role != Role.ROLE_USER:
        raise InvalidParamsError("message.role must be ROLE_USER")
    for part in message.parts:
        if not part.HasField("text") or not _is_text(part.media_type):
            kind = part.media_type or part.WhichOneof("content") or "empty"
            raise ContentTypeNotSupportedError(f"this agent reads text only; the message has a part of type {kind}")
    text = "\n".join(part.text for part in message.parts).strip()
    if not text:
        raise InvalidParamsError("the message has no text")
    if len(text) > limit:
        raise InvalidParamsError(f"the message has {len(text)} characters; at most {limit} are read")
    return text


def text_part(text: str) -> Part:
    """Something that this agent says: a model may write any character."""
    return Part(text=storable(text), media_type="text/plain")


def event_parts(events: Iterable[Event]) -> list[Part]:
    """Events as data parts of our extension, those left out that the wire cannot hold."""
    parts = []
    for event in events:
        try:
            data = ParseDict(extension.data_of(event), Value())
        except Exception:  # what a model or a peer wrote is no reason to stop telling
            logger.exception("an event cannot be told: %s", event.kind)
        else:
            parts.append(Part(data=data, media_type="application/json", metadata=extension.metadata_of(event)))
    return parts


def agent_message(
    task_id: str,
    context_id: str,
    parts: list[Part],
    extensions: list[str] | None = None,
    message_id: str | None = None,
) -> Message:
    """Something this agent says about a task."""
    return Message(
        message_id=message_id or str(uuid.uuid4()),
        role=Role.ROLE_AGENT,
        task_id=task_id,
        context_id=context_id,
        parts=parts,
        extensions=extensions,
    )


def _is_text(media_type: str) -> bool:
    return not media_type or media_type.startswith("text/")
