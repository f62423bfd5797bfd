"""The protocol's operations. What is refused is refused before anything is stored, with the protocol's own error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Set
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, contextmanager, suppress

from a2a.server.context import ServerCallContext
from a2a.server.events import Event
from a2a.server.request_handlers import RequestHandler
from a2a.server.request_handlers.request_handler import validate_request_params
from a2a.types import (
    AgentCard,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import (
    A2AError,
    ExtensionSupportRequiredError,
    InternalError,
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.task import apply_history_length, validate_history_length, validate_page_size

from service.endpoint.admission import Busy
from service.endpoint.agent import Agent
from service.endpoint.ask import Ask, add_to_history, digest, new_task
from service.endpoint.configs import Configs
from service.endpoint.log import Log
from service.endpoint.owner import conversation_key, owner_of, quota_key
from service.endpoint.shown import Shown
from service.endpoint.storage import Step, Storage
from service.endpoint.traced import name_operation, note_refusal, note_task
from service.endpoint.turning_away import note_busy
from service.endpoint.worker import Worker
from service.errors import ContextFull
from service.plain import one_line
from service.sessions.outages import is_outage, log_failure
from service.sessions.tables import ID_LENGTH
from service.sessions.turns import Accepted, NotAsked, Seen, message_key
from service.sessions.writes import Statement
from service.task_states import INTERRUPTED, TERMINAL
from service.telemetry.logs import BOUNDED, fields
from service.transcript import Transcript

logger = logging.getLogger(__name__)

_LOOK_AGAIN_SECONDS = 0.1


class Handler(RequestHandler):
    """In place of the SDK's own, whose turns live in the request that began them, and with its process."""

    def __init__(
        self,
        agent: Agent,
        storage: Storage,
        worker: Worker,
        configs: Configs,
        *,
        url: str,
        extended_card: Callable[[], AgentCard],
        message_chars: int,
        required: Set[str] = frozenset(),
    ) -> None:
        """`url` is where the agent's card is found; the extended one is made when it is asked for.

        Messages have at most `message_chars`, from callers who say that they know the `required` extensions.
        """
        self._agent = agent
        self._storage = storage
        self._worker = worker
        self._configs = configs
        self._shown = Shown(storage.timelines)
        self._logs = worker.logs
        self._url = url
        self._extended_card = extended_card
        self._message_chars = message_chars
        self._required = required

    @validate_request_params
    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Message | Task:
        with _operation("SendMessage"):
            async with self._accepted(params, context) as log:
                if not params.configuration.return_immediately:
                    await log.wait()
                return apply_history_length(await self._shown.task(log.snapshot(), context), params.configuration)

    @validate_request_params
    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        with _operation("SendStreamingMessage"):
            async with self._accepted(params, context) as log, aclosing(self._shown.follow(log, context)) as events:
                async for event in events:
                    yield apply_history_length(event, params.configuration) if isinstance(event, Task) else event

    @validate_request_params
    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        with _operation("SubscribeToTask"):
            task = await self._task(params.id, context)
            if task.status.state in TERMINAL:
                raise UnsupportedOperationError(f"task {task.id} has ended: {_name(task)}; read it instead")
            with await self._held(task, owner_of(context)) as log:
                # Also while it rests: whoever answers may be somebody else.
                async with aclosing(self._shown.follow(log, context, TERMINAL)) as events:
                    async for event in events:
                        yield event

    @validate_request_params
    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        with _operation("GetTask"):
            validate_history_length(params)
            task = await self._shown.task(await self._task(params.id, context), context)
            return apply_history_length(task, params)

    @validate_request_params
    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        with _operation("ListTasks"):
            validate_history_length(params)
            if params.status not in TaskState.values():
                raise InvalidParamsError("tasks have no such status")
            if params.HasField("page_size"):
                validate_page_size(params.page_size)
            page = await self._storage.tasks.list(params, context)
            self._shown.listed(page.tasks, context)
            for task in page.tasks:
                if not params.include_artifacts:
                    task.ClearField("artifacts")
                task.CopyFrom(apply_history_length(task, params))
            return page

    @validate_request_params
    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task | None:
        with _operation("CancelTask"):
            task, owner = await self._task(params.id, context), owner_of(context)
            if task.status.state in TERMINAL:
                raise TaskNotCancelableError
            with await self._held(task, owner) as log:
                end = Step(self._storage, task.id, _cancelled, self._storage.webhooks.owed(task.id))
                if await self._storage.turns.cancel(task.id, end):  # nobody held it
                    self._worker.ends.ended("canceled")
                    await self._storage.tell_events(log)
                    log.catch_up(end.task)
                while not log.ended:  # until its worker has told of it, whichever process that is in
                    self._worker.cancel(task.id)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(log.wait(TERMINAL), _LOOK_AGAIN_SECONDS)
                if log.closed and log.task.status.state not in TERMINAL:  # whoever goes on with it will end it
                    raise InternalError("this agent is being restarted: ask again")
                if log.task.status.state != TaskState.TASK_STATE_CANCELED:
                    raise TaskNotCancelableError  # it ended by itself in the meantime
                return await self._shown.task(log.snapshot(), context)

    @validate_request_params
    async def on_create_task_push_notification_config(
        self, params: TaskPushNotificationConfig, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        with _operation("CreateTaskPushNotificationConfig"):
            task = await self._task(params.task_id, context)
            return await self._configs.create(task.id, params, context)

    @validate_request_params
    async def on_get_task_push_notification_config(
        self, params: GetTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        with _operation("GetTaskPushNotificationConfig"):
            task = await self._task(params.task_id, context)
            return await self._configs.get(task.id, params.id)

    @validate_request_params
    async def on_list_task_push_notification_configs(
        self, params: ListTaskPushNotificationConfigsRequest, context: ServerCallContext
    ) -> ListTaskPushNotificationConfigsResponse:
        with _operation("ListTaskPushNotificationConfigs"):
            await self._task(params.task_id, context)
            return await self._configs.list(params)

    @validate_request_params
    async def on_delete_task_push_notification_config(
        self, params: DeleteTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> None:
        with _operation("DeleteTaskPushNotificationConfig"):
            task = await self._task(params.task_id, context)
            await self._configs.delete(task.id, params.id)

    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        """For those only who have said who they are. Where nobody can, there is none."""
        if not context.user.is_authenticated:
            raise UnsupportedOperationError("this agent has no extended card")
        with _operation("GetExtendedAgentCard"):
            return self._extended_card()

    @asynccontextmanager
    async def _accepted(self, params: SendMessageRequest, context: ServerCallContext) -> AsyncIterator[Log]:
        """The log of the message's task. Once this is open, the message cannot be lost.

        A message that was accepted before has the task that it had.
        """
        context.tenant = context.tenant or params.tenant  # over HTTP+JSON the SDK sees only the path
        message, owner = params.message, owner_of(context)
        if missing := self._required - context.requested_extensions:
            raise ExtensionSupportRequiredError(f"this agent wants its callers to know {', '.join(sorted(missing))}")
        validate_history_length(params.configuration)
        ask = Ask.of(message, self._message_chars)
        key, said = message_key(owner, message.message_id), digest(message)
        tells = params.configuration.HasField("task_push_notification_config")
        config = params.configuration.task_push_notification_config if tells else None
        # Who names a task or a context may have said this before, and that may be why it would be refused now.
        named = message.task_id or message.context_id
        refusal = ask.delegation.refusal(self._url)
        seen = await self._storage.turns.find(key) if named or refusal else None
        if seen is None:
            if refusal:
                raise InvalidParamsError(refusal)
            stored = await self._asked_task(message, context) if message.task_id else None
            task = stored or new_task(message)
            conversation = conversation_key(owner, task.context_id)
            await self._check_room(conversation, ask, begins=not named)
            accepted = Accepted(task.id, conversation, key, said, quota_key(context), ask.to_json())
            also = [await self._configs.to_store(task.id, config, context)] if config else []
            if stored and also:  # that may have taken long
                task = await self._asked_task(message, context)
            with await self._held(task, owner) as log:
                if stored:
                    step = Step(self._storage, task.id, lambda asking: _answered(asking, message), *also)
                    seen = await self._answer(accepted, ask, step)
                    if seen is None and log.task.status.state in INTERRUPTED:  # else it has gone on already
                        log.catch_up(step.task)
                else:
                    seen = await self._accept(accepted, task, owner, context, *also, begins=not named)
                if seen is None:
                    note_task(log.task)
                    yield log
                    return
        task = await self._seen_task(seen, said, context)
        if config:
            await self._configs.create(task.id, config, context)
            task = await self._task(task.id, context)
        with await self._held(task, owner) as log:
            yield log

    async def _held(self, task: Task, owner: str) -> AbstractContextManager[Log]:
        """The log of a task that was read, in which those who follow it have heard of all that came before that."""
        if known := self._logs.get(task.id):
            await self._storage.tell_events(known)
        return self._logs.hold(task, owner)

    async def _check_room(self, conversation: str, ask: Ask, *, begins: bool) -> None:
        past = Transcript() if begins else await self._storage.conversation(conversation)
        try:
            self._agent.check(past, ask.text)
        except ContextFull as error:
            raise InvalidParamsError(f"the context is full: {error}") from None

    async def _asked_task(self, message: Message, context: ServerCallContext) -> Task:
        """The task that a message goes on with."""
        task = await self._task(message.task_id, context)
        if message.context_id and message.context_id != task.context_id:
            raise InvalidParamsError(f"task {task.id} is in another context than {message.context_id}")
        if task.status.state not in INTERRUPTED:
            raise UnsupportedOperationError(
                f"task {task.id} takes no messages in {_name(task)}; send it without taskId in the same contextId"
            )
        return task

    async def _accept(
        self, accepted: Accepted, task: Task, owner: str, context: ServerCallContext, *also: Statement, begins: bool
    ) -> Seen | None:
        try:
            return await self._worker.accept(accepted, task, owner, *also, begins=begins)
        except Busy as busy:
            who = fields(caller=owner or None)  # where callers are told apart
            logger.warning("message refused: %s", busy.message, extra=BOUNDED | who)
            note_busy(context, busy)
            raise

    async def _answer(self, accepted: Accepted, ask: Ask, step: Step) -> Seen | None:
        task_id = accepted.turn_id
        try:
            return await self._worker.answer(accepted, ask.text, ask.question, step)
        except NotAsked:
            raise InvalidParamsError(f"task {task_id} does not ask {one_line(str(ask.question), ID_LENGTH)}") from None
        except LookupError:  # it has been answered, or has ended, in this moment
            raise UnsupportedOperationError(f"task {task_id} takes no messages any more") from None

    async def _seen_task(self, seen: Seen, said: str, context: ServerCallContext) -> Task:
        """The task of a message that was accepted before."""
        if seen.digest != said:
            raise InvalidParamsError("another message has this messageId already")
        return await self._task(seen.turn_id, context)

    async def _task(self, task_id: str, context: ServerCallContext) -> Task:
        """As it is now. A stranger's is not found."""
        log = self._worker.known(task_id)
        if log and log.owner == owner_of(context):
            note_task(log.task)
            return log.snapshot()
        task = await self._storage.tasks.get(task_id, context)
        if task is None:
            raise TaskNotFoundError(f"Task {one_line(task_id, ID_LENGTH)} not found")
        note_task(task)
        return task


def _answered(stored: Task, message: Message) -> Task:
    """A task once it has got the answer that it rests for."""
    task = _moved_on(stored, TaskState.TASK_STATE_SUBMITTED)
    add_to_history(task, message)
    return task


def _moved_on(stored: Task, state: TaskState) -> Task:
    """A task in its next state: what it asked is history."""
    task = Task()
    task.CopyFrom(stored)
    if stored.status.state in INTERRUPTED and task.status.HasField("message"):
        task.history.append(task.status.message)
    task.status.Clear()
    task.status.state = state
    return task


def _cancelled(stored: Task) -> Task:
    task = _moved_on(stored, TaskState.TASK_STATE_CANCELED)
    task.status.timestamp.GetCurrentTime()
    return task


def _name(task: Task) -> str:
    return TaskState.Name(task.status.state)


@contextmanager
def _operation(name: str) -> Iterator[None]:
    """What is done within is called so in traces.

    Lets the protocol's errors through; of anything else, callers would be told the exception's own text.
    """
    name_operation(name)
    try:
        yield
    except A2AError as error:
        note_refusal(error)
        if not isinstance(error, Busy):  # that is told already
            logger.info("%s refused: %s", name, type(error).__name__, extra=BOUNDED)
        raise
    except Exception as error:
        log_failure("a request failed", error)
        why = (
            "cannot do that now: try again" if is_outage(error) else "could not do that because of an error of its own"
        )
        raise InternalError(f"this agent {why}") from error
