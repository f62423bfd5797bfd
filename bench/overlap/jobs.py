"""The tool of every contender: it takes its time and has a result that cannot be guessed."""

from __future__ import annotations

import asyncio
from zlib import crc32


async def run_job(job: str, seconds: float, using: str = "") -> str:
    """Runs a job and says what it gave.

    job: Its name.
    seconds: How long it takes.
    using: What the job before it gave.
    """
    await asyncio.sleep(seconds)
    return f"{job} gave {value(job, seconds, using)}"


def value(job: str, seconds: float, using: str = "") -> str:
    """What a job gives."""
    return f"{crc32(f'{job} {seconds} {using}'.encode()) % 0x10000:04x}"
