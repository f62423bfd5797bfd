"""Requests of protocol 0.3, read as the SDK will read and translate them: what it would choke on is the caller's fault,
and told as that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from a2a.compat.v0_3 import a2a_v0_3_pb2 as pb
from a2a.compat.v0_3 import conversions, types
from a2a.compat.v0_3.proto_utils import FromProto
from a2a.utils.errors import A2AError
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message as ProtoMessage
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.endpoint.faults import callers_fault
from service.endpoint.refusals import Refusal, refuse

METHODS: Mapping[str, type[BaseModel]] = {
    kind.model_fields["method"].default: kind for kind in get_args(types.A2ARequest.model_fields["root"].annotation)
}
"""Those of JSON-RPC, with what their requests have to be."""
BODY_PATHS = ("/message:send", "/message:stream", "/pushNotificationConfigs")
"""How those paths of HTTP+JSON end that want one."""


class RefusedStreams:
    """Keeps the head of an answer until there is something of its body: it may turn out to be another answer.

    The SDK begins streams of 0.3 before it knows whether there will be one, and over HTTP+JSON cuts those that are
    refused. They are answered with the error.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []
        begun = False

        async def hold(message: Message) -> None:
            nonlocal begun
            held.append(message)
            if message["type"] != "http.response.start":
                begun = True
                for each in held:
                    await send(each)
                held.clear()

        try:
            await self._app(scope, receive, hold)
        except A2AError as error:
            if begun:
                raise
            await refuse(scope, receive, send, Refusal.of(error))


def check_call(method: str, call: dict[str, Any]) -> None:
    """A JSON-RPC request of one of 0.3's methods. Raises InvalidParamsError."""
    with callers_fault():
        request = METHODS[method].model_validate(call)
        match request:
            case types.SendMessageRequest() | types.SendStreamingMessageRequest():
                _translate(request.params)
            case types.GetTaskRequest():
                conversions.to_core_get_task_request(request)
            case types.SetTaskPushNotificationConfigRequest():
                conversions.to_core_create_task_push_notification_config_request(request)


def check_body(path: str, body: dict[str, Any]) -> None:
    """Of a request to one of 0.3's paths of HTTP+JSON, `BODY_PATHS`. Raises InvalidParamsError."""
    request = pb.SendMessageRequest() if "/message:" in path else pb.CreateTaskPushNotificationConfigRequest()
    with callers_fault():
        ParseDict(body, request, ignore_unknown_fields=True)
    check_message(request)


def check_query(query: QueryParams) -> None:
    """The same of its query."""
    with callers_fault():
        params = types.TaskQueryParams(id="", history_length=int(query.get("historyLength") or 0))
        conversions.to_core_get_task_request(types.GetTaskRequest(id="", params=params))


def check_message(request: ProtoMessage) -> None:
    """A request of 0.3 as gRPC reads it. Raises InvalidParamsError."""
    with callers_fault():
        if isinstance(request, pb.SendMessageRequest):
            _translate(FromProto.message_send_params(request))
        elif isinstance(request, pb.CreateTaskPushNotificationConfigRequest):
            config = FromProto.task_push_notification_config_request(request)
            conversions.to_core_create_task_push_notification_config_request(
                types.SetTaskPushNotificationConfigRequest(id="", params=config)
            )


def _translate(params: types.MessageSendParams) -> None:
    conversions.to_core_send_message_request(types.SendMessageRequest(id="", params=params))
