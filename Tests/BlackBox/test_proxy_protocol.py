"""The PROXY protocol, by which a load balancer in front tells who the client is."""

import socket
import struct

import pytest
from harness.configuration import proxy_to
from harness.upstream import always

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def version_2(command: int, family: int, addresses: bytes, extensions: bytes = b"") -> bytes:
    data = addresses + extensions
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(data)) + data


def v4(source: str, port: int) -> bytes:
    return socket.inet_aton(source) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", port, 443)


def v6(source: str, port: int) -> bytes:
    return (
        socket.inet_pton(socket.AF_INET6, source)
        + socket.inet_pton(socket.AF_INET6, "::1")
        + struct.pack(">HH", port, 443)
    )


@pytest.fixture
def balanced(start_upstream, start_sluice):
    """The proxy behind a load balancer at 127.0.0.1, and its upstream."""
    upstream = start_upstream(always())
    listen = {"address": "127.0.0.1:0", "proxyProtocol": ["127.0.0.0/8"]}
    return start_sluice(proxy_to(upstream.url, listen=listen)), upstream


VALID = {
    "version 1, IPv4": (b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n", "192.0.2.7"),
    "version 1, IPv6": (b"PROXY TCP6 2001:db8::7 ::1 56324 443\r\n", "2001:db8::7"),
    "version 1, unknown": (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    "version 1, unknown with what is to be ignored": (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "127.0.0.1"),
    "version 2, IPv4": (version_2(1, 0x11, v4("192.0.2.7", 56324)), "192.0.2.7"),
    "version 2, IPv6": (version_2(1, 0x21, v6("2001:db8::7", 56324)), "2001:db8::7"),
    "version 2, with extensions": (version_2(1, 0x11, v4("192.0.2.7", 1), b"\x04\x00\x05hello" * 40), "192.0.2.7"),
    "version 2, a health check": (version_2(0, 0x00, b""), "127.0.0.1"),
    "version 2, a health check with addresses": (version_2(0, 0x11, v4("192.0.2.7", 1)), "127.0.0.1"),
    "version 2, unspecified": (version_2(1, 0x00, b""), "127.0.0.1"),
}

INVALID = {
    "no head": REQUEST,
    "another word": b"PROXZ TCP4 192.0.2.7 10.0.0.1 56324 443\r\n",
    "another family": b"PROXY UDP4 192.0.2.7 10.0.0.1 56324 443\r\n",
    "an address that is none": b"PROXY TCP4 192.0.2.777 10.0.0.1 56324 443\r\n",
    "an address of the other family": b"PROXY TCP4 2001:db8::7 ::1 56324 443\r\n",
    "a port that is none": b"PROXY TCP4 192.0.2.7 10.0.0.1 70000 443\r\n",
    "two spaces": b"PROXY TCP4  192.0.2.7 10.0.0.1 56324 443\r\n",
    "too few words": b"PROXY TCP4 192.0.2.7 10.0.0.1 56324\r\n",
    "LF alone": b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\n",
    "a line without end": b"PROXY TCP4 " + b"1" * 200,
    "another version": SIGNATURE + b"\x31\x11\x00\x0c" + v4("192.0.2.7", 1),
    "an unknown command": version_2(7, 0x11, v4("192.0.2.7", 1)),
    "addresses that are too short": version_2(1, 0x11, b"\x01\x02\x03"),
}


@pytest.mark.parametrize("name", VALID)
def test_the_client_is_who_the_balancer_says(balanced, name):
    proxy, upstream = balanced
    head, expected = VALID[name]
    with proxy.connect() as client:
        client.send(head + REQUEST)
        assert client.response().status == 200
        # Once a connection.
        client.send(REQUEST)
        assert client.response().status == 200
    assert [request.get("x-forwarded-for") for request in upstream.requests] == [expected] * 2


@pytest.mark.parametrize("name", VALID)
def test_a_head_that_arrives_byte_by_byte_is_understood(balanced, name):
    proxy, upstream = balanced
    head, expected = VALID[name]
    with proxy.connect() as client:
        for byte in head + REQUEST:
            client.send(bytes([byte]))
        assert client.response().status == 200
    assert upstream.request.get("x-forwarded-for") == expected


@pytest.mark.parametrize("name", INVALID)
def test_a_connection_without_a_valid_head_is_closed_without_an_answer(balanced, name):
    proxy, upstream = balanced
    with proxy.connect() as client:
        client.send(INVALID[name])
        try:
            client.send(REQUEST)
        except ConnectionError:
            pass
        client.await_close()
    assert upstream.requests == []
    proxy.await_event("connection without a valid PROXY protocol head", within=2)


def test_a_head_that_does_not_come_in_time_ends_the_connection(start_upstream, start_sluice):
    listen = {"address": "127.0.0.1:0", "proxyProtocol": ["127.0.0.1/32"]}
    proxy = start_sluice(proxy_to(start_upstream(always()).url, listen=listen, timeouts={"requestHeaders": "300ms"}))
    with proxy.connect() as client:
        client.send(b"PROXY TCP4 192.")
        assert client.await_close() < 1.5


def test_a_head_from_a_peer_that_is_not_a_balancer_is_a_malformed_request(start_upstream, start_sluice):
    upstream = start_upstream(always())
    listen = {"address": "127.0.0.1:0", "proxyProtocol": ["10.0.0.0/8"]}
    proxy = start_sluice(proxy_to(upstream.url, listen=listen))
    with proxy.connect() as client:
        client.send(VALID["version 1, IPv4"][0] + REQUEST)
        assert client.response().status == 400
    with proxy.connect() as client:
        assert client.ask().status == 200
    assert upstream.request.get("x-forwarded-for") == "127.0.0.1"


def test_the_balancers_word_is_what_the_trusted_proxy_is_judged_by(start_upstream, start_sluice):
    """Whether a forwarding field is believed depends on the address that the balancer reported."""
    upstream = start_upstream(always())
    proxy = start_sluice(
        proxy_to(
            upstream.url,
            listen={"address": "127.0.0.1:0", "proxyProtocol": ["127.0.0.1/32"]},
            plugins=[{"plugin": "trusted-proxy", "config": {"trusted": ["192.0.2.0/24"], "header": "x-forwarded-for"}}],
        )
    )
    for source, expected in [("192.0.2.7", "1.2.3.4, 192.0.2.7"), ("198.51.100.7", "198.51.100.7")]:
        with proxy.connect() as client:
            client.send(
                f"PROXY TCP4 {source} 10.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
            )
            assert client.response().status == 200
        assert upstream.requests[-1].get("x-forwarded-for") == expected
