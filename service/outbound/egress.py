"""Connections to where strangers point: a name is looked up once, its addresses are checked, and one of them is used.

A check of the name alone is worth nothing: asked again a moment later, it may have another address. So the check stands
where the connection is made. Only public addresses are reached, and the networks that the operator allows. Redirects
are not followed, cookies not kept, proxies of the environment not used: they would connect to what was not checked.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore
import httpx

from service.errors import ConfigError, ServiceError
from service.urls import port_of

logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, as text, in the order in which to try them. Raises OSError if it has none."""

_CONNECTIONS = 100
_KEPT_OPEN = 20
KEPT_SECONDS = 60.0
"""How long a connection is kept open on which nothing is asked. Our own servers keep theirs for longer."""
_LOOKUP_SECONDS = 5.0
_URL_CHARS = 2048
_LAST_PORT = 65535

_LOOKUPS = ThreadPoolExecutor(8, "lookup")
"""Threads of their own: strangers' names may take long, and nothing else is to wait for them."""

_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6."""
_NOT_PUBLIC = [
    IPv6Network("2001::/23"),  # for protocols, Teredo among them
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),  # 6to4: any IPv4 address in disguise
    IPv6Network("3fff::/20"),
]
_NAT64 = IPv6Network("64:ff9b::/96")


class Forbidden(ServiceError):
    """A URL that is not asked. Its text is fit for whoever gave the URL: it does not say what was found."""


async def look_up(host: str, port: int) -> list[str]:
    """As the machine has it, which also knows addresses in unusual spellings."""
    lookup = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, lookup)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Egress:
    """What may be reached."""

    def __init__(self, allowed: Iterable[Network] = (), resolve: Resolve = look_up) -> None:
        """Networks that are `allowed` are reached though they are not public."""
        self._allowed = tuple(allowed)
        self._resolve = resolve

    def permits(self, address: Address) -> bool:
        address = _plain(address)
        if any(address in network for network in self._allowed):
            return True
        if isinstance(address, IPv4Address):
            return address.is_global and not address.is_multicast
        return address in _UNICAST and not any(address in network for network in _NOT_PUBLIC)

    async def check(self, url: str) -> None:
        """Raises Forbidden for a URL that will not be asked, as far as can be known before it is."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            raise Forbidden("it is not a URL") from None
        host, port = _host_and_port(parsed)
        if port > _LAST_PORT:
            raise Forbidden("it is not a URL")
        if parsed.scheme not in ("http", "https") or not host:
            raise Forbidden("it is not an http or https URL")
        if parsed.userinfo:
            raise Forbidden("it contains credentials")
        if len(url) > _URL_CHARS:
            raise Forbidden(f"it is longer than {_URL_CHARS} characters")
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                await self.addresses(host, port)
        except Forbidden:
            raise Forbidden("its host may not be reached from here") from None
        except (OSError, UnicodeError):  # not known now: that is seen, and checked, when it is asked
            return

    async def addresses(self, host: str, port: int) -> list[str]:
        """Of a host, if all of them are permitted. Raises Forbidden if not, and OSError if it has none."""
        found = await self._resolve(host, port)
        for text in found:
            if "%" in text or not self.permits(ip_address(text)):  # an address of one interface is never public
                logger.warning("%s is not reached: its address %s is not in INNERLOOP_EGRESS_ALLOW", host, text)
                raise Forbidden(f"{host} may not be reached")
        return found

    @asynccontextmanager
    async def open(self, timeouts: httpx.Timeout, trusted: Collection[str] = ()) -> AsyncIterator[httpx.AsyncClient]:
        """A client that reaches what is permitted. Hosts and ports of `trusted` URLs are reached wherever they are.

        Raises ConfigError if one of these is not a URL.
        """
        cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        transport = _Transport(_Backend(self, frozenset(_trusted(url) for url in trusted)))
        async with httpx.AsyncClient(timeout=timeouts, transport=transport, cookies=cookies, trust_env=False) as http:
            yield http


def _host_and_port(url: httpx.URL) -> tuple[str, int]:
    """As the transport is told them."""
    return url.raw_host.decode("ascii"), port_of(url)


def _trusted(url: str) -> tuple[str, int]:
    try:
        return _host_and_port(httpx.URL(url))
    except httpx.InvalidURL as error:
        raise ConfigError(f"{url!r} is not a URL: {error}") from error


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:  # as names get it in a network without IPv4
            return IPv4Address(address.packed[-4:])
    return address


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's own, over a backend of ours, for which it has no parameter."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        super().__init__()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT_OPEN,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=backend,
        )


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens connections. What is said over them, TLS and its names included, is not its business."""

    def __init__(self, egress: Egress, trusted: frozenset[tuple[str, int]]) -> None:
        self._egress = egress
        self._trusted = trusted
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                trusted = (host, port) in self._trusted
                addresses = [host] if trusted else await self._egress.addresses(host, port)
                return await self._connect(addresses, port, timeout, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} does not answer") from None
        except Forbidden as error:
            raise httpcore.ConnectError(str(error)) from None
        except (OSError, UnicodeError, OverflowError) as error:  # a name that is none, a port beyond the last
            raise httpcore.ConnectError(f"{host} has no address") from error

    async def _connect(
        self, addresses: list[str], port: int, seconds: float | None, *options: Any
    ) -> httpcore.AsyncNetworkStream:
        """To the first that answers, each in its share of the time."""
        share = seconds and seconds / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, share, *options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, share, *options)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
