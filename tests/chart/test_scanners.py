"""Two scanners of what is rendered, with an explanation for each finding that stays."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.chart.helm import BIN, CASES, CHART, template

EXPLAINED = {
    ("CKV_K8S_35", "Deployment"): "the database's URL, which the service and SQLAlchemy's tools read there",
    ("CKV_K8S_35", "Job"): "the same",
    ("CKV_K8S_35", "StatefulSet"): "the hub's token, which the hub's client reads there; the init container's only",
    ("CKV_K8S_8", "Pod"): "of `helm test`: it asks one question and ends",
    ("CKV_K8S_9", "Pod"): "the same",
}
"""By check and kind: why it stays."""
DIGEST = "image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


def rendered(folder: Path) -> Path:
    """Every case, by a digest, which only whoever installs it can know."""
    for case in CASES.glob("*.yaml"):
        (folder / case.name).write_text(template("helm", "-f", case, "--set", DIGEST))
    return folder


def test_checkov(tmp_path: Path) -> None:
    command = [str(BIN / "checkov"), "--directory", str(rendered(tmp_path)), "--framework", "kubernetes"]
    done = subprocess.run([*command, "--output", "json", "--quiet"], capture_output=True, text=True)
    results = json.loads(done.stdout)
    found = {(each["check_id"], each["resource"].split(".")[0]) for each in results["results"]["failed_checks"]}
    assert results["summary"]["passed"] > 1_000
    assert results["summary"]["parsing_errors"] == 0
    assert found == set(EXPLAINED)


def trivy(what: Path) -> list[str]:
    """The ids of its findings; it must have found something to look at."""
    # Without a version it takes the cluster for one that the chart is not for, and says nothing.
    command = [str(BIN / "trivy"), "config", "--skip-check-update", "--quiet", "--helm-kube-version", "1.34.0"]
    done = subprocess.run([*command, "--format", "json", str(what)], capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)["Results"]
    assert sum(each["MisconfSummary"]["Successes"] for each in results) > 90
    return [finding["ID"] for each in results for finding in each.get("Misconfigurations", [])]


def test_trivy(tmp_path: Path) -> None:
    assert trivy(CHART) == trivy(rendered(tmp_path)) == []


def test_trivy_would_notice(tmp_path: Path) -> None:
    pod = (rendered(tmp_path) / "default.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(pod.replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"))
    assert "KSV014" in trivy(wrong)
