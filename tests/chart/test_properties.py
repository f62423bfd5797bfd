"""What holds of every release, whatever its values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chart.helm import Object, Refused, containers, only, pods, render
from tests.chart.schemas import VERSIONS, check
from tests.chart.settings import machine

NAME = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
PEERS: list[Object] = [{"podSelector": {}}]
GATEWAY: list[Object] = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}]
ISSUER: list[Object] = [{"to": [{"ipBlock": {"cidr": "203.0.113.8/32"}}], "ports": [{"port": 443}]}]
INIT: Object = {
    "name": "weights",
    "image": "registry.example.com/weights:1",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
}
MADE: list[Object] = [{"size": "1Gi"}, {"size": "1Gi", "accessModes": ["ReadWriteMany"]}]
WORKLOADS = ("Deployment", "StatefulSet", "LeaderWorkerSet")


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    """Any of these keys."""
    return st.fixed_dictionaries({}, optional=optional)


def secret() -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({"existingSecret": NAME})


def named(values: Object) -> Object:
    """With what the NetworkPolicy would ask for: where those from elsewhere and the issuer of tokens are."""
    said = {"clients": GATEWAY} if {"httpRoute", "ingress", "service"} & set(values) else {}
    if "jwt" in values.get("auth", {}):
        said = said | {"egress": ISSUER}
    return values | {"networkPolicy": said | values.get("networkPolicy", {})}


VALUES = some(
    fullnameOverride=NAME,
    commonLabels=st.dictionaries(NAME, NAME, max_size=2),
    agent=some(path=st.just("/app/agent"), files=st.dictionaries(NAME.map("{}.py".format), TEXT, max_size=2)),
    peers=st.lists(
        st.fixed_dictionaries({"name": NAME.map(lambda name: name.replace("-", "_")), "service": NAME}),
        max_size=3,
        unique_by=lambda peer: peer["name"],
    ),
    device=st.sampled_from(["cpu", "gpu"]),
    gpus=st.integers(0, 8),
    model=st.one_of(
        st.just({"source": "image"}),
        st.fixed_dictionaries(
            {
                "source": st.sampled_from(["imageVolume", "claim"]),
                "mountPath": st.sampled_from(["/models", "/weights"]),
                "imageVolume": st.just({"reference": "registry.example.com/model:1"}),
                "claim": st.sampled_from([{"existingClaim": "weights"}, *MADE]),
            }
        ),
        st.fixed_dictionaries(
            {
                "source": st.just("download"),
                "claim": st.sampled_from([{}, *MADE]),
                "download": st.fixed_dictionaries({"egress": st.just(PEERS)}, optional={"existingSecret": NAME}),
            }
        ),
    ),
    adapter=st.sampled_from([{}, {"source": "claim", "existingClaim": "adapters"}]),
    workload=some(
        kind=st.sampled_from(WORKLOADS), initSeconds=st.integers(0, 9999), minReadySeconds=st.integers(0, 3600)
    ),
    initContainers=st.just([INIT]),
    nodes=st.fixed_dictionaries({"size": st.integers(2, 4), "model": st.just("/weights/large")}),
    replicaCount=st.integers(0, 5),
    resources=some(limits=some(cpu=st.sampled_from(["500m", "2", "3.5", "7500m", 4]), memory=st.just("1Gi"))),
    shm=st.just({"sizeLimit": "1Gi"}),
    database=st.fixed_dictionaries(
        {"existingSecret": NAME, "egress": st.just(PEERS)}, optional={"migrations": secret()}
    ),
    persistence=some(enabled=st.booleans(), existingClaim=st.just("data"), accessModes=st.just(["ReadWriteMany"])),
    server=some(grpc=some(enabled=st.booleans()), egressAllow=st.just(["10.0.0.0/8", "fd00::/8"])),
    auth=some(
        jwt=st.fixed_dictionaries({"jwks": TEXT.map("https://{}".format), "issuer": TEXT, "audience": TEXT}),
        apiKeys=secret(),
        proxy=st.just({"addresses": ["10.0.0.0/8"]}),
    ),
    cardKeys=secret(),
    push=some(signing=secret(), encryption=secret()),
    secretMounts=st.lists(st.fixed_dictionaries({"secret": NAME, "path": NAME.map("/etc/{}".format)}), max_size=1),
    probes=some(startupSeconds=st.integers(0, 9999), periodSeconds=st.integers(1, 300)),
    drain=some(
        preStopSeconds=st.integers(1, 600),
        turnSeconds=st.integers(0, 5000),
        marginSeconds=st.integers(5, 600),
        terminationGracePeriodSeconds=st.one_of(st.just(0), st.integers(0, 7000)),
    ),
    management=some(port=st.integers(9000, 65535)),
    service=some(
        type=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
        externalTrafficPolicy=st.sampled_from(["", "Local"]),
    ),
    httpRoute=st.just({"enabled": True, "parentRefs": [{"name": "public"}]}),
    ingress=st.just({"enabled": True, "host": "agent.example.com"}),
    networkPolicy=some(enabled=st.booleans(), webhooks=st.booleans()),
    autoscaling=some(kind=st.sampled_from(["none", "hpa", "keda"])),
    podDisruptionBudget=some(enabled=st.booleans(), minAvailable=st.sampled_from(["", 1, "50%"])),
    spread=st.sampled_from(["soft", "hard", "none"]),
    traces=st.fixed_dictionaries({"endpoint": st.just("http://collector:4318"), "egress": st.just(PEERS)}),
    podAnnotations=st.dictionaries(NAME, TEXT, max_size=2),
    userNamespace=st.booleans(),
    test=some(enabled=st.booleans(), question=TEXT, existingSecret=NAME),
).map(named)

unhurried = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(VALUES)
def test_what_is_rendered_holds(values: Object) -> None:
    """Values are refused, or everything that is made of them is sound."""
    try:
        objects = render(values)
    except Refused as refused:
        if refused.by_schema or "drain.terminationGracePeriodSeconds" in str(refused):
            return
        raise
    check(objects, VERSIONS[0])
    check(objects, VERSIONS[-1])
    for pod in pods(objects).values():
        is_restricted(pod)
        is_whole(pod)
    workload = next(each for each in objects if each["kind"] in WORKLOADS)
    ends_in_time(pods(objects)["agent"])
    starts_in_time(values, workload, pods(objects)["agent"])
    shares_its_claims(workload, objects)
    scales(workload, objects)
    finds_its_pods(objects)
    is_cut_off(values, objects)


def is_restricted(pod: Object) -> None:
    """The Pod Security Standard of that name, and what else should be so by default."""
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= {"configMap", "emptyDir", "image", "persistentVolumeClaim", "secret"}
    for container in containers(pod):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}


def is_whole(pod: Object) -> None:
    """Every mount has its volume, every volume is mounted, nothing is mounted over, and variables are as settings."""
    volumes = [each["name"] for each in pod["spec"]["volumes"]]
    assert len(set(volumes)) == len(volumes)
    mounted = {"data"} if pod["metadata"]["labels"]["app.kubernetes.io/component"] == "agent" else set()
    for container in containers(pod):
        paths = [each["mountPath"] for each in container["volumeMounts"]]
        assert len(set(paths)) == len(paths)
        mounted |= {each["name"] for each in container["volumeMounts"]}
        machine(container)
    assert mounted - {"data"} == set(volumes) - {"data"}


def ends_in_time(pod: Object) -> None:
    container = pod["spec"]["containers"][0]
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    made = machine(container)
    closing = 15 if made.grpc_port else 10
    grace = pod["spec"]["terminationGracePeriodSeconds"]
    assert grace >= before + made.drain_seconds + closing + 5
    assert "terminationGracePeriodSeconds" not in container["readinessProbe"]  # the API refuses it there
    for kind in ("startup", "liveness"):  # whatever has failed has no turns that could end
        assert (
            before + closing + 5
            <= container[f"{kind}Probe"]["terminationGracePeriodSeconds"]
            <= grace - made.drain_seconds
        )


def starts_in_time(values: Object, workload: Object, pod: Object) -> None:
    probe = pod["spec"]["containers"][0]["startupProbe"]
    budget = probe["failureThreshold"] * probe["periodSeconds"]
    assert budget >= (values.get("probes", {}).get("startupSeconds", 0) or 300)
    before = values.get("workload", {}).get("initSeconds", 1800) if "initContainers" in pod["spec"] else 0
    if workload["kind"] == "Deployment":
        waits = 0 if surges(workload) else pod["spec"]["terminationGracePeriodSeconds"]
        assert workload["spec"]["progressDeadlineSeconds"] > waits + before + budget - probe["periodSeconds"]


def surges(workload: Object) -> bool:
    """Whether an update makes a pod before another ends."""
    return bool(workload["spec"]["strategy"].get("rollingUpdate", {}).get("maxSurge"))


def shares_its_claims(workload: Object, objects: list[Object]) -> None:
    """No two pods need a claim at once that is one node's."""
    several = workload["kind"] == "LeaderWorkerSet" or workload["spec"].get("replicas", 2) > 1
    if several or (workload["kind"] == "Deployment" and surges(workload)):
        made = [each["spec"]["accessModes"] for each in objects if each["kind"] == "PersistentVolumeClaim"]
        assert all({"ReadWriteMany", "ReadOnlyMany"} & set(modes) for modes in made)


