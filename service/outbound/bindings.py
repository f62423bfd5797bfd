"""How another agent is reached: over the first binding in its card that we speak, where we may go.

Over HTTP the client that is given sees to that. gRPC is asked at the host at which the agent was found, and no other:

    at the port of its URL, or at the one that the operator names    wherever that is, with the credential
    at any other port that its card names                            where its address may be, without one

Where the card names the way in from outside, an agent that is nearer may be asked directly: each of its addresses is
then taken to be where the agent was found.

gRPC looks names up by itself, so for what nobody but the card names it gets an address: the one that was just checked.
That may be another's a moment later, and so each request has a channel of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
from a2a.client import Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientError
from a2a.client.interceptors import AfterArgs, BeforeArgs, ClientCallInterceptor
from a2a.types import AgentCard
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import A2AError

from service.errors import ServiceError
from service.outbound.credentials import Credential
from service.outbound.egress import Egress
from service.plain import one_line
from service.urls import port_of

_LOOKUP_SECONDS = 5.0
_REASON_CHARS = 300
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OVER_HTTP: list[str] = [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON]

Connect = Callable[[], AbstractAsyncContextManager[Client]]
"""A client for one request. Entering it raises A2AClientError where there is no connection to be had."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where an agent was found, and what the operator has said of it."""

    url: httpx.URL
    grpc_port: int | None = None
    """Where it speaks gRPC on the same host."""
    credential: Credential | None = None
    egress: Egress | None = None
    """What else may be reached; everything without one."""
    direct: bool = False
    """Whether it is asked here, wherever its card says."""

    def names(self, port: int) -> bool:
        """Whether it is the operator who has named it."""
        return port in (port_of(self.url), self.grpc_port)


async def choose_binding(card: AgentCard, http: httpx.AsyncClient, home: Home) -> Connect:
    """Raises ServiceError if it speaks nothing that we do where we may go, for whatever reason."""
    why = f"it speaks none of {', '.join(TransportProtocol)}"
    if home.direct:
        try:
            card = _moved(card, home)
        except httpx.InvalidURL as error:
            raise ServiceError(f"its card has an address that is none: {error}") from error
    for interface in card.supported_interfaces:
        try:
            if interface.protocol_binding in _OVER_HTTP:
                config = ClientConfig(httpx_client=http, supported_protocol_bindings=_OVER_HTTP)
                client = ClientFactory(config).create(card)
                return lambda: nullcontext(client)
            if interface.protocol_binding == TransportProtocol.GRPC:
                return _over_grpc(card, interface.url, await _find_channels(interface.url, home), home.credential)
        except ServiceError as error:
            why = str(error)
        except ValueError:  # in a version that is none
            continue
    raise ServiceError(why)


def _moved(card: AgentCard, home: Home) -> AgentCard:
    """The card with its addresses at home. gRPC is there only if its port is named.

    What both bindings over HTTP share is the whole agent's address, whose path may be a gateway's: it becomes home's.
    Of any other the path stays.
    """
    moved = AgentCard()
    moved.CopyFrom(card)
    del moved.supported_interfaces[:]
    over_rpc, over_rest = (
        {each.url for each in card.supported_interfaces if each.protocol_binding == binding} for binding in _OVER_HTTP
    )
    for interface in card.supported_interfaces:
        if interface.protocol_binding in _OVER_HTTP:
            whole = interface.url in over_rpc & over_rest
            url = home.url if whole else home.url.copy_with(raw_path=httpx.URL(interface.url).raw_path)
        elif interface.protocol_binding == TransportProtocol.GRPC and home.grpc_port:
            url = home.url.copy_with(port=home.grpc_port, raw_path=b"/")
        else:
            continue
        moved.supported_interfaces.add().CopyFrom(interface)
        moved.supported_interfaces[-1].url = str(url)
    return moved


def refuses_us(error: A2AError) -> bool:
    """Whether an error is about who asks."""
    match error.__cause__:
        case httpx.HTTPStatusError(response=response):
            return response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
        case grpc.aio.AioRpcError() as refusal:
            return refusal.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
    return False


def has_not_arrived(error: A2AError) -> bool:
    """Whether what failed with it has certainly not been heard, so that it may be said again to whatever agent."""
    match error.__cause__:
        case httpx.HTTPStatusError(response=response):
            return response.status_code in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return True
    return False


def reason_of(error: A2AError) -> str:
    """What failed with it, in one short line: the agent's own reason, if it gives one."""
    match error.__cause__:
        case httpx.HTTPStatusError(response=response):
            reason = _reason(response)
            text = f"{response.status_code} {response.reason_phrase}{reason and f': {reason}'}"
        case httpx.RequestError() as broken:
            text = str(broken) or type(broken).__name__
        case grpc.aio.AioRpcError() as refusal:
            text = refusal.details() or refusal.code().name
        case _:
            text = error.message
    return one_line(text, _REASON_CHARS)


