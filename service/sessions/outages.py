"""A database that is away for a while is no reason to fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, TimeoutError

from service.telemetry.logs import BOUNDED, fields

T = TypeVar("T")
logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.2
_SQLSTATES = ("08", "25006", "25P03", "40", "53", "57")
"""How those begin that are no fault of what is written: a connection that is lost or was idle for too long, a server
that only reads since another one writes, a deadlock, a server that is full, going or coming."""


def is_outage(error: Exception) -> bool:
    """Of the database, not of what is written or asked."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, TimeoutError | OSError)
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return True
    state = sqlstate(error)
    # Without one it is the driver that is at a loss, over a connection that ended while it was used.
    return state.startswith(_SQLSTATES) or (not state and isinstance(error, InternalError))


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's code for what is wrong; empty if the server has not given one."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def log_failure(what: str, error: Exception, **ids: str) -> None:
    """Says in a line that the database is away, if that is why; of anything else also where it comes from.

    That line is told now and then only: `ids` are fields of it, since `what` is to be the same for all.
    """
    if is_outage(error):
        logger.warning("%s: the database is away: %s", what, error, extra=BOUNDED | fields(**ids))
    else:
        logger.error("%s", what, exc_info=error, extra=fields(**ids))


async def through_outages(operation: Callable[[], Awaitable[T]]) -> T:
    """What the operation returns or raises, once the database is there for it."""
    while True:
        try:
            return await operation()
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("the database is away: %s", error, extra=BOUNDED)
        await asyncio.sleep(PAUSE_SECONDS)
