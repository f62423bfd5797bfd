"""Logs: one form for what this service and its libraries say, as JSON for machines or as lines for people.

Each record has the ids of the trace and the span in which it was written, and of the task and the conversation that it
is about. No record can look like two: what ends lines or moves cursors is escaped. What looks like a secret is not
shown, whoever has put it there. What strangers can bring about as often as they like is told now and then.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import sys
import threading
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO, get_args

from opentelemetry import trace

from service.telemetry.names import captures_content

Format = Literal["json", "text"]
Level = Literal["debug", "info", "warning", "error"]

SAID = {"said": True}
"""For `extra`: an exception whose text may hold what people or models say. It is shown where content may be."""

BOUNDED = {"bounded": True}
"""For `extra`: what anybody can bring about a thousand times a second. Of those with the same message, of which there
must be few, one is shown every `_BOUND_SECONDS`, and says how many were not.
"""
_BOUND_SECONDS = 10.0
_MOST_KINDS = 1_000

_VLLM, _NO = "VLLM_CONFIGURE_LOGGING", "0"
EXPORTERS = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
)
"""Loggers of those that send spans. They tell of each try, and there is one every other second."""
_REFUSING = ("a2a.server.routes.jsonrpc_dispatcher", "a2a.utils.error_handlers")
"""Loggers of the A2A SDK that tell of every request that is refused, in words that may be its caller's."""
_HEARS_STRANGERS = ("uvicorn.error",)
"""Loggers of libraries that tell of every request that is none."""
_MESSAGE_CHARS = 4_000
_STACK_CHARS = 16_000

_about: ContextVar[dict[str, str]] = ContextVar("about")


def set_up(form: Format | None = None, stream: TextIO | None = None, level: Level = "info") -> Format:
    """Gives all loggers of this process one form, and says which: by default lines on a terminal, else JSON.

    From `level` on this service's own records are shown; of libraries, no more than warnings and errors.
    """
    stream = stream or sys.stderr
    form = form or ("text" if stream.isatty() else "json")
    handler = _Errors() if stream is sys.stderr else logging.StreamHandler(stream)
    handler.setFormatter(Json() if form == "json" else Text())
    handler.addFilter(_Bound())
    root, least = logging.getLogger(), logging.getLevelNamesMapping()[level.upper()]
    root.handlers[:] = [*(each for each in root.handlers if not isinstance(each.formatter, Json | Text)), handler]
    if least > logging.INFO:
        handler.setLevel(least)  # also for loggers of libraries that have a level of their own
    root.setLevel(logging.WARNING)
    logging.getLogger("service").setLevel(least)
    logging.captureWarnings(True)
    # Of a name that begins with this one vLLM makes its loggers. It is not to give them handlers of its own.
    os.environ[_VLLM] = _NO
    for name in _REFUSING:
        logging.getLogger(name).addFilter(_is_failure)
    logging.getLogger("vllm").setLevel(os.environ.get("VLLM_LOGGING_LEVEL", "ERROR").upper())
    sys.excepthook = _log_exception
    threading.excepthook = _log_end_of_thread
    sys.unraisablehook = _log_ignored
    return form


def set_up_as_parent() -> None:
    """In a process that vLLM has started: as in the one that has started vLLM, if it was done there.

    That one tells when spans cannot be sent, for both.
    """
    for name in EXPORTERS:
        logging.getLogger(name).disabled = True
    if os.environ.get(_VLLM) == _NO:
        form, level = (os.environ.get(f"INNERLOOP_LOG_{name}") for name in ("FORMAT", "LEVEL"))
        set_up(
            form if form in get_args(Format) else None,  # type: ignore[arg-type]
            level=level if level in get_args(Level) else "info",  # type: ignore[arg-type]
        )


def fields(**values: object) -> dict[str, object]:
    """For `extra`: what a record has beside its message, by name. None stands for nothing."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


def about(**ids: str) -> None:
    """What is logged from now on in this asyncio task, and in those that it starts, has these ids."""
    _about.set({**_about.get({}), **ids})


def _is_failure(record: logging.LogRecord) -> bool:
    return bool(record.exc_info)


class _Errors(logging.StreamHandler[TextIO]):
    """The error output as it is at the moment: while something moves on a terminal, that goes another way."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


