"""`innerloop db`: the database of an agent's conversations, its version and its backup."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

from sqlalchemy.engine import make_url

from service.cli.machine import read_machine
from service.errors import ConfigError
from service.sessions.backup import back_up
from service.sessions.database import agent_database, database_file, database_version, sole_use, upgrade_database
from service.sessions.schema import OURS

_WAIT_SECONDS = 10.0


def upgrade(agent: Path | None) -> int:
    """Brings the database to this program's version and says what was done: of these commands, only this one makes one.

    Raises ConfigError if it cannot be done.
    """
    url = _url(agent)
    is_there = _is_there(url)
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
    elif is_there:
        print(f"{_shown(url)} had no tables: they were made, with version {after.revision}")
    else:
        print(f"there was no {_shown(url)}: it was made, with version {after.revision}")
    return 0


def current(agent: Path | None) -> int:
    """Says which version the database has, and which this program.

    Returns 0 if the program can work with it as it is, and 1 if not. Raises ConfigError if it cannot be read.
    """
    url = _url(agent)
    version = asyncio.run(database_version(url))
    none = "it has no tables yet" if _is_there(url) else "there is no such file"
    print(f"database  {_shown(url)}")
    print(f"version   {version.revision or f'none: {none}'}")
    print(f"program   {OURS.head}")
    if version.revision < OURS.head:
        command = shlex.join(["innerloop", "db", "upgrade", *([str(agent)] if agent else [])])
        print(f"`{command}` brings it there")
        if version.revision and version.revision < OURS.oldest:
            print(f"programs before {OURS.oldest} cannot work with it then")
        return 1
    if version.oldest > OURS.head:
        print(f"programs before {version.oldest} cannot work with it")
        return 1
    return 0


def backup(agent: Path | None, to: Path) -> int:
    """Copies a SQLite database, and says which, and to where. Raises ConfigError for any other, or if it cannot be."""
    url = _url(agent)
    file = database_file(url)
    if file is None:
        raise ConfigError(f"{_shown(url)} is no SQLite file; PostgreSQL is backed up by pg_dump")
    back_up(file, to)
    print(f"{_shown(url)} -> {to}")
    return 0


def _url(agent: Path | None) -> str:
    machine = read_machine()
    if machine.database:
        return machine.database
    if agent is None:
        raise ConfigError("which agent's database? name its folder, or set INNERLOOP_DATABASE")
    if not (agent / "agent.yaml").is_file():
        raise ConfigError(f"{agent} has no agent.yaml: which agent's database?")
    return agent_database(None, machine.data, agent.name)


def _is_there(url: str) -> bool:
    """Whether there is a SQLite file. The database of a server is, or it cannot be used."""
    file = database_file(url)
    return file is None or file.exists()


def _shown(url: str) -> str:
    """Without the password."""
    return make_url(url).render_as_string()
