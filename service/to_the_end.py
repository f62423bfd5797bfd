"""What must not be abandoned half-way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(operation: Coroutine[Any, Any, T] | asyncio.Task[T]) -> T:
    """Lets an operation end before a cancellation goes on: half-way, a write would leave its database locked."""
    task = asyncio.ensure_future(operation)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