class _Bound(logging.Filter):
    """Lets through one in a while of the records that are `BOUNDED`."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, tuple[float, int]] = {}
        """By what they say: when one was let through, and how many were not since."""

    def filter(self, record: logging.LogRecord) -> bool:
        is_libraries = record.name in _HEARS_STRANGERS and not record.exc_info
        if not (is_libraries or getattr(record, "bounded", False)):
            return True
        now, kind = time.monotonic(), record.getMessage()
        since, left_out = self._kinds.get(kind, (-math.inf, 0))
        if now - since < _BOUND_SECONDS:
            self._kinds[kind] = since, left_out + 1
            return False
        if len(self._kinds) >= _MOST_KINDS:  # there were more of them than there should be
            self._kinds.clear()
        self._kinds[kind] = now, 0
        if left_out:
            record.msg, record.args = f"{kind}; {left_out} more since the last such line", ()
        return True


class Json(logging.Formatter):
    """A line of JSON, all of it ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "timestamp": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **_ids(record),
            **_fields(record),
        }
        if error := _exception(record):
            fields["exception"] = error
        return json.dumps(fields)


class Text(logging.Formatter):
    """A line; below it, indented, where an exception came from."""

    def format(self, record: logging.LogRecord) -> str:
        time = _time(record).astimezone().strftime("%H:%M:%S")
        line = f"{time} {record.levelname:<7} {record.name}: {_message(record)}"
        shown = {name: value for name, value in _ids(record).items() if name != "span_id"} | _fields(record)
        if shown:
            line += f"  ({' '.join(f'{name}={value}' for name, value in shown.items())})"
        line = _on_one_line(line)
        if not (error := _exception(record)):
            return line
        lines = [*error["stacktrace"].splitlines(), *([] if "message" in error else [error["type"]])]
        return "\n".join([line, *(f"    {_on_one_line(each)}" for each in lines)])


def _on_one_line(text: str) -> str:
    """With what cannot be seen, or ends lines, as JSON escapes it."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _ids(record: logging.LogRecord) -> dict[str, str]:
    """Handlers run where the record is made, so that the current span and task are the record's own."""
    ids = {}
    current = trace.get_current_span().get_span_context()
    if current.is_valid:
        ids = {"trace_id": trace.format_trace_id(current.trace_id), "span_id": trace.format_span_id(current.span_id)}
    return ids | _about.get({})


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return getattr(record, "fields", {})


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit
        text = str(record.msg)
    return _clean(text, _MESSAGE_CHARS)


def _exception(record: logging.LogRecord) -> dict[str, str]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, error, frames = record.exc_info
    told = {"type": kind.__qualname__}
    if captures_content() or not getattr(record, "said", False):
        told["message"] = _clean(str(error), _MESSAGE_CHARS)
        told["stacktrace"] = _clean("".join(traceback.format_exception(error)), _STACK_CHARS)
    else:
        told["stacktrace"] = _clean("".join(traceback.format_tb(frames)), _STACK_CHARS)
    return told


def _log_exception(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, frames)
    else:
        logging.getLogger("service").critical("this process ends", exc_info=(kind, error, frames))


def _log_end_of_thread(args: threading.ExceptHookArgs) -> None:
    if not issubclass(args.exc_type, SystemExit):
        _log_uncaught(f"thread {args.thread.name if args.thread else ''!r} ends", args)


def _log_ignored(args: sys.UnraisableHookArgs) -> None:
    _log_uncaught(args.err_msg or "raised where nobody can catch it", args)


def _log_uncaught(what: str, args: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    """The process goes on. It may be a tool's thread or object, and what it raises may hold what was said to it."""
    if args.exc_value is not None:
        error = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger("service").error("%s", what, exc_info=error, extra=SAID)


def _clean(text: str, limit: int) -> str:
    short = without_secrets(text[:limit])
    return short if len(text) <= limit else f"{short} [cut: {len(text)} characters]"


_NAMED = (
    r"(?<![\w.-])[\w.-]{0,40}?"
    r"(?:api[_-]?key|token(?!s|iz)|secret|passw(?:or)?d|pwd|credentials?|signature|private[_-]?key)"
)
_SECRETS = [
    # Headers, to the end of their line.
    r"""(?i)((?:authorization|cookie|x-api-key)["']?\s*[:=,]\s*["']?)[^"'\r\n]+""",
    r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/-]{8,}=*",
    # In URLs, forms and mappings.
    r"""(://)[^\s/@'"]+(?=@)""",
    r"""(?i)([?&](?:code|key|sig|jwt|auth)=)[^\s&'"]+""",
    rf"""(?i)({_NAMED}[\w-]{{0,20}}["']?\s*[=:]\s*["']?)[^\s&;,'")}}\]]+""",
    # By what they look like.
    r"()(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*",
    r"()\b(?:sk|pk|ghp|gho|ghs|hf|xox[abp])[-_][\w-]{16,}",
    r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
]
_PATTERNS = [re.compile(pattern) for pattern in _SECRETS]


def without_secrets(text: str) -> str:
    """With what looks like credentials hidden: in headers, in URLs, after names that secrets have, or by their form."""
    for pattern in _PATTERNS:
        text = pattern.sub(r"\1***", text)
    return text
