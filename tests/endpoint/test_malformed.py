"""Whatever is sent, by whichever binding: it is carried out or refused, in the protocol's terms. Nothing of it is taken
for a fault of this service's, in the answer or in the log, and no answer tells how the service is made.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import grpc.aio
import httpx
import pytest
from a2a.compat.v0_3 import a2a_v0_3_pb2
from a2a.types import a2a_pb2
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Agent, RunServer, Says
from tests.endpoint.spoiling import CURRENT, LEGACY, PATHS, damaged, ids, spoiled, values
from tests.endpoint.test_grpc import address

JSON = {"Content-Type": "application/json"}
INTERNALS = ("Traceback", 'File "', "site-packages", "sqlalchemy", "asyncpg", "pydantic", "Error(", "0x7f")
FAULTS = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE)
many = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@pytest.fixture
async def agent(run_server: RunServer) -> Agent:
    found: Agent = await run_server(lambda _: Says("Well."), grpc_port=0, machine={"egress_allow": ["192.0.2.0/24"]})
    return found


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING)
    return caplog


def assert_no_fault(said: str, log: pytest.LogCaptureFixture) -> None:
    assert not [word for word in INTERNALS if word in said], said
    faults = [record for record in log.records if record.exc_info or record.levelno >= logging.ERROR]
    assert not faults, (faults[0].getMessage(), faults[0].exc_info)
    log.clear()


def assert_answered(response: httpx.Response, log: pytest.LogCaptureFixture) -> None:
    assert response.status_code < 500, response.text
    assert not re.search(r'"code": ?-32603', response.text), response.text
    assert_no_fault(response.text, log)


def body_of(content: object) -> bytes:
    """As JSON, with whatever JSON does not have in it."""
    return json.dumps(content).encode()


calls = st.sampled_from([*CURRENT.items(), *LEGACY.items()]).flatmap(
    lambda call: spoiled({"jsonrpc": "2.0", "id": 1, "method": call[0], "params": call[1]})
)


@given(call=calls | values, version=st.sampled_from(["1.0", "0.3"]))
@many
async def test_json_rpc(agent: Agent, log: pytest.LogCaptureFixture, call: Any, version: str) -> None:
    response = await agent.http.post(agent.url, content=body_of(call), headers={**JSON, "A2A-Version": version})
    assert_answered(response, log)


@given(data=st.data())
@many
async def test_parameters(agent: Agent, log: pytest.LogCaptureFixture, data: st.DataObject) -> None:
    """Of each method in its own version, so that nothing else is wrong."""
    method, params = data.draw(st.sampled_from([*CURRENT.items(), *LEGACY.items()]))
    body = body_of({"jsonrpc": "2.0", "id": 1, "method": method, "params": data.draw(spoiled(params))})
    headers = {**JSON, "A2A-Version": "1.0" if method in CURRENT else "0.3"}
    assert_answered(await agent.http.post(agent.url, content=body, headers=headers), log)


@given(data=st.data())
@many
async def test_http_json(agent: Agent, log: pytest.LogCaptureFixture, data: st.DataObject) -> None:
    verb, path = data.draw(st.sampled_from(list(PATHS)))
    query, content = PATHS[verb, path]
    where = path.format(*(quote(data.draw(ids), safe="") for _ in range(path.count("{}"))))
    asked = data.draw(spoiled(query))
    body = body_of(data.draw(spoiled(content))) if verb == "POST" else None
    headers = {**JSON, "A2A-Version": "0.3" if path.startswith("/v1/") else "1.0"}
    url = httpx.URL(agent.url + where, params=_texts(asked))
    assert_answered(await agent.http.request(verb, url, content=body, headers=headers), log)


def _texts(query: object) -> dict[str, str]:
    found = query if isinstance(query, Mapping) else {"q": query}
    return {name: str(value).replace("\ud800", "") for name, value in found.items()}


@given(body=st.binary(max_size=60), path=st.sampled_from(["/", "/message:send", "/v1/message:send", "/tasks/x:cancel"]))
@settings(parent=many, max_examples=100)
async def test_bytes_over_http(agent: Agent, log: pytest.LogCaptureFixture, body: bytes, path: str) -> None:
    response = await agent.http.post(agent.url + path, content=body, headers={**JSON, "A2A-Version": "1.0"})
    assert_answered(response, log)


_SERVICES: Mapping[str, tuple[Any, str]] = {
    "/lf.a2a.v1.A2AService/": (a2a_pb2, "1.0"),
    "/a2a.v1.A2AService/": (a2a_v0_3_pb2, "0.3"),
}
_METHODS = [
    (service, method.name, method.input_type.full_name.rpartition(".")[2], method.server_streaming)
    for service, (module, _) in _SERVICES.items()
    for method in module.DESCRIPTOR.services_by_name["A2AService"].methods
]


@pytest.fixture
async def channel(agent: Agent) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(await address(agent)) as opened:
        yield opened


@given(data=st.data())
@many
async def test_grpc(channel: grpc.aio.Channel, log: pytest.LogCaptureFixture, data: st.DataObject) -> None:
    service, method, kind, streams = data.draw(st.sampled_from(_METHODS))
    module, version = _SERVICES[service]
    body = data.draw(_messages(getattr(module, kind), method, version))
    ask: Any = channel.unary_stream if streams else channel.unary_unary
    call = ask(service + method)(body, metadata=(("a2a-version", version),), timeout=20)
    said, code = "", grpc.StatusCode.OK
    try:
        if streams:
            _ = [event async for event in call]
        else:
            await call
    except grpc.aio.AioRpcError as error:
        said, code = str(error.details()), error.code()
    assert code not in FAULTS, said
    assert_no_fault(said, log)


@st.composite
def _messages(draw: st.DrawFn, kind: type[Message], method: str, version: str) -> bytes:
    """A message of the kind as bytes, or what is left of one."""
    valid = CURRENT.get(method, {}) if version == "1.0" else _LEGACY_MESSAGES.get(method, {})
    message = kind()
    try:
        ParseDict(draw(spoiled(dict(valid))), message, ignore_unknown_fields=True)
    except Exception:  # the library raises whatever it stumbles over
        message = ParseDict(valid, kind(), ignore_unknown_fields=True)
    body = message.SerializeToString()
    return draw(st.one_of(st.just(body), damaged(body), st.binary(max_size=30)))


_LEGACY_MESSAGES: Mapping[str, dict[str, Any]] = {
    "SendMessage": PATHS["POST", "/v1/message:send"][1],
    "SendStreamingMessage": PATHS["POST", "/v1/message:stream"][1],
    "GetTask": {"name": "tasks/x", "historyLength": 1},
    "CancelTask": {"name": "tasks/x"},
    "TaskSubscription": {"name": "tasks/x"},
    "CreateTaskPushNotificationConfig": PATHS["POST", "/v1/tasks/{}/pushNotificationConfigs"][1],
    "GetTaskPushNotificationConfig": {"name": "tasks/x/pushNotificationConfigs/w"},
    "ListTaskPushNotificationConfig": {"parent": "tasks/x"},
    "DeleteTaskPushNotificationConfig": {"name": "tasks/x/pushNotificationConfigs/w"},
}
