"""Logs set up as a process of the service has them, for a test: afterwards they are as before."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from service.telemetry import logs
from service.telemetry.logs import Format, Level, set_up

Written = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    names = (None, "service", "vllm")
    levels, handlers = [logging.getLogger(name).level for name in names], logging.getLogger().handlers[:]
    filters = [logging.getLogger(name).filters[:] for name in logs._REFUSING]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    configures = os.environ.get("VLLM_CONFIGURE_LOGGING")
    yield
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)
    for name, before in zip(logs._REFUSING, filters, strict=True):
        logging.getLogger(name).filters[:] = before
    logging.getLogger().handlers[:] = handlers
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    if configures is None:
        os.environ.pop("VLLM_CONFIGURE_LOGGING", None)


def lines(form: Format, level: Level = "info") -> Written:
    """Sets logs up; returns what gives the lines that were written since."""
    stream = io.StringIO()
    set_up(form, stream, level)
    return lambda: stream.getvalue().splitlines()
