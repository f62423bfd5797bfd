"""HTTP+JSON as the A2A SDK describes it, asked for by schemathesis: with what the description allows, and what not."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import schemathesis
from a2a.server.request_handlers import RequestHandler
from a2a.server.routes import create_rest_routes
from a2a.server.routes.fastapi_routes import add_a2a_routes_to_fastapi
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer

from service.app import Service
from service.chat.inner import InnerFormat
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import Machine
from tests.conftest import TOOLS, ActorEngine, Says, agent_config
from tests.endpoint.test_malformed import assert_no_fault

QUERIES: dict[str, dict[str, Any]] = {
    "/tasks": {
        "contextId": {"type": "string"},
        "status": {"type": "string"},
        "pageSize": {"type": "integer"},
        "pageToken": {"type": "string"},
        "historyLength": {"type": "integer"},
        "statusTimestampAfter": {"type": "string", "format": "date-time"},
        "includeArtifacts": {"type": "boolean"},
    },
    "/tasks/{id}": {"historyLength": {"type": "integer"}},
    "/tasks/{id}/pushNotificationConfigs": {"pageSize": {"type": "integer"}, "pageToken": {"type": "string"}},
}
"""Which the SDK leaves out, as it does what the paths have in braces."""


def description() -> dict[str, Any]:
    never_asked: RequestHandler = None  # type: ignore[assignment]
    app = FastAPI()
    add_a2a_routes_to_fastapi(app, rest_routes=create_rest_routes(never_asked))
    described: dict[str, Any] = app.openapi()
    for path, operations in described["paths"].items():
        for verb, operation in operations.items():
            operation["parameters"] += [
                {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
                for name in re.findall("{(.*?)}", path)
            ]
            if verb == "get":
                operation["parameters"] += [
                    {"in": "query", "name": name, "schema": kind} for name, kind in QUERIES.get(path, {}).items()
                ]
    return described


schema = schemathesis.openapi.from_dict(description())


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer, chat: InnerFormat) -> Iterator[str]:
    """Of a service in a thread of its own: schemathesis waits for answers without a loop."""
    folder = tmp_path_factory.mktemp("described")
    (folder / "tools.py").write_text(TOOLS)
    engine = ActorEngine(tokenizer, chat, lambda _: Says("Well."))
    listener = listen("127.0.0.1", 0)
    machine = Machine(data=folder / "data")
    service = Service(agent_config(), machine, folder, nullcontext(engine), chat, url_of(listener))
    server = EmbeddedServer(service, 0.0, log_level="warning")
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield url_of(listener)
    server.should_exit = True
    thread.join()


@schema.parametrize()
@settings(max_examples=50, suppress_health_check=list(HealthCheck))
def test_what_is_described(case: schemathesis.Case[Any], url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    response = case.call(base_url=url)
    assert response.status_code < 500, response.text
    assert_no_fault(response.text, caplog)