def scales(workload: Object, objects: list[Object]) -> None:
    """Whoever has several replicas has a database, and one says how many."""
    database = machine(pods(objects)["agent"]["spec"]["containers"][0]).database
    scalers = [each for each in objects if each["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")]
    assert len(scalers) == ("replicas" not in workload["spec"])
    assert database or workload["spec"]["replicas"] <= 1
    for scaler in scalers:
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) == (workload["kind"], workload["metadata"]["name"])


def finds_its_pods(objects: list[Object]) -> None:
    """Services and budgets select the agent's pods and no others; nothing has two names."""
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)
    for each in objects:
        if each["kind"] == "Service":
            assert selected(each["spec"]["selector"], objects) == {"agent"}
        elif each["kind"] == "PodDisruptionBudget":
            labels = each["spec"]["selector"]["matchLabels"]
            assert set(labels) == {"leaderworkerset.sigs.k8s.io/name"} or selected(labels, objects) == {"agent"}


def is_cut_off(values: Object, objects: list[Object]) -> None:
    """Every pod has a policy for what comes in and goes out; each rule has an end and, unless that is pods, a port."""
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    if not values.get("networkPolicy", {}).get("enabled", True):
        assert not policies
        return
    covered = set()
    for spec in policies:
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        if "matchLabels" not in spec["podSelector"]:
            covered |= {"agent", "engine"}  # those of a LeaderWorkerSet, among themselves
            continue
        covered |= selected(spec["podSelector"]["matchLabels"], objects)
        assert all(rule["to"] for rule in spec["egress"])
        assert all("ports" in rule or not any("ipBlock" in peer for peer in rule["to"]) for rule in spec["egress"])
        assert all(rule["from"] and rule["ports"] for rule in spec.get("ingress") or [])
    assert covered >= set(pods(objects))


def selected(labels: dict[str, str], objects: list[Object]) -> set[str]:
    return {name for name, pod in pods(objects).items() if labels.items() <= pod["metadata"]["labels"].items()}


@unhurried
@given(VALUES, st.data())
def test_a_key_that_is_not_known_is_refused(values: Object, data: st.DataObject) -> None:
    where = values
    while inner := {key: each for key, each in where.items() if isinstance(each, dict) and key not in FREE}:
        if not data.draw(st.booleans()):
            break
        where = inner[data.draw(st.sampled_from(sorted(inner)))]
    where["notAKey"] = data.draw(st.none() | st.booleans() | TEXT)
    with pytest.raises(Refused, match="notAKey"):
        render(values)


FREE = {"commonLabels", "files", "limits", "podAnnotations"}


def test_the_default_has_one_of_each() -> None:
    objects = render({})
    assert set(pods(objects)) == {"agent", "test"}
    assert only(objects, "Deployment")["spec"]["replicas"] == 1
