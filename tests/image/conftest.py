from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.image import buildah


@pytest.fixture(scope="session")
def image() -> str:
    """The `cpu` target, built."""
    return buildah.build("cpu", "--build-arg", "VERSION=1.2.3", "--build-arg", "REVISION=abc")


@pytest.fixture(scope="session")
def config(image: str) -> dict[str, Any]:
    settings: dict[str, Any] = buildah.inspect(image)["config"]
    return settings


@pytest.fixture(scope="session")
def root(image: str) -> Iterator[Path]:
    """Its root file system."""
    with buildah.mounted(image) as path:
        yield path
