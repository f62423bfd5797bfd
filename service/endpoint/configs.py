"""Webhooks as the protocol has them: who is to be told of a task, where, and with which credentials."""

from __future__ import annotations

import re

from a2a.compat.v0_3.versions import is_legacy_version
from a2a.server.context import ServerCallContext
from a2a.server.tasks.push_notification_config_store import normalize_push_notification_config
from a2a.types import ListTaskPushNotificationConfigsRequest as ListRequest
from a2a.types import ListTaskPushNotificationConfigsResponse as ListResponse
from a2a.types import TaskPushNotificationConfig
from a2a.utils.constants import VERSION_HEADER
from a2a.utils.errors import InvalidParamsError, TaskNotFoundError

from service.endpoint.codec import Codec
from service.endpoint.storable import check_storable, is_id
from service.outbound.egress import Egress, Forbidden
from service.plain import one_line
from service.sessions.tables import WEBHOOK_ID_LENGTH
from service.sessions.webhooks import Webhooks
from service.sessions.writes import Statement

MAX_CONFIGS = 8
"""Of one task."""
_SECRET_CHARS = 4096
_SCHEME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class Configs:
    """Of tasks that their caller may see: whose they are is known before anything here is asked."""

    def __init__(self, webhooks: Webhooks, codec: Codec, egress: Egress) -> None:
        self._webhooks = webhooks
        self._codec = codec
        self._egress = egress

    async def create(
        self, task_id: str, config: TaskPushNotificationConfig, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """Stores a config, in place of one with the same id. Raises InvalidParamsError for one that cannot be used."""
        config = await self._checked(task_id, config)
        await self._webhooks.store(task_id, config.id, self._codec.encode(config, legacy=is_legacy(context)))
        return config

    async def to_store(self, task_id: str, config: TaskPushNotificationConfig, context: ServerCallContext) -> Statement:
        """The same for a task that is to be stored with it."""
        config = await self._checked(task_id, config)
        return self._webhooks.stored(task_id, config.id, self._codec.encode(config, legacy=is_legacy(context)))

    async def get(self, task_id: str, config_id: str) -> TaskPushNotificationConfig:
        stored = (await self._webhooks.read(task_id)).get(config_id)
        if stored is None:
            named = one_line(config_id, WEBHOOK_ID_LENGTH)
            raise TaskNotFoundError(f"task {task_id} has no push notification config {named}")
        return self._codec.decode(stored)

    async def list(self, request: ListRequest) -> ListResponse:
        found = sorted((await self._webhooks.read(request.task_id)).items())
        if request.page_size < 0:
            raise InvalidParamsError("pageSize must not be negative")
        left = [config for config_id, config in found if config_id > request.page_token]
        page = [self._codec.decode(config) for config in left[: request.page_size or None]]
        return ListResponse(configs=page, next_page_token=page[-1].id if len(page) < len(left) else "")

    async def delete(self, task_id: str, config_id: str) -> None:
        if is_id(config_id, WEBHOOK_ID_LENGTH):
            await self._webhooks.remove(task_id, config_id)

    async def _checked(self, task_id: str, config: TaskPushNotificationConfig) -> TaskPushNotificationConfig:
        config = normalize_push_notification_config(task_id, config)
        if not is_id(config.id, WEBHOOK_ID_LENGTH):
            raise InvalidParamsError(f"a config's id has at most {WEBHOOK_ID_LENGTH} printable characters")
        check_storable(config, "taskPushNotificationConfig")
        scheme, secrets = config.authentication.scheme, (config.token, config.authentication.credentials)
        if scheme and not _SCHEME.fullmatch(scheme):
            raise InvalidParamsError("authentication.scheme is not the name of an HTTP authentication scheme")
        if any(len(secret) > _SECRET_CHARS or not _HEADER_VALUE.fullmatch(secret) for secret in secrets):
            raise InvalidParamsError(
                f"token and credentials go into HTTP headers: at most {_SECRET_CHARS} printable ASCII characters"
            )
        try:
            await self._egress.check(config.url)
        except Forbidden as error:
            raise InvalidParamsError(f"the url of a push notification config cannot be used: {error}") from None
        others = (await self._webhooks.read(task_id)).keys() - {config.id}
        if len(others) >= MAX_CONFIGS:
            raise InvalidParamsError(f"a task has at most {MAX_CONFIGS} push notification configs")
        return config


def is_legacy(context: ServerCallContext) -> bool:
    """Whether who asks speaks 0.3."""
    headers = context.state.get("headers")  # of HTTP, where a request without a version is one of 0.3
    version = headers and headers.get(VERSION_HEADER.lower())
    return headers is not None and (not version or is_legacy_version(version))
