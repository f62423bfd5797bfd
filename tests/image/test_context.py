"""What of a folder a build in it is given, by `.dockerignore`; and an agent's own image, as the docs build it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.image import buildah
from tests.image.buildah import ROOT

LEFT = (
    ".git/config",
    ".venv/bin/python",
    ".innerloop/agent.sqlite3",
    "agents/tools.pyc",
    "image/__pycache__/x",
    "key.pem",
)
"""What lies about where people work."""


def files(image: str) -> set[str]:
    with buildah.mounted(image) as root:
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_build_is_given_what_the_image_is_made_of(tmp_path: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    touch(tmp_path, *tracked, *LEFT)
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    buildah.buildah("bud", "--tag", "localhost/context", str(tmp_path))
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    made_of = {name for names in copies for name in names.split()}
    given = files("localhost/context")
    assert made_of <= {*given, *(str(folder) for name in given for folder in Path(name).parents)}
    assert {name.split("/")[0] for name in given} == {name.split("/")[0] for name in made_of}
    assert not given & {*LEFT}


def test_an_agent_is_added_as_the_docs_say(tmp_path: Path) -> None:
    """What Docker is told is told to buildah; the image that it begins with has nothing in it."""
    touch(tmp_path, "my_agent/agent.yaml", "my_agent/tools.py")
    (tmp_path / "Dockerfile").write_text("FROM scratch AS gpu\nCOPY Dockerfile /\n")
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text() + "!Dockerfile\n")
    (commands,) = re.findall(
        r"^```sh cluster\n(docker build.*?)^```$", (ROOT / "docs/deploy.md").read_text(), re.M | re.S
    )
    build = " ".join(buildah.command("bud", "--pull-never"))
    docker = f'docker() {{ case $1 in build) shift; {build} "$@";; push) ;; *) false;; esac; }}'
    subprocess.run(["bash", "-ec", f"{docker}\n{commands}"], cwd=tmp_path, check=True)
    assert files("registry.example.com/stock:1") == {"Dockerfile", "agent/agent.yaml", "agent/tools.py"}
