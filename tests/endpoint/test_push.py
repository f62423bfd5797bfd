"""Webhooks are told of tasks: out of the turns' way, over restarts, of the newest state only, by nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from a2a.types import Task, TaskState, TaskStatus
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import and_, select
from starlette.responses import RedirectResponse, Response

from service.endpoint import push
from service.endpoint.codec import Codec
from service.endpoint.configs import MAX_CONFIGS
from service.endpoint.push import SIGNATURE_HEADER, TOKEN_HEADER, pause_after
from service.endpoint.signer import Signer
from service.endpoint.tasks import Tasks
from service.endpoint.well_known import JWKS_PATH
from service.errors import ConfigError
from service.process.server import url_of
from service.sessions import tables, webhooks
from service.sessions.database import open_database
from service.sessions.writes import Writes
from tests.conftest import Agent, RunServer, Says, eventually, say
from tests.endpoint.bindings import INVALID_PARAMS, TASK_NOT_FOUND, Call, assert_refused, json_rpc, over_both
from tests.endpoint.test_asking import asks
from tests.receiver import Receiver, open_receiver, paths

MACHINE = {"egress_allow": ["127.0.0.0/8"]}
CREATE, GET, LIST, DELETE = (
    f"{verb}TaskPushNotificationConfig{plural}"
    for verb, plural in (("Create", ""), ("Get", ""), ("List", "s"), ("Delete", ""))
)
COMPLETED, WORKING = "TASK_STATE_COMPLETED", "TASK_STATE_WORKING"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(push, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(webhooks, "PAUSE_SECONDS", 0.02)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as receiver:
        yield receiver


async def send(agent: Agent, url: str, text: str = "hello", *, wait: bool = True, **config: Any) -> Any:
    """The task of a message whose webhook is at `url`."""
    configuration = {"taskPushNotificationConfig": {"url": url, **config}, "returnImmediately": not wait}
    response = await agent.rpc("SendMessage", {"message": say(text), "configuration": configuration})
    return response["result"]["task"]


async def listed(agent: Agent, task: Any) -> list[Any]:
    response = await agent.rpc(LIST, {"taskId": task["id"]})
    return list(response["result"].get("configs", []))


def states(receiver: Receiver) -> list[str]:
    return [received.json["task"]["status"]["state"] for received in receiver.received]


def text_of(received: Any) -> str:
    return "".join(part["text"] for artifact in received["task"]["artifacts"] for part in artifact["parts"])


def bound() -> socket.socket:
    """An address at which connections are refused until somebody listens."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    held.bind(("127.0.0.1", 0))
    return held


# What is told.


async def test_the_end_of_a_task_is_told(run_server: RunServer, receiver: Receiver, database_url: str) -> None:
    agent = await run_server(machine=MACHINE, database=database_url)
    secret: Any = {"token": "a token", "authentication": {"scheme": "Bearer", "credentials": "a.b.c"}}
    task = await send(agent, f"{receiver.url}/hook?key=1", **secret)
    last = await receiver.nth(1)
    while last.json["task"]["status"]["state"] != COMPLETED:
        last = await receiver.nth(len(receiver.received) + 1)
    assert last.json["task"]["id"] == task["id"]
    assert text_of(last.json) == "You said: hello"
    assert "history" not in last.json["task"]
    assert last.path == "/hook"
    assert last.headers["Content-Type"] == "application/a2a+json"
    assert (last.headers["Authorization"], last.headers[TOKEN_HEADER]) == ("Bearer a.b.c", "a token")
    assert SIGNATURE_HEADER not in last.headers


async def test_a_slow_webhook_holds_up_nothing(run_server: RunServer, receiver: Receiver) -> None:
    receiver.gate.clear()
    agent = await run_server(machine=MACHINE)
    agent.engine.gate.clear()
    sending = asyncio.create_task(send(agent, receiver.url))
    await receiver.nth(1)
    agent.engine.gate.set()
    assert (await sending)["status"]["state"] == COMPLETED
    assert (await agent.send("another"))["status"]["state"] == COMPLETED
    assert len(receiver.received) == 1


