"""Writes the configuration reference from the settings themselves: `python -m scripts.configuration`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.settings import AgentConfig, Machine

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
_HEAD = """# Configuration

Written by `python -m scripts.configuration` from [`service/settings.py`](../service/settings.py); not by hand.

What an agent *is* stands in its folder's `agent.yaml`. Where a process *runs* is set by environment variables: these,
and for telemetry the standard ones of OpenTelemetry (`OTEL_*`). What is "to be given" has no default;
in a section that may be left out, it is needed only if the section is there.

A variable `INNERLOOP_*` that is none of these is warned of at start. It is refused if it begins with `INNERLOOP_AUTH_`,
or has two underscores together, since it is meant for a section then. An empty variable counts as not set. Those that
decide who may ask, where conversations are kept and what is signed or encrypted must not be empty: `INNERLOOP_AUTH`,
`INNERLOOP_AUTH__*`, `INNERLOOP_DATABASE`, `INNERLOOP_CARD_KEYS`, `INNERLOOP_PUSH_KEY` and `INNERLOOP_PUSH_SECRETS`.
"""


def page() -> str:
    """The whole page, as Markdown."""
    agent, machine = AgentConfig.model_json_schema(by_alias=True), Machine.model_json_schema()
    parts = [_HEAD, "## agent.yaml\n", *_sections(agent)]
    parts += ["## Environment\n", _table(_variables(machine, machine, "INNERLOOP_"), "variable")]
    return "\n".join(parts)


def _sections(schema: dict[str, Any]) -> Iterator[str]:
    """A table for the file itself, and one for each section in it, in the order in which they are met."""
    yield _table(_rows(schema, schema), "key")
    done: set[str] = set()

    def below(of: dict[str, Any], path: str) -> Iterator[str]:
        for name, field in of["properties"].items():
            where = f"{path}.{name}" if path else name
            for reference in re.findall(r'"#/\$defs/(\w+)"', json.dumps(field)):
                section = schema["$defs"][reference]
                if reference not in done and "properties" in section:
                    done.add(reference)
                    each = "[]" if field.get("type") == "array" else ""
                    yield f"### {where}{each}\n"
                    yield _table(_rows(schema, section), "key")
                    yield from below(section, where + each)

    yield from below(schema, "")


def _rows(schema: dict[str, Any], section: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each field."""
    for name, field in section["properties"].items():
        required = name in section.get("required", ())
        default = "to be given" if required else _default(field)
        yield name, _type(schema, field), default, _meaning(schema, field)


def _variables(schema: dict[str, Any], section: dict[str, Any], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """As `_rows`, each field of a section a variable of its own."""
    for name, (_, kind, default, meaning) in zip(section["properties"], _rows(schema, section), strict=True):
        inner = _section_of(schema, section["properties"][name])
        if inner is None:
            yield prefix + name.upper(), kind, default, meaning
        else:
            yield from _variables(schema, inner, f"{prefix}{name.upper()}__")


def _section_of(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any] | None:
    for each in (field, *field.get("anyOf", ())):
        if reference := each.get("$ref"):
            section: dict[str, Any] = schema["$defs"][reference.removeprefix("#/$defs/")]
            return section if "properties" in section else None
    return None


def _type(schema: dict[str, Any], field: dict[str, Any]) -> str:
    if "anyOf" in field:
        kinds = [_type(schema, each) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in field:
        return "section"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    match field.get("type"):
        case "array":
            return f"list of {_type(schema, field['items'])}s"
        case "object":
            return "map"
        case "string":
            return {"path": "path", "ipv4network": "network", "ipv6network": "network", "ipvanynetwork": "network"}.get(
                field.get("format", ""), "text"
            )
        case "number" | "integer" as kind:
            return {"number": "number", "integer": "integer"}[kind] + _range(field)
        case "boolean":
            return "true or false"
    return "anything"


def _range(field: dict[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "maximum": "≤"}
    found = [f"{sign} {field[name]:g}" for name, sign in signs.items() if name in field]
    return f", {', '.join(found)}" if found else ""


def _default(field: dict[str, Any]) -> str:
    match field.get("default"):
        case None | [] | dict() | "":
            return ""
        case str() as text:
            return f"`{text}`".replace(str(Path.home()), "~")
        case other:
            return f"`{json.dumps(other)}`"


def _meaning(schema: dict[str, Any], field: dict[str, Any]) -> str:
    section = _section_of(schema, field.get("items", field)) or {}
    return " ".join((field.get("description") or section.get("description") or "").split()).replace("|", "\\|")


def _table(rows: Iterator[tuple[str, str, str, str]], first: str) -> str:
    lines = [f"| {first} | type | default | |", "|---|---|---|---|"]
    lines += [f"| `{name}` | {kind} | {default} | {meaning} |" for name, kind, default, meaning in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
