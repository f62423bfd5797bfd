"""What is refused before a task exists, each with the protocol's own error."""

from __future__ import annotations

from a2a.server.agent_execution import RequestContextBuilder
from a2a.server.context import ServerCallContext
from a2a.types import SendMessageRequest, Task, TaskState
from a2a.utils.errors import InvalidParamsError, TaskNotFoundError, UnsupportedOperationError

from service.decode import DecodeLoop
from service.endpoint.ask import Ask, AskContext
from service.endpoint.tasks import Tasks
from service.errors import ContextFull
from service.messages import MAX_HOPS
from service.sessions.base import CONTEXT_ID_LENGTH, Sessions
from service.transcript import Transcript

_TAKES_MESSAGES = {TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED}


class Door(RequestContextBuilder):
    """Looks at every message before the SDK makes a task of it."""

    def __init__(self, tasks: Tasks, sessions: Sessions, loop: DecodeLoop, message_chars: int) -> None:
        self._tasks = tasks
        self._sessions = sessions
        self._loop = loop
        self._message_chars = message_chars

    async def build(
        self,
        context: ServerCallContext,
        params: SendMessageRequest | None = None,
        task_id: str | None = None,
        context_id: str | None = None,
        task: Task | None = None,
    ) -> AskContext:
        if task_id is not None:
            # The SDK would make up a new contextId where a client names only the task.
            context_id = (await self._open_task(task_id, context)).context_id
        if context_id is not None and (len(context_id) > CONTEXT_ID_LENGTH or not context_id.isprintable()):
            raise InvalidParamsError(f"a contextId has at most {CONTEXT_ID_LENGTH} printable characters")
        request = AskContext(context, params, task_id, context_id, task)
        # The SDK fills in the ids of what is new: only a context that the client named can have a past.
        request.ask = ask = Ask.of(request, context_id is None, self._message_chars)
        if (hops := ask.caller.hops) > MAX_HOPS:
            raise InvalidParamsError(
                f"this question has come through {hops} agents already: do agents ask each other in a circle?"
            )
        past = Transcript() if ask.begins else await self._sessions.read(ask.context_id)
        try:
            self._loop.ask(past, ask.text)
        except ContextFull as error:
            raise InvalidParamsError(f"the context is full: {error}") from None
        if task_id is None:
            self._tasks.expect(ask.task_id)
        return request

    async def _open_task(self, task_id: str, context: ServerCallContext) -> Task:
        task = await self._tasks.get(task_id, context)
        if task is None:
            raise TaskNotFoundError(f"Task {task_id} not found")
        if task.status.state not in _TAKES_MESSAGES:
            state = TaskState.Name(task.status.state)
            raise UnsupportedOperationError(
                f"task {task_id} takes no messages in {state}; send it without taskId in the same contextId"
            )
        return task
