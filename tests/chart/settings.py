"""What the service reads from its environment."""

from __future__ import annotations

import os
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin
from unittest import mock

from pydantic import BaseModel

from service.settings import Machine
from tests.chart.helm import Object

SECRETS = {"url": "postgresql+asyncpg://agent:secret@db/agent"}
"""What secrets have under these keys."""


def variables(model: type[BaseModel] = Machine, prefix: str = "INNERLOOP_") -> Iterator[str]:
    """Every variable that sets something, with those of sections within."""
    for name, field in model.model_fields.items():
        if section := _section(field.annotation):
            yield from variables(section, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def environment(container: Object) -> dict[str, str]:
    """A container's variables, as it would see them."""
    found: dict[str, str] = {}
    for each in container.get("env", []):
        assert each["name"] not in found, f"{each['name']} is set twice"
        source = each.get("valueFrom", {})
        secret = source.get("secretKeyRef")
        found[each["name"]] = SECRETS.get(secret["key"], "secret") if secret else each.get("value", "of the pod")
    return found


def machine(container: Object) -> Machine:
    """The settings that the service makes of a container's variables. Raises ValidationError."""
    ours = {name: value for name, value in environment(container).items() if name.startswith("INNERLOOP_")}
    others = {name: value for name, value in os.environ.items() if not name.startswith("INNERLOOP_")}
    with mock.patch.dict(os.environ, others | ours, clear=True):
        return Machine()


def _section(annotation: Any) -> type[BaseModel] | None:
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not type(None))
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
