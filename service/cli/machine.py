"""The environment and the command line as settings."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_settings import SettingsError

from service.errors import ConfigError
from service.settings import Machine


def read_machine(**given: object) -> Machine:
    """The machine as the environment has it, except for what is `given` and not None. Raises ConfigError."""
    try:
        return Machine.model_validate(Machine().model_dump() | {k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"INNERLOOP_{'__'.join(map(str, first['loc'])).upper()}: {first['msg']}") from error
    except SettingsError as error:
        # The peers are the only setting that is JSON.
        raise ConfigError(f"INNERLOOP_PEERS: not a JSON object: {error.__cause__ or error}") from error
