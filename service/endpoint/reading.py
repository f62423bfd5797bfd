"""Requests over HTTP, read as the SDK will read them, in front of it.

What is wrong with a request is told in the protocol's own errors. The SDK would log much of that as if it were its own
fault, answer some of it with an exception's text or as an error of the server's, and drop what it does not know.
"""

from __future__ import annotations

import re
from typing import Any

from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from a2a.types import TaskState
from a2a.utils.constants import PROTOCOL_VERSION_0_3, PROTOCOL_VERSION_1_0
from a2a.utils.errors import A2AError, InvalidParamsError, InvalidRequestError, JSONParseError
from google.protobuf.json_format import ParseDict
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from service.endpoint import legacy
from service.endpoint.faults import callers_fault
from service.endpoint.parsed import content_of, has_content, keep_only_id
from service.endpoint.refusals import Refusal, refuse
from service.endpoint.versions import check_version, said_version
from service.plain import one_line

_MEMBERS = {"jsonrpc", "id", "method", "params"}
_NAME_CHARS = 300
_LEGACY_PATH = re.compile(r"/v1/(message:|tasks/|card$)")


class Wellformed:
    """Refuses requests that the SDK would choke on or misread. Stands behind `WholeBody`, which parses them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] == "http":
                _check_request(scope)
                keep_only_id(scope)
        except A2AError as error:
            await refuse(scope, receive, send, Refusal.of(error))
        else:
            await self._app(scope, receive, send)


def _check_request(scope: Scope) -> None:
    """Raises the protocol's error for a request that cannot be read, or says something that there is not."""
    content = content_of(scope)
    if scope["path"] == "/" and scope["method"] == "POST":
        if not has_content(scope):
            raise JSONParseError("the request has no body")
        _check_call(scope, content)
        return
    if not isinstance(content, dict):
        raise InvalidRequestError("the request is not a JSON object")
    query = QueryParams(scope["query_string"])
    if _LEGACY_PATH.match(scope["path"]):
        legacy.check_query(query)
        if has_content(scope) and scope["path"].endswith(legacy.BODY_PATHS):
            legacy.check_body(scope["path"], content)
    elif scope["method"] == "GET" and scope["path"].endswith("/tasks"):
        _check_status(query.get("status"))


def _check_call(scope: Scope, content: Any) -> None:
    """Of JSON-RPC."""
    if not isinstance(content, dict):
        raise InvalidRequestError("a request is one JSON object")
    if content.get("jsonrpc") != "2.0":
        raise InvalidRequestError('a request has "jsonrpc": "2.0"')
    if type(content.get("id")) not in (str, int, type(None)):
        raise InvalidRequestError("the id of a request is a string or a whole number")
    method, params = content.get("method"), content.get("params", {})
    if not isinstance(method, str) or not method or method.startswith("rpc."):
        raise InvalidRequestError("a request has a method")
    if unknown := content.keys() - _MEMBERS:
        raise InvalidRequestError(f"a request has no {one_line(min(unknown), _NAME_CHARS)!r}")
    if not isinstance(params, dict):
        raise InvalidParamsError("params is not an object")
    said = said_version(Headers(scope=scope), QueryParams(scope["query_string"]))
    if method in legacy.METHODS:
        check_version(said, PROTOCOL_VERSION_0_3)
        legacy.check_call(method, content)
    elif method in JsonRpcDispatcher.METHOD_TO_MODEL:
        check_version(said, PROTOCOL_VERSION_1_0)
        _check_params(method, params)


def _check_params(method: str, params: dict[str, Any]) -> None:
    with callers_fault("params"):
        ParseDict(params, JsonRpcDispatcher.METHOD_TO_MODEL[method](), ignore_unknown_fields=True)
    if method == "ListTasks":
        _check_status(params.get("status"))


def _check_status(status: object) -> None:
    """The SDK would forget a filter that it does not know, and list all tasks."""
    if isinstance(status, str) and status not in TaskState.keys():  # noqa: SIM118 it is no dict
        raise InvalidParamsError("tasks have no such status")