async def test_what_comes_faster_than_it_can_be_told_is_told_once(run_server: RunServer, receiver: Receiver) -> None:
    receiver.gate.clear()
    agent = await run_server(lambda _: Says("x" * 200), machine=MACHINE)
    agent.engine.gate.clear()
    await send(agent, receiver.url, wait=False)
    await receiver.nth(1)
    agent.engine.gate.set()
    await agent.listed("COMPLETED")
    receiver.gate.set()
    assert text_of((await receiver.nth(2)).json) == "x" * 200
    await all_is_told(agent)
    assert states(receiver)[1:] == [COMPLETED]


async def all_is_told(agent: Agent) -> None:
    """Until nothing is owed to anybody any more."""
    told = and_(tables.webhooks.c.due.is_(None), tables.webhooks.c.holder.is_(None))

    async def is_told() -> bool:
        async with open_database(agent.database) as database, database.connect() as connection:
            return all((await connection.scalars(select(told))).all())

    await eventually(is_told)


async def test_a_task_that_works_is_told_of_while_it_does(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(lambda _: Says("x" * 50), machine=MACHINE)
    agent.engine.gate.clear()
    await send(agent, receiver.url, wait=False)
    await receiver.nth(1)

    async def is_told() -> bool:
        return WORKING in states(receiver)

    await eventually(is_told)
    agent.engine.gate.set()
    while states(receiver)[-1] != COMPLETED:
        await receiver.nth(len(receiver.received) + 1)


async def test_a_task_that_asks_is_told_of_and_its_answer_may_bring_a_config(
    run_server: RunServer, receiver: Receiver
) -> None:
    agent = await run_server(asks, machine=MACHINE, ask_user=True)
    task = await send(agent, f"{receiver.url}/first", "Paint it.")
    await all_is_told(agent)
    assert states(receiver)[-1] == task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    configuration = {"taskPushNotificationConfig": {"id": "second", "url": f"{receiver.url}/second"}}
    await agent.rpc("SendMessage", {"message": say("Red", taskId=task["id"]), "configuration": configuration})
    await all_is_told(agent)
    last = {received.path: received.json["task"]["status"]["state"] for received in receiver.received}
    assert last == {"/first": COMPLETED, "/second": COMPLETED}


async def test_a_cancelled_task_is_told_of(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(machine=MACHINE)
    agent.engine.gate.clear()
    task = await send(agent, receiver.url, wait=False)
    await agent.rpc("CancelTask", {"id": task["id"]})
    while states(receiver)[-1:] != ["TASK_STATE_CANCELED"]:
        await receiver.nth(len(receiver.received) + 1)


async def test_a_config_that_comes_after_the_end_hears_of_it(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(machine=MACHINE)
    task = await agent.send("hello")
    await agent.rpc(CREATE, {"taskId": task["id"], "url": receiver.url})
    assert (await receiver.nth(1)).json["task"]["status"]["state"] == COMPLETED
    assert [config["url"] for config in await listed(agent, task)] == [receiver.url]


async def test_the_same_message_again_may_bring_the_config(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(machine=MACHINE)
    message = say("hello")
    await agent.rpc("SendMessage", {"message": message})
    configuration = {"taskPushNotificationConfig": {"url": receiver.url}}
    await agent.rpc("SendMessage", {"message": message, "configuration": configuration})
    assert (await receiver.nth(1)).json["task"]["status"]["state"] == COMPLETED


# What goes wrong on the way.


async def test_what_was_not_taken_is_sent_again(run_server: RunServer) -> None:
    answers = [Response(status_code=500), Response(status_code=404), Response(status_code=503)]
    async with open_receiver(*answers) as receiver:
        agent = await run_server(machine=MACHINE)
        task = await agent.send("hello")
        await agent.rpc(CREATE, {"taskId": task["id"], "url": receiver.url})
        await receiver.nth(4)
        await all_is_told(agent)
        assert states(receiver) == [COMPLETED] * 4


async def test_a_redirect_is_not_followed(run_server: RunServer) -> None:
    async with open_receiver(RedirectResponse("/elsewhere"), RedirectResponse("/elsewhere")) as receiver:
        agent = await run_server(machine=MACHINE)
        await send(agent, f"{receiver.url}/hook", token="secret")
        await receiver.nth(3)
        assert set(paths(receiver.received)) == {"/hook"}


async def test_what_is_owed_outlives_the_process(run_server: RunServer, database_url: str) -> None:
    down = bound()
    agent = await run_server(machine=MACHINE, database=database_url)
    task = await send(agent, url_of(down))
    await agent.stop()
    async with open_receiver(listener=down) as receiver:
        await run_server(machine=MACHINE, database=database_url)
        received = (await receiver.nth(1)).json["task"]
        assert (received["id"], received["status"]["state"]) == (task["id"], COMPLETED)


async def test_what_was_under_way_when_the_service_stopped_is_not_held_back(
    run_server: RunServer, receiver: Receiver
) -> None:
    """Until a lease is over that nobody has any more."""
    receiver.gate.clear()
    agent = await run_server(machine=MACHINE)
    await send(agent, receiver.url)
    await receiver.nth(1)
    await agent.stop()
    receiver.gate.set()
    await run_server(machine=MACHINE)
    assert (await receiver.nth(2)).json["task"]["status"]["state"] == COMPLETED


async def test_a_webhook_that_never_answers_is_given_up(
    run_server: RunServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(push, "GIVE_UP_SECONDS", 0.1)
    agent = await run_server(machine=MACHINE)
    with bound() as down, caplog.at_level(logging.DEBUG, "service"):
        task = await send(agent, f"{url_of(down)}/private?key=secret", token="secret")

        async def is_given_up() -> bool:
            return not await listed(agent, task)

        await eventually(is_given_up)
    assert any("given up after" in record.getMessage() for record in caplog.records)
    assert "secret" not in caplog.text
    assert "private" not in caplog.text


async def test_a_webhook_that_is_gone_ends_its_config(run_server: RunServer) -> None:
    async with open_receiver(Response(status_code=410)) as receiver:
        agent = await run_server(machine=MACHINE)
        agent.engine.gate.clear()
        task = await send(agent, receiver.url, wait=False)
        await receiver.nth(1)

        async def is_gone() -> bool:
            return not await listed(agent, task)

        await eventually(is_gone)
        agent.engine.gate.set()
        await agent.listed("COMPLETED")
        assert len(receiver.received) == 1


def test_pauses_grow_up_to_an_hour() -> None:
    longest = [max(pause_after(attempts, "no answer") for _ in range(200)) for attempts in (1, 4, 30, 10_000)]
    assert longest == [pytest.approx(most, rel=0.2) for most in (0.02, 0.16, 3600, 3600)]
    assert min(pause_after(4, "no answer") for _ in range(200)) >= 0.08


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("1000000", 3600),
        *((text, 0.02) for text in ("soon", "-5", "", "Thu, 26 Nov 2026", "9" * 5000, "Mon, 01 Jan 1900 00:00:00 GMT")),
    ],
)
def test_a_webhook_may_say_when(value: str, seconds: float) -> None:
    answer = httpx.Response(503, headers={"Retry-After": value})
    assert pause_after(1, answer) == pytest.approx(seconds, rel=0.5)


def test_a_webhook_may_name_a_time() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    answer = httpx.Response(503, headers={"Retry-After": when})
    assert pause_after(1, answer) == pytest.approx(120, rel=0.5)


# The four operations.


@over_both
async def test_configs_are_made_read_and_removed(run_server: RunServer, receiver: Receiver, call: Call) -> None:
    agent = await run_server(machine=MACHINE)
    task = await agent.send("hello")
    auth = {"scheme": "Bearer", "credentials": "a.b.c"}
    config = {"taskId": task["id"], "id": "one", "url": receiver.url, "token": "t", "authentication": auth}
    other = {"taskId": task["id"], "id": "two", "url": f"{receiver.url}/two"}
    for each in (config, other):
        assert result(await call(agent, CREATE, each)) == each
    assert result(await call(agent, GET, config)) == config
    assert result(await call(agent, LIST, config)) == {"configs": [config, other]}
    for _ in range(2):
        assert not result(await call(agent, DELETE, config))
    assert_refused(await call(agent, GET, config), TASK_NOT_FOUND)
    assert result(await call(agent, LIST, config)) == {"configs": [other]}


def result(response: httpx.Response) -> Any:
    said = response.json()
    assert response.status_code == 200, said
    return said["result"] if "jsonrpc" in said else said


async def test_a_config_without_an_id_is_named_after_its_task(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(machine=MACHINE)
    task = await send(agent, receiver.url)
    await agent.rpc(CREATE, {"taskId": task["id"], "url": f"{receiver.url}/new"})
    expected = {"taskId": task["id"], "id": task["id"], "url": f"{receiver.url}/new"}
    assert await listed(agent, task) == [expected]


async def test_many_configs_come_in_pages(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(machine=MACHINE)
    task = await agent.send("hello")
    for number in range(MAX_CONFIGS):
        config = {"taskId": task["id"], "id": f"c{number}", "url": receiver.url}
        assert "result" in await agent.rpc(CREATE, config)
    refused = await agent.rpc(CREATE, {"taskId": task["id"], "id": "more", "url": receiver.url})
    assert "at most" in refused["error"]["message"]
    assert "result" in await agent.rpc(CREATE, {"taskId": task["id"], "id": "c0", "url": receiver.url})
    found, token = [], ""
    while True:
        page = (await agent.rpc(LIST, {"taskId": task["id"], "pageSize": 3, "pageToken": token}))["result"]
        found += [config["id"] for config in page["configs"]]
        if not (token := page.get("nextPageToken", "")):
            break
    assert found == [f"c{number}" for number in range(MAX_CONFIGS)]


@over_both
@pytest.mark.parametrize("method", [CREATE, GET, LIST, DELETE])
async def test_a_stranger_s_task_is_like_one_that_is_not_there(
    run_server: RunServer, receiver: Receiver, call: Call, method: str
) -> None:
    agent = await run_server(machine=MACHINE)
    task = Task(id="theirs", context_id="c", status=TaskStatus(state=TaskState.TASK_STATE_COMPLETED))
    async with open_database(agent.database) as database, Writes(database) as writes:
        await writes.write(Tasks(database).row(task, "somebody else"))
    refusals = []
    for task_id in ("theirs", "nobody's"):
        response = await call(agent, method, {"taskId": task_id, "id": "p", "url": receiver.url})
        assert_refused(response, TASK_NOT_FOUND)
        refusals.append(response.text.replace(task_id, "X"))
    assert refusals[0] == refusals[1]


@over_both
@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"url": "ftp://a.example"}, "not an http or https URL"),
        ({"url": "http://10.1.2.3/"}, "may not be reached"),
        ({"url": "http://[::1]/"}, "may not be reached"),
        ({"url": "http://me:secret@127.0.0.1/"}, "contains credentials"),
        ({"token": "a\r\nb: c"}, "HTTP headers"),
        ({"token": "x" * 5000}, "HTTP headers"),
        ({"authentication": {"scheme": "Bearer", "credentials": "a\nb"}}, "HTTP headers"),
        ({"authentication": {"scheme": "Bear er", "credentials": "a"}}, "authentication scheme"),
        ({"id": "x" * 256}, "255 printable"),
    ],
)
async def test_a_config_that_cannot_be_used(
    run_server: RunServer, call: Call, config: dict[str, Any], reason: str
) -> None:
    agent = await run_server(machine=MACHINE)
    task = await agent.send("hello")
    config = {"taskId": task["id"], "url": "http://127.0.0.1/", **config}
    response = await call(agent, CREATE, config)
    assert_refused(response, INVALID_PARAMS)
    assert reason in response.json()["error"]["message"]
    params = {"message": say("with it"), "configuration": {"taskPushNotificationConfig": config}}
    assert_refused(await call(agent, "SendMessage", params), INVALID_PARAMS)
    assert len(await agent.listed("COMPLETED")) == 1


async def test_by_default_only_public_addresses_are_told(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server()
    task = await agent.send("hello")
    assert_refused(await json_rpc(agent, CREATE, {"taskId": task["id"], "url": receiver.url}), INVALID_PARAMS)


# At rest.


async def test_with_a_key_secrets_are_stored_encrypted(
    run_server: RunServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys are changed by putting the new one first. Without its key, a config is of no use to anybody."""
    old, new = Fernet.generate_key(), Fernet.generate_key()
    file = tmp_path / "keys"
    file.write_bytes(old)
    machine = MACHINE | {"push_secrets": file}
    down = bound()
    agent = await run_server(machine=machine)
    task = await send(agent, url_of(down), token="in the clear")
    assert (await listed(agent, task))[0]["token"] == "in the clear"
    await agent.stop()
    async with open_database(agent.database) as database, database.connect() as connection:
        (stored,) = (await connection.scalars(select(tables.webhooks.c.config))).all()
    assert "clear" not in str(stored)
    file.write_bytes(new)
    agent = await run_server(machine=machine)

    async def is_told() -> bool:
        return "INNERLOOP_PUSH_SECRETS does not have" in caplog.text

    with caplog.at_level(logging.INFO, "service"):
        await eventually(is_told)
    await agent.stop()
    file.write_bytes(new + b"\n" + old + b"\n")
    async with open_receiver(listener=down) as receiver:
        await run_server(machine=machine)
        assert (await receiver.nth(1)).headers[TOKEN_HEADER] == "in the clear"


@pytest.mark.parametrize("content", [None, b"", b"no key", b"\xff"], ids=["none", "empty", "other", "binary"])
def test_a_file_that_holds_no_keys(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"/keys: "):
        Codec.read(file)


# In 0.3.


async def test_a_0_3_client_is_told_in_0_3(run_server: RunServer, receiver: Receiver) -> None:
    agent = await run_server(machine=MACHINE)

    async def rpc(method: str, params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return (await agent.http.post(agent.url, json=body)).json().get("result")

    message = {"kind": "message", "messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "hello"}]}
    config = {
        "id": "p",
        "url": receiver.url,
        "token": "t",
        "authentication": {"schemes": ["Basic"], "credentials": "x"},
    }
    task = await rpc("message/send", {"message": message, "configuration": {"pushNotificationConfig": config}})
    told = await receiver.nth(1)
    while told.json["status"]["state"] != "completed":
        told = await receiver.nth(len(receiver.received) + 1)
    assert (told.json["kind"], told.json["id"]) == ("task", task["id"])
    assert told.json["artifacts"][0]["parts"] == [{"kind": "text", "text": "You said: hello"}]
    assert told.headers["Content-Type"] == "application/json"
    assert (told.headers["Authorization"], told.headers[TOKEN_HEADER]) == ("Basic x", "t")
    stored = {"taskId": task["id"], "pushNotificationConfig": config}
    name = {"id": task["id"], "pushNotificationConfigId": "p"}
    assert await rpc("tasks/pushNotificationConfig/set", stored) == stored
    assert await rpc("tasks/pushNotificationConfig/get", name) == stored
    assert await rpc("tasks/pushNotificationConfig/list", {"id": task["id"]}) == [stored]
    await rpc("tasks/pushNotificationConfig/delete", name)
    assert await rpc("tasks/pushNotificationConfig/list", {"id": task["id"]}) == []


# Signed.

KEYS: dict[str, Callable[[], Any]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("algorithm", KEYS)
async def test_what_is_sent_is_signed(
    run_server: RunServer, receiver: Receiver, tmp_path: Path, algorithm: str
) -> None:
    """By a key that the agent publishes, as another library reads it."""
    file = tmp_path / "push.pem"
    file.write_bytes(KEYS[algorithm]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    agent = await run_server(machine=MACHINE | {"push_key": file})
    url = f"{receiver.url}/hook"
    await send(agent, url, authentication={"scheme": "Bearer"})
    received = await receiver.nth(1)
    jwks = (await agent.http.get(agent.url + JWKS_PATH)).text
    assert '"d"' not in jwks
    signature = received.headers[SIGNATURE_HEADER]
    key = jwt.PyJWKSet.from_json(jwks)[jwt.get_unverified_header(signature)["kid"]]
    claims = jwt.decode(signature, key, algorithms=[algorithm], audience=url, issuer=agent.url)
    assert claims["request_body_sha256"] == hashlib.sha256(received.body).hexdigest()
    assert received.headers["Authorization"] == f"Bearer {signature}"
    assert [each["alg"] for each in json.loads(jwks)["keys"]] == [algorithm]


async def test_without_a_key_nothing_is_published(run_server: RunServer) -> None:
    agent = await run_server()
    assert (await agent.http.get(agent.url + JWKS_PATH)).json() == {"keys": []}


PUBLIC = KEYS["ES256"]().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("content", [None, b"", b"no key", PUBLIC], ids=["none", "empty", "other", "public"])
def test_a_file_that_holds_no_key(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "push.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"push\.pem: "):
        Signer.read(file, "http://a.example")
