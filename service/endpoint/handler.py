"""The SDK's request handler, with the last word on what callers see of our failures."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from a2a.server.context import ServerCallContext
from a2a.server.events import Event
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from a2a.utils.errors import A2AError, InternalError, TaskNotCancelableError

logger = logging.getLogger(__name__)


class Handler(DefaultRequestHandler):
    """Lets the protocol's errors through; of anything else, the SDK would tell callers the exception's own text."""

    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        with _plain_errors():
            task: Task | None = await super().on_get_task(params, context)
            return task

    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        with _plain_errors():
            page: ListTasksResponse = await super().on_list_tasks(params, context)
            return page

    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task | None:
        with _plain_errors():
            task: Task | None = await super().on_cancel_task(params, context)
            if task is not None and task.status.state != TaskState.TASK_STATE_CANCELED:
                raise TaskNotCancelableError  # it ended by itself in the meantime
            return task

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Message | Task:
        with _plain_errors():
            answer: Message | Task = await super().on_message_send(params, context)
            return answer

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        with _plain_errors():
            async with aclosing(super().on_message_send_stream(params, context)) as events:
                async for event in events:
                    yield event

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        with _plain_errors():
            async with aclosing(super().on_subscribe_to_task(params, context)) as events:
                async for event in events:
                    yield event


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except A2AError:
        raise
    except Exception as error:
        logger.exception("a request failed")
        raise InternalError("this agent could not do that because of an error of its own") from error
