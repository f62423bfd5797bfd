"""What is rendered, case by case, by both versions of Helm."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.chart.helm import CASES, CHART, Object, Refused, case, notes, only, pods, render, run, template
from tests.chart.schemas import CUSTOM, VERSIONS, check, check_custom

GOLDEN = Path(__file__).parent / "golden"
FILES = {path.stem: path for path in [*sorted(CASES.glob("*.yaml")), *sorted(CHART.glob("examples/*.yaml"))]}

each_case = pytest.mark.parametrize("name", FILES)
each_helm = pytest.mark.parametrize("helm", ["helm", "helm3"])


@each_case
def test_as_expected(name: str, pytestconfig: pytest.Config) -> None:
    """`make golden` writes what is expected anew."""
    rendered, golden = template("helm", "-f", FILES[name]), GOLDEN / f"{name}.yaml"
    if pytestconfig.getoption("refresh_golden"):
        golden.write_text(rendered)
    assert rendered == golden.read_text()


@each_case
def test_helm_3_renders_the_same(name: str) -> None:
    old, new = (list(yaml.safe_load_all(template(helm, "-f", FILES[name]))) for helm in ("helm3", "helm"))
    assert [each for each in old if each] == [each for each in new if each]


@each_case
@each_helm
def test_lint(name: str, helm: str) -> None:
    assert "0 chart(s) failed" in run(helm, "lint", "--strict", CHART, "--kube-version", "1.36", "-f", FILES[name])


@each_case
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(name: str, version: str) -> None:
    check(render(yaml.safe_load(FILES[name].read_text()) or {}), version)


def test_custom_resources_are_what_their_schemas_say() -> None:
    names = [path.stem for path in CASES.glob("*.yaml")]
    objects = [each for name in names for each in render(case(name))]
    assert {each["kind"] for each in objects} >= set(CUSTOM) - {"PrometheusRule"}
    check_custom(objects)


def test_a_custom_resource_that_is_wrong_is_noticed() -> None:
    route = only(render(case("replicas")), "HTTPRoute")
    route["spec"]["rules"][0]["timeouts"]["request"] = "for ever"
    with pytest.raises(AssertionError, match="request"):
        check_custom([route])


@pytest.mark.parametrize("without", ["database", "traces", "peers"])
def test_where_it_is_has_to_be_said(without: str) -> None:
    values = case("replicas")
    if without == "peers":
        del values["peers"][1]["egress"]
    else:
        del values[without]["egress"]
    with pytest.raises(Refused, match="networkPolicy cuts off what is not named"):
        render(values)
    render(values | {"networkPolicy": {"enabled": False}})


ROUTE: Object = {"enabled": True, "parentRefs": [{"name": "public"}]}
TOKENS: Object = {"jwks": "https://login.example.com/jwks.json", "issuer": "login", "audience": "office"}


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"httpRoute": ROUTE}, "clients"),
        ({"grpcRoute": ROUTE, "server": {"grpc": {"enabled": True}}}, "clients"),
        ({"ingress": {"enabled": True, "host": "agent.example.com"}}, "clients"),
        ({"service": {"type": "LoadBalancer"}}, "clients"),
        ({"service": {"type": "NodePort"}}, "clients"),
        ({"auth": {"jwt": TOKENS}}, "egress"),
    ],
    ids=str,
)
def test_who_comes_from_elsewhere_and_what_keys_are_elsewhere_has_to_be_said(values: Object, key: str) -> None:
    with pytest.raises(Refused, match=rf"say in networkPolicy\.{key} where"):
        render(values)
    pods_of_gateway: Object = {"podSelector": {"matchLabels": {"app": "gateway"}}}
    said = {"clients": [pods_of_gateway], "egress": [{"to": [pods_of_gateway], "ports": [{"port": 443}]}]}
    render(values | {"networkPolicy": {key: said[key]}})
    render(values | {"networkPolicy": {"enabled": False}})


def test_who_comes_by_a_load_balancer_is_let_in_and_told_where_to_go() -> None:
    network = {"ipBlock": {"cidr": "203.0.113.0/24"}}
    ranges = {"externalTrafficPolicy": "Local", "loadBalancerSourceRanges": ["203.0.113.0/24"]}
    values: Object = {
        "service": {"type": "LoadBalancer"} | ranges,
        "networkPolicy": {"clients": [network]},
    }
    objects = render(values)
    assert ranges.items() <= only(objects, "Service", "office-innerloop")["spec"].items()
    first, *_ = only(objects, "NetworkPolicy", "office-innerloop")["spec"]["ingress"]
    assert network in first["from"]
    assert "set server.publicUrl." in notes(values)
    for told in (values | {"server": {"publicUrl": "https://agent.example.com"}}, {}):
        assert "set server.publicUrl" not in notes(told)


def test_keys_in_a_file_are_not_elsewhere() -> None:
    render({"auth": {"jwt": TOKENS | {"jwks": "/agent/jwks.json"}}})


def test_a_peer_in_the_cluster_is_asked_at_its_pods() -> None:
    rules = only(render(case("replicas")), "NetworkPolicy", "office-innerloop")["spec"]["egress"]
    its_pods = {"matchLabels": {"innerloop.dev/agent": case("replicas")["peers"][0]["service"]}}
    (own,) = (rule["ports"] for rule in rules if rule["to"][0].get("podSelector") == its_pods)
    assert own == [{"port": 8001}, {"port": 8002}]


def test_the_test_reaches_the_agent_and_nothing_else() -> None:
    """Its card may name a public address: it is asked past that."""
    dns, agent = only(render(case("replicas")), "NetworkPolicy", "office-innerloop-test")["spec"]["egress"]
    assert {each["port"] for each in dns["ports"]} == {53}
    (peer,) = agent["to"]
    assert (
        peer["podSelector"]["matchLabels"].items()
        <= pods(render(case("replicas")))["agent"]["metadata"]["labels"].items()
    )
    assert agent["ports"] == [{"port": "http"}]


GATEWAY: Object = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}
OUTSIDE: Object = {"ipBlock": {"cidr": "203.0.113.7/32"}}


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({"peers": [{"name": "legal", "url": "https://legal.example.com", "egress": [GATEWAY, OUTSIDE]}]}, 443),
        ({"traces": {"endpoint": "http://collector:4318", "egress": [GATEWAY, OUTSIDE]}}, 4318),
        ({"model": {"source": "download", "download": {"egress": [GATEWAY, OUTSIDE]}}}, 443),
    ],
    ids=str,
)
def test_pods_may_be_asked_at_their_own_ports_and_networks_at_the_urls(values: Object, port: int) -> None:
    """A policy sees the port behind a Service: Envoy Gateway's pods have 10443 where its URLs have 443."""
    rules = only(render(values), "NetworkPolicy", "office-innerloop")["spec"]["egress"]
    assert {"to": [GATEWAY]} in rules
    assert {"to": [OUTSIDE], "ports": [{"port": port}]} in rules


