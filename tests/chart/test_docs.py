"""The walk through docs/deploy.md and docs/upgrade.md, as Helm and kubectl take it: with a stand-in for the API server.

Nothing runs in there. What the two agents of the walk would be given is given to two processes here.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from service.cli.agents import free_port
from tests.chart.api_server import ApiServer
from tests.chart.helm import BIN, CHART, NAMESPACE, ROOT, Object, containers, pods, render, run
from tests.chart.schemas import VERSIONS, check
from tests.endpoint.issuer import Issuer
from tests.serving import serving

BLOCK = re.compile(r"^```(yaml|sh cluster)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEYS = "https://login.example.com/jwks.json"

each_helm = pytest.mark.parametrize("helm", ["helm", "helm3"])


def follow(page: str, folder: Path, helm: str = "helm") -> None:
    """Does what a page says, in `folder`: writes its files of values and types its commands."""
    for kind, text in BLOCK.findall((ROOT / "docs" / page).read_text()):
        if kind == "sh cluster":
            enter(text, folder, helm)
        elif name := re.match(r"# (\w+\.yaml)\b", text):
            values = folder / name[1]
            before = values.read_text() if values.exists() else ""
            values.write_text("".join((sections(before) | sections(text)).values()))


def enter(commands: str, folder: Path, helm: str = "helm") -> None:
    """Types commands, in `folder`. Those of Docker do nothing."""
    if not (folder / "helm").exists():
        (folder / "helm").symlink_to(CHART)
    programs = {"helm": f'"{BIN / helm}" "$@"', "kubectl": f'"{BIN}/kubectl" "$@"', "docker": "cat > /dev/null"}
    tools = "\n".join(f"{name}() {{ {body}; }}" for name, body in programs.items())
    command = ["bash", "-euc", f"{tools}\n{commands}"]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, commands + done.stdout + done.stderr


def sections(values: str) -> dict[str, str]:
    """The text of each key at the top."""
    return {part.split(":")[0]: part for part in re.split(r"^(?=\w)", values, flags=re.MULTILINE)[1:]}


def found(api: ApiServer, kind: str) -> dict[str, Object]:
    """Those that are there, by name."""
    return {each["metadata"]["name"]: each for each in api.objects.values() if each["kind"] == kind}


def secrets(api: ApiServer) -> dict[str, dict[str, str]]:
    """What they have, by name and key."""
    return {
        name: {key: base64.b64decode(value).decode() for key, value in each["data"].items()}
        for name, each in found(api, "Secret").items()
    }


@each_helm
def test_a_walk_through_deployment_and_upgrade(helm: str, api: ApiServer, tmp_path: Path) -> None:
    follow("deploy.md", tmp_path, helm)
    assert {*found(api, "Deployment")} == {"stock", "orders"}
    for name in ("stock", "orders"):
        check(render(yaml.safe_load((tmp_path / f"{name}.yaml").read_text())), VERSIONS[-1])
    for pod in (each for name in ("stock", "orders") for each in pods([found(api, "Deployment")[name]]).values()):
        wanted = {each["secret"]["secretName"] for each in pod["spec"]["volumes"] if "secret" in each}
        for container in containers(pod):
            sources = [each.get("valueFrom", {}).get("secretKeyRef") for each in container["env"]]
            wanted |= {source["name"] for source in sources if source}
        assert wanted <= {*secrets(api)}

    follow("upgrade.md", tmp_path, helm)
    manifest = {number: run(helm, "get", "manifest", "stock", "--revision", str(number)) for number in range(1, 5)}
    image = "registry.example.com/stock:"
    assert "/etc/innerloop/api-keys" in manifest[2]
    assert manifest[3] == manifest[2].replace(f"{image}1", f"{image}2") != manifest[2]
    assert manifest[4] == manifest[2]
    (agent,) = pods([found(api, "Deployment")["stock"]])["agent"]["spec"]["containers"]
    assert agent["image"] == f"{image}1"


def test_the_chart_is_installed_as_its_readme_says(api: ApiServer, tmp_path: Path) -> None:
    (commands,) = re.findall(
        r"^```\n(helm install.*?)^```$", (CHART / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    enter(commands, tmp_path)
    assert {*found(api, "Deployment")} == {"contracts", "procurement"}


def test_orders_reaches_stock(api: ApiServer, tmp_path: Path) -> None:
    follow("deploy.md", tmp_path)
    labels = {name: pods([each])["agent"]["metadata"]["labels"] for name, each in found(api, "Deployment").items()}
    policies = {name: each["spec"] for name, each in found(api, "NetworkPolicy").items()}

    def is_at(port: object, name: str, rule: Object, where: str) -> bool:
        """Whether a rule is about that port, and pods with those labels in the same namespace."""
        selectors = [peer.get("podSelector", {"matchLabels": {"": ""}}) for peer in rule[where] if len(peer) == 1]
        matches = any(each.get("matchLabels", {}).items() <= labels[name].items() for each in selectors)
        return matches and port in [each["port"] for each in rule["ports"]]

    assert any(is_at(8001, "stock", rule, "to") for rule in policies["orders"]["egress"])
    assert any(is_at("http", "orders", rule, "from") for rule in policies["stock"]["ingress"])


ORDERS = """
name: orders
description: Orders.
instructions: You order.
skills: [{id: order, name: Order, description: Orders., tags: [orders]}]
"""


@contextmanager
def served(name: str, api: ApiServer, agent: Path, port: int, here: Mapping[str, str]) -> Iterator[str]:
    """The URL of a process that has the environment and the Secrets of a Deployment's container.

    What is elsewhere on one machine is as `here` says: addresses, and the folder of files. The database is SQLite.
    """
    pod = pods([found(api, "Deployment")[name]])["agent"]["spec"]
    (container,) = pod["containers"]
    paths = {each["name"]: local(each["mountPath"], here) for each in container["volumeMounts"]}
    for volume in pod["volumes"]:
        if secret := volume.get("secret"):
            has = secrets(api)[secret["secretName"]]
            Path(paths[volume["name"]]).mkdir(parents=True)
            for item in secret.get("items", [{"key": key, "path": key} for key in has]):
                (Path(paths[volume["name"]]) / item["path"]).write_text(has[item["key"]])
    environment = {each["name"]: local(each["value"], here) for each in container["env"] if "value" in each}
    environment |= {"INNERLOOP_HOST": "127.0.0.1", "INNERLOOP_PORT": str(port), "INNERLOOP_MANAGEMENT_PORT": "0"}
    for folder in ("DATA", "CACHE"):
        environment[f"INNERLOOP_{folder}"] = str(agent.parent / f"{name}-{folder}")
    assert container["args"][0] == "serve"
    with serving(agent, f"tests.chart.actors:{name}", **environment):
        yield environment["INNERLOOP_PUBLIC_URL"]


def local(text: str, here: Mapping[str, str]) -> str:
    for elsewhere, place in here.items():
        text = text.replace(elsewhere, place)
    return text


def ask(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "ask", "--json", url, "How many staplers are there?"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def answer(url: str) -> str:
    done = ask(url)
    assert done.returncode == 0, done.stdout + done.stderr
    text: str = json.loads(done.stdout.splitlines()[-1])["text"]
    return text


def test_orders_asks_stock_with_its_credential_and_nobody_asks_without(api: ApiServer, tmp_path: Path) -> None:
    follow("deploy.md", tmp_path)
    (tmp_path / "jwks.json").write_text(Issuer().jwks())
    port = free_port(2)
    here = {
        KEYS: str(tmp_path / "jwks.json"),
        f"http://stock.{NAMESPACE}.svc:8001": f"http://127.0.0.1:{port}",
        f"http://orders.{NAMESPACE}.svc:8001": f"http://127.0.0.1:{port + 1}",
        "/etc/innerloop": str(tmp_path / "etc"),
    }
    (peers,) = re.findall(r"^```yaml\n(peers:\n.*?)^```$", (ROOT / "docs" / "deploy.md").read_text(), re.M | re.S)
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "agent.yaml").write_text(ORDERS + local(peers, here))
    (tmp_path / "stock").symlink_to(ROOT / "examples" / "stock")
    with (
        served("stock", api, tmp_path / "stock", port, here) as stock,
        served("orders", api, tmp_path / "orders", port + 1, here) as orders,
    ):
        assert answer(orders) == "There are 40."
        assert ask(stock).returncode == 2
        card = httpx.get(f"{stock}/.well-known/agent-card.json").json()
        assert card["securitySchemes"].keys() == {"bearer", "apiKey"}
        (tmp_path / "etc" / "credentials" / "stock").write_text("another key")
        assert "credentials" in answer(orders)
