"""`innerloop ask` and `innerloop card` against agents that run."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from service.__main__ import main
from service.cli.ask import ask_and_show, ask_as_json
from service.errors import ServiceError
from service.outbound.client import RemoteAgent, open_http
from service.process.server import listen
from service.settings import AuthSection
from tests.conftest import Agent, Asked, RunServer, Says, adds, echo
from tests.endpoint.test_endings import Draining
from tests.keys import write_key, write_pins
from tests.outbound.test_client import card_at, stranger, stream, task


def delegates(asked: Asked) -> Says:
    if not asked.results:
        return Says(calls=(("adder", json.dumps({"message": asked.text})),))
    return Says(f"They say: {asked.results[0]}")


async def told(url: str, text: str, context_id: str | None = None, task_id: str | None = None) -> list[str]:
    """What is shown, with every time as T and the context as C."""
    file = io.StringIO()
    reply = await ask_and_show(Console(file=file, width=80), url, text, context_id, task_id)
    shown = file.getvalue().replace(reply.context_id, "C")
    return re.sub(r" *\d+\.\d+ s", "T", shown).splitlines()


async def test_a_turn_is_shown(run_server: RunServer) -> None:
    agent = await run_server(adds)
    assert await told(agent.url, "2 and 3?") == [
        "T  ┃ Let me see.",
        "T  → add(a=2, b=3)",
        "T  ← addT  5",
        "T  ┃ It is 5.",
        "",
        "Let me see. It is 5.",
        "completed inT · 44 tokens · 1 splice · context C",
    ]


async def test_a_peer_s_work_is_shown_beneath_the_call(run_server: RunServer) -> None:
    peer = await run_server(adds, name="adder")
    agent = await run_server(delegates, peers=[{"name": "adder", "url": peer.url}])
    assert (await told(agent.url, "2 and 3?"))[:6] == [
        'T  → adder(message="2 and 3?")',
        "T      adder ┃ Let me see.",
        "T      adder → add(a=2, b=3)",
        "T      adder ← addT  5",
        "T      adder ┃ It is 5.",
        "T  ← adderT  Let me see. It is 5.",
    ]


async def test_a_conversation_goes_on(run_server: RunServer) -> None:
    agent = await run_server(lambda asked: Says(f"{len(asked.before)} before"))
    async with open_http() as http:

        async def ignore(event: object) -> None: ...

        first = await (await RemoteAgent.find(http, agent.url)).ask("one", None, ignore)
        second = await (await RemoteAgent.find(http, agent.url)).ask("two", first.context_id, ignore)
    assert (first.text, second.text) == ("0 before", "1 before")
    assert first.context_id == second.context_id


async def test_for_machines_each_event_is_a_line(run_server: RunServer, capsys: pytest.CaptureFixture[str]) -> None:
    agent = await run_server(adds)
    reply = await ask_as_json(agent.url, "2 and 3?", None)
    assert reply.completed
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    text = "".join(line["text"] for line in lines if line["kind"] == "text")
    assert text == "Let me see. It is 5."
    calls = [line for line in lines if line["kind"].startswith("call")]
    assert [(call["kind"], call["tool"]) for call in calls] == [("call_started", "add"), ("call_finished", "add")]
    assert lines[-1]["kind"] == "end"
    assert (lines[-1]["state"], lines[-1]["text"]) == ("completed", "Let me see. It is 5.")
    (tokens,) = lines[-1]["usage"]["models"].values()
    assert tokens["output"] == 44


async def test_a_turn_that_fails(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says("x" * 100), limits={"tokens": 10})
    lines = await told(agent.url, "hello")
    assert lines[-1].startswith("failed in")
    assert "limit of tokens" in lines[-2]


async def test_a_message_that_is_refused(run_server: RunServer) -> None:
    agent = await run_server(echo)
    with pytest.raises(ServiceError, match="the agent refused: the message has no text"):
        await told(agent.url, " ")


async def test_an_answer_to_a_task_that_there_is_not(run_server: RunServer) -> None:
    agent = await run_server(echo)
    with pytest.raises(ServiceError, match=r"the agent refused: .*nosuch"):
        await told(agent.url, "yes", task_id="nosuch")


async def test_leaving_early_cancels_the_task(run_server: RunServer) -> None:
    agent = await run_server(lambda _: Says(calls=(("sleep", "{}"),)))
    begun = asyncio.Event()

    async def hear(event: object) -> None:
        begun.set()

    async with open_http() as http:
        asking = asyncio.create_task((await RemoteAgent.find(http, agent.url)).ask("rest", None, hear))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    (task,) = (await agent.rpc("ListTasks", {}))["result"]["tasks"]
    assert task["status"]["state"] == "TASK_STATE_CANCELED"


async def test_a_card(run_server: RunServer, capsys: pytest.CaptureFixture[str]) -> None:
    agent = await run_server(echo, name="echo")
    assert await asyncio.to_thread(main, ["card", agent.url]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["supportedInterfaces"][0]["url"]) == ("echo", agent.url)


async def test_whether_a_card_is_signed(
    run_server: RunServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def told(agent: Agent, *options: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["card", agent.url, *options])
        return code, capsys.readouterr().err.strip()

    key = write_key(tmp_path / "key.pem")
    pins = str(write_pins(tmp_path / "pins.json", key))
    unsigned, signed = await run_server(name="unsigned"), await run_server(name="signed", card_keys=[key])
    assert await told(unsigned) == (0, "not signed")
    assert await told(signed) == (0, "signed; whether by a key that you know, --keys would tell")
    assert await told(signed, "--keys", pins) == (0, f"signed by a key in {pins}")
    assert await told(unsigned, "--keys", pins) == (
        2,
        f"innerloop: no agent at {unsigned.url}: its card is not signed",
    )


async def test_what_is_no_agent(run_server: RunServer) -> None:
    agent = await run_server(echo)
    with pytest.raises(ServiceError, match="no agent at"):
        await told(f"{agent.url}/elsewhere", "hello")


def signed_in(tmp_path: Path) -> tuple[AuthSection, Path]:
    """Who may ask, and with what."""
    keys, key = tmp_path / "keys", tmp_path / "key"
    keys.write_text(f"alice {hashlib.sha256(b'secret').hexdigest()}")
    key.write_text("secret\n")
    return AuthSection(api_keys=keys), key


async def run_ask(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["ask", *arguments])


async def test_who_shows_a_key_is_let_in(
    run_server: RunServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    auth, key = signed_in(tmp_path)
    agent = await run_server(echo, auth=auth)
    shown = "--token-file", str(key), "--token-header", "X-API-Key"
    assert await run_ask(agent.url, "hello", *shown) == 0
    assert await run_ask(agent.url, "hello", "--json", *shown) == 0
    assert capsys.readouterr().out.count("You said: hello") >= 2


async def test_a_token_is_not_told_where_it_does_not_help(
    run_server: RunServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    auth, key = signed_in(tmp_path)
    agent = await run_server(echo, auth=auth)
    wants = "innerloop: the agent refused: it wants"
    how = ": --token-file, and --token-header for an API key, show them"
    for shown, what in ((), f"credentials{how}"), (("--token-file", str(key)), "other credentials"):
        for form in (), ("--json",):
            assert await run_ask(agent.url, "hello", *shown, *form) == 2
            told = capsys.readouterr()
            assert told.err == f"{wants} {what}\n"
            assert "secret" not in told.out


async def test_an_agent_that_is_about_to_end_is_named_with_its_reason(
    run_server: RunServer, capsys: pytest.CaptureFixture[str]
) -> None:
    draining = await Draining.begin(run_server)
    url = draining.agent.url
    assert await run_ask(url, "hello") == 2
    reason = "503 Service Unavailable: this agent is shutting down"
    assert capsys.readouterr().err == f"innerloop: the agent at {url} cannot be reached: {reason}\n"
    await draining.end()


@pytest.mark.parametrize(
    ("options", "content", "why"),
    [
        (["--token-file", "key"], None, "key: No such file or directory"),
        (["--token-file", "key"], "", "key: not one line of ASCII text"),
        (["--token-file", "key"], "one\nanother", "key: not one line of ASCII text"),
        (["--token-file", "key", "--token-header", "X: Y"], "secret", "'X: Y' is not the name of a header"),
        (["--token-header", "X-API-Key"], None, "--token-header: it is for what is in --token-file"),
    ],
)
def test_what_cannot_be_shown(
    options: list[str],
    content: str | None,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("key").write_text(content)
    assert main(["ask", "http://127.0.0.1:1", "hello", *options]) == 2
    assert why in capsys.readouterr().err


async def test_a_token_goes_nowhere_else(tmp_path: Path) -> None:
    _, key = signed_in(tmp_path)
    done = stream({"task": task("COMPLETED", "done")})
    async with stranger(SendStreamingMessage=[done]) as elsewhere, stranger(card=card_at(elsewhere.url)) as agent:
        assert await run_ask(agent.url, "hello", "--token-file", str(key)) == 0
    assert [each["authorization"] for each in agent.headers] == ["Bearer secret"]
    assert elsewhere.asked == ["SendStreamingMessage"]
    assert "secret" not in str(elsewhere.headers)


async def test_an_agent_is_asked_directly_whose_card_names_its_way_in_from_outside(tmp_path: Path) -> None:
    _, key = signed_in(tmp_path)
    done = stream({"task": task("COMPLETED", "done")})
    async with stranger(card=card_at("https://agents.example"), SendStreamingMessage=[done]) as agent:
        assert await run_ask(agent.url, "hello", "--token-file", str(key), "--direct") == 0
    assert agent.asked == ["SendStreamingMessage"]
    assert {each["authorization"] for each in agent.headers} == {"Bearer secret"}


INTERRUPTED = b"\ninterrupted; what was done until then stays done\n"


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`innerloop ask`, as a process of its own."""
    command = (sys.executable, "-m", "service", "ask", url, "hello")
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command, **pipes)  # type: ignore[arg-type]
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_ctrl_c_cancels_the_task(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    async with asking(agent.url) as process:
        await agent.listed("WORKING")
        process.send_signal(signal.SIGINT)
        assert (await process.communicate())[1] == INTERRUPTED
        assert process.returncode == 130
    await agent.listed("CANCELED")


async def test_that_an_agent_is_away_is_shown_until_it_is_there_again_or_ctrl_c(run_server: RunServer) -> None:
    agent = await run_server(echo)
    agent.engine.gate.clear()
    async with asking(agent.url) as patient, asking(agent.url) as impatient:
        tasks = await agent.listed("WORKING", "WORKING")
        await agent.stop()
        for process in patient, impatient:
            assert process.stderr
            said = (await process.stderr.readline()).decode()
            assert said in {
                f"{agent.url} does not answer: its task {t['id']} is looked for until it does\n" for t in tasks
            }
        impatient.send_signal(signal.SIGINT)
        assert (await impatient.communicate())[1] == INTERRUPTED
        assert impatient.returncode == 130
        await run_server(echo, listener=listen("127.0.0.1", urlsplit(agent.url).port or 0))
        out, err = await patient.communicate()
        assert (patient.returncode, err) == (0, b"")
        assert "You said: hello" in out.decode()
