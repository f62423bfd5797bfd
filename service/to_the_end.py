"""What must not be abandoned half-way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def to_the_end(operation: Coroutine[Any, Any, T] | asyncio.Task[T]) -> T:
    """Lets an operation end before a cancellation goes on: half-way, a write would leave its database locked.

    However often it is cancelled. What the operation raises then is logged: nobody else hears of it.
    """
    task = asyncio.ensure_future(operation)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
    if cancelled is None:
        return task.result()
    if not task.cancelled() and (error := task.exception()):
        logger.error("what was to be done before a cancellation has failed", exc_info=error)
    raise cancelled
