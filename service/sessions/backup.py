"""A copy of a SQLite database as it is at one moment, whoever writes in it meanwhile."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from service.errors import ConfigError


def back_up(file: Path, to: Path) -> None:
    """Writes the copy, which only its owner may read. It is whole, or not there.

    Raises ConfigError if there is no database, if there is something at `to`, or if it cannot be written.
    """
    if not file.is_file():
        raise ConfigError(f"there is no database {file}")
    if to.exists():
        raise ConfigError(f"{to} is there already")
    try:
        descriptor, part = tempfile.mkstemp(dir=to.parent, prefix=f"{to.name}.")
        try:
            with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True)) as database:  # makes none
                database.execute("VACUUM INTO ?", (part,))
            os.fsync(descriptor)
            Path(part).replace(to)
        finally:
            os.close(descriptor)
            Path(part).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{file} cannot be copied to {to}: {reason}") from error
