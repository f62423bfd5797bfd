"""A small stand-in for Kubernetes' API server: for Helm and kubectl, on this machine.

It keeps objects as they are sent, applies patches, and says at once of each Job that it is complete, of each Pod that
it has succeeded and of each Deployment that it is rolled out. It fills in no defaults, checks no fields, knows no
users, and nothing runs: it is no cluster. It shows what is done with the chart, in which order, and what is left.
"""

from __future__ import annotations

import base64
import itertools
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.chart.helm import Object

RESOURCES = {
    "v1": {
        "configmaps": "ConfigMap",
        "persistentvolumeclaims": "PersistentVolumeClaim",
        "pods": "Pod",
        "secrets": "Secret",
        "serviceaccounts": "ServiceAccount",
        "services": "Service",
    },
    "apps/v1": {"deployments": "Deployment"},
    "batch/v1": {"jobs": "Job"},
    "gateway.networking.k8s.io/v1": {"grpcroutes": "GRPCRoute", "httproutes": "HTTPRoute"},
    "keda.sh/v1alpha1": {"scaledobjects": "ScaledObject"},
    "monitoring.coreos.com/v1": {"servicemonitors": "ServiceMonitor"},
    "networking.k8s.io/v1": {"networkpolicies": "NetworkPolicy"},
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
}
"""Kinds that the case of the tests has, by their plural, and these by API."""
KEYS = {"ports": ("containerPort", "port"), "volumeMounts": ("mountPath",)}
KEYS |= dict.fromkeys(("containers", "env", "imagePullSecrets", "initContainers", "volumes"), ("name",))
"""By which a strategic merge patch tells the elements of a list apart; other lists are replaced."""
_ORDER = "$setElementOrder/"
_PROTOBUF = b"k8s\0"