def test_names_are_looked_up_where_the_cluster_has_them() -> None:
    openshift: Object = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}}
    values = case("replicas")
    values["networkPolicy"] |= {"dns": [openshift], "dnsPort": 5353}
    both = [{"port": 5353, "protocol": protocol} for protocol in ("UDP", "TCP")]
    policies = [each["spec"] for each in render(values) if each["kind"] == "NetworkPolicy"]
    assert len(policies) == 3
    assert all(policy["egress"][0] == {"to": [openshift], "ports": both} for policy in policies)


@pytest.mark.parametrize("shown", [{"authModes": "bearer,tls"}, {}], ids=str)
def test_keda_is_told_how_prometheus_wants_to_be_asked(shown: Object) -> None:
    """Without a mode it shows nothing of what the TriggerAuthentication has, but for a pod's identity."""
    values = case("replicas")
    values["autoscaling"]["keda"] = {"authenticationRef": "prometheus"} | shown
    triggers = only(render(values), "ScaledObject")["spec"]["triggers"]
    assert len(triggers) == 2
    for each in triggers:
        assert each["authenticationRef"] == {"name": "prometheus"}
        assert each["metadata"].get("authModes") == shown.get("authModes")
    check_custom(render(values))


def test_migrations_reach_the_database_as_the_agent_does_but_in_their_own_role() -> None:
    objects = render(case("replicas"))
    pod = pods(objects)["migrations"]["spec"]
    (container,) = pod["containers"]
    variables = {each["name"]: each for each in container["env"]}
    assert variables["PGSSLROOTCERT"]["value"] == "/etc/database/ca.crt"
    url = variables["INNERLOOP_DATABASE"]["valueFrom"]["secretKeyRef"]
    assert url == {"name": "agent-database-owner", "key": "url"}
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts == {"tmp": "/tmp", "secret-0": "/etc/innerloop/contracts", "database-ca": "/etc/database"}
    assert {each["name"] for each in pod["volumes"]} == set(mounts)  # the claim may be held by a running pod
    del (values := case("replicas"))["database"]["migrations"]
    (container,) = pods(render(values))["migrations"]["spec"]["containers"]
    variables = {each["name"]: each for each in container["env"]}
    assert variables["INNERLOOP_DATABASE"]["valueFrom"]["secretKeyRef"]["name"] == "agent-database"


