"""What can be stored: no database keeps the character U+0000, and an id is as long as its column."""

from __future__ import annotations

from typing import Any

from a2a.utils.errors import InvalidParamsError
from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.message import Message

from service.sessions.tables import ID_LENGTH

_NUL = "\0"


def is_id(text: str, length: int = ID_LENGTH) -> bool:
    """Whether a task or a context, or something else with `length` characters for it, could have this id."""
    return 0 < len(text) <= length and text.isprintable()


def check_storable(message: Message, name: str) -> None:
    """Raises InvalidParamsError, which names the field, for what could not be stored as it is: nothing is dropped
    without a word.

    `name` is what the message is called in the request.
    """
    try:
        content = MessageToDict(message)
    except (ValueError, SerializeToJsonError) as error:  # a number in its metadata that JSON lacks
        raise InvalidParamsError(f"{name}: {error}") from None
    if path := _path_to_nul(content, name):
        raise InvalidParamsError(f"{path} has the character U+0000, which cannot be stored")


def storable(text: str) -> str:
    """The same with another character for each that cannot be stored: for what this agent says itself."""
    return text.replace(_NUL, "\N{REPLACEMENT CHARACTER}")


def _path_to_nul(content: Any, path: str) -> str | None:
    """To the first there is, as in JSON; a key with one is not named."""
    match content:
        case str():
            return path if _NUL in content else None
        case list():
            found = (_path_to_nul(each, f"{path}[{number}]") for number, each in enumerate(content))
        case dict():
            if any(_NUL in key for key in content):
                return path
            found = (_path_to_nul(each, f"{path}.{key}") for key, each in content.items())
        case _:
            return None
    return next((each for each in found if each), None)
