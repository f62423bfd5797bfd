"""The gRPC binding, for 1.0 and 0.3: the same handler as over HTTP, on a port of its own.

    call ──► _Front ──► the SDK's servicer ──► Handler

The front asks who calls, refuses new work while the service is to end, says that our extension is active, and keeps
what went wrong inside from being told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Never
from urllib.parse import unquote

import grpc
import grpc.aio
from a2a.auth.user import UnauthenticatedUser, User
from a2a.compat.v0_3 import a2a_v0_3_pb2_grpc
from a2a.compat.v0_3.extension_headers import LEGACY_HTTP_EXTENSION_HEADER
from a2a.compat.v0_3.grpc_handler import CompatGrpcHandler
from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from a2a.server.context import ServerCallContext
from a2a.server.request_handlers import GrpcHandler, GrpcServerCallContextBuilder, RequestHandler
from a2a.types import a2a_pb2_grpc
from a2a.utils.constants import PROTOCOL_VERSION_0_3, PROTOCOL_VERSION_1_0, VERSION_HEADER
from a2a.utils.error_handlers import A2A_DOMAIN
from a2a.utils.errors import A2A_ERROR_REASONS, A2AError, InternalError, InvalidParamsError, InvalidRequestError
from a2a.utils.grpc_status import status_to_grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.context import attach
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, set_span_in_context
from starlette.datastructures import Headers

from service.endpoint.admission import Busy
from service.endpoint.body import BODY_SECONDS
from service.endpoint.extensions import active
from service.endpoint.identity import Unauthenticated, Unverifiable
from service.endpoint.legacy import check_message
from service.endpoint.refusals import DOMAIN, RETRY_AFTER_SECONDS, SHUTTING_DOWN
from service.endpoint.versions import check_version
from service.errors import ConfigError
from service.telemetry import names, traces
from service.telemetry.logs import BOUNDED
from service.urls import EVERY_ADDRESS

logger = logging.getLogger(__name__)

Metadata = tuple[tuple[str, str | bytes], ...]
Identify = Callable[[Headers, str | None], Awaitable[User]]
"""Who calls, by what a call says beside its request, and the IP address that it comes from."""

_LEGACY_SERVICE = "/a2a.v1.A2AService/"
_WORK_METHODS = ("/SendMessage", "/SendStreamingMessage")
"""What starts a turn, in either version."""
_FAILURES = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN)
"""That are this service's own, in traces."""
_CLOSE_SECONDS = 5
"""How long clients may take to read what was sent to them before their calls are cut."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # else two services could share a port, and each get some of the calls
    ("grpc.max_metadata_size", 16 * 2**10),
    ("grpc.absolute_max_metadata_size", 16 * 2**10),
    ("grpc.max_concurrent_streams", 100),  # of one connection
    # A client that is gone without a word is found out; one that pings more often than it has reason to is cut off.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 2),
    # Until a client has said something of HTTP/2, and for as long as it has no call. Headers that come byte by byte are
    # none: gRPC has no limit of their own for them. Nor has it one for how slowly the answer of a call is read: such a
    # call is one of those that there may be.
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 30_000),
)

_user: ContextVar[User] = ContextVar("user")
"""Of the call that the current task answers."""


async def anybody(headers: Headers, address: str | None) -> User:
    """Where callers are not told apart."""
    return UnauthenticatedUser()


class GrpcServer:
    """Listens from the start, and answers while it is `serving`."""

    def __init__(
        self,
        handler: RequestHandler,
        host: str,
        port: int,
        *,
        message_bytes: int,
        draining: Callable[[], bool],
        identify: Identify = anybody,
        connections: int,
    ) -> None:
        """Port 0 takes a free one. Messages longer than `message_bytes` are refused, and so are connections and calls
        beyond `connections` at once. Raises ConfigError if the port is taken.
        """
        self._server = grpc.aio.server(
            interceptors=[_Front(draining, identify)],
            options=(
                *_OPTIONS,
                ("grpc.max_receive_message_length", message_bytes),
                ("grpc.max_allowed_incoming_connections", connections),
            ),
            maximum_concurrent_rpcs=connections,
        )
        current, legacy = _ContextBuilder(PROTOCOL_VERSION_1_0), _ContextBuilder(PROTOCOL_VERSION_0_3)
        for module, servicer in (
            (a2a_pb2_grpc, _Servicer(handler, current)),
            (a2a_v0_3_pb2_grpc, _LegacyServicer(handler, legacy)),
        ):
            module.add_A2AServiceServicer_to_server(servicer, self._server)
        address = f"[{host}]" if ":" in host else host
        try:
            bound = self._server.add_insecure_port(f"{address}:{port}")
        except RuntimeError:
            raise ConfigError(
                f"cannot listen on {host} port {port} for gRPC; choose another with --grpc-port or INNERLOOP_GRPC_PORT"
            ) from None
        self.address = f"{'localhost' if host in EVERY_ADDRESS else address}:{bound}"
        """On this machine, as gRPC's clients take it."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """What is left of calls when this is left is cut: the service drains before."""
        await self._server.start()
        try:
            yield
        finally:
            await self._server.stop(_CLOSE_SECONDS)


