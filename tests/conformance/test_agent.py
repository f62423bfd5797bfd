"""The server for conformance kits does what they ask of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from service.endpoint import handler
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import Machine
from tests.conformance.server import each_message_is_new, make_service
from tests.conftest import say


async def test_a_message_s_id_says_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "message_key", each_message_is_new)
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)
    server = EmbeddedServer(make_service(Machine(data=tmp_path), tmp_path, url), 0.0, log_level="warning")
    async with server.running(listener), httpx.AsyncClient(headers={"A2A-Version": "1.0"}) as http:

        async def send(message_id: str, **message: Any) -> Any:
            body = {"message": say("Hello.", **message) | {"messageId": f"{message_id}-123"}}
            return (await http.post(f"{url}/message:send", json=body)).json()["task"]

        done = await send("tck-complete-task")
        assert done["status"]["state"] == "TASK_STATE_COMPLETED"
        assert done["id"] != (await send("tck-complete-task"))["id"]
        for kind, content in (("text", "text"), ("file", "raw"), ("file-url", "url"), ("data", "data")):
            (artifact,) = (await send(f"tck-artifact-{kind}"))["artifacts"]
            assert content in artifact["parts"][0]
        for kind, state in (("reject-task", "REJECTED"), ("auth-required", "AUTH_REQUIRED")):
            assert (await send(f"tck-{kind}"))["status"]["state"] == f"TASK_STATE_{state}"
        waits = await send("tck-input-required")
        assert waits["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
        assert (await send("tck-complete-task", taskId=waits["id"]))["status"]["state"] == "TASK_STATE_COMPLETED"
