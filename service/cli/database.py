"""`innerloop db`: the database of an agent's conversations, its version and its backup."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy.engine import make_url

from service.cli.machine import read_machine
from service.errors import ConfigError
from service.sessions.backup import back_up
from service.sessions.database import agent_database, database_file, database_version, sole_use, upgrade_database
from service.sessions.schema import OURS

_WAIT_SECONDS = 10.0


def upgrade(agent: Path | None) -> int:
    """Brings the database to this program's version and says what was done. Raises ConfigError if it cannot be done."""
    url = _url(agent)
    before = after = asyncio.run(database_version(url))
    if before.revision < OURS.head:  # else whoever serves it need not end for this
        with sole_use(url, _WAIT_SECONDS):
            before, after = asyncio.run(upgrade_database(url))
    if before == after:
        later = f", later than this program's {OURS.head}" if after.revision > OURS.head else ""
        print(f"{_shown(url)} has version {after.revision}{later}: nothing to do")
    elif before.revision:
        print(f"{_shown(url)} was upgraded from version {before.revision} to {after.revision}")
        if after.oldest > before.revision:
            print(f"programs before {after.oldest} cannot work with it any more")
    else:
        print(f"{_shown(url)} was made, with version {after.revision}")
    return 0


def current(agent: Path | None) -> int:
    """Says which version the database has, and which this program.

    Returns 0 if the program can work with it as it is, and 1 if not. Raises ConfigError if it cannot be read.
    """
    url = _url(agent)
    version = asyncio.run(database_version(url))
    print(f"database  {_shown(url)}")
    print(f"version   {version.revision or 'none: it has no tables yet'}")
    print(f"program   {OURS.head}")
    if version.revision < OURS.head:
        print("`innerloop db upgrade` brings it to the program's version")
        if version.revision and version.revision < OURS.oldest:
            print(f"programs before {OURS.oldest} cannot work with it then")
        return 1
    if version.oldest > OURS.head:
        print(f"programs before {version.oldest} cannot work with it")
        return 1
    return 0


def backup(agent: Path | None, to: Path) -> int:
    """Copies a SQLite database. Raises ConfigError for any other, or if it cannot be done."""
    url = _url(agent)
    file = database_file(url)
    if file is None:
        raise ConfigError(f"{_shown(url)} is no SQLite file; PostgreSQL is backed up by pg_dump")
    back_up(file, to)
    print(to)
    return 0


def _url(agent: Path | None) -> str:
    machine = read_machine()
    if agent is None and machine.database is None:
        raise ConfigError("which agent's database? name its folder, or set INNERLOOP_DATABASE")
    return agent_database(machine.database, machine.data, agent.name if agent else "")


def _shown(url: str) -> str:
    """Without the password."""
    return make_url(url).render_as_string()
