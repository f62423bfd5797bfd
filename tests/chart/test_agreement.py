"""The chart and the service mean the same: variables, ports, paths, commands, times."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml
from opentelemetry.sdk import environment_variables as otel
from typer import main as typer_main
from typer.core import TyperGroup

from service.__main__ import app
from service.settings import Machine
from tests.chart.helm import CASES, ROOT, Object, case, containers, only, pods, render
from tests.chart.settings import environment, machine, variables

NAMES = [path.stem for path in sorted(CASES.glob("*.yaml"))]
ALL = {name: render(case(name)) for name in NAMES}
OF_KUBERNETES = {"POD_NAME", "NODE_NAME"}
OF_LIBRARIES = {"HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "OMP_NUM_THREADS", "PGSSLROOTCERT", "VLLM_NO_USAGE_STATS"}
OF_LIBRARIES |= {"HTTPS_PROXY", "NCCL_SOCKET_IFNAME", "SSL_CERT_FILE"}

each_case = pytest.mark.parametrize("name", NAMES)


def agent(objects: list[Object]) -> Object:
    container: Object = pods(objects)["agent"]["spec"]["containers"][0]
    return container


def source(path: str) -> str:
    return (ROOT / path).read_text()


@each_case
def test_every_variable_is_one_that_is_read(name: str) -> None:
    known = set(variables()) | set(vars(otel)) | OF_KUBERNETES | OF_LIBRARIES
    for pod in pods(ALL[name]).values():
        for container in containers(pod):
            assert set(environment(container)) <= known


def test_every_setting_can_be_set() -> None:
    assert set(variables()) <= {name for objects in ALL.values() for name in environment(agent(objects))}


@each_case
def test_the_service_takes_its_variables(name: str) -> None:
    for pod in pods(ALL[name]).values():
        for container in containers(pod):
            machine(container)


def test_what_the_service_makes_of_them() -> None:
    made = machine(agent(ALL["replicas"]))
    assert made.peers == {"contracts": "http://contracts.office.svc:8001", "legal": "https://legal.example.com"}
    assert made.public_url == "https://procurement.example.com"
    assert made.grpc_public_url == "procurement-grpc.example.com:443"
    assert made.database == "postgresql+asyncpg://agent:secret@db/agent"
    assert [str(path) for path in made.card_keys] == [f"/etc/innerloop/card-keys/{name}.pem" for name in ("old", "new")]
    assert made.auth.jwt
    assert made.auth.jwt.audience == "procurement"
    made = machine(agent(ALL["nodes"]))
    assert (
        made.engine
        == {
            "tensor_parallel_size": 8,
            "pipeline_parallel_size": 2,
            "nnodes": 2,
            "node_rank": 0,
            "master_addr": "$(LWS_LEADER_ADDRESS)",
            "master_port": 29500,
        }
        | case("nodes")["engine"]
    )


def test_all_nodes_have_the_same_engine() -> None:
    """vLLM makes the same of a node's command as of what the leader's process is given."""
    (engine,) = pods(ALL["nodes"])["engine"]["spec"]["containers"]
    command = [each.replace("$(LWS_WORKER_INDEX)", "1") for each in engine["command"][1:] + engine["args"]]
    both = {"command": command, "arguments": machine(agent(ALL["nodes"])).engine}
    script = ROOT / "tests" / "chart" / "engine_options.py"
    done = subprocess.run([sys.executable, script], input=json.dumps(both), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"node_rank": ["1", "0"]}


@pytest.mark.parametrize("field", ["connections", "drain_seconds", "lease_seconds", "wedged_seconds"])
def test_defaults_are_the_services(field: str) -> None:
    assert getattr(machine(agent(ALL["default"])), field) == Machine.model_fields[field].default


def seconds(name: str, path: str) -> float:
    """A constant of the service."""
    (found,) = re.findall(rf"^{name} = ([\d.]+)$", source(path), re.M)
    return float(found)


@pytest.mark.parametrize("grpc", [False, True])
def test_all_that_is_waited_for_at_the_end_is_in_the_grace_period(grpc: bool) -> None:
    pod = pods(render({"server": {"grpc": {"enabled": grpc}}}))["agent"]
    values = yaml.safe_load(source("helm/values.yaml"))["drain"]
    closing = seconds("_LAST_WORD_SECONDS", "service/endpoint/worker.py")
    closing += seconds("_CLOSE_SECONDS", "service/process/server.py")
    if grpc:
        closing += seconds("_CLOSE_SECONDS", "service/endpoint/grpc.py")
    needed = values["preStopSeconds"] + values["turnSeconds"] + closing + values["marginSeconds"]
    assert pod["spec"]["terminationGracePeriodSeconds"] == needed


def test_probes_and_metrics_are_at_paths_that_are_served() -> None:
    served = set(re.findall(r'Route\("(/\w+)"', source("service/process/management.py")))
    container = agent(ALL["replicas"])
    probes = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert probes == {"/startupz", "/readyz", "/livez"}
    metrics = {each["path"] for each in only(ALL["replicas"], "ServiceMonitor")["spec"]["endpoints"]}
    assert probes | metrics <= served


def test_ports_are_those_that_it_listens_on() -> None:
    for objects in ALL.values():
        container = agent(objects)
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        made = machine(container)
        assert ports == {
            "http": made.port,
            **({"grpc": made.grpc_port} if made.grpc_port else {}),
            "management": made.management_port,
        }


@pytest.mark.skipif(not (ROOT / "Dockerfile").exists(), reason="there is no image yet")
def test_the_image_is_what_the_chart_takes_it_for() -> None:
    """Its user, its entry point, its ports, the folders it writes to, and its two kinds."""
    image = source("Dockerfile")
    objects = ALL["replicas"]
    context = pods(objects)["agent"]["spec"]["securityContext"]
    assert set(re.findall(r"^USER (.*)$", image, re.M)) == {f"{context['runAsUser']}:{context['runAsGroup']}"}
    assert set(re.findall(r"^ENTRYPOINT (.*)$", image, re.M)) == {'["innerloop"]'}
    ports = {str(each["containerPort"]) for each in agent(objects)["ports"]}
    assert {frozenset(each.split()) for each in re.findall(r"^EXPOSE (.*)$", image, re.M)} == {frozenset(ports)}
    ours = environment(agent(objects))
    for name, value in re.findall(r"\b(INNERLOOP_[A-Z_]+)=(\S+)", image):
        assert ours[name] == value
    assert set(re.findall(r"^FROM \S+ AS (cpu|gpu)$", image, re.M)) == {"cpu", "gpu"}


def test_examples_are_of_agents_that_the_image_has() -> None:
    for path in (ROOT / "helm" / "examples").glob("*.yaml"):
        folder = ROOT / yaml.safe_load(path.read_text())["agent"]["path"].removeprefix("/")
        assert (folder / "agent.yaml").exists()


@each_case
def test_commands_exist(name: str) -> None:
    """Each container's arguments are a command of ours, with options that it has."""
    for pod in pods(ALL[name]).values():
        for container in containers(pod):
            if "command" in container:
                continue  # vLLM's own
            command, arguments = typer_main.get_command(app), list(container["args"])
            while isinstance(command, TyperGroup):
                command = command.commands[arguments.pop(0)]
            command.make_context("innerloop", arguments)
