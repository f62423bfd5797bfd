"""What the pages in docs/ say to type: blocks marked `sh` are run, page by page, as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.agents import free_port

ROOT = Path(__file__).parents[2]
SECONDS = 300
PAGES = {
    page.name: blocks
    for page in sorted((ROOT / "docs").glob("*.md"))
    if (blocks := re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))
}


@pytest.mark.model
@pytest.mark.timeout(SECONDS)
@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_s_commands(page: str, tmp_path: Path) -> None:
    for name in ("agents", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INNERLOOP_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = "set -e\n" + "\n".join(PAGES[page]).replace("8010", str(free_port()))
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
