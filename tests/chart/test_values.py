"""Values: what the schema takes and refuses, and that schema, values and README are of one mind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, Object, Refused, render, run, template

SCHEMA: Object = json.loads((CHART / "values.schema.json").read_text())
VALUES: Object = yaml.safe_load((CHART / "values.yaml").read_text())
DATABASE: Object = {"existingSecret": "db", "egress": [{"podSelector": {}}]}
GPUS: Object = {
    "device": "gpu",
    "workload": {"kind": "LeaderWorkerSet"},
    "nodes": {"model": "/weights/large"},
    "model": {"source": "claim", "mountPath": "/weights", "claim": {"existingClaim": "weights"}},
    "database": DATABASE,
}
SET: Object = {"workload": {"kind": "StatefulSet"}, "replicaCount": 2, "database": DATABASE}


def resolved(schema: Object) -> Object:
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def objects_in(schema: Any) -> Iterator[Object]:
    """Every schema of an object's type."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for key, each in schema.items():
            if key != "allOf" or schema is not SCHEMA:  # the rules only say more about the same values
                yield from objects_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from objects_in(each)


def test_every_object_is_closed_or_says_why_not() -> None:
    for each in objects_in(SCHEMA):
        free = each.get("description", "").startswith(("Free: ", "Shared with other charts"))
        assert each.get("additionalProperties") is False or free or each == {"type": "object"}, each


def test_values_and_schema_have_the_same_keys() -> None:
    def compare(values: Object, schema: Object, where: str) -> None:
        properties = schema.get("properties")
        if properties is None or schema.get("additionalProperties") is not False:
            return
        if schema is resolved({"$ref": "#/$defs/resources"}):
            return  # its `claims` go with resourceClaims only
        assert set(values) == set(properties) - ({"enabled"} if schema is SCHEMA else set()), where
        for key, each in values.items():
            if isinstance(each, dict):
                compare(each, resolved(properties[key]), f"{where}.{key}")

    compare(VALUES, SCHEMA, "")


def test_the_readme_is_current(tmp_path: Path) -> None:
    """`make golden` makes it so."""
    written = tmp_path / "README.md"
    shutil.copy(CHART / "README.md", written)
    generator = Path(__file__).parent / "node_modules" / "@bitnami" / "readme-generator-for-helm" / "bin" / "index.js"
    run("node", generator, "--values", CHART / "values.yaml", "--readme", written)
    assert written.read_text() == (CHART / "README.md").read_text()


@pytest.mark.parametrize("helm", ["helm", "helm3"])
@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"replicas": 2}, "replicas"),
        ({"server": {"prot": 8001}}, "prot"),
        ({"replicaCount": 2}, "replicaCount"),
        ({"autoscaling": {"kind": "hpa"}}, "kind"),
        ({"autoscaling": {"kind": "both"}}, "kind"),
        ({"autoscaling": {"keda": {"idleReplicaCount": 0}}}, "triggers"),
        ({"autoscaling": {"keda": {"idleReplicaCount": 1, "triggers": [{}]}}}, "idleReplicaCount"),
        ({"autoscaling": {"keda": {"authModes": "bearer, tls"}}}, "authModes"),
        ({"metrics": {"rules": {"runbookUrl": "docs/runbook.md"}}}, "runbookUrl"),
        (GPUS | {"database": {}}, "kind"),
        (GPUS | {"device": "cpu"}, "device"),
        (GPUS | {"model": {"source": "image"}}, "source"),
        (GPUS | {"adapter": {"source": "claim", "existingClaim": "adapters"}}, "source"),
        (GPUS | {"model": {"source": "claim", "claim": {"size": "1Gi"}}}, "kind"),
        ({"replicaCount": 2, "database": DATABASE, "persistence": {"enabled": True}}, "replicaCount"),
        (SET | {"persistence": {"enabled": True, "existingClaim": "data"}}, "replicaCount"),
        (SET | {"model": {"source": "claim", "claim": {"size": "1Gi"}}}, "replicaCount"),
        (
            SET
            | {
                "model": {"source": "download", "claim": {"size": "1Gi"}},
                "replicaCount": 1,
                "autoscaling": {"kind": "hpa"},
            },
            "kind",
        ),
        ({"enabled": "yes"}, "enabled"),
        ({"model": {"source": "imageVolume"}}, "reference"),
        ({"model": {"source": "claim"}}, "(existingClaim|size)"),
        ({"adapter": {"source": "claim"}}, "existingClaim"),
        ({"auth": {"jwt": {"jwks": "/agent/jwks.json"}}}, "(issuer|audience)"),
        ({"httpRoute": {"enabled": True}}, "parentRefs"),
        ({"grpcRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}}, "enabled"),
        ({"ingress": {"enabled": True}}, "host"),
        ({"service": {"externalTrafficPolicy": "Local"}}, "externalTrafficPolicy"),
        ({"service": {"type": "NodePort", "loadBalancerSourceRanges": ["10.0.0.0/8"]}}, "loadBalancerSourceRanges"),
        ({"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.1"]}}, "loadBalancerSourceRanges"),
        ({"networkPolicy": {"clients": []}}, "clients"),
        ({"management": {"port": 8001}}, "port"),
        ({"drain": {"preStopSeconds": 0}}, "preStopSeconds"),
        ({"image": {"tag": 2}}, "tag"),
        ({"image": {"digest": "sha256:0"}}, "digest"),
        ({"commonLabels": {"app.kubernetes.io/name": "agents"}}, "app.kubernetes.io/name"),
        ({"peers": [{"name": "contracts"}]}, "peers"),
        ({"peers": [{"name": "contracts", "service": "contracts", "url": "http://contracts"}]}, "peers"),
        ({"peers": [{"name": "contracts", "service": "contracts", "egress": [{}]}]}, "peers"),
        ({"peers": [{"name": "Contracts", "service": "contracts"}]}, "peers"),
    ],
    ids=str,
)
def test_refused(tmp_path: Path, helm: str, values: Object, where: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    with pytest.raises(Refused, match=rf"values don't meet the specifications of the schema(.|\n)*{where}"):
        template(helm, "-f", file)


@pytest.mark.parametrize(
    "values",
    [
        GPUS,
        SET | {"persistence": {"enabled": True}},
        SET | {"persistence": {"enabled": True, "existingClaim": "data", "accessModes": ["ReadWriteMany"]}},
        SET | {"model": {"source": "claim", "claim": {"size": "1Gi", "accessModes": ["ReadOnlyMany"]}}},
        SET | {"model": {"source": "claim", "claim": {"existingClaim": "weights"}}},
    ],
    ids=str,
)
def test_several_pods_are_taken(values: Object) -> None:
    render(values)
