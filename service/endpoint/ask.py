"""A message as it was read: what a caller wants, in our words."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from a2a.server.context import ServerCallContext
from a2a.types import Message, Task, TaskState, TaskStatus
from a2a.utils.errors import InvalidParamsError, TaskNotFoundError

from service import extension
from service.delegation import URI as DELEGATION
from service.delegation import Delegation
from service.endpoint.parts import read_text
from service.endpoint.storable import check_storable, is_id
from service.sessions.tables import ID_LENGTH
from service.sessions.turns import TRACE
from service.telemetry import traces


@dataclass(frozen=True, slots=True)
class Ask:
    """What is kept of a message until its turn."""

    text: str
    delegation: Delegation
    trace: traces.Carrier
    question: str | None = None
    """Which it answers, if it says so."""

    @classmethod
    def of(cls, message: Message, message_chars: int) -> Ask:
        """Raises the protocol's errors for a message that cannot be read."""
        if message.task_id and not is_id(message.task_id):
            raise TaskNotFoundError("there is no task with such an id")
        if message.context_id and not is_id(message.context_id):
            raise InvalidParamsError(f"message.contextId: a contextId has at most {ID_LENGTH} printable characters")
        if not message.message_id.isprintable():
            raise InvalidParamsError("message.messageId has characters that cannot be printed")
        check_storable(message, "message")
        try:
            delegation, question = Delegation.of(message.metadata), extension.answered_question(message.metadata)
        except ValueError as error:
            raise InvalidParamsError(str(error)) from None
        return cls(read_text(message, message_chars), delegation, traces.kept(), question)

    def to_json(self) -> dict[str, Any]:
        delegation = self.delegation.to_json()
        kept = {"delegation": delegation, TRACE: self.trace}
        return {"text": self.text} | {name: value for name, value in kept.items() if value}


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
