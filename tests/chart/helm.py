"""The chart, rendered: by the command, which is what people run, or within this process, which is fast."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = ROOT / ".venv-chart" / "bin"
CHART = ROOT / "helm"
CASES = Path(__file__).parent / "cases"
RELEASE, NAMESPACE = "office", "agents"

Object = dict[str, Any]
"""One of Kubernetes."""


class Refused(Exception):
    """Helm does not render these values. Its text is what Helm says."""

    @property
    def by_schema(self) -> bool:
        return isinstance(self.__cause__, helm_python.HelmValuesError)


def run(program: str, *arguments: str | Path) -> str:
    """What a program of .venv-chart prints. Raises Refused, with what it says of itself, if it fails."""
    command = [str(BIN / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"{done.stdout}\n{done.stderr}")
    return done.stdout


def template(helm: str, *arguments: str | Path) -> str:
    # Without a cluster each version of Helm would take another version of Kubernetes for granted.
    return run(helm, "template", RELEASE, CHART, "--namespace", NAMESPACE, "--kube-version", "1.36", *arguments)


def render(values: Object) -> list[Object]:
    """All objects of a release with these values, hooks included. Raises Refused."""
    files = _files(values).items()
    return [each for path, text in files if path.endswith(".yaml") for each in yaml.safe_load_all(text) if each]


def notes(values: Object) -> str:
    """What whoever installs it is told. Raises Refused."""
    return _files(values)["innerloop/templates/NOTES.txt"]


def _files(values: Object) -> dict[str, str]:
    with helm_python.Chart.load(CHART) as chart:
        try:
            chart.validate_schema(values)
            return dict(chart.render(values, name=RELEASE, namespace=NAMESPACE))
        except helm_python.HelmError as error:
            raise Refused(str(error)) from error


def case(name: str) -> Object:
    values: Object = yaml.safe_load((CASES / f"{name}.yaml").read_text()) or {}
    return values


def only(objects: list[Object], kind: str, name: str | None = None) -> Object:
    """The one of a kind, and of a name if that is given."""
    (found,) = (each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"]))
    return found


def pods(objects: list[Object]) -> dict[str, Object]:
    """Every pod that the objects make, by its component: metadata and spec."""
    found = []
    for each in objects:
        if each["kind"] == "Pod":
            found.append({"metadata": each["metadata"], "spec": each["spec"]})
        elif each["kind"] == "LeaderWorkerSet":
            group = each["spec"]["leaderWorkerTemplate"]
            found += [group["leaderTemplate"], group["workerTemplate"]]
        elif "template" in each.get("spec", {}):
            found.append(each["spec"]["template"])
    return {pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod for pod in found}


def containers(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
