"""Whose fault it is that a request cannot be read: its caller's, who is told so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from a2a.utils.errors import A2AError, InvalidParamsError
from google.protobuf.json_format import ParseError
from pydantic import ValidationError

from service.plain import one_line

_WHY_CHARS = 300


@contextmanager
def callers_fault(what: str = "the request") -> Iterator[None]:
    """Whatever goes wrong inside, where `what` is read as the SDK will read it, is raised as InvalidParamsError."""
    try:
        yield
    except A2AError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidParamsError(one_line(f"{where}: {first['msg']}", _WHY_CHARS)) from None
    except ParseError as error:
        raise InvalidParamsError(one_line(f"{what} cannot be read: {error}", _WHY_CHARS)) from None
    except Exception:  # whatever Python raises over values of other types, in words that are for us
        raise InvalidParamsError(f"{what} cannot be read") from None
