"""A message as it was read at the door: what a caller wants, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from a2a.server.agent_execution import RequestContext
from a2a.types import Message
from a2a.utils.errors import InvalidParamsError
from google.protobuf.json_format import MessageToDict, SerializeToJsonError

from service import extension
from service.endpoint.parts import read_text
from service.messages import Caller


@dataclass(frozen=True, slots=True)
class Ask:
    """Made once for each message."""

    task_id: str
    context_id: str
    begins: bool
    """Whether the conversation begins with it: then nothing can be stored of it."""
    text: str
    caller: Caller
    with_events: bool
    """Whether the caller wants to hear of calls, not only read the answer."""
    message: Message
    """As it came, for the task's history."""

    @classmethod
    def of(cls, request: RequestContext, begins: bool, message_chars: int) -> Self:
        """Raises the protocol's errors for a message this agent does not read."""
        message, task_id, context_id = request.message, request.task_id, request.context_id
        assert message is not None
        assert task_id is not None
        assert context_id is not None
        try:
            hops = extension.hops_of(message.metadata)
            MessageToDict(message)  # with a number that JSON lacks in its metadata, its task could not be stored
        except (ValueError, SerializeToJsonError) as error:
            raise InvalidParamsError(str(error)) from None
        return cls(
            task_id,
            context_id,
            begins,
            read_text(message, message_chars),
            Caller(hops),
            extension.URI in request.requested_extensions,
            message,
        )


class AskContext(RequestContext):
    """The SDK's request with what was read in it, which it carries from the door to the executor."""

    ask: Ask
