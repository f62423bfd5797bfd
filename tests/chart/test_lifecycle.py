"""A release from its installation to its end, as Helm makes it, with a stand-in for the API server: `api_server.py`."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from tests.chart.api_server import ApiServer
from tests.chart.helm import CASES, CHART, RELEASE, Object, Refused, run, template

CASE = CASES / "replicas.yaml"
FIRST: Object = {"persistence": {"enabled": True, "accessModes": ["ReadWriteMany"]}}
NEXT: Object = FIRST | {
    "agent": {"files": {"tools.py": "a = 1"}},
    "drain": {"turnSeconds": 60},
    "extraEnv": [],
    "metrics": {"serviceMonitor": {"enabled": False}},
    "secretMounts": [],
    "server": {"grpc": {"enabled": False}},
    "grpcRoute": {"enabled": False},
}
"""The next version of it: with more, less and other than the first."""


def options(folder: Path, values: Object) -> tuple[str | Path, ...]:
    """For the case with these values over its own."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    return "-f", CASE, "-f", file


def kept(api: ApiServer) -> dict[tuple[str, str], Object]:
    """What there is beside Helm's own records, by kind and name, as whoever made it said."""
    found = copy.deepcopy([each for each in api.objects.values() if each["kind"] != "Secret"])
    for each in found:
        about = each["metadata"]
        each.pop("status", None)
        for name in ("uid", "resourceVersion"):
            del about[name]
        for name in ("release-name", "release-namespace"):
            about.get("annotations", {}).pop(f"meta.helm.sh/{name}", None)
        if not about.get("annotations"):
            about.pop("annotations", None)
    return by_name(found)


def rendered(helm: str, *values: str | Path) -> dict[tuple[str, str], Object]:
    return by_name([each for each in yaml.safe_load_all(template(helm, *values, "--no-hooks")) if each])


def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def written(api: ApiServer) -> list[tuple[str, str, str]]:
    """What was written since this was asked before, but for Helm's own records."""
    log = [each for each in api.log if each[1] != "Secret"]
    api.log.clear()
    return log


def migrates_first(log: list[tuple[str, str, str]]) -> bool:
    """Whether the Job is done, and gone with its NetworkPolicy, before anything else is written."""
    kinds = [(verb == "DELETE", kind) for verb, kind, _ in log]
    first = [(False, "NetworkPolicy"), (False, "Job"), (True, "Job"), (True, "NetworkPolicy")]
    return kinds[:4] == first and not {"Job"} & {kind for _, kind in kinds[4:]}


@pytest.mark.parametrize(("helm", "later"), [("helm", "helm"), ("helm3", "helm3"), ("helm3", "helm")])
def test_installed_upgraded_rolled_back_and_gone(helm: str, later: str, api: ApiServer, tmp_path: Path) -> None:
    first = options(tmp_path, FIRST)
    run(helm, "install", RELEASE, CHART, *first)
    installed = kept(api)
    assert installed == rendered(helm, *first)
    assert migrates_first(written(api))

    run(later, "test", RELEASE)
    assert [each[1:] for each in written(api)] == [("Pod", "office-innerloop-test")]

    following = options(tmp_path, NEXT)
    run(later, "upgrade", RELEASE, CHART, *following)
    test_pod = ("Pod", "office-innerloop-test")
    pod = kept(api)[test_pod]  # it stays, for what it has logged
    assert kept(api) == rendered(later, *following) | {test_pod: pod}
    assert migrates_first(written(api))

    run(later, "rollback", RELEASE, "1")
    assert kept(api) == installed | {test_pod: pod}
    assert not [each for each in written(api) if each[1] == "Job"]  # the database stays as it is

    run(later, "uninstall", RELEASE)
    assert set(kept(api)) == {test_pod, ("PersistentVolumeClaim", "office-innerloop-data")}


@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_nothing_is_rolled_out_if_the_database_is_not_at_its_version(helm: str, api: ApiServer, tmp_path: Path) -> None:
    run(helm, "install", RELEASE, CHART, *options(tmp_path, FIRST))
    installed = kept(api)
    api.failing.add("office-innerloop-migrations")
    with pytest.raises(Refused, match="UPGRADE FAILED: pre-upgrade hooks failed"):
        run(helm, "upgrade", RELEASE, CHART, *options(tmp_path, NEXT))
    left = kept(api)
    assert ("Job", "office-innerloop-migrations") in left  # for whoever wants to know why
    assert installed.items() <= left.items()
    api.failing.clear()
    run(helm, "upgrade", RELEASE, CHART, *(following := options(tmp_path, NEXT)))
    assert kept(api) == rendered(helm, *following)


FIXED: Object = {"replicaCount": 3, "autoscaling": {"kind": "none"}}


@pytest.mark.parametrize("helm", ["helm", "helm3"])
@pytest.mark.parametrize(("idle", "there", "kept_on"), [("", 5, 5), ("", 1, 2), (0, 0, 0)])
def test_an_autoscaler_begins_with_the_pods_that_there_are(
    helm: str, idle: object, there: int, kept_on: int, api: ApiServer, tmp_path: Path
) -> None:
    """A count that is left out becomes 1: neither the upgrade that turns it on leaves it out, nor one after that."""
    run(helm, "install", RELEASE, CHART, *options(tmp_path, FIXED))
    deployment(api)["spec"]["replicas"] = there
    scaled = options(tmp_path, {"autoscaling": {"keda": {"idleReplicaCount": idle}}})
    run(helm, "upgrade", RELEASE, CHART, *scaled)
    assert deployment(api)["spec"]["replicas"] == kept_on
    deployment(api)["spec"]["replicas"] = 7
    run(helm, "upgrade", RELEASE, CHART, *scaled)
    assert deployment(api)["spec"]["replicas"] == 7


def test_what_is_applied_on_the_server_does_not_claim_what_the_autoscaler_says(api: ApiServer, tmp_path: Path) -> None:
    run("helm", "install", RELEASE, CHART, *options(tmp_path, FIXED))
    applied, scale = {"manager": "helm", "operation": "Apply"}, {"operation": "Update", "subresource": "scale"}
    deployment(api)["metadata"]["managedFields"] = [applied]
    run("helm", "upgrade", RELEASE, CHART, "-f", CASE)
    assert deployment(api)["spec"]["replicas"] == 3
    deployment(api)["metadata"]["managedFields"] = [applied, scale]
    run("helm", "upgrade", RELEASE, CHART, "-f", CASE)
    assert "replicas" not in deployment(api)["spec"]  # which a real server keeps: it is the autoscaler's


def deployment(api: ApiServer) -> Object:
    (found,) = (each for each in api.objects.values() if each["kind"] == "Deployment")
    return found


@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_whoever_installs_an_image_volume_hears_what_it_wants(helm: str, api: ApiServer) -> None:
    """The stand-in says that it is 1.34."""
    volume = "source=imageVolume,model.imageVolume.reference=registry.example.com/model:1"
    said = run(helm, "install", RELEASE, CHART, "--set", f"model.{volume}")
    assert "wants the feature gate ImageVolume" in said
