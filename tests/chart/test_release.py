"""A package, signed, pushed to a registry on this machine, pulled from it and verified: by both versions of Helm."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.chart.helm import BIN, CHART, ROOT, Refused, containers, only, pods, run, template
from tests.chart.settings import machine

VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
SIGNER = "Chart Tests <tests@example.com>"

each_helm = pytest.mark.parametrize("helm", ["helm", "helm3"])


@dataclass(frozen=True)
class Keys:
    secret: Path
    public: Path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    gpg = shutil.which("gpg")
    if gpg is None:
        pytest.skip("there is no gpg to make a key with")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    command = [gpg, "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run([*command, "--quick-generate-key", SIGNER, "rsa3072"], check=True, capture_output=True)
    made = Keys(home / "secret.gpg", home / "public.gpg")
    for path, export in ((made.secret, "--export-secret-keys"), (made.public, "--export")):
        path.write_bytes(subprocess.run([*command, export], check=True, capture_output=True).stdout)
    yield made
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of one on this machine."""
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = {
        "version": "0.1",
        "log": {"level": "error"},
        "http": {"addr": address},
        "storage": {"filesystem": {"rootdirectory": str(folder)}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / "docker-registry", "serve", folder / "config.yaml"], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        for _ in range(200):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", int(address.split(":")[1]))) == 0:
                    break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


@each_helm
def test_signed_pushed_pulled_verified(helm: str, keys: Keys, registry: str, tmp_path: Path) -> None:
    signing = ("--sign", "--key", "Chart Tests", "--keyring", keys.secret)
    run(helm, "package", CHART, "--destination", tmp_path, *signing)
    package = tmp_path / f"innerloop-{VERSION}.tgz"
    run(helm, "verify", package, "--keyring", keys.public)
    run(helm, "push", package, f"oci://{registry}/{helm}", "--plain-http")
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    where = (f"oci://{registry}/{helm}/innerloop", "--version", VERSION, "--plain-http")
    run(helm, "pull", *where, "--destination", pulled, "--verify", "--keyring", keys.public)
    assert (pulled / package.name).read_bytes() == package.read_bytes()
    shown = run(helm, "show", "chart", *where)
    assert yaml.safe_load(shown[shown.index("annotations:") :])["name"] == "innerloop"
    assert run(helm, "template", "office", pulled / package.name) == run(helm, "template", "office", CHART)


@each_helm
def test_a_package_that_was_changed_is_not_verified(helm: str, keys: Keys, tmp_path: Path) -> None:
    signing = ("--sign", "--key", "Chart Tests", "--keyring", keys.secret)
    run(helm, "package", CHART, "--destination", tmp_path, *signing)
    package = tmp_path / f"innerloop-{VERSION}.tgz"
    package.write_bytes(package.read_bytes() + b"\0")
    with pytest.raises(Refused, match="sha256 sum does not match"):
        run(helm, "verify", package, "--keyring", keys.public)


@each_helm
def test_a_package_has_no_examples_and_all_files(helm: str, tmp_path: Path) -> None:
    run(helm, "package", CHART, "--destination", tmp_path)
    shutil.unpack_archive(tmp_path / f"innerloop-{VERSION}.tgz", tmp_path)
    there = {path.name for path in (tmp_path / "innerloop").iterdir()}
    assert there >= {"Chart.yaml", "README.md", "values.yaml", "values.schema.json", "templates"}
    assert "examples" not in there


RELEASED = {
    "REGISTRY": "ghcr.io",
    "REPOSITORY": "office/innerloop",
    "CPU": f"sha256:{'c' * 64}",
    "GPU": f"sha256:{'d' * 64}",
    "RUNBOOK": "https://github.com/office/innerloop/blob/v1.0.0/docs/runbook.md",
}
"""What the workflow of a release writes into the chart's values, by its names for it."""


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize(
    ("said", "named"),
    [("", "@{digest}"), ("image.tag=2", ":2"), (f"image.tag=2,image.digest=sha256:{'e' * 64}", f"@sha256:{'e' * 64}")],
)
def test_a_released_chart_names_its_images_by_their_digests(device: str, said: str, named: str) -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    written = dict(re.findall(r"\.([\w.]+) = strenv\((\w+)\)", workflow))
    assert set(written.values()) == set(RELEASED)
    options = [f"--set-string={path}={RELEASED[name]}" for path, name in written.items()]
    rendered = template("helm", *options, f"--set=device={device},metrics.rules.enabled=true", f"--set-string={said}")
    objects = [each for each in yaml.safe_load_all(rendered) if each]
    (container,) = containers(pods(objects)["agent"])
    assert container["image"] == f"ghcr.io/office/innerloop{named.format(digest=RELEASED[device.upper()])}"
    rule = only(objects, "PrometheusRule")["spec"]["groups"][0]["rules"][0]
    assert rule["annotations"]["runbook_url"] == f"{RELEASED['RUNBOOK']}#innerloopnobodyready"


@each_helm
def test_both_agents_as_one_release(helm: str, tmp_path: Path) -> None:
    """The umbrella: each finds the other by its Service, may reach it, and can be left out."""
    copy = shutil.copytree(CHART, tmp_path / "helm")
    office = copy / "examples" / "office"
    run(helm, "dependency", "build", office)
    alone = run(helm, "template", "office", office, "--set", "contracts.enabled=false,procurement.enabled=true")
    kinds = [each["metadata"]["name"] for each in yaml.safe_load_all(alone) if each and each["kind"] == "Deployment"]
    assert kinds == ["procurement"]
    objects = [each for each in yaml.safe_load_all(run(helm, "template", "office", office)) if each]
    agents = {each["metadata"]["name"]: each for each in objects if each["kind"] == "Deployment"}
    assert set(agents) == {"contracts", "procurement"}
    (container,) = containers(pods([agents["procurement"]])["agent"])
    assert machine(container).peers == {"contracts": "http://contracts.default.svc:8001"}
    services = {each["metadata"]["name"] for each in objects if each["kind"] == "Service"}
    assert "contracts" in services
    labels = agents["contracts"]["spec"]["template"]["metadata"]["labels"]
    (policy,) = (
        each for each in objects if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", "procurement")
    )
    allowed = [peer["podSelector"]["matchLabels"] for rule in policy["spec"]["egress"] for peer in rule["to"]]
    assert any(wanted.items() <= labels.items() for wanted in allowed)
