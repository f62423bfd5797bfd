"""The environment and the command line as settings.

A variable that no setting reads is most often one spelt wrongly. It is warned of, or refused if it has the two
underscores of a section, such as the one that says who may ask. An empty one counts as not set, since Compose and
Kubernetes make such of values that are not there. Those that decide who may ask, where conversations are kept and what
is signed or encrypted must not be empty: a secret that is missing must not open a door.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from service.engine.worker import OWNER
from service.errors import ConfigError
from service.settings import Machine

_PREFIX = "INNERLOOP_"
_UNREAD = re.compile("INNERLOOP_AUTH_[^_]", re.IGNORECASE)
_NOT_EMPTY = re.compile("INNERLOOP_(AUTH(__.*)?|CARD_KEYS|DATABASE|PUSH_KEY|PUSH_SECRETS)", re.IGNORECASE)
_WITH_MORE = ("auth", "engine", "peers")
"""Those settings that have others in them: after two underscores."""
_LINK = re.compile(r"(?P<service>.+?)_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?)")
"""What Kubernetes puts into a container's environment for a Service of its namespace, such as one called innerloop-db.
It always has a SERVICE_HOST.
"""
_LINKED = re.compile("(tcp|udp|sctp)://")


def _print(line: str) -> None:
    print(f"innerloop: {line}", file=sys.stderr)


def read_machine(*, warn: Callable[[str], None] = _print, **given: object) -> Machine:
    """The machine as the environment has it, except for what is `given` and not None. Raises ConfigError.

    Warns of variables that are not read, but raises ConfigError for those that are meant for a section.
    """
    # Who may ask is not left open by a name that nobody reads.
    if wrong := [name for name in os.environ if _UNREAD.match(name)]:
        raise ConfigError(f"{wrong[0]} is not known; names in a section have two underscores: INNERLOOP_AUTH__…")
    if empty := [name for name, value in os.environ.items() if not value and _NOT_EMPTY.fullmatch(name)]:
        raise ConfigError(f"{empty[0]} is empty: set it, or leave it out")
    for line in _unread():
        warn(line)
    try:
        return Machine.model_validate(Machine().model_dump() | {k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{_PREFIX}{'__'.join(map(str, first['loc'])).upper()}"
        if name.endswith("_PORT") and _LINKED.match(str(first["input"])):
            service = name.removesuffix("_PORT").lower().replace("_", "-")
            why = f"what Kubernetes sets for a Service called {service}: the pod wants enableServiceLinks: false"
            raise ConfigError(f"{name} is {why}") from error
        raise ConfigError(f"{name}: {first['msg']}") from error
    except SettingsError as error:
        # One of those that are JSON; its name is said nowhere else.
        field = re.search(r'field "(\w+)"', str(error))
        name = f"{_PREFIX}{field[1].upper()}" if field else "the environment"
        raise ConfigError(f"{name}: not JSON: {error.__cause__ or error}") from error


def _unread() -> Iterator[str]:
    """A line for each variable of ours that no setting reads. Raises ConfigError for one meant for a section."""
    names = {name.upper() for name in os.environ if name.upper().startswith(_PREFIX)}
    for name in sorted(names - {OWNER}):
        said = name.removeprefix(_PREFIX).lower()
        field, *below = said.split("__")
        link = _LINK.fullmatch(name)
        is_read = said in Machine.model_fields or (below and field in _WITH_MORE)
        if is_read or (link and f"{link['service']}_SERVICE_HOST" in names):
            continue
        near = _nearest(said)
        meant = f"; is {_PREFIX}{near.upper()} meant?" if near else ""
        if below:
            raise ConfigError(f"{name} is not a setting{meant}")
        yield f"{name} is not a setting, and is ignored{meant}"


def _nearest(said: str) -> str:
    """The setting that may be meant by what none is called, or nothing. One in a section may lack the section."""
    known: dict[str, str] = {}
    for name in _names(Machine):
        known[name.rpartition("__")[2]] = known[name] = name
    if near := difflib.get_close_matches(said, known, 1):
        return known[near[0]]
    section, two, rest = said.partition("__")
    near = difflib.get_close_matches(section, _WITH_MORE, 1) if two else []
    return near[0] + two + rest if near else ""


def _names(of: type[BaseModel], before: str = "") -> Iterator[str]:
    """All settings, in small letters; those of sections with the section before two underscores."""
    for name, field in of.model_fields.items():
        kinds = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, type)]
        sections = [each for each in kinds if issubclass(each, BaseModel)]
        if not sections:
            yield before + name
        for section in sections:
            yield from _names(section, f"{before}{name}__")
