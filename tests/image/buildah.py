"""The image, built without a Docker engine: by buildah, on a Debian that debootstrap makes.

The base is Debian's Python where the Dockerfile's default is Docker's official image of the same Python on the same
Debian, since a registry may be out of reach. It and the layers are kept in the cache, so that a second run is quick.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ.get("INNERLOOP_IMAGE_CACHE", Path.home() / ".cache" / "innerloop-image"))
SUITE = "bookworm"
MIRROR = os.environ.get("INNERLOOP_DEBIAN_MIRROR", "http://deb.debian.org/debian")
BASE = "localhost/python"
PACKAGES = "ca-certificates,python3,python3-pip,python3-venv"
CA = Path("/etc/ssl/certs/ca-certificates.crt")


def command(*arguments: str) -> list[str]:
    """One of buildah's, on images of our own."""
    return ["buildah", "--root", str(CACHE / "storage"), "--runroot", str(CACHE / "run"), *arguments]


def buildah(*arguments: str, capture: bool = True) -> str:
    """Raises CalledProcessError."""
    stdout = subprocess.PIPE if capture else sys.stderr
    return subprocess.run(command(*arguments), check=True, text=True, stdout=stdout).stdout


def build(target: str, *arguments: str) -> str:
    """Builds a target of the Dockerfile and returns its name. What is said meanwhile goes to standard error."""
    _make_base()
    image = f"localhost/innerloop:{target}"
    buildah("rm", "--all")  # of a run that was interrupted
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "pip.conf"
        links = _write_pip_conf(secret)
        volumes = [option for link in links for option in ("--volume", f"{link}:{link}:ro")]
        secrets = ["--secret", f"id=pip.conf,src={secret}", "--secret", f"id=ca.pem,src={CA}"]
        base = ["--build-arg", f"BASE_IMAGE={BASE}", "--build-arg", f"BASE_TAG={SUITE}"]
        options = ["--layers", "--isolation", "chroot", "--pull-never", "--format", "docker", *volumes, *secrets, *base]
        # Stages by name, so that their layers are kept, and those of earlier builds are not.
        for stage in ("wheel", f"{target}-build", target):
            name = f"localhost/innerloop:{stage}"
            buildah("bud", *options, "--target", stage, *arguments, "--tag", name, str(ROOT), capture=False)
    buildah("rmi", "--prune", "--force")
    return image


def inspect(image: str) -> dict[str, Any]:
    """The image's configuration, as Docker has it."""
    docker: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", image))["Docker"]
    return docker


@contextmanager
def mounted(image: str) -> Iterator[Path]:
    """Its root file system, in a layer that is thrown away."""
    container = buildah("from", "--pull-never", image).strip()
    try:
        yield Path(buildah("mount", container).strip())
    finally:
        buildah("umount", container)
        buildah("rm", container)


def _make_base() -> None:
    if f"{BASE}:{SUITE}" in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        root = folder / "root"
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root), MIRROR)
        for path in (root / "var/cache/apt", root / "var/lib/apt/lists"):
            shutil.rmtree(path)
            path.mkdir()
        _run("tar", "-C", str(root), "-cf", str(folder / "root.tar"), ".")
        (folder / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n")
        buildah("bud", "--isolation", "chroot", "--tag", f"{BASE}:{SUITE}", str(folder), capture=False)


def _write_pip_conf(path: Path) -> list[str]:
    """What pip is configured for here, the environment included. Returns the folders of wheels among that."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    settings = dict(line.replace("'", "").split("=", 1) for line in listed.stdout.splitlines() if "=" in line)
    wanted = {name.rsplit(".", 1)[1]: value for name, value in settings.items()}
    kept = {name: wanted[name] for name in ("index-url", "extra-index-url", "find-links", "timeout") if name in wanted}
    path.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in kept.items()))
    return [link for link in kept.get("find-links", "").split() if Path(link).is_dir()]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
