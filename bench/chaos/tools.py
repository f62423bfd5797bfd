"""Tools with effects outside of the database: a ledger that is only appended to, and a folder of what is reserved."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from service.tools.base import CallKey


class Once:
    """What is done twice is there twice."""

    def __init__(self, folder: str) -> None:
        self._ledger = Path(folder) / "ledger"

    async def pay(self, amount: int, milliseconds: int, key: CallKey) -> str:
        """Pays an amount."""
        await asyncio.sleep(milliseconds / 2000)
        append(self._ledger, f"{key} {amount}")
        await asyncio.sleep(milliseconds / 2000)
        return f"paid {amount}"


class Keyed:
    """What is done again under the same key changes nothing."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) / "reserved"
        self._attempts = Path(folder) / "attempts"

    def reserve(self, amount: int, milliseconds: int, key: CallKey) -> str:
        """Reserves an amount."""
        time.sleep(milliseconds / 2000)
        append(self._attempts, f"{key} {amount}")
        path = self._folder / key.replace("/", ".")
        if not path.exists():
            path.write_text(str(amount))
        time.sleep(milliseconds / 2000)
        return f"reserved {path.read_text()}"


class ApprovedOnce:
    """As `Once`, for an agent that asks before."""

    def __init__(self, folder: str) -> None:
        self._once = Once(folder)

    async def wire(self, amount: int, milliseconds: int, key: CallKey) -> str:
        """Wires an amount."""
        return (await self._once.pay(amount, milliseconds, key)).replace("paid", "wired")


class ApprovedKeyed:
    """As `Keyed`, for an agent that asks before."""

    def __init__(self, folder: str) -> None:
        self._keyed = Keyed(folder)

    def book(self, amount: int, milliseconds: int, key: CallKey) -> str:
        """Books an amount."""
        return self._keyed.reserve(amount, milliseconds, key).replace("reserved", "booked")


def append(path: Path, line: str) -> None:
    """In one piece, whoever else appends."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)