def test_nothing_of_the_migrations_is_left() -> None:
    hooks = [each for each in render(case("replicas")) if each["metadata"]["name"] == "office-innerloop-migrations"]
    assert {each["kind"] for each in hooks} == {"Job", "NetworkPolicy"}
    for each in hooks:
        assert "hook-succeeded" in each["metadata"]["annotations"]["helm.sh/hook-delete-policy"].split(",")
    # Helm takes away what has succeeded in the end, when the last of them has.
    weights = {each["kind"]: int(each["metadata"]["annotations"].get("helm.sh/hook-weight", 0)) for each in hooks}
    assert weights["NetworkPolicy"] < weights["Job"]


def test_a_download_has_to_be_let_out() -> None:
    values = case("download")
    del values["model"]["download"]["egress"]
    with pytest.raises(Refused, match=r"say in model\.download\.egress where the hub is"):
        render(values)


def test_an_update_is_given_the_time_of_a_download() -> None:
    values = case("download") | {"workload": {"initSeconds": 3600}}
    assert only(render(values), "Deployment")["spec"]["progressDeadlineSeconds"] == 50 + 3600 + 300 + 120
    assert "within 3900 s" in notes(values)
    values["model"] = {"source": "image"}
    assert only(render(values), "Deployment")["spec"]["progressDeadlineSeconds"] == 50 + 300 + 120


DATABASE: Object = {"existingSecret": "db", "egress": [{"podSelector": {}}]}
MADE: Object = {"source": "download", "download": {"egress": [{"podSelector": {}}]}}


@pytest.mark.parametrize(
    ("values", "surge"),
    [
        ({}, None),
        ({"database": DATABASE}, 1),
        ({"database": DATABASE, "device": "gpu"}, 0),
        ({"database": DATABASE, "persistence": {"enabled": True}}, None),
        ({"database": DATABASE, "device": "gpu", "persistence": {"enabled": True}}, None),
        ({"database": DATABASE, "persistence": {"enabled": True, "accessModes": ["ReadWriteMany"]}}, 1),
        ({"database": DATABASE, "model": MADE | {"claim": {"size": "1Gi"}}}, None),
        ({"database": DATABASE, "model": MADE | {"claim": {"size": "1Gi", "accessModes": ["ReadWriteMany"]}}}, 1),
        ({"database": DATABASE, "model": {"source": "claim", "claim": {"existingClaim": "weights"}}}, 1),
    ],
    ids=str,
)
def test_the_next_pod_is_there_before_the_last_only_where_both_can_be(values: Object, surge: int | None) -> None:
    spec = only(render(values), "Deployment")["spec"]
    if surge is None:
        assert spec["strategy"] == {"type": "Recreate"}
    else:
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": surge, "maxUnavailable": 1 - surge}
    grace = spec["template"]["spec"]["terminationGracePeriodSeconds"]
    begin = {"cpu": 300, "gpu": 1800}[values.get("device", "cpu")] + (
        1800 if values.get("model") and "download" in values["model"] else 0
    )
    assert spec["progressDeadlineSeconds"] == begin + 120 + (0 if surge else grace)


