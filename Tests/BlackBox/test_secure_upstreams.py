"""Upstreams reached by TLS, and by HTTP/2."""

import json
import ssl
import sys
from pathlib import Path

import pytest
import trustme
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.upstream import Connection, Upstream, echo


class SecureUpstream(Upstream):
    """A scripted upstream behind TLS."""

    def __init__(self, script, context: ssl.SSLContext, **options):
        def handshake(connection: Connection):
            connection.socket = context.wrap_socket(connection.socket, server_side=True)
            script(connection)

        super().__init__(handshake, **options)
        self.url = self.url.replace("http://", "https://")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def start_secure(authority, stack):
    """start_secure(script, names…) -> an upstream with a certificate for these names"""

    def start(script, *names):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(context)
        upstream = SecureUpstream(script, context)
        # A handshake that the proxy breaks off is not the script's failure.
        stack.callback(lambda: upstream._failures.clear() or upstream.close())
        return upstream

    return start


@pytest.fixture
def trusted(authority, tmp_path):
    """The configuration of an upstream whose certificates are trusted."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return {"tls": {"caFile": str(tmp_path / "ca.pem")}, "httpVersion": "1.1"}


def test_one_that_proves_its_name_is_served_from(start_secure, start_sluice, trusted):
    upstream = start_secure(echo, "127.0.0.1")
    proxy = start_sluice(proxy_to(upstream.url, workers=1, upstream=trusted))
    with proxy.connect() as client:
        for _ in range(5):
            assert client.ask("POST", body=b"secret").body == b"secret"
    assert len(upstream.connections) == 1


def test_large_bodies_pass_unchanged_both_ways(start_secure, start_sluice, trusted):
    upstream = start_secure(echo, "127.0.0.1")
    proxy = start_sluice(proxy_to(upstream.url, upstream=trusted))
    body = bytes(range(256)) * 20_000
    with proxy.connect() as client:
        assert client.ask("POST", body=body).body == body


def test_one_with_another_name_is_502(start_secure, start_sluice, trusted):
    upstream = start_secure(echo, "other.example")
    proxy = start_sluice(proxy_to(upstream.url, upstream=trusted))
    with proxy.connect() as client:
        assert_error(client.ask(), 502)
    assert upstream.requests == []


def test_one_whose_authority_is_not_trusted_is_502(start_secure, start_sluice):
    upstream = start_secure(echo, "127.0.0.1")
    proxy = start_sluice(proxy_to(upstream.url))
    with proxy.connect() as client:
        assert_error(client.ask("POST", body=b"secret"), 502)
    assert upstream.requests == []


def test_verification_can_be_turned_off(start_secure, start_sluice):
    upstream = start_secure(echo, "other.example")
    proxy = start_sluice(proxy_to(upstream.url, upstream={"tls": {"verify": False}}))
    with proxy.connect() as client:
        assert client.ask("POST", body=b"x").body == b"x"


def test_plain_http_where_tls_is_expected_is_502(start_upstream, start_sluice):
    upstream = start_upstream(lambda connection: connection.reader.rest())
    proxy = start_sluice(
        proxy_to(upstream.url.replace("http://", "https://"), upstream={"timeouts": {"connect": "1s"}})
    )
    with proxy.connect() as client:
        client.request()
        assert client.response().status in (502, 504)


@pytest.mark.parametrize("says_goodbye", [True, False])
def test_an_answer_may_be_ended_by_the_close(start_secure, start_sluice, trusted, says_goodbye):
    """With close_notify or, as with many servers that there are, without."""

    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\n\r\nto the end")
        if says_goodbye:
            connection.socket = connection.socket.unwrap()

    upstream = start_secure(script, "127.0.0.1")
    proxy = start_sluice(proxy_to(upstream.url, upstream=trusted))
    with proxy.connect() as client:
        response = client.ask()
        assert (response.body, response.is_complete) == (b"to the end", True)


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_truncated_answer_is_seen_to_be_truncated(start_secure, start_sluice, trusted, framing):
    def script(connection):
        connection.read_request()
        connection.send(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n")

    upstream = start_secure(script, "127.0.0.1")
    proxy = start_sluice(proxy_to(upstream.url, upstream=trusted))
    with proxy.connect() as client:
        response = client.ask()
        assert b"hello" in response.body
        assert not response.is_complete


# --- HTTP/2


@pytest.fixture
def http2(authority, start_process, tmp_path):
    """The URL of an upstream that offers HTTP/2 and HTTP/1.1."""
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "upstream.pem"))
    process = start_process(
        [
            str(Path(sys.executable).parent / "hypercorn"), "--bind", "127.0.0.1:0",
            "--certfile", str(tmp_path / "upstream.pem"), "--keyfile", str(tmp_path / "upstream.pem"),
            "harness.asgi_upstream:app",
        ],
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )  # fmt: skip

    def url(stdout, stderr):
        lines = [line for line in stdout + stderr if "Running on https://" in line]
        return lines and next(word for word in lines[0].split() if word.startswith("https://"))

    return process.await_line(url, "the address of the HTTP/2 upstream", within=30)


@pytest.mark.parametrize("version, spoken", [("auto", "2"), ("2", "2"), ("1.1", "1.1")])
def test_the_version_is_the_best_that_is_allowed(http2, start_sluice, trusted, version, spoken):
    proxy = start_sluice(proxy_to(http2, upstream=trusted | {"httpVersion": version}))
    with proxy.connect() as client:
        response = client.ask("GET", "/a//b?c=%20&d", headers=[("X-One", "1"), ("Cookie", "a=1")])
    seen = json.loads(response.body)
    assert seen["version"] == spoken
    assert (seen["method"], seen["target"]) == ("GET", "/a//b?c=%20&d")
    assert ["x-one", "1"] in seen["headers"] and ["cookie", "a=1"] in seen["headers"]
    assert ["x-forwarded-for", "127.0.0.1"] in seen["headers"]
    # The client's connection is HTTP/1.1 as ever.
    assert response.start_line.startswith("HTTP/1.1 200")
    assert response.all("set-cookie") == ["a=1", "b=2"]


def test_many_requests_share_an_http2_connection(http2, start_sluice, trusted):
    proxy = start_sluice(proxy_to(http2, workers=1, upstream=trusted | {"httpVersion": "auto"}))
    clients = [proxy.connect() for _ in range(50)]
    for number, client in enumerate(clients):
        client.request("POST", "/body", body=b"%d" % number * 1000)
    for number, client in enumerate(clients):
        assert client.response("POST").body == b"%d" % number * 1000
        client.close()


def test_events_pass_through_http2_one_by_one(http2, start_sluice, trusted):
    proxy = start_sluice(proxy_to(http2, upstream=trusted | {"httpVersion": "auto"}))
    with proxy.connect() as client, proxy.connect() as signals:
        client.request(target="/stream")
        assert client.head().get("content-type") == "text/event-stream"
        for number in range(10):
            assert client.reader.chunk() == b"data: %d\n\n" % number
            assert signals.ask("POST", "/seen", body=b"").status == 200
        assert client.reader.chunk() == b""


def test_a_chunked_request_passes_through_http2(http2, start_sluice, trusted):
    proxy = start_sluice(proxy_to(http2, upstream=trusted | {"httpVersion": "auto"}))
    with proxy.connect() as client:
        for _ in range(2):
            client.send("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in range(10):
                client.chunk(b"part %d," % number)
            client.last_chunk()
            assert client.response("POST").body == b"".join(b"part %d," % number for number in range(10))
