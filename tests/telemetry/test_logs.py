"""What is logged: one form for everybody, a record a line whatever is in it, and nobody's secrets or words."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.telemetry import traces
from service.telemetry.logs import SAID, Format, Level, about, without_secrets
from tests.cli.test_commands import AGENT
from tests.conftest import Asked, RunServer, Says
from tests.logs import as_before, lines
from tests.serving import serving

__all__ = ["as_before"]

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FAILS = '''

async def fail() -> str:
    """Fails."""
    raise RuntimeError("what was" + " said")
'''

logger = logging.getLogger("service.tests")


async def test_a_record_is_an_object_with_its_ids() -> None:
    written = lines("json")

    async def tell() -> None:
        traces.take_up({"traceparent": f"00-{TRACE_ID}-{SPAN_ID}-01"})
        about(task_id="t", context_id="c")
        logger.warning("%d apples", 3)

    await asyncio.create_task(tell())
    logger.info("elsewhere")
    first, then = map(json.loads, written())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "level": "WARNING",
        "logger": "service.tests",
        "message": "3 apples",
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "task_id": "t",
        "context_id": "c",
    }
    assert then.keys() == {"timestamp", "level", "logger", "message"}


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["DEBUG service", "INFO service", "WARNING service", "WARNING uvicorn", "ERROR uvicorn"]),
        ("info", ["INFO service", "WARNING service", "WARNING uvicorn", "ERROR uvicorn"]),
        ("warning", ["WARNING service", "WARNING uvicorn", "ERROR uvicorn"]),
        ("error", ["ERROR uvicorn"]),
    ],
)
def test_from_which_level_on(monkeypatch: pytest.MonkeyPatch, level: Level, shown: list[str]) -> None:
    library = logging.getLogger("uvicorn")
    for attribute, value in (("handlers", []), ("propagate", True), ("disabled", False)):
        monkeypatch.setattr(library, attribute, value)
    monkeypatch.setattr(library, "level", logging.WARNING)  # as this service makes its server
    written = lines("text", level)
    for name in ("debug", "info", "warning"):
        getattr(logger, name)("said")
    for name in ("info", "warning", "error"):
        getattr(library, name)("said")
    assert [" ".join(line.split()[1:3]).split(".")[0].rstrip(":") for line in written()] == shown


NASTY = 'a\nb\r\nc\x1b[31m\u2028d\u202ee\x00"} {"level": "CRITICAL"'


@pytest.mark.parametrize("form", ["json", "text"])
async def test_nothing_can_look_like_another_record(form: Format) -> None:
    written = lines(form)
    about(context_id=NASTY)
    logger.error("%s", NASTY)
    try:
        raise ValueError(NASTY)
    except ValueError:
        logger.exception("failed")
    found = written()
    assert all(line.isprintable() for line in found)
    if form == "json":
        assert [json.loads(line)["level"] for line in found] == ["ERROR", "ERROR"]
        assert json.loads(found[0])["message"] == NASTY
    else:
        assert len([line for line in found if not line.startswith("    ")]) == 2


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "name", ["uvicorn.error", "a2a.client", "mcp.client", "vllm.engine", "sqlalchemy.pool", "asyncio"]
)
def test_libraries_have_the_same_form(monkeypatch: pytest.MonkeyPatch, form: Format, name: str) -> None:
    told = logging.getLogger(name)
    monkeypatch.setattr(told, "level", logging.NOTSET)  # other tests have made servers that are silent
    for each in (told, told.parent):
        monkeypatch.setattr(each, "propagate", True)
        monkeypatch.setattr(each, "disabled", False)
    written = lines(form)
    told.error("told by %s", name)
    (line,) = written()
    assert (json.loads(line)["message"] if form == "json" else line).endswith(f"told by {name}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
        ("{'authorization': 'Basic YTpi', 'a': 1}", "{'authorization': '***', 'a': 1}"),
        ("sent X-API-Key: k-123", "sent X-API-Key: ***"),
        ("Cookie: a=b; c=d\nnext", "Cookie: ***\nnext"),
        ("got bearer 0123456789abcdef here", "got bearer *** here"),
        ("https://me:pass@host/a?token=abc&b=1&key=xy", "https://***@host/a?token=***&b=1&key=***"),
        ("postgresql+asyncpg://me:pass@db/x", "postgresql+asyncpg://***@db/x"),
        ('{"access_token": "abc", "b": 1}', '{"access_token": "***", "b": 1}'),
        ("password=hunter2 user=me", "password=*** user=me"),
        ("a eyJhbGciOi.eyJzdWIi.abc_- z", "a *** z"),
        ("uses sk-proj_0123456789abcdef", "uses ***"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n", "***\n"),
        ("max_tokens=512, tokens: 3, status code: 404", "max_tokens=512, tokens: 3, status code: 404"),
        ("the conversation needs 9 tokens", "the conversation needs 9 tokens"),
    ],
)
def test_secrets_are_not_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown


def test_nor_in_exceptions() -> None:
    written = lines("json")
    try:
        raise OSError("no https://me:pass@host")
    except OSError:
        logger.exception("failed")
    (record,) = map(json.loads, written())
    assert record["exception"]["message"] == "no https://***@host"
    assert "in test_nor_in_exceptions" in record["exception"]["stacktrace"]
    assert "pass@" not in str(record)


@pytest.mark.parametrize(("captures", "shows"), [("", False), ("true", True)])
@pytest.mark.parametrize("form", ["json", "text"])
def test_what_was_said_is_shown_only_where_content_may_be(
    monkeypatch: pytest.MonkeyPatch, form: Format, captures: str, shows: bool
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", captures)
    written = lines(form)
    said = "my" + " words"  # or they would be in the line of code that is shown
    try:
        raise ValueError(said)
    except ValueError:
        logger.exception("tool failed", extra=SAID)
    told = "\n".join(written())
    assert "ValueError" in told
    assert ("my words" in told) == shows


async def test_a_turns_records_have_its_ids_and_no_content(run_server: RunServer, tmp_path: Path) -> None:
    def calls(asked: Asked) -> Says:
        return Says("Sorry.") if asked.results else Says(calls=(("fail", "{}"),))

    (tmp_path / "failing.py").write_text(FAILS)
    agent = await run_server(calls, tools=[{"use": "../failing.py:fail"}])
    written = lines("json")
    headers = {"traceparent": f"00-{TRACE_ID}-{SPAN_ID}-01"}
    message = {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "what was said"}], "contextId": "c"}
    task = (await agent.rpc("SendMessage", {"message": message}, **headers))["result"]["task"]
    (record,) = (found for found in map(json.loads, written()) if found["logger"] == "service.tools.toolbox")
    assert record["message"] == "tool fail failed"
    assert (record["trace_id"], record["task_id"], record["context_id"]) == (TRACE_ID, task["id"], "c")
    assert record["exception"].keys() == {"type", "stacktrace"}
    assert "what was said" not in "".join(written())


def fail() -> None:
    raise ValueError("my" + " words")  # or they would be in the line of code that is shown


class FailsAtItsEnd:
    def __del__(self) -> None:
        fail()


@pytest.mark.parametrize(
    ("uncaught", "message"),
    [
        (lambda: in_thread(fail), "thread 'tool' ends"),
        (lambda: FailsAtItsEnd() and None, "raised where nobody can catch it"),
    ],
    ids=["thread", "destructor"],
)
def test_what_nobody_catches_has_the_same_form(uncaught: Callable[[], None], message: str) -> None:
    written = lines("json")
    uncaught()
    record = json.loads(written()[0])
    assert (record["level"], record["logger"], record["message"]) == ("ERROR", "service", message)
    assert record["exception"]["type"] == "ValueError"
    assert "in fail" in record["exception"]["stacktrace"]
    assert "my words" not in "".join(written())


def test_a_thread_that_ends_itself_is_no_failure() -> None:
    written = lines("json")
    in_thread(sys.exit)
    assert not written()


def in_thread(function: Callable[[], None]) -> None:
    thread = threading.Thread(target=function, name="tool")
    thread.start()
    thread.join()


def test_a_server_says_everything_in_json(tmp_path: Path) -> None:
    """From its first step to its last, where nobody has said otherwise and nobody looks on."""
    (tmp_path / "agent.yaml").write_text(AGENT)
    with serving(tmp_path, "tests.cli.actors:idle", INNERLOOP_PROT="1", PYTHONDEVMODE="1") as served:
        pass
    records: list[Any] = [json.loads(line) for line in served.lines]
    assert " is ready at " in "".join(record["message"] for record in records)
    assert records[0]["level"] == "WARNING"
    assert records[0]["message"].startswith("INNERLOOP_PROT is not a setting")
    assert all(record.keys() >= {"timestamp", "level", "logger", "message"} for record in records)