class _Busy:
    """Of a servicer: says when to try again where a message was turned away."""

    async def abort_context(self, error: A2AError, context: Any) -> None:
        if isinstance(error, Busy):
            await _refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, error.message, error.retry_seconds)
        await super().abort_context(error, context)  # type: ignore[misc]


class _Servicer(_Busy, GrpcHandler):
    pass


class _LegacyServicer(_Busy, CompatGrpcHandler):
    pass


class _ContextBuilder(GrpcServerCallContextBuilder):
    """Reads what callers say beside their request, and refuses versions that the service they call does not speak."""

    def __init__(self, version: str) -> None:
        self._version = version

    def build(self, context: Any) -> ServerCallContext:
        metadata: Metadata = context.invocation_metadata() or ()
        check_version("".join(_values(metadata, VERSION_HEADER)), self._version)
        return ServerCallContext(
            user=_user.get(), requested_extensions=get_requested_extensions(_values(metadata, HTTP_EXTENSION_HEADER))
        )


class _Front(grpc.aio.ServerInterceptor):
    def __init__(self, draining: Callable[[], bool], identify: Identify) -> None:
        self._draining = draining
        self._identify = identify

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        method: str = details.method
        found = await continuation(details)
        if found is None:  # a method that there is not
            return None
        # A call has one request. As a stream of one it can be waited for here: gRPC itself waits for ever, and takes
        # one that cannot be read for an error of the server's.
        if found.response_streaming:
            make, behavior = grpc.stream_stream_rpc_method_handler, self._stream(method, found)
        else:
            make, behavior = grpc.stream_unary_rpc_method_handler, self._unary(method, found)
        return make(behavior, None, found.response_serializer)

    def _unary(self, method: str, found: Any) -> Any:
        inner: Callable[[Message, Any], Awaitable[Message]] = found.unary_unary

        async def call(requests: AsyncIterator[bytes], context: Any) -> Message:
            try:
                with _span(method, context):
                    request = await self._admit(method, found.request_deserializer, requests, context)
                    return await inner(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception:
                return await _fail(context)

        return call

    def _stream(self, method: str, found: Any) -> Any:
        inner: Callable[[Message, Any], AsyncGenerator[Message]] = found.unary_stream

        async def call(requests: AsyncIterator[bytes], context: Any) -> AsyncGenerator[Message]:
            try:
                with _span(method, context):
                    request = await self._admit(method, found.request_deserializer, requests, context)
                    async with aclosing(inner(request, context)) as responses:
                        async for response in responses:
                            yield response
            except grpc.aio.AbortError:
                raise
            except Exception:
                await _fail(context)

        return call

    async def _admit(
        self, method: str, read: Callable[[bytes], Message], requests: AsyncIterator[bytes], context: Any
    ) -> Message:
        """The request, once it is known who calls and that it can be read."""
        metadata: Metadata = context.invocation_metadata() or ()
        try:
            _user.set(await self._identify(_headers(metadata), _address(context.peer())))
        except Unauthenticated as error:
            info = ErrorInfo(reason="UNAUTHENTICATED", domain=DOMAIN, metadata={"challenge": error.challenge})
            await _refuse(context, grpc.StatusCode.UNAUTHENTICATED, str(error), info=info)
        except Unverifiable as error:
            await _refuse(context, grpc.StatusCode.UNAVAILABLE, str(error), RETRY_AFTER_SECONDS)
        if self._draining() and method.endswith(_WORK_METHODS):
            logger.info("message refused: %s", SHUTTING_DOWN, extra=BOUNDED)
            await _refuse(context, grpc.StatusCode.UNAVAILABLE, SHUTTING_DOWN, RETRY_AFTER_SECONDS)
        is_legacy = method.startswith(_LEGACY_SERVICE)
        request = await _read(read, requests, context, is_legacy)
        named = [HTTP_EXTENSION_HEADER]
        if is_legacy:
            named.append(LEGACY_HTTP_EXTENSION_HEADER)
        if echoed := active([value for name in named for value in _values(metadata, name)]):
            await context.send_initial_metadata(((HTTP_EXTENSION_HEADER.lower(), echoed),))
        return request


@contextmanager
def _span(method: str, context: Any) -> Iterator[None]:
    """Of a call, in its caller's trace."""
    headers = _headers(context.invocation_metadata() or ())
    name = method.rpartition("/")[2]
    span = traces.tracer.start_span(name, extract(headers), SpanKind.SERVER, {names.RPC_SYSTEM: "grpc"})
    # For as long as the call's own task lives: a stream may be closed by another, whose context this is not.
    attach(set_span_in_context(span))
    code: grpc.StatusCode = grpc.StatusCode.OK
    try:
        yield
    except BaseException as error:
        code = context.code() or (
            grpc.StatusCode.INTERNAL if isinstance(error, Exception) else grpc.StatusCode.CANCELLED
        )
        raise
    finally:
        span.set_attribute(names.RPC_STATUS, code.name)
        if code in _FAILURES:
            traces.fail(span, code.name)
        span.end()


async def _read(
    read: Callable[[bytes], Message], requests: AsyncIterator[bytes], context: Any, is_legacy: bool
) -> Message:
    """Ends the call if its request does not come in time, or cannot be read."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            request = read(await anext(aiter(requests)))
        if is_legacy:
            check_message(request)
    except TimeoutError:
        why = "the request did not come in time"
        await _refuse(context, grpc.StatusCode.DEADLINE_EXCEEDED, why, info=_info(InvalidRequestError))
    except (DecodeError, StopAsyncIteration):
        why = "the request cannot be read"
        await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, why, info=_info(InvalidRequestError))
    except InvalidParamsError as error:
        why = error.message
        await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, why, info=_info(InvalidParamsError))
    return request


async def _fail(context: Any) -> Never:
    """Ends a call that failed where that was not meant to be told."""
    logger.exception("a call failed")
    why = "this agent could not do that because of an error of its own"
    await _refuse(context, grpc.StatusCode.INTERNAL, why)


async def _refuse(
    context: Any,
    code: grpc.StatusCode,
    why: str,
    retry_seconds: int | None = None,
    info: ErrorInfo | None = None,
) -> Never:
    """Ends a call in the way of the protocol's errors, for a reason that it has no error for."""
    details: list[Message] = [info or _info(InternalError)]
    if retry_seconds is not None:
        details.append(RetryInfo(retry_delay=Duration(seconds=retry_seconds)))
    status = Status(code=code.value[0], message=why)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort(code, why, status_to_grpc(status).trailing_metadata)
    raise AssertionError  # abort raises


def _info(error: type[A2AError]) -> ErrorInfo:
    return ErrorInfo(reason=A2A_ERROR_REASONS[error], domain=A2A_DOMAIN)


def _headers(metadata: Metadata) -> Headers:
    return Headers(raw=[(key.encode(), value.encode()) for key, value in metadata if isinstance(value, str)])


def _address(peer: str) -> str | None:
    """Of a peer as gRPC writes it: `ipv4:127.0.0.1:1234`, or `ipv6:%5B::1%5D:1234`."""
    kind, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else None


def _values(metadata: Metadata, name: str) -> list[str]:
    return [value for key, value in metadata if key == name.lower() and isinstance(value, str)]
