"""A message as it was read: what a caller wants, in our words."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from a2a.server.context import ServerCallContext
from a2a.types import Message, Task, TaskState, TaskStatus
from a2a.utils.errors import InvalidParamsError
from google.protobuf.json_format import MessageToDict, SerializeToJsonError

from service import extension
from service.delegation import URI as DELEGATION
from service.delegation import Delegation
from service.endpoint.parts import read_text
from service.sessions.tables import ID_LENGTH


@dataclass(frozen=True, slots=True)
class Ask:
    """What is kept of a message until its turn."""

    text: str
    delegation: Delegation

    @classmethod
    def of(cls, message: Message, message_chars: int, agent: str) -> Ask:
        """Raises the protocol's errors for a message that the agent, whose URL it is given, does not read."""
        if message.context_id and (len(message.context_id) > ID_LENGTH or not message.context_id.isprintable()):
            raise InvalidParamsError(f"a contextId has at most {ID_LENGTH} printable characters")
        try:
            MessageToDict(message)  # with a number that JSON lacks in its metadata, its task could not be stored
            delegation = Delegation.of(message.metadata)
        except (ValueError, SerializeToJsonError) as error:
            raise InvalidParamsError(str(error)) from None
        text = read_text(message, message_chars)
        if why := delegation.refusal(agent):
            raise InvalidParamsError(why)
        return cls(text, delegation)

    def to_json(self) -> dict[str, Any]:
        delegation = self.delegation.to_json()
        return {"text": self.text} | ({"delegation": delegation} if delegation else {})


def digest(message: Message) -> str:
    """The same for the same message, sent once more, when less may be left of what it may cost."""
    said = Message()
    said.CopyFrom(message)
    said.metadata.fields.pop(DELEGATION, None)
    return hashlib.sha256(said.SerializeToString(deterministic=True)).hexdigest()


def wants_events(context: ServerCallContext) -> bool:
    """Whether the caller wants to hear of calls, not only read the answer."""
    return extension.URI in context.requested_extensions


def new_task(message: Message) -> Task:
    """The task that a message begins, which is named in it as in the protocol's history."""
    task = Task(
        id=str(uuid.uuid4()),
        context_id=message.context_id or str(uuid.uuid4()),
        status=TaskStatus(state=TaskState.TASK_STATE_SUBMITTED),
    )
    add_to_history(task, message)
    return task


def add_to_history(task: Task, message: Message) -> None:
    said = task.history.add()
    said.CopyFrom(message)
    said.task_id, said.context_id = task.id, task.context_id
    task.status.timestamp.GetCurrentTime()