@pytest.mark.parametrize(
    ("values", "requests", "limits"),
    [
        ({}, {"cpu": "2", "memory": "4Gi"}, {"cpu": "2", "memory": "4Gi"}),
        ({"device": "gpu"}, {"cpu": "4", "memory": "16Gi"}, {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": 1}),
        (
            {"device": "gpu", "gpus": 8},
            {"cpu": "32", "memory": "128Gi"},
            {"cpu": "32", "memory": "128Gi", "nvidia.com/gpu": 8},
        ),
        ({"resources": {"requests": {"cpu": 4}}}, {"cpu": 4, "memory": "4Gi"}, {"memory": "4Gi"}),
        (
            {"resources": {"limits": {"memory": "8Gi", "example.com/fpga": 1}}},
            {"cpu": "2"},
            {"cpu": "2", "memory": "8Gi", "example.com/fpga": 1},
        ),
    ],
    ids=str,
)
def test_what_is_not_said_of_resources_is_chosen_by_device(values: Object, requests: Object, limits: Object) -> None:
    (container,) = pods(render(values))["agent"]["spec"]["containers"]
    assert container["resources"] == {"requests": requests, "limits": limits}


def test_a_claim_that_is_read_only_is_mounted_so() -> None:
    def volume(values: Object) -> Object:
        (found,) = (each for each in pods(render(values))["agent"]["spec"]["volumes"] if each["name"] == "model")
        claim: Object = found["persistentVolumeClaim"]
        return claim

    claim = {"existingClaim": "weights"}
    assert volume({"model": {"source": "claim", "claim": claim}}) == {"claimName": "weights", "readOnly": True}
    assert "readOnly" not in volume({"model": {"source": "claim", "claim": claim | {"readOnly": False}}})
    assert "readOnly" not in volume({"model": MADE | {"claim": claim}})


def test_a_download_sees_what_the_agent_sees_but_no_devices() -> None:
    values = case("download")
    values["resources"] = {"claims": [{"name": "network"}]}
    values["resourceClaims"] = [{"name": "network", "resourceClaimTemplateName": "rdma"}]
    spec = pods(render(values | {"extraEnvFrom": [{"configMapRef": {"name": "proxy"}}]}))["agent"]["spec"]
    (download,), (agent,) = spec["initContainers"], spec["containers"]
    assert {each["name"] for each in values["extraEnv"]} < {each["name"] for each in download["env"]}
    assert download["envFrom"] == agent["envFrom"] == [{"configMapRef": {"name": "proxy"}}]
    assert values["extraVolumeMounts"][0] in download["volumeMounts"]
    assert agent["resources"] == download["resources"] | {"claims": [{"name": "network"}]}


def test_a_node_has_what_its_leader_has() -> None:
    leader, node = (pods(render(case("nodes")))[name]["spec"] for name in ("agent", "engine"))
    for key in ("priorityClassName", "resourceClaims", "terminationGracePeriodSeconds", "tolerations"):
        assert node[key] == leader[key], key
    (agent,), (engine,) = leader["containers"], node["containers"]
    assert engine["resources"] == agent["resources"]
    assert engine["envFrom"] == agent["envFrom"]
    for key in ("env", "volumeMounts"):
        extra = case("nodes")[{"env": "extraEnv"}.get(key, "extraVolumeMounts")]
        assert all(each in engine[key] for each in extra)
        assert all(each in agent[key] for each in extra)
    assert all(each in leader["volumes"] for each in node["volumes"])


def test_a_budget_counts_all_pods_of_a_group() -> None:
    budget = only(render(case("nodes")), "PodDisruptionBudget")
    assert budget["spec"]["selector"] == {"matchLabels": {"leaderworkerset.sigs.k8s.io/name": "office-innerloop-nodes"}}


def routes(http: Object, grpc: Object) -> Object:
    both: Object = {"enabled": True, "parentRefs": [{"name": "public"}]}
    return {
        "httpRoute": both | http,
        "grpcRoute": both | grpc,
        "server": {
            "publicUrl": "https://agent.example.com",
            "grpc": {"enabled": True, "publicUrl": "agent.example.com:443"},
        },
        "networkPolicy": {"clients": [{"podSelector": {"matchLabels": {"app": "gateway"}}}]},
    }


@pytest.mark.parametrize(
    ("http", "grpc", "clash"),
    [
        ({}, {}, True),
        ({"hostnames": ["a.example.com"]}, {}, True),
        ({"hostnames": ["a.example.com", "b.example.com"]}, {"hostnames": ["b.example.com"]}, True),
        ({"hostnames": ["*.example.com"]}, {"hostnames": ["a.b.example.com"]}, True),
        ({"hostnames": ["a.example.com"]}, {"hostnames": ["*.example.com"]}, True),
        ({"hostnames": ["*.example.com"]}, {"hostnames": ["*.b.example.com"]}, True),
        ({"parentRefs": [{"name": "public", "namespace": "agents"}]}, {}, True),
        ({"parentRefs": [{"name": "public", "sectionName": "https"}]}, {}, True),
        ({"hostnames": ["a.example.com"]}, {"hostnames": ["b.example.com"]}, False),
        ({"hostnames": ["*.example.com"]}, {"hostnames": ["example.com"]}, False),
        ({"hostnames": ["*.a.example.com"]}, {"hostnames": ["*.b.example.com"]}, False),
        ({"parentRefs": [{"name": "other"}]}, {}, False),
        ({"parentRefs": [{"name": "public", "namespace": "gateways"}]}, {}, False),
        (
            {"parentRefs": [{"name": "public", "sectionName": "https"}]},
            {"parentRefs": [{"name": "public", "sectionName": "grpc"}]},
            False,
        ),
    ],
    ids=str,
)
def test_two_routes_of_which_a_gateway_accepts_one_are_refused(http: Object, grpc: Object, clash: bool) -> None:
    if clash:
        with pytest.raises(Refused, match="a hostname in common at the gateway public"):
            render(routes(http, grpc))
    else:
        assert {"HTTPRoute", "GRPCRoute"} <= {each["kind"] for each in render(routes(http, grpc))}


def test_the_card_names_one_host() -> None:
    gateway = {"parentRefs": [{"name": "public"}], "hostnames": ["*.example.com"]}
    other = {"parentRefs": [{"name": "internal"}], "hostnames": ["*.example.com"]}
    both = routes(gateway, other)
    render(both)
    for where, key in ((both["server"], "server.publicUrl"), (both["server"]["grpc"], "server.grpc.publicUrl")):
        kept = where.pop("publicUrl")
        with pytest.raises(Refused, match=rf"\*\.example\.com stands for many hosts.* in {key}$"):
            render(both)
        where["publicUrl"] = kept
    ingress = {"ingress": {"enabled": True, "host": "*.example.com"}, "networkPolicy": {"enabled": False}}
    with pytest.raises(Refused, match=r"in server\.publicUrl"):
        render(ingress)


@pytest.mark.parametrize("which", ["model", "adapter"])
def test_an_image_volume_wants_a_cluster_that_has_them(which: str, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    reference = {"reference": "registry.example.com/weights:1"}
    mounted: Object = {"source": "imageVolume"}
    mounted |= {"imageVolume": reference} if which == "model" else reference
    values.write_text(yaml.safe_dump({which: mounted}))
    template("helm", "-f", values, "--kube-version", "1.33.0-gke.1")
    with pytest.raises(Refused, match=r"image volumes want Kubernetes 1\.33 or newer, and this is v1\.32"):
        template("helm", "-f", values, "--kube-version", "1.32")
    assert "feature gate ImageVolume" not in notes({which: mounted})


def test_a_peer_is_told_the_port_if_it_is_another() -> None:
    assert "`namespace: agents`." in notes({})
    assert "`namespace: agents`, `port: 80`." in notes({"service": {"port": 80}})


def test_a_changed_file_replaces_the_pods() -> None:
    one, other = (pods(render({"agent": {"files": {"tools.py": text}}}))["agent"] for text in ("a = 1", "a = 2"))
    assert one["spec"] == other["spec"]
    assert one["metadata"]["labels"] == other["metadata"]["labels"]
    assert one["metadata"]["annotations"] != other["metadata"]["annotations"]


def test_who_restarts_pods_when_a_secret_changes_can_be_told() -> None:
    reloader = {"reloader.stakater.com/auto": "true"}
    deployment = only(render({"commonAnnotations": reloader}), "Deployment")
    assert deployment["metadata"]["annotations"] == reloader


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("INNERLOOP_DRAIN_SECONDS", "one of this chart's values"),
        ("innerloop_drain_seconds", "one of this chart's values"),
        ("INNERLOOP_GRPC_PORT", "one of this chart's values"),
        ("OMP_NUM_THREADS", "set already"),
        ("HF_TOKEN", "set already"),
        ("TWICE", "set already"),
    ],
)
def test_no_variable_takes_the_place_of_a_value(name: str, why: str) -> None:
    with pytest.raises(Refused, match=rf"extraEnv has {name}.*{why}"):
        render(case("download") | {"extraEnv": [{"name": "TWICE", "value": "1"}, {"name": name, "value": "600"}]})


def test_no_pod_is_killed_while_its_turns_may_still_run() -> None:
    with pytest.raises(Refused, match=r"is 60, but 10 s before SIGTERM, 40 s for turns, .* 15 s are 75 s"):
        render({"drain": {"preStopSeconds": 10, "turnSeconds": 40, "terminationGracePeriodSeconds": 60}})
