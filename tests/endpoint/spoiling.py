"""Requests with something wrong in them, for hypothesis: valid ones of which parts are replaced, left out or added."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from tests.conftest import say

WEBHOOK = {"id": "w", "url": "https://192.0.2.1/hook", "token": "t", "authentication": {"scheme": "Bearer"}}
TASK = "no-such-task"

CURRENT: Mapping[str, dict[str, Any]] = {
    "SendMessage": {
        "message": say("hello", contextId="c", metadata={"a": [1, {"b": None}]}, extensions=["https://a.example"]),
        "configuration": {"acceptedOutputModes": ["text/plain"], "historyLength": 3, "returnImmediately": True},
        "metadata": {"a": 1},
    },
    "SendStreamingMessage": {"message": say("hello", taskId=TASK, referenceTaskIds=[TASK])},
    "GetTask": {"id": TASK, "historyLength": 1},
    "ListTasks": {
        "contextId": "c",
        "status": "TASK_STATE_WORKING",
        "pageSize": 2,
        "pageToken": "eyJ0cyI6bnVsbCwiaWQiOiJhIn0",
        "statusTimestampAfter": "2026-01-01T00:00:00Z",
        "includeArtifacts": True,
    },
    "CancelTask": {"id": TASK, "metadata": {"a": 1}},
    "SubscribeToTask": {"id": TASK},
    "CreateTaskPushNotificationConfig": {"taskId": TASK, **WEBHOOK},
    "GetTaskPushNotificationConfig": {"taskId": TASK, "id": "w"},
    "ListTaskPushNotificationConfigs": {"taskId": TASK, "pageSize": 1, "pageToken": "a"},
    "DeleteTaskPushNotificationConfig": {"taskId": TASK, "id": "w"},
    "GetExtendedAgentCard": {},
}
"""Parameters of the methods of 1.0."""

_MESSAGE = {
    "messageId": "m",
    "role": "user",
    "kind": "message",
    "parts": [{"kind": "text", "text": "hello"}, {"kind": "file", "file": {"bytes": "aGk=", "mimeType": "text/plain"}}],
    "metadata": {"a": [1, {"b": None}]},
}
_LEGACY_WEBHOOK = {"id": "w", "url": WEBHOOK["url"], "authentication": {"schemes": ["Bearer"], "credentials": "c"}}

LEGACY: Mapping[str, dict[str, Any]] = {
    "message/send": {
        "message": _MESSAGE,
        "configuration": {"blocking": False, "historyLength": 1, "pushNotificationConfig": _LEGACY_WEBHOOK},
    },
    "message/stream": {"message": {**_MESSAGE, "parts": [{"kind": "data", "data": {"a": 1}}], "taskId": TASK}},
    "tasks/get": {"id": TASK, "historyLength": 1},
    "tasks/cancel": {"id": TASK},
    "tasks/resubscribe": {"id": TASK},
    "tasks/pushNotificationConfig/set": {"taskId": TASK, "pushNotificationConfig": _LEGACY_WEBHOOK},
    "tasks/pushNotificationConfig/get": {"id": TASK, "pushNotificationConfigId": "w"},
    "tasks/pushNotificationConfig/list": {"id": TASK},
    "tasks/pushNotificationConfig/delete": {"id": TASK, "pushNotificationConfigId": "w"},
    "agent/getAuthenticatedExtendedCard": {},
}
"""The same of those of 0.3."""

_LEGACY_BODY = {
    "request": {"messageId": "m", "role": "ROLE_USER", "content": [{"text": "hello"}], "metadata": {"a": [1, {}]}},
    "configuration": {"acceptedOutputModes": ["text/plain"], "historyLength": 1, "blocking": False},
}
PATHS: Mapping[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("POST", "/message:send"): ({}, CURRENT["SendMessage"]),
    ("POST", "/message:stream"): ({}, CURRENT["SendStreamingMessage"]),
    ("GET", "/tasks/{}"): ({"historyLength": "1"}, {}),
    ("GET", "/tasks"): (CURRENT["ListTasks"], {}),
    ("GET", "/tenant/tasks"): (CURRENT["ListTasks"], {}),
    ("POST", "/tasks/{}:cancel"): ({}, {"metadata": {"a": 1}}),
    ("POST", "/tasks/{}:subscribe"): ({}, {}),
    ("GET", "/tasks/{}:subscribe"): ({}, {}),
    ("POST", "/tasks/{}/pushNotificationConfigs"): ({}, WEBHOOK),
    ("GET", "/tasks/{}/pushNotificationConfigs"): ({"pageSize": "1", "pageToken": "a"}, {}),
    ("GET", "/tasks/{}/pushNotificationConfigs/{}"): ({}, {}),
    ("DELETE", "/tasks/{}/pushNotificationConfigs/{}"): ({}, {}),
    ("GET", "/extendedAgentCard"): ({}, {}),
    ("POST", "/v1/message:send"): ({}, _LEGACY_BODY),
    ("POST", "/v1/message:stream"): ({}, _LEGACY_BODY),
    ("GET", "/v1/tasks/{}"): ({"historyLength": "1"}, {}),
    ("POST", "/v1/tasks/{}:cancel"): ({}, {}),
    ("GET", "/v1/tasks/{}:subscribe"): ({}, {}),
    (
        "POST",
        "/v1/tasks/{}/pushNotificationConfigs",
    ): ({}, {"parent": f"tasks/{TASK}", "configId": "w", "config": {"pushNotificationConfig": _LEGACY_WEBHOOK}}),
    ("GET", "/v1/tasks/{}/pushNotificationConfigs"): ({}, {}),
    ("GET", "/v1/tasks/{}/pushNotificationConfigs/{}"): ({}, {}),
    ("GET", "/v1/card"): ({}, {}),
}
"""Query and body by verb and path, of 1.0 and 0.3."""

_odd = st.sampled_from(
    ["", "\0", "a\0b", "\ud800", "x" * 300, "ROLE_AGENT", "TASK_STATE_COMPLETED", "1e999", "-1", "null", "Infinity"]
)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63, -1, 10**400])
    | st.floats()
    | st.text(max_size=20)
    | _odd
)
values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
"""Any JSON, and numbers and halves of characters that JSON does not have."""
ids = st.text(max_size=40) | _odd.filter(lambda text: text != "\ud800")


@st.composite
def spoiled(draw: st.DrawFn, content: dict[str, Any]) -> Any:
    """The same with up to three things changed."""
    spoilt: Any = [copy.deepcopy(content)]
    for _ in range(draw(st.integers(0, 3))):
        place, key = draw(st.sampled_from(list(_places(spoilt))))
        what = draw(st.sampled_from(["replace", "leave out", "add"]))
        if what == "replace" or place is spoilt:
            place[key] = draw(values)
        elif what == "leave out":
            del place[key]
        elif isinstance(place, dict):
            place[draw(st.text(max_size=8))] = draw(values)
        else:
            place.append(draw(values))
    return spoilt[0]


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Each container in it with each of its keys."""
    keys = list(content) if isinstance(content, dict) else list(range(len(content)))
    for key in keys:
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The same bytes with some cut out and others put in."""
    at, length = draw(st.integers(0, len(content))), draw(st.integers(0, 10))
    return content[:at] + draw(st.binary(max_size=10)) + content[at + length :]
