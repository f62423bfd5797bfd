"""The same call over JSON-RPC and over HTTP+JSON, and how each says that it is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx
import pytest

from tests.conftest import Agent

Call = Callable[..., Awaitable[httpx.Response]]


class Error(NamedTuple):
    """One of the protocol's errors, in both bindings."""

    code: int
    """In JSON-RPC."""
    http: int
    status: str
    """In HTTP+JSON, beside the HTTP status."""
    reason: str


INVALID_REQUEST = Error(-32600, 400, "INVALID_ARGUMENT", "INVALID_REQUEST")
INVALID_PARAMS = Error(-32602, 400, "INVALID_ARGUMENT", "INVALID_PARAMS")
INTERNAL = Error(-32603, 500, "INTERNAL", "INTERNAL_ERROR")
TASK_NOT_FOUND = Error(-32001, 404, "NOT_FOUND", "TASK_NOT_FOUND")
NOT_CANCELABLE = Error(-32002, 400, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE")
UNSUPPORTED = Error(-32004, 400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION")
CONTENT_TYPE = Error(-32005, 400, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED")
EXTENSION = Error(-32008, 400, "FAILED_PRECONDITION", "EXTENSION_SUPPORT_REQUIRED")
VERSION = Error(-32009, 400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED")

_ROUTES = {
    "SendMessage": ("POST", "/message:send"),
    "SendStreamingMessage": ("POST", "/message:stream"),
    "GetTask": ("GET", "/tasks/{id}"),
    "ListTasks": ("GET", "/tasks"),
    "CancelTask": ("POST", "/tasks/{id}:cancel"),
    "SubscribeToTask": ("POST", "/tasks/{id}:subscribe"),
    "CreateTaskPushNotificationConfig": ("POST", "/tasks/{taskId}/pushNotificationConfigs"),
    "GetTaskPushNotificationConfig": ("GET", "/tasks/{taskId}/pushNotificationConfigs/{id}"),
    "ListTaskPushNotificationConfigs": ("GET", "/tasks/{taskId}/pushNotificationConfigs"),
    "DeleteTaskPushNotificationConfig": ("DELETE", "/tasks/{taskId}/pushNotificationConfigs/{id}"),
    "GetExtendedAgentCard": ("GET", "/extendedAgentCard"),
}


async def json_rpc(agent: Agent, method: str, params: Any, version: str = "1.0") -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return await agent.http.post(agent.url, json=body, headers={"A2A-Version": version})


async def http_json(agent: Agent, method: str, params: Any, version: str = "1.0") -> httpx.Response:
    verb, path = _ROUTES[method]
    body, query = (params, None) if verb == "POST" else (None, params)
    url = agent.url + path.format_map(params)
    return await agent.http.request(verb, url, json=body, params=query, headers={"A2A-Version": version})


over_both = pytest.mark.parametrize("call", [json_rpc, http_json])


def assert_refused(response: httpx.Response, error: Error) -> None:
    """In the form of the binding that was asked."""
    said = response.json()
    if "jsonrpc" in said:
        assert (response.status_code, said["error"]["code"]) == (200, error.code)
        details = said["error"]["data"]
    else:
        assert response.status_code == said["error"]["code"] == error.http
        assert said["error"]["status"] == error.status
        details = said["error"]["details"]
    assert_names_reason(details, error.reason)


def assert_names_reason(details: Any, reason: str) -> None:
    info = details[0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == (reason, "a2a-protocol.org")
