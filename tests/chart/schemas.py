"""Kubernetes' own schemas, and those of the custom resources."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import kubernetes_validate

from tests.chart.helm import BIN, Object

VERSIONS = ("1.31", "1.34", "1.37")
CUSTOM = ("GRPCRoute", "HTTPRoute", "PrometheusRule", "ScaledObject", "ServiceMonitor")
_GROUP = {"replicas", "leaderWorkerTemplate", "rolloutStrategy", "startupPolicy"}
"""Those of a LeaderWorkerSet's fields that the chart uses: nobody publishes its schema where it could be installed."""
_GROUP_TEMPLATE = {"leaderTemplate", "workerTemplate", "size", "restartPolicy"}


def check(objects: list[Object], version: str) -> None:
    """Raises kubernetes_validate.ValidationError for one that has a field which is not known, or wrong."""
    for each in objects:
        if each["kind"] == "LeaderWorkerSet":
            template = each["spec"]["leaderWorkerTemplate"]
            assert set(each["spec"]) <= _GROUP
            assert set(template) <= _GROUP_TEMPLATE
            check([_pod(template["leaderTemplate"]), _pod(template["workerTemplate"])], version)
        elif each["kind"] not in CUSTOM:
            kubernetes_validate.validate(each, version, strict=True)


def check_custom(objects: list[Object]) -> None:
    custom = [each for each in objects if each["kind"] in CUSTOM]
    command = [BIN / "node", Path(__file__).with_name("crds.mjs")]
    done = subprocess.run(command, input=json.dumps(custom), capture_output=True, text=True, check=True)
    assert not done.stdout, done.stdout


def _pod(template: Object) -> Object:
    metadata = {"name": "pod"} | template["metadata"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
