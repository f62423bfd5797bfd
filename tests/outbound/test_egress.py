"""What strangers point to is reached if its address is public or allowed, at the very address that was checked."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import RedirectResponse, Response

from service.errors import ConfigError
from service.outbound.egress import Egress, Forbidden, Resolve
from tests.keys import write_certificate
from tests.receiver import open_receiver, paths

TIMEOUTS = httpx.Timeout(10)
LOOPBACK = ip_network("127.0.0.0/8")
PUBLIC = "203.0.114.7"


def answers(*lookups: list[str]) -> Resolve:
    """A resolver that gives these one after the other, the last one for ever."""
    left = list(lookups)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "3fff::1"),
        *("::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
        *("2002:7f00:1::1", "2001:0:4136:e378::1"),
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not Egress().permits(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public(address: str) -> None:
    assert Egress().permits(ip_address(address))


def test_what_is_allowed_is_nothing_more() -> None:
    egress = Egress([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
    assert all(egress.permits(ip_address(text)) for text in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1"))
    assert not any(egress.permits(ip_address(text)) for text in ("127.0.0.1", "172.16.0.1", "::1", "fc12::1"))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001"),
        *("127。0。0。1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]"),
        *("localhost", "LOCALHOST", "0", "169.254.169.254", "0xa9fea9fe"),
    ],
)
async def test_an_address_is_known_in_any_spelling(host: str) -> None:
    with pytest.raises(Forbidden, match="may not be reached"):
        await Egress().check(f"http://{host}:8080/hook")
    async with Egress().open(TIMEOUTS) as http:
        with pytest.raises(httpx.ConnectError, match="may not be reached"):
            await http.get(f"http://{host}:8080/hook")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://a.example/", "http or https"),
        ("file:///etc/passwd", "http or https"),
        ("a.example/hook", "http or https"),
        ("http:///hook", "http or https"),
        ("", "http or https"),
        ("http://[::1/", "not a URL"),
        ("http://a.example:99999/", "not a URL"),
        ("http://0177.0.0.1/", "not a URL"),
        ("http://user:secret@a.example/", "credentials"),
        ("http://a.example/" + "x" * 2048, "longer"),
    ],
)
async def test_a_url_that_is_no_webhook(url: str, reason: str) -> None:
    with pytest.raises(Forbidden, match=reason):
        await Egress(resolve=answers([PUBLIC])).check(url)


async def test_a_name_that_is_not_known_yet_is_no_reason_to_refuse() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    await Egress(resolve=unknown).check("http://a.example/")
    async with Egress(resolve=unknown).open(TIMEOUTS) as http:
        with pytest.raises(httpx.ConnectError, match=r"a\.example has no address"):
            await http.get("http://a.example/")


async def test_a_name_whose_address_changes_after_the_check() -> None:
    async with open_receiver() as receiver:
        port = urlsplit(receiver.url).port
        egress = Egress(resolve=answers([PUBLIC], ["127.0.0.1"]))
        await egress.check(f"http://rebound.example:{port}/")
        async with egress.open(TIMEOUTS) as http:
            with pytest.raises(httpx.ConnectError, match="may not be reached"):
                await http.get(f"http://rebound.example:{port}/")
        assert not receiver.received


async def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    """No second lookup, which would fail here: there is no such name."""
    async with open_receiver() as receiver:
        port = urlsplit(receiver.url).port
        async with Egress([LOOPBACK], answers(["127.0.0.1"], [PUBLIC])).open(TIMEOUTS) as http:
            assert (await http.get(f"http://hook.example:{port}/")).status_code == 200
        assert receiver.received[0].headers["Host"] == f"hook.example:{port}"


async def test_one_address_that_is_not_permitted_is_enough() -> None:
    async with open_receiver() as receiver:
        port = urlsplit(receiver.url).port
        async with Egress([LOOPBACK], answers(["127.0.0.1", "10.0.0.1"])).open(TIMEOUTS) as http:
            with pytest.raises(httpx.ConnectError, match="may not be reached"):
                await http.get(f"http://hook.example:{port}/")
        assert not receiver.received


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with open_receiver() as receiver:
        port = urlsplit(receiver.url).port
        async with Egress([LOOPBACK], answers(["127.0.0.2", "127.0.0.1"])).open(TIMEOUTS) as http:
            assert (await http.get(f"http://hook.example:{port}/")).status_code == 200


async def test_redirects_are_not_followed_nor_cookies_kept() -> None:
    redirect = RedirectResponse("/elsewhere")
    redirect.set_cookie("a", "b")
    async with open_receiver(redirect) as receiver, Egress([LOOPBACK]).open(TIMEOUTS) as http:
        assert (await http.get(f"{receiver.url}/here")).status_code == 307
        await http.get(f"{receiver.url}/again")
        assert paths(receiver.received) == ["/here", "/again"]
        assert "Cookie" not in receiver.received[1].headers


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would connect to what nobody has checked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with open_receiver() as receiver, Egress([LOOPBACK]).open(TIMEOUTS) as http:
        assert (await http.get(receiver.url)).status_code == 200


async def test_a_trusted_origin_is_reached_and_no_other_of_its_host() -> None:
    async with (
        open_receiver() as trusted,
        open_receiver() as other,
        Egress().open(TIMEOUTS, trusted=[f"{trusted.url}/agent"]) as http,
    ):
        assert (await http.get(f"{trusted.url}/card")).status_code == 200
        with pytest.raises(httpx.ConnectError, match="may not be reached"):
            await http.get(f"{other.url}/card")
        assert not other.received


async def test_what_is_trusted_must_be_a_url() -> None:
    with pytest.raises(ConfigError, match="not a URL"):
        async with Egress().open(TIMEOUTS, trusted=["http://[::1"]):
            pass


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Of `hook.example`, with its key; it is trusted while the test runs."""
    file, key_file = write_certificate(tmp_path, "hook.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file, key_file


async def test_tls_goes_by_the_name(certificate: tuple[Path, Path]) -> None:
    file, key = certificate
    async with open_receiver(Response(), ssl_certfile=file, ssl_keyfile=key) as receiver:
        port = urlsplit(receiver.url).port
        async with Egress([LOOPBACK], answers(["127.0.0.1"])).open(TIMEOUTS) as http:
            assert (await http.get(f"https://hook.example:{port}/")).status_code == 200
            with pytest.raises(httpx.ConnectError, match=r"not valid for 'other\.example'"):
                await http.get(f"https://other.example:{port}/")
