"""The environment and the command line as settings."""

from __future__ import annotations

import os
import re

from pydantic import ValidationError
from pydantic_settings import SettingsError

from service.errors import ConfigError
from service.settings import Machine

_UNREAD = re.compile("INNERLOOP_AUTH_[^_]", re.IGNORECASE)


def read_machine(**given: object) -> Machine:
    """The machine as the environment has it, except for what is `given` and not None. Raises ConfigError."""
    # Who may ask is not left open by a name that nobody reads.
    if wrong := [name for name in os.environ if _UNREAD.match(name)]:
        raise ConfigError(f"{wrong[0]} is not known; names in a section have two underscores: INNERLOOP_AUTH__…")
    try:
        return Machine.model_validate(Machine().model_dump() | {k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"INNERLOOP_{'__'.join(map(str, first['loc'])).upper()}: {first['msg']}") from error
    except SettingsError as error:
        # One of those that are JSON; its name is said nowhere else.
        field = re.search(r'field "(\w+)"', str(error))
        name = f"INNERLOOP_{field[1].upper()}" if field else "the environment"
        raise ConfigError(f"{name}: not JSON: {error.__cause__ or error}") from error