def _reason(response: httpx.Response) -> str:
    """As both bindings over HTTP have it in the body of an error; nothing if it has none."""
    try:
        body = response.json()
    except (ValueError, RecursionError, httpx.StreamError):
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _over_grpc(card: AgentCard, url: str, channels: _Channels, credential: Credential | None) -> Connect:
    there = AgentCard()
    there.CopyFrom(card)
    del there.supported_interfaces[:]
    there.supported_interfaces.extend(
        each for each in card.supported_interfaces if (each.protocol_binding, each.url) == (TransportProtocol.GRPC, url)
    )
    shows: list[ClientCallInterceptor] = [_Shows(credential)] if credential else []

    @asynccontextmanager
    async def connect() -> AsyncIterator[Client]:
        async with AsyncExitStack() as stack:
            try:
                channel = await stack.enter_async_context(channels.open())
            except (ServiceError, OSError) as error:
                raise A2AClientError(f"no channel to {url}: {error or type(error).__name__}") from error
            config = ClientConfig(
                supported_protocol_bindings=[TransportProtocol.GRPC], grpc_channel_factory=lambda _: channel
            )
            yield ClientFactory(config).create(there, shows)

    return connect


class _Shows(ClientCallInterceptor):
    """A credential, in the metadata of each call."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def before(self, args: BeforeArgs) -> None:
        try:
            shown = self._credential.shown()
        except (OSError, ValueError) as error:
            raise A2AClientError(f"no credential in {self._credential.file}: {error}") from error
        context = args.context or ClientCallContext()
        parameters = {**(context.service_parameters or {}), **shown}
        args.context = context.model_copy(update={"service_parameters": parameters})

    async def after(self, args: AfterArgs) -> None:
        pass


async def _find_channels(url: str, home: Home) -> _Channels:
    """To where a card says that gRPC is spoken: encrypted if it says so, or is so itself and does not say.

    Raises ServiceError if the agent is not asked there.
    """
    scheme, _, target = url.rpartition("://")
    try:
        where = httpx.URL(f"{scheme or home.url.scheme}://{target}")
    except httpx.InvalidURL as error:
        raise ServiceError(f"it speaks gRPC at {url}: {error}") from error
    if where.scheme not in ("http", "https") or where.host != home.url.host:
        raise ServiceError(f"it speaks gRPC elsewhere, at {url}, which is not asked")
    port, encrypted = port_of(where), where.scheme == "https"
    named = home.names(port)
    if home.credential:
        private = encrypted or (where.host in _LOOPBACK and home.url.scheme == "http")
        if not (named and private):
            raise ServiceError(f"it speaks gRPC at {url}, where no credential goes")
    elif home.egress and not named:
        await home.egress.check(f"{where.scheme}://{where.netloc.decode('ascii')}")
    return _Channels(where.raw_host.decode("ascii"), port, encrypted, None if named else home.egress)


@dataclass(frozen=True, slots=True)
class _Channels:
    """To one place where gRPC is spoken."""

    _host: str
    _port: int
    _encrypted: bool
    _egress: Egress | None
    """What says which address may be reached there."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[grpc.aio.Channel]:
        """Raises Forbidden, or OSError if there is no address."""
        options: list[tuple[str, Any]] = [("grpc.use_local_subchannel_pool", 1)]  # nor another's pauses between tries
        target = authority = f"{_bracketed(self._host)}:{self._port}"
        if self._egress:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                target = _target(await self._egress.addresses(self._host, self._port), self._port)
            options.append(("grpc.default_authority", authority))  # by which TLS goes too
        if self._egress or self._host in _LOOPBACK:
            options.append(("grpc.enable_http_proxy", 0))
        if self._encrypted:
            channel = grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(_roots()), options)
        else:
            channel = grpc.aio.insecure_channel(target, options)
        async with channel:
            yield channel


def _target(addresses: list[str], port: int) -> str:
    """Addresses as gRPC takes them, which are all of one kind."""
    kind = ip_address(addresses[0]).version
    alike = [address for address in addresses if ip_address(address).version == kind]
    return f"ipv{kind}:{','.join(f'{_bracketed(address)}:{port}' for address in alike)}"


def _roots() -> bytes | None:
    """The certificates that httpx trusts, if those are not the usual ones."""
    file = os.environ.get("SSL_CERT_FILE")
    return Path(file).read_bytes() if file else None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
