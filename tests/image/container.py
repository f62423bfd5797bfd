"""A container as Kubernetes' restricted profile would have it, by runc alone.

Uid 65532, no capabilities, no new privileges, a read-only root, and a network of its own that has nothing but loopback.
"""

from __future__ import annotations

import json
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

USER = 65532


@dataclass(frozen=True, slots=True)
class Container:
    """One that runs."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    """What it writes to standard output and error."""
    user: Mapping[str, int]
    environment: Sequence[str]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command inside, as confined as the container itself."""
        run = subprocess.run(self._exec(*command), capture_output=True, text=True)
        assert not check or run.returncode == 0, f"{run.stderr}\n{self.log.read_text()}"
        return run

    def start(self, *command: str) -> subprocess.Popen[str]:
        """The same, without waiting for its end."""
        return subprocess.Popen(self._exec(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def answers(self, url: str) -> int | None:
        """The status that it answers with inside; None if nobody does."""
        ask = (
            "import sys, urllib.request as r, urllib.error as e\n"
            "try: print(r.urlopen(sys.argv[1], timeout=5).status)\n"
            "except e.HTTPError as error: print(error.code)\n"
            "except OSError: pass"
        )
        said = self.run("python3", "-c", ask, url, check=False).stdout.strip()
        return int(said) if said else None

    def wait_for(self, url: str, status: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (answer := self.answers(url)) != status:
            assert self.process.poll() is None, f"it ended:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"{url}: {answer}\n{self.log.read_text()}"
            time.sleep(1)

    def stop(self) -> float:
        """Sends SIGTERM to process 1 and waits for the end. Returns the seconds it took."""
        begun = time.monotonic()
        subprocess.run(["runc", "kill", self.name, "TERM"], check=True)
        self.process.wait(60)
        return time.monotonic() - begun

    def _exec(self, *command: str) -> list[str]:
        user = f"{self.user['uid']}:{self.user['gid']}"
        env = [option for pair in self.environment for option in ("--env", pair)]
        return ["runc", "exec", "--user", user, "--no-new-privs", *env, self.name, *command]


@contextmanager
def running(
    root: Path,
    config: Mapping[str, Any],
    folder: Path,
    command: Sequence[str] | None = None,
    volumes: Mapping[str, Path] | None = None,
) -> Iterator[Container]:
    """Runs an image's entry point, with another `command` if given; `volumes` are folders by where they are mounted."""
    (folder / "data").mkdir(parents=True)
    (folder / "tmp").mkdir()
    mounts = {"/data": folder / "data", "/tmp": folder / "tmp", **(volumes or {})}
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")  # as every engine gives it
    for source in mounts.values():
        subprocess.run(["chown", f"{USER}:{USER}", str(source)], check=True)
    subprocess.run(["runc", "spec", "--bundle", str(folder)], check=True)
    path = folder / "config.json"
    spec = json.loads(path.read_text())
    files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)  # as many as container engines give
    uid, gid = map(int, config["User"].split(":"))
    arguments = [*config["Entrypoint"], *(command if command is not None else config["Cmd"])]
    spec["process"] |= {
        "terminal": False,
        "user": {"uid": uid, "gid": gid},
        "args": arguments,
        "env": config["Env"],
        "cwd": config["WorkingDir"],
        "capabilities": {kind: [] for kind in spec["process"]["capabilities"]},
        "noNewPrivileges": True,
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": files, "soft": files}],
    }
    spec["root"] = {"path": str(root), "readonly": True}
    spec["mounts"] += [
        {"destination": where, "type": "bind", "source": str(source), "options": ["rbind", "rw", "nosuid", "nodev"]}
        for where, source in mounts.items()
    ] + [{"destination": "/etc/hosts", "type": "bind", "source": str(hosts), "options": ["bind", "ro"]}]
    path.write_text(json.dumps(spec))
    name, log = f"innerloop-{uuid4().hex[:8]}", folder / "log"
    with log.open("w") as file:
        run = ["runc", "run", "--bundle", str(folder), name]
        process = subprocess.Popen(run, stdout=file, stderr=file, stdin=subprocess.DEVNULL, text=True)
    try:
        yield Container(name, process, log, {"uid": uid, "gid": gid}, config["Env"])
    finally:
        if process.poll() is None:
            subprocess.run(["runc", "kill", name, "KILL"], check=False)
            process.wait(30)
        subprocess.run(["runc", "delete", "--force", name], check=False, capture_output=True)
