from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.chart.api_server import ApiServer, running
from tests.chart.helm import NAMESPACE


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="write what is rendered now as what is expected")


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A stand-in for the API server, which Helm and kubectl find."""
    with running() as (server, url):
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "made-up", "cluster": {"server": url}}],
            "contexts": [{"name": "made-up", "context": {"cluster": "made-up", "namespace": NAMESPACE, "user": ""}}],
            "current-context": "made-up",
        }
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        monkeypatch.setenv("KUBECACHEDIR", str(tmp_path / "cache"))
        monkeypatch.setenv("HELM_CACHE_HOME", str(tmp_path / "cache"))
        yield server
