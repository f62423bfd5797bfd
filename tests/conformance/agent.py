"""An agent that does what conformance kits want to see: the messageId's beginning says what.

The prefixes are those that the official kit, a2a-tck, has its agents know. Every message gets a task: the prefix that
wants a bare message for an answer is not among them, since a turn that is stored is a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from a2a.types import Artifact, Part, TaskState, TaskStatus
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Value

from service.endpoint.agent import Outcome
from service.endpoint.log import Log
from service.messages import Question
from service.sessions.turns import Held
from service.transcript import Transcript
from service.usage import NOTHING, Usage

_LONG_SECONDS = 4.0
"""As long as the kit wants a task to last that it subscribes to."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done about a message: pieces of one artifact, a while of nothing, an end."""

    state: TaskState = TaskState.TASK_STATE_COMPLETED
    text: str = ""
    pieces: Sequence[Part] = ()
    seconds: float = 0.0


def _text(text: str) -> Part:
    return Part(text=text, media_type="text/plain")


def _data() -> Part:
    return Part(data=ParseDict({"key": "value", "count": 42}, Value()), media_type="application/json")


_FILE = Part(raw=b"output", filename="output.txt", media_type="text/plain")
_LINK = Part(url="https://example.com/output.txt", filename="output.txt", media_type="text/plain")

SCENES = {
    "tck-complete-task": Scene(text="Hello from TCK"),
    "tck-artifact-text": Scene(pieces=[_text("Generated text content")]),
    "tck-artifact-file": Scene(pieces=[_FILE]),
    "tck-artifact-file-url": Scene(pieces=[_LINK]),
    "tck-artifact-data": Scene(pieces=[_data()]),
    "tck-input-required": Scene(TaskState.TASK_STATE_INPUT_REQUIRED, "What else?"),
    "tck-auth-required": Scene(TaskState.TASK_STATE_AUTH_REQUIRED, "Log in first."),
    "tck-reject-task": Scene(TaskState.TASK_STATE_REJECTED, "rejected"),
    "tck-fail-task": Scene(TaskState.TASK_STATE_FAILED, "failed"),
    "tck-stream-001": Scene(pieces=[_text("Stream hello from TCK")]),
    "tck-stream-002": Scene(),
    "tck-stream-003": Scene(pieces=[_text("Stream task lifecycle")]),
    "tck-stream-ordering-001": Scene(pieces=[_text("Ordered output")]),
    "tck-stream-artifact-text": Scene(pieces=[_text("Streamed text content")]),
    "tck-stream-artifact-file": Scene(pieces=[_FILE]),
    "tck-stream-artifact-chunked": Scene(pieces=[_text("chunk-1 "), _text("chunk-2")]),
    "test-resubscribe-message-id": Scene(seconds=_LONG_SECONDS),
}
"""By how a messageId begins; the longest that fits counts."""
_ANY = Scene(text="Done.")


class ConformanceAgent:
    def check(self, past: Transcript, text: str) -> None:
        """There is room for everything."""

    async def turn(self, held: Held, log: Log, let_go: Callable[[], bool]) -> Outcome:
        scene = _scene(log.task.history[-1].message_id)
        log.tell_status(TaskStatus(state=TaskState.TASK_STATE_WORKING))
        await asyncio.sleep(scene.seconds)
        for number, piece in enumerate(scene.pieces):
            log.tell_artifact(Artifact(artifact_id="answer", name="answer", parts=[piece]), append=number > 0)
        questions: tuple[Question, ...] = ()
        if scene.state in (TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED):
            questions = (Question("c0", scene.text),)
        return Outcome(scene.state, scene.text, questions=questions)

    async def give_up(self, held: Held) -> None:
        """There is nothing left elsewhere."""

    async def took(self, held: Held) -> Usage:
        return NOTHING


def _scene(message_id: str) -> Scene:
    fitting = [prefix for prefix in SCENES if message_id.startswith(prefix)]
    return SCENES[max(fitting, key=len)] if fitting else _ANY
