"""Push notification configs as they are stored: as JSON, encrypted if there is a key, for they hold credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from a2a.types import TaskPushNotificationConfig
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from google.protobuf.json_format import MessageToDict, MessageToJson, Parse, ParseDict

from service.errors import ConfigError, ServiceError


class Unreadable(ServiceError):
    """A config was encrypted by a key that is not here."""

    def __init__(self) -> None:
        super().__init__("its configuration was encrypted by a key that INNERLOOP_PUSH_SECRETS does not have")


class Codec:
    def __init__(self, fernet: MultiFernet | None = None) -> None:
        self._fernet = fernet

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """With the keys in a file, one a line: the first encrypts, all decrypt. Raises ConfigError if they are none."""
        if path is None:
            return cls()
        try:
            return cls(MultiFernet([Fernet(line) for line in path.read_text().split()]))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        except ValueError:
            raise ConfigError(f"{path}: not keys of Fernet, 32 bytes in URL-safe base64, one a line") from None

    def encode(self, config: TaskPushNotificationConfig, *, legacy: bool) -> dict[str, Any]:
        """`legacy` if who made it speaks 0.3, and wants to be told in the same."""
        if self._fernet:
            return {"legacy": legacy, "encrypted": self._fernet.encrypt(MessageToJson(config).encode()).decode()}
        return {"legacy": legacy, "config": MessageToDict(config)}

    def decode(self, stored: dict[str, Any]) -> TaskPushNotificationConfig:
        """Raises Unreadable."""
        if "config" in stored:
            return ParseDict(stored["config"], TaskPushNotificationConfig())
        if self._fernet is None:
            raise Unreadable
        try:
            return Parse(self._fernet.decrypt(stored["encrypted"]), TaskPushNotificationConfig())
        except InvalidToken:
            raise Unreadable from None
