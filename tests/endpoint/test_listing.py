"""Tasks are listed by indexes: what a page costs does not grow with what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from a2a.auth.user import UnauthenticatedUser
from a2a.server.context import ServerCallContext
from a2a.types import ListTasksRequest
from sqlalchemy import event, text

from service.endpoint.owner import owner_of
from service.endpoint.tasks import Tasks
from service.sessions.database import open_database

FILL = """
INSERT INTO tasks (id, context_id, kind, owner, last_updated, status, protocol_version)
SELECT n::text, (n / 5)::text, 'task', :owner, now()::timestamp + n * interval '1 s', '{}', '1.0'
FROM generate_series(1, 5000) AS n
"""


@pytest.mark.parametrize(
    ("asked", "index"),
    [(ListTasksRequest(), "tasks_in_order"), (ListTasksRequest(context_id="7"), "tasks_by_context")],
)
async def test_a_page_is_found_by_an_index(
    asked: ListTasksRequest, index: str, new_postgres: Callable[[], str]
) -> None:
    """If this fails, a new A2A SDK may sort them in another way."""
    context, plans = ServerCallContext(user=UnauthenticatedUser()), []

    def explain(connection: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        if "ORDER BY" in statement:
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plans.append(str(cursor.fetchall()))

    async with open_database(new_postgres()) as database:
        async with database.begin() as connection:
            await connection.execute(text(FILL), {"owner": owner_of(context)})
            await connection.execute(text("ANALYZE tasks"))
        event.listen(database.sync_engine, "before_cursor_execute", explain)
        await Tasks(database).list(asked, context)
    (plan,) = plans
    assert f"using {index}" in plan or f"on {index}" in plan
    assert "Seq Scan" not in plan
