"""The client certificate that a proxy has checked, as it says in a header. Who is no such proxy is not believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers

from service.endpoint.identity import Identity, Scheme, Unauthenticated

ISSUER = "urn:innerloop:proxy"
FORWARDED_CERT = "x-forwarded-client-cert"
_PAIR = re.compile(r'\s*([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^;,"]*)([;,]|$)')


class Proxies:
    """A header with the certificate's subject, or Envoy's X-Forwarded-Client-Cert, from the proxies' own addresses.

    They must drop the header where it comes from outside.
    """

    def __init__(self, header: str, addresses: Sequence[IPv4Network | IPv6Network]) -> None:
        self.scheme = Scheme("mtls", {"mtlsSecurityScheme": {}}, 'MutualTLS realm="agent"', header.lower())
        self._addresses = addresses

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        name = self.scheme.header
        given = headers.getlist(name) if self._trusts(address) else []
        if not given:
            return None
        subject = _last_subject(given[0]) if name == FORWARDED_CERT else given[0].strip()
        if len(given) > 1 or not subject:
            raise Unauthenticated("the proxy does not say whose certificate it is")
        return Identity(ISSUER, subject)

    def _trusts(self, address: str | None) -> bool:
        try:
            peer = ip_address(address or "")
        except ValueError:  # a Unix socket has none
            return False
        if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
            peer = peer.ipv4_mapped
        return any(peer in network for network in self._addresses)


def _last_subject(value: str) -> str | None:
    """Of the last certificate: that of whom the nearest proxy has talked to.

    Which of its names it is, is part of it, so that no name can look like one of another kind.
    """
    names: dict[str, str] = {}
    at = 0
    while at < len(value):
        pair = _PAIR.match(value, at)
        if pair is None:
            return None
        key, text, end = pair.groups()
        names.setdefault(key.lower(), re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text)
        at = pair.end()
        if end == ",":
            names = {}
    return next((f"{key}={names[key]}" for key in ("uri", "subject") if names.get(key)), None)