class ApiServer:
    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        """By path."""
        self.failing: set[str] = set()
        """Jobs that fail."""
        self.log: list[tuple[str, str, str]] = []
        """What was written: verb, kind and name."""
        self._events: list[Object] = []
        """Their place is the version."""

    def app(self) -> Starlette:
        collection, item = "/{base:path}/namespaces/{namespace}/{plural}", "/{base:path}/namespaces/{rest:path}"
        return Starlette(
            routes=[
                Route("/version", lambda _: JSONResponse({"major": "1", "minor": "34", "gitVersion": "v1.34.0"})),
                Route("/api", lambda _: JSONResponse({"kind": "APIVersions", "versions": ["v1"]})),
                Route("/apis", _groups),
                Route("/openapi/v2", lambda _: Response()),  # a document without schemas, in protobuf
                Route(collection, self._list),
                Route(collection, self._create, methods=["POST"]),
                Route(item, self._get),
                Route(item, self._update, methods=["PUT", "PATCH"]),
                Route(item, self._delete, methods=["DELETE"]),
                Route("/{base:path}/namespaces", self._create, methods=["POST"]),
                Route("/{base:path}", _resources),
            ]
        )

    async def _list(self, request: Request) -> Response:
        query, path = request.query_params, request.url.path
        labels = dict(each.split("=") for each in query.get("labelSelector", "").split(",") if each)
        name = query.get("fieldSelector", "").removeprefix("metadata.name=")

        def wanted(where: str, each: Object) -> bool:
            about = each["metadata"]
            same = labels.items() <= about.get("labels", {}).items() and name in ("", about["name"])
            return same and where.rpartition("/")[0] == path

        there = [each for where, each in self.objects.items() if wanted(where, each)]
        kind = RESOURCES[_api(path)][path.rpartition("/")[2]]
        version = {"resourceVersion": str(len(self._events))}
        if query.get("watch") not in ("1", "true"):
            listed = {"kind": f"{kind}List", "apiVersion": _api(path), "metadata": version, "items": there}
            return JSONResponse(listed)

        async def events() -> AsyncIterator[str]:
            seen = int(query.get("resourceVersion") or len(self._events))
            if query.get("sendInitialEvents") == "true":
                seen = len(self._events)
                about = version | {"annotations": {"k8s.io/initial-events-end": "true"}}
                end = {"kind": kind, "apiVersion": _api(path), "metadata": about}
                for each in there:
                    yield json.dumps({"type": "ADDED", "object": each}) + "\n"
                yield json.dumps({"type": "BOOKMARK", "object": end}) + "\n"
            while True:
                for event in self._events[seen:]:
                    if wanted(event["path"], event["object"]):
                        yield json.dumps(event) + "\n"
                seen = len(self._events)
                await anyio.sleep(0.02)

        return StreamingResponse(events(), media_type="application/json")

    async def _get(self, request: Request) -> Response:
        found = self.objects.get(request.url.path)
        return JSONResponse(found) if found else _failure(404, "NotFound")

    async def _create(self, request: Request) -> Response:
        made = await _body(request)
        path = f"{request.url.path}/{made['metadata']['name']}"
        if path in self.objects:
            return _failure(409, "AlreadyExists")
        return self._keep("POST", path, made)

    async def _update(self, request: Request) -> Response:
        path, old, body = request.url.path, self.objects.get(request.url.path), await _body(request)
        how = request.headers["content-type"]
        if how == "application/apply-patch+yaml":
            return self._keep("PATCH", path, body)
        if old is None:
            return _failure(404, "NotFound")
        if request.method == "PATCH":
            body = _merge(old, body, strategic=how == "application/strategic-merge-patch+json")
        return self._keep(request.method, path, body)

    async def _delete(self, request: Request) -> Response:
        gone = self.objects.pop(request.url.path, None)
        if gone is None:
            return _failure(404, "NotFound")
        self._record("DELETE", "DELETED", request.url.path, gone)
        return JSONResponse({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def _keep(self, verb: str, path: str, each: Object) -> Response:
        new, about = path not in self.objects, each["metadata"]
        about |= {"uid": path, "resourceVersion": str(len(self._events) + 1)}
        if each["kind"] != "Namespace":
            about["namespace"] = path.split("/")[-3]
        if each["kind"] == "Job":
            ended = "Failed" if about["name"] in self.failing else "Complete"
            each["status"] = {"conditions": [{"type": ended, "status": "True"}], "succeeded": int(ended == "Complete")}
        elif each["kind"] == "Pod":
            each["status"] = {"phase": "Succeeded"}
        elif each["kind"] == "Deployment":
            counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            each["status"] = dict.fromkeys(counts, each["spec"].get("replicas", 1))
        self.objects[path] = each
        self._record(verb, "ADDED" if new else "MODIFIED", path, each)
        return JSONResponse(each, 201 if new else 200)

    def _record(self, verb: str, what: str, path: str, each: Object) -> None:
        self._events.append({"type": what, "path": path, "object": each})
        self.log.append((verb, each["kind"], each["metadata"]["name"]))


def _groups(_: Request) -> Response:
    groups = []
    for api in (api for api in RESOURCES if "/" in api):
        version = {"groupVersion": api, "version": api.split("/")[1]}
        groups.append({"name": api.split("/")[0], "versions": [version], "preferredVersion": version})
    return JSONResponse({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


def _resources(request: Request) -> Response:
    kinds = RESOURCES.get(api := _api(request.url.path))
    if kinds is None:
        return _failure(404, "NotFound")
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    found = [{"name": name, "kind": kind, "namespaced": True, "verbs": verbs} for name, kind in kinds.items()]
    return JSONResponse({"kind": "APIResourceList", "groupVersion": api, "resources": found})


def _failure(code: int, reason: str) -> Response:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    return JSONResponse(status | {"reason": reason, "code": code}, code)


def _api(path: str) -> str:
    return path.split("/namespaces/")[0].removeprefix("/apis/").removeprefix("/api/")


def _merge(old: Object, patch: Object, strategic: bool) -> Object:
    """What a merge patch makes of an object: a strategic one knows how the elements of some lists are told apart."""
    kept = patch.get("$retainKeys", old)
    made = {name: each for name, each in old.items() if name in kept and patch.get("$patch") != "replace"}
    for name in dict.fromkeys(name.removeprefix(_ORDER) for name in patch):
        each, had = patch.get(name, []), made.get(name)
        if name in patch and each is None:
            made.pop(name, None)
        elif strategic and name in KEYS and isinstance(each, list):
            made[name] = _merge_lists(had or [], each, patch.get(_ORDER + name, each), KEYS[name])
        elif isinstance(each, dict):
            made[name] = _merge(had if isinstance(had, dict) else {}, each, strategic)
        elif not name.startswith("$"):
            made[name] = each
    return made


def _merge_lists(old: list[Object], patch: list[Object], order: list[Object], keys: tuple[str, ...]) -> list[Object]:
    def key(each: Object) -> Any:
        return next(each[name] for name in keys if name in each)

    made = {key(each): each for each in old}
    for each in patch:
        if each.get("$patch") == "delete":
            made.pop(key(each), None)
        else:
            made[key(each)] = _merge(made.get(key(each), {}), each, strategic=True)
    return [made[key(each)] for each in order]


async def _body(request: Request) -> Object:
    """Of an object or a patch. Namespaces and Secrets are sent as protobuf, and all else as JSON."""
    sent = await request.body()
    if not sent.startswith(_PROTOBUF):
        body: Object = json.loads(sent)
        return body
    envelope = dict(_fields(sent.removeprefix(_PROTOBUF)))
    kind = dict(_fields(envelope[1]))[2].decode()
    metadata: Object = {"labels": {}}
    made: Object = {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {}}
    for field, value in _fields(envelope[2]):
        if field == 1:
            about = list(_fields(value))
            metadata["name"] = dict(about)[1].decode()
            pairs = [dict(_fields(each)) for number, each in about if number == 11]
            metadata["labels"] = {pair[1].decode(): pair[2].decode() for pair in pairs}
        elif kind != "Secret":
            continue
        elif field == 2:
            pair = dict(_fields(value))
            made["data"][pair[1].decode()] = base64.b64encode(pair[2]).decode()
        elif field == 3:
            made["type"] = value.decode()
    return made


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Those of a message in protobuf that have a length."""

    def number() -> int:
        value, shift = 0, 0
        while True:
            byte = next(left)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    left = iter(message)
    while True:
        try:
            tag = number()
        except StopIteration:
            return
        if tag & 7 == 2:
            yield tag >> 3, bytes(itertools.islice(left, number()))
        else:
            number()


@contextmanager
def running() -> Iterator[tuple[ApiServer, str]]:
    """A server without objects, and its URL."""
    api = ApiServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(api.app(), log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield api, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
