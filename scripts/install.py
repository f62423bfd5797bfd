"""Makes `.venv` with exactly what `requirements.lock` says. Does nothing if that is how it is.

    python3 -m scripts.install

Runs before anything is installed: standard library only. What pip says goes to `.venv/install.log`; what is shown is
how far it has come and, if it fails, why.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE, STDOUT

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from service.preflight import problems  # noqa: E402

LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
STAMP = VENV / "installed"
TORCH_LOCK = VENV / "torch.lock"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"

NETWORK = ("after connection broken by", "Max retries exceeded", "ReadTimeoutError")
DISK = ("No space left on device", "Disk quota exceeded")


class InstallError(Exception):
    """Why it failed and what to do, in one line."""


def main() -> int:
    try:
        install()
    except InstallError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


def install() -> None:
    """Brings `.venv` up to date. Raises InstallError."""
    wanted = _state()
    if STAMP.exists() and STAMP.read_text() == wanted and _works(PYTHON):
        return
    if found := list(problems(ROOT)):
        raise InstallError("\n       ".join(found))
    begun = time.monotonic()
    if not _works(PYTHON):
        _say("making .venv")
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
        if made.returncode:
            raise InstallError(_venv_problem(made.stdout + made.stderr))
    LOG.write_text("")
    _install_torch()
    pins = len(re.findall(r"^[\w.-]+==", LOCK.read_text(), re.MULTILINE))
    _say(f"installing {pins} packages (about 1 GB to download, 2 to 10 minutes)")
    # The lock is complete. Dependencies that packages name themselves would bring CUDA builds and gigabytes more.
    _require(_pip("--no-deps", "--require-hashes", "-r", str(LOCK), total=pins))
    _require(_pip("--no-deps", "--no-build-isolation", "-e", str(ROOT)))
    STAMP.write_text(wanted)
    _say(f"ready after {time.monotonic() - begun:.0f} s")


def _install_torch() -> None:
    """From what pip is configured for, if that has the CPU build; PyPI has not, so else from PyTorch's own index."""
    entry = re.search(r"^torch==.*\n(?:    --hash.*\n)*", LOCK.read_text(), re.MULTILINE)
    assert entry, f"{LOCK} has no torch"
    TORCH_LOCK.write_text(entry[0])
    _say("installing torch (about 200 MB)")
    if _pip("--no-deps", "--require-hashes", "-r", str(TORCH_LOCK)) != 0:
        _require(_pip("--no-deps", "--require-hashes", "-r", str(TORCH_LOCK), "--index-url", TORCH_INDEX))


def _state() -> str:
    inputs = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(inputs)).hexdigest()


def _works(python: Path) -> bool:
    """Whether the environment exists, is of the Python that runs this, and has pip."""
    try:
        run = subprocess.run([str(python), "-c", "import pip, sys; print(sys.version)"], capture_output=True, text=True)
    except OSError:
        return False
    return run.returncode == 0 and run.stdout.strip() == sys.version.strip()


def _pip(*arguments: str, total: int = 0) -> int:
    """Runs `pip install`, saying now and then how far it is. Returns its exit status."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", *arguments]
    seen = 0
    with LOG.open("a") as log, subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True) as pip:
        assert pip.stdout
        for line in pip.stdout:
            log.write(line)
            if large := re.search(r"Downloading (?:\S*/)?(\S+) \((\d{2,}\.?\d* MB)\)", line):
                _say(f"downloading {large[1]}, {large[2]}")
            elif line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                if total and seen % 25 == 0:
                    _say(f"{seen} of {total} packages")
            elif line.startswith("Installing collected packages") and total:
                _say("unpacking")
    return pip.returncode


def _require(status: int) -> None:
    if status == 0:
        return
    text = LOG.read_text()
    if any(sign in text for sign in DISK):
        raise InstallError(f"the disk of {ROOT} is full: make room and run it again")
    if any(sign in text for sign in NETWORK):
        raise InstallError(
            "the package index, or for torch download.pytorch.org, cannot be reached: check the network and the proxy, "
            "or point PIP_INDEX_URL at a mirror"
        )
    if missing := re.search(r"No matching distribution found for (\S+)", text):
        version = "{}.{}".format(*sys.version_info[:2])
        raise InstallError(f"there is no {missing[1]} for Python {version} on this machine; details are in {LOG}")
    raise InstallError("pip failed:\n" + "\n".join(text.splitlines()[-5:]) + f"\n       the whole story is in {LOG}")


def _venv_problem(output: str) -> str:
    if "ensurepip" in output:
        return "this Python cannot make environments: install its venv package (on Debian and Ubuntu: python3-venv)"
    if any(sign in output for sign in DISK):
        return f"the disk of {ROOT} is full: make room and run it again"
    return f"python -m venv failed: {output.strip()}"


def _say(text: str) -> None:
    print(f"setup: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
