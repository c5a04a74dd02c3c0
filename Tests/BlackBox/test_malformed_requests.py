"""Requests that are invalid, or that two readers could understand differently, get nowhere.

Each is followed by a valid request on the same connection, which must not be taken for one: the connection ends
after the refusal. Nothing reaches the upstream.
"""

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.message import Incomplete
from harness.sluice import Sluice
from harness.upstream import Upstream, always, echo
from harness.waiting import eventually

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def get(*lines: str) -> bytes:
    return "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""]).encode("latin-1")


def post(*lines: str, body: str = "") -> bytes:
    return "\r\n".join(["POST / HTTP/1.1", "Host: a", *lines, "", body]).encode("latin-1")


def chunked(body: str) -> bytes:
    return post("Transfer-Encoding: chunked", body=body)


HEADS = {
    # The request line
    "two spaces behind the method": (400, b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "two spaces before the version": (400, b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a tab in place of a space": (400, b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a space at the line's end": (400, b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    "a space at the line's beginning": (400, b" GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no version": (400, b"GET /\r\nHost: a\r\n\r\n"),
    "no target": (400, b"GET HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a version in lower case": (400, b"GET / http/1.1\r\nHost: a\r\n\r\n"),
    "a version without a minor number": (400, b"GET / HTTP/1\r\nHost: a\r\n\r\n"),
    "a version with too many digits": (400, b"GET / HTTP/1.11\r\nHost: a\r\n\r\n"),
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    "HTTP/0.9": (505, b"GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a method with a byte that none has": (400, b"GE@T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a method that is not ASCII": (400, b"G\xc9T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "CONNECT": (501, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
    # The target
    "a target without a slash": (400, b"GET index HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a target with a fragment": (400, b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a target with a NUL": (400, b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a target with a control": (400, b"GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a target with a byte beyond ASCII": (400, b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "an asterisk for GET": (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    "another scheme": (400, b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a user in the target": (400, b"GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "an authority as a target": (400, b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
    # Line ends
    "LF alone behind the request line": (400, b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    "LF alone behind a field": (400, b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    "LF alone as the head's end": (400, b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
    "CR alone in a field": (400, get("X: a\rY: b")),
    "CR alone behind the request line": (400, b"GET / HTTP/1.1\rHost: a\r\n\r\n"),
    # Fields
    "a field without a colon": (400, get("X-No-Colon")),
    "a field without a name": (400, get(": value")),
    "a space before the colon": (400, get("X-A : value")),
    "a tab before the colon": (400, get("X-A\t: value")),
    "a space in a name": (400, get("X A: value")),
    "a name that is not ASCII": (400, get("X-\xe9: value")),
    "a name with a slash": (400, get("X/A: value")),
    "a NUL in a value": (400, get("X-A: a\0b")),
    "a control in a value": (400, get("X-A: a\x01b")),
    "DEL in a value": (400, get("X-A: a\x7fb")),
    "a value that goes on in a second line": (400, get("X-A: a", " b")),
    "a value that goes on behind a tab": (400, get("X-A: a", "\tb")),
    "a folded line behind the request line": (400, b"GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n"),
    # Host
    "no host": (400, b"GET / HTTP/1.1\r\nX-A: b\r\n\r\n"),
    "two hosts": (400, get("Host: b")),
    "the same host twice": (400, get("Host: a")),
    "a host with a space": (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "a host with a path": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "a host with a user": (400, b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    "a list of hosts": (400, b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    "a host with a port that is none": (400, b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
    # Content-Length
    "a length with a plus": (400, post("Content-Length: +5", body="hello")),
    "a negative length": (400, post("Content-Length: -5", body="hello")),
    "a length in hexadecimal": (400, post("Content-Length: 0x5", body="hello")),
    "a length with a fraction": (400, post("Content-Length: 5.0", body="hello")),
    "a length with words": (400, post("Content-Length: five", body="hello")),
    "an empty length": (400, post("Content-Length:", body="hello")),
    "a length with a space in it": (400, post("Content-Length: 5 5", body="hello")),
    "a list of equal lengths": (400, post("Content-Length: 5, 5", body="hello")),
    "a list of different lengths": (400, post("Content-Length: 5, 6", body="hello")),
    "two equal lengths": (400, post("Content-Length: 5", "Content-Length: 5", body="hello")),
    "two different lengths": (400, post("Content-Length: 5", "Content-Length: 6", body="hello")),
    "a length beyond 64 bits": (400, post("Content-Length: 18446744073709551621", body="hello")),
    "a length of many digits": (400, post("Content-Length: " + "9" * 40, body="hello")),
    "a length in other digits": (400, post("Content-Length: \xb2", body="hello")),
    # Transfer-Encoding
    "both a length and chunks": (400, post("Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\n")),
    "chunks and a length": (400, post("Transfer-Encoding: chunked", "Content-Length: 5", body="0\r\n\r\n")),
    "a length and an unknown coding": (400, post("Content-Length: 5", "Transfer-Encoding: x", body="hello")),
    "chunked twice": (400, post("Transfer-Encoding: chunked, chunked", body="0\r\n\r\n")),
    "chunked in two fields": (400, post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body="0\r\n\r\n")),
    "an empty coding": (400, post("Transfer-Encoding:", body="0\r\n\r\n")),
    "chunked with a vertical tab": (400, post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n")),
    "chunked with a parameter": (400, post("Transfer-Encoding: chunked;q=1", body="0\r\n\r\n")),
    "chunked in quotes": (400, post('Transfer-Encoding: "chunked"', body="0\r\n\r\n")),
    "chunks in HTTP/1.0": (400, b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "gzip": (501, post("Transfer-Encoding: gzip", body="0\r\n\r\n")),
    "gzip, chunked": (501, post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n")),
    "a coding that looks like chunked": (501, post("Transfer-Encoding: xchunked", body="0\r\n\r\n")),
    # A name that some reader would take for another
    "Transfer-Encoding with a space": (400, post("Content-Length: 5", "Transfer-Encoding : chunked", body="0\r\n\r\n")),
    "a folded Transfer-Encoding": (400, post("Content-Length: 5", "Transfer-Encoding:", " chunked", body="0\r\n\r\n")),
}

# The codings' names and these words are refused either way; which status says so is a matter of taste.
EITHER = {
    "chunked before another coding": post("Transfer-Encoding: chunked, gzip", body="0\r\n\r\n"),
    "identity": post("Transfer-Encoding: identity", body=""),
    "a list that begins with a comma": post("Transfer-Encoding: ,chunked", body="0\r\n\r\n"),
}

BODIES = {
    "a size that is no number": "g\r\nhello\r\n0\r\n\r\n",
    "an empty size": "\r\nhello\r\n0\r\n\r\n",
    "a negative size": "-5\r\nhello\r\n0\r\n\r\n",
    "a size with a plus": "+5\r\nhello\r\n0\r\n\r\n",
    "a size with 0x": "0x5\r\nhello\r\n0\r\n\r\n",
    "a space before a size": " 5\r\nhello\r\n0\r\n\r\n",
    "a size beyond 64 bits": "10000000000000005\r\nhello\r\n0\r\n\r\n",
    "LF alone behind a size": "5\nhello\r\n0\r\n\r\n",
    "CR alone behind a size": "5\rhello\r\n0\r\n\r\n",
    "LF alone behind the data": "5\r\nhello\n0\r\n\r\n",
    "data longer than its size": "5\r\nhello!\r\n0\r\n\r\n",
    "data shorter than its size": "5\r\nhell\r\n0\r\n\r\n",
    "a control in an extension": "5;a=\0b\r\nhello\r\n0\r\n\r\n",
    "LF in an extension": "5;a\nb\r\nhello\r\n0\r\n\r\n",
    "a trailer without a colon": "5\r\nhello\r\n0\r\nnothing\r\n\r\n",
    "a trailer with LF alone": "5\r\nhello\r\n0\r\nA: b\n\r\n",
    "a length among the trailers": "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a coding among the trailers": "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a host among the trailers": "5\r\nhello\r\n0\r\nHost: b\r\n\r\n",
}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    upstream = Upstream(echo)
    proxy = Sluice(proxy_to(upstream.url), tmp_path_factory.mktemp("sluice"))
    yield proxy, upstream
    proxy.close()
    upstream.close()


@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_refused(proxied, name):
    proxy, upstream = proxied
    status, request = HEADS[name]
    with proxy.connect() as client:
        client.send(request + SMUGGLED)
        response = client.response()
        assert_error(response, status)
        assert response.get("connection") == "close"
        client.await_close()
    assert upstream.requests == []


@pytest.mark.parametrize("name", EITHER)
def test_a_head_is_refused_one_way_or_another(proxied, name):
    proxy, upstream = proxied
    with proxy.connect() as client:
        client.send(EITHER[name] + SMUGGLED)
        response = client.response()
        assert response.status in (400, 501, 505)
        assert_error(response, response.status)
        client.await_close()
    assert upstream.requests == []


@pytest.mark.parametrize("name", BODIES)
def test_a_chunked_body_is_refused_and_the_upstream_gets_no_whole_request(start_upstream, start_sluice, name):
    whole = []

    def script(connection):
        request = connection.read_request()
        whole.append(request)
        connection.answer()

    upstream = start_upstream(script)
    proxy = start_sluice(proxy_to(upstream.url))
    with proxy.connect() as client:
        client.send(chunked(BODIES[name]) + SMUGGLED)
        response = client.response("POST")
        assert_error(response, 400)
        assert response.get("connection") == "close"
        client.await_close()
    assert [request for request in whole if request] == []
    assert not any(request.target == "/smuggled" for request in upstream.requests)


@pytest.mark.parametrize("name", BODIES)
def test_a_chunked_body_that_goes_bad_on_the_way_is_never_completed(start_upstream, start_sluice, name):
    """As before, but the upstream has been sent the beginning."""
    ended = []

    def script(connection):
        connection.read_head()
        assert connection.reader.chunk() == b"first"
        try:
            connection.reader.chunked()
            ended.append("whole")
        except Incomplete:
            ended.append("cut short")

    upstream = start_upstream(script)
    proxy = start_sluice(proxy_to(upstream.url))
    with proxy.connect() as client:
        client.send(chunked("5\r\nfirst\r\n"))
        upstream.await_requests()
        client.send(BODIES[name].encode("latin-1") + SMUGGLED)
        assert_error(client.response("POST"), 400)
        client.await_close()
    assert eventually(lambda: ended, "the upstream's script ends") == ["cut short"]


def test_an_empty_line_before_a_request_is_passed_over(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response().status == 200
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n")
        assert client.response().status == 200
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response().status == 200
    assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    "line",
    [
        "X-Empty:",
        "X-Spaces:   \t value \t ",
        "X-Latin: caf\xe9",
        "X-Tab: a\tb",
        "x!#$%&'*+-.^_`|~1: every byte a name may have",
        'X-Quoted: "a, b", c',
        "Transfer_Encoding: chunked",
    ],
)
def test_odd_but_valid_fields_are_accepted(serve, line):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send(get(line))
        assert client.response().status == 200
    name, _, value = line.partition(":")
    assert (name, value.strip(" \t")) in upstream.request.fields


def test_a_whole_error_reaches_a_client_that_is_still_sending(serve):
    """A close with unread bytes would be a reset, and could take the answer from the client."""
    proxy, _ = serve(always())
    with proxy.connect() as client:
        client.send(post("Content-Length: 5", "Content-Length: 6") + b"x" * 200_000)
        assert_error(client.response(), 400)
        assert not client.was_reset
