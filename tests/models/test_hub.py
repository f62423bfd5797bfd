"""What the hub gives out is what it has, or is not used."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from service.errors import ModelError
from service.models import hub

COMMIT = "c0ffee" + "0" * 34
WEIGHTS = b"weights" * 1000
CONFIG = b'{"model_type": "llama"}'


class Hub:
    """One model, `acme/tiny`, as the hub's HTTP interface has it; its weights are stored apart, by their sha256."""

    def __init__(self) -> None:
        self.sent = WEIGHTS
        """What comes as the weights: whatever the way here made of them."""
        self.times = 0
        """How often it came."""

    @property
    def pages(self) -> dict[str, tuple[dict[str, str], bytes]]:
        """By path: headers and body."""
        digest = hashlib.sha256(WEIGHTS).hexdigest()
        stored = {"oid": digest, "size": len(WEIGHTS), "pointerSize": 130}
        info = json.dumps({"id": "acme/tiny", "sha": COMMIT}).encode()
        tree = [
            {"type": "file", "path": "config.json", "size": len(CONFIG), "oid": "1" * 40},
            {"type": "file", "path": "model.safetensors", "size": len(WEIGHTS), "oid": "2" * 40, "lfs": stored},
            {"type": "file", "path": "pytorch_model.bin", "size": len(WEIGHTS), "oid": "3" * 40},
        ]
        linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(WEIGHTS))}
        return {
            "/api/models/acme/tiny/revision/main": ({}, info),
            f"/api/models/acme/tiny/revision/{COMMIT}": ({}, info),
            f"/api/models/acme/tiny/tree/{COMMIT}": ({}, json.dumps(tree).encode()),
            f"/acme/tiny/resolve/{COMMIT}/config.json": ({"ETag": f'"{"1" * 40}"'}, CONFIG),
            f"/acme/tiny/resolve/{COMMIT}/model.safetensors": ({**linked, "ETag": '"of the storage"'}, self.sent),
        }


@pytest.fixture
def hub_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on loopback, and a cache for what it gives out."""
    there = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = there.pages.get(self.path.split("?")[0])
            headers, body = page or ({"X-Error-Code": "RepoNotFound"}, b"")
            there.times += self.command == "GET" and body is there.sent
            self.send_response(200 if page else 404)
            for name, value in {"X-Repo-Commit": COMMIT, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
        template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", url)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        yield there
        server.shutdown()


@pytest.fixture
def said() -> list[str]:
    return []


def test_what_is_whole_is_fetched_once(hub_there: Hub, said: list[str]) -> None:
    folder = hub.fetch("acme/tiny", None, said.append)
    assert folder.name == COMMIT
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "config.json": CONFIG,
        "model.safetensors": WEIGHTS,
    }
    assert hub.fetch("acme/tiny", COMMIT, said.append) == folder
    assert hub_there.times == 1
    assert len(said) == 2


def test_what_was_damaged_on_the_disk_is_fetched_again(hub_there: Hub, said: list[str]) -> None:
    folder = hub.fetch("acme/tiny", None, said.append)
    weights = (folder / "model.safetensors").resolve()
    weights.write_bytes(WEIGHTS[::-1])
    assert hub.fetch("acme/tiny", None, said.append) == folder
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert hub_there.times == 2
    assert said[-1] == "acme/tiny is damaged (model.safetensors): fetching it again"


def test_what_comes_otherwise_than_the_hub_has_it_is_refused(hub_there: Hub, said: list[str]) -> None:
    """Of the same size: that it was cut short is found without us."""
    hub_there.sent = WEIGHTS[::-1]
    with pytest.raises(ModelError, match=r"model\.safetensors is not what the Hugging Face hub has"):
        hub.fetch("acme/tiny", None, said.append)
    hub_there.sent = WEIGHTS
    folder = hub.fetch("acme/tiny", None, said.append)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_what_comes_in_part_is_said(hub_there: Hub, said: list[str]) -> None:
    hub_there.sent = WEIGHTS[:10]
    with pytest.raises(ModelError, match="acme/tiny cannot be fetched or read: Consistency check failed"):
        hub.fetch("acme/tiny", None, said.append)


def test_a_model_that_there_is_not_is_said(hub_there: Hub, said: list[str]) -> None:
    with pytest.raises(ModelError, match="the Hugging Face hub does not give out acme/large: 404"):
        hub.fetch("acme/large", None, said.append)


def test_an_id_that_the_hub_would_not_have_is_said(said: list[str]) -> None:
    with pytest.raises(ModelError, match=r"acme/ti\.\.ny cannot be fetched or read: Cannot have"):
        hub.fetch("acme/ti..ny", None, said.append)
