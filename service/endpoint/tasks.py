"""Where tasks are kept, as the A2A SDK keeps them; they are written together with the turns that they show."""

from __future__ import annotations

from collections.abc import Collection

from a2a.server.context import ServerCallContext
from a2a.server.tasks import DatabaseTaskStore
from a2a.types import ListTasksRequest, ListTasksResponse, Task
from a2a.utils.constants import DEFAULT_LIST_TASKS_PAGE_SIZE
from a2a.utils.errors import InvalidParamsError
from a2a.utils.task import decode_list_tasks_cursor
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.endpoint.owner import owner_of
from service.endpoint.storable import is_id
from service.sessions.database import one_of, upsert
from service.sessions.writes import Statement
from service.to_the_end import to_the_end


class Tasks(DatabaseTaskStore):
    """The SDK's table and queries. What is written goes through `Writes`: see `row`."""

    def __init__(self, database: AsyncEngine) -> None:
        super().__init__(database, create_table=False, owner_resolver=owner_of)

    def row(self, task: Task, owner: str) -> Statement:
        """Writes the task as it is now."""
        mapper = inspect(self.task_model)
        row = self._to_orm(task, owner)
        values = {each.columns[0].key: getattr(row, each.key) for each in mapper.column_attrs}
        return upsert(self.engine, mapper.local_table), [values]

    async def get(self, task_id: str, context: ServerCallContext) -> Task | None:
        if not is_id(task_id):
            return None
        return await to_the_end(super().get(task_id, context))

    async def list(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """Raises InvalidParamsError for a position or a time that there is not."""
        try:
            params.status_timestamp_after.ToDatetime()
        except (ValueError, OverflowError):
            raise InvalidParamsError("statusTimestampAfter is not a time of this calendar") from None
        if params.page_token and not self._is_position(params.page_token):
            raise InvalidParamsError("pageToken is none that this agent has given")
        if params.context_id and not is_id(params.context_id):
            return ListTasksResponse(page_size=params.page_size or DEFAULT_LIST_TASKS_PAGE_SIZE)
        return await to_the_end(super().list(params, context))

    def _is_position(self, page_token: str) -> bool:
        try:
            cursor = decode_list_tasks_cursor(page_token)
            if cursor is None or not is_id(cursor.task_id):
                return False
            self._after_cursor(cursor)
        except (ValueError, OverflowError, InvalidParamsError):  # the time in it
            return False
        return True

    async def read_within(self, connection: AsyncConnection, task_id: str) -> tuple[Task, str]:
        """A task that there is, with its owner, as a transaction that is under way sees it."""
        async with self.async_session_maker(bind=connection) as session:
            row = await session.get_one(self.task_model, task_id)
            return self._from_orm(row), row.owner

    async def read(self, task_ids: Collection[str]) -> dict[str, tuple[Task, str]]:
        """Those of the tasks that there are, whoever owns them, with their owners."""
        return await to_the_end(self._read(task_ids))

    async def _read(self, task_ids: Collection[str]) -> dict[str, tuple[Task, str]]:
        async with self.async_session_maker() as session:
            these = one_of(self.engine, inspect(self.task_model).local_table.c.id, task_ids)
            rows = await session.scalars(select(self.task_model).where(these))
            return {row.id: (self._from_orm(row), row.owner) for row in rows}
