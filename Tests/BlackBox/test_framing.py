"""Bodies and their framing, in both directions."""

import hashlib
import random
import threading

import pytest
from harness.upstream import always, echo, raw, raw_then_close

RANDOM = random.Random(1)


def test_a_body_with_a_length_reaches_the_upstream_with_that_length(serve):
    proxy, upstream = serve(always())
    body = RANDOM.randbytes(1000)
    with proxy.connect() as client:
        client.ask("POST", body=body)
    assert upstream.request.body == body
    assert upstream.request.get("content-length") == "1000"
    assert not upstream.request.has("transfer-encoding")


def test_a_chunked_body_reaches_the_upstream_whole(serve):
    proxy, upstream = serve(always())
    parts = [RANDOM.randbytes(size) for size in [1, 10, 5000, 1, 70_000, 3]]
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            client.chunk(part)
        client.last_chunk()
        assert client.response("POST").status == 200
    assert upstream.request.body == b"".join(parts)


def test_chunk_extensions_and_odd_sizes_are_understood(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n")
        client.send(
            '3;name=value;other="quoted text"\r\nabc\r\n0000000A\r\n0123456789\r\na;x\r\nABCDEFGHIJ\r\n0;last\r\n\r\n'
        )
        assert client.response("POST").status == 200
    assert upstream.request.body == b"abc0123456789ABCDEFGHIJ"


def test_an_empty_chunked_body_is_an_empty_body(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert client.response("POST").status == 200
        assert client.ask().status == 200
    assert upstream.requests[0].body == b""


def test_a_request_that_arrives_byte_by_byte_is_understood(serve):
    proxy, upstream = serve(always())
    request = (
        b"POST /slow HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n6;e=1\r\n world\r\n0\r\n\r\n"
    )
    with proxy.connect() as client:
        for byte in request:
            client.send(bytes([byte]))
        assert client.response("POST").status == 200
    assert upstream.request.body == b"hello world"


def test_requests_cut_anywhere_give_the_same_result(serve):
    proxy, upstream = serve(echo)
    request = (
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world"
        b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nT: 1\r\n\r\n"
    )
    with proxy.connect() as client:
        for cut in range(1, len(request)):
            client.send(request[:cut])
            client.send(request[cut:])
            assert client.response("POST").body == b"hello world"
            assert client.response("POST").body == b"hello world"
    assert len(upstream.requests) == 2 * (len(request) - 1)


def test_an_answer_that_arrives_byte_by_byte_is_understood(serve):
    def script(connection):
        while connection.read_request() is not None:
            for (
                byte
            ) in b"HTTP/1.1 200 OK\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n":
                connection.send(bytes([byte]))

    proxy, _ = serve(script)
    with proxy.connect() as client:
        for _ in range(2):
            response = client.ask()
            assert (response.body, response.trailers, response.get("x-one")) == (b"hello", [("T", "1")], "1")


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PATCH", "PUT", "QUERY"])
def test_a_body_is_passed_on_whatever_the_method(serve, method):
    proxy, upstream = serve(echo)
    with proxy.connect() as client:
        assert client.ask(method, "/", body=b"content").body == b"content"
        client.send(f"{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        assert client.response(method).body == b"abc"
    assert {request.method for request in upstream.requests} == {method}


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_a_request_without_a_body_does_not_get_one(serve, method):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.ask(method)
    assert not upstream.request.has("content-length")
    assert not upstream.request.has("transfer-encoding")


def test_an_empty_post_keeps_its_length_of_zero(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        assert client.ask("POST", body=b"").status == 200
    assert upstream.request.get("content-length") == "0"


def test_an_answer_with_a_length_keeps_it(serve):
    proxy, _ = serve(always(b"x" * 1000))
    with proxy.connect() as client:
        response = client.ask()
    assert response.get("content-length") == "1000"
    assert response.body == b"x" * 1000


def test_a_chunked_answer_reaches_the_client_whole(serve):
    parts = [RANDOM.randbytes(size) for size in [1, 10, 5000, 1, 70_000, 3]]

    def script(connection):
        while connection.read_request() is not None:
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for part in parts:
                connection.send(b"%X;ext=1\r\n%s\r\n" % (len(part), part))
            connection.send("0\r\n\r\n")

    proxy, _ = serve(script)
    with proxy.connect() as client:
        for _ in range(2):
            response = client.ask()
            assert response.body == b"".join(parts)
            assert response.get("transfer-encoding") == "chunked"


def test_trailers_of_an_answer_reach_the_client(serve):
    proxy, _ = serve(
        raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Sum2\r\n\r\n"
            "3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Sum2: two words\r\n\r\n"
        )
    )
    with proxy.connect() as client:
        for _ in range(2):
            response = client.ask(headers=[("TE", "trailers")])
            assert response.body == b"abc"
            assert response.trailers == [("X-Sum", "1"), ("X-Sum2", "two words")]


def test_trailers_of_a_request_reach_the_upstream(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            "3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"
        )
        assert client.response("POST").status == 200
        assert client.ask().status == 200
    assert upstream.requests[0].body == b"abc"
    assert upstream.requests[0].trailers == [("X-Sum", "1"), ("X-Other", "2")]
    assert upstream.requests[1].trailers == []


def test_an_answer_to_head_has_the_fields_and_no_body(serve):
    def script(connection):
        while connection.read_request() is not None:
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX-A: b\r\n\r\n")

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        for _ in range(3):
            response = client.ask("HEAD")
            assert (response.get("content-length"), response.get("x-a"), response.body) == ("1234", "b", b"")
    assert [request.method for request in upstream.requests] == ["HEAD"] * 3


def test_an_answer_to_head_may_announce_chunks(serve):
    proxy, _ = serve(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    with proxy.connect() as client:
        for _ in range(3):
            response = client.ask("HEAD")
            assert response.status == 200
            assert not response.has("content-length")


def test_the_proxys_own_answer_to_head_has_no_body(serve):
    proxy, _ = serve(echo, route={"path": "/here/*"})
    with proxy.connect() as client:
        for _ in range(2):
            response = client.ask("HEAD", "/nowhere")
            assert response.status == 404
            assert int(response.get("content-length")) > 0
        assert client.ask("GET", "/here/").status == 200


@pytest.mark.parametrize(
    "head",
    ["204 No Content\r\n", '304 Not Modified\r\nETag: "a"\r\n', "304 Not Modified\r\nContent-Length: 5000\r\n"],
)
def test_an_answer_that_has_no_body_gets_none(serve, head):
    proxy, _ = serve(raw(f"HTTP/1.1 {head}X-A: b\r\n\r\n"))
    with proxy.connect() as client:
        for _ in range(3):
            response = client.ask()
            assert f"HTTP/1.1 {head}".startswith(response.start_line[:12])
            assert response.get("x-a") == "b"
            assert not response.has("transfer-encoding")
            if response.status == 204:
                assert not response.has("content-length")


def test_the_length_of_a_304_is_that_of_the_body_it_stands_for(serve):
    proxy, _ = serve(raw("HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n"))
    with proxy.connect() as client:
        assert client.ask().get("content-length") == "5000"


def test_informational_answers_are_passed_on_before_the_final_one(serve):
    proxy, _ = serve(
        raw(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n"
            "HTTP/1.1 103 Early Hints\r\nLink: </c.png>\r\n\r\n"
            "HTTP/1.1 102 Processing\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        )
    )
    with proxy.connect() as client:
        for _ in range(2):
            response = client.ask()
            assert [head.start_line.split()[1] for head in response.informational] == ["103", "103", "102"]
            assert response.informational[0].all("link") == ["</a.css>; rel=preload", "</b.js>"]
            assert not response.has("link")
            assert response.body == b"ok"


def test_an_upstreams_100_continue_stays_here(serve):
    """The proxy has told the client to go on already, or the client never asked."""
    proxy, _ = serve(raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    with proxy.connect() as client:
        for body in [None, b"body"]:
            response = client.ask("POST" if body else "GET", body=body)
            assert (response.informational, response.body) == ([], b"ok")


def test_an_informational_answer_reaches_the_client_before_the_final_one_is_there(serve):
    seen = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        assert seen.wait(5)
        connection.answer()

    proxy, _ = serve(script)
    with proxy.connect() as client:
        client.request()
        assert client.head().start_line.startswith("HTTP/1.1 103")
        seen.set()
        assert client.response().status == 200


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_large_answers_arrive_unchanged(serve, framing):
    body = RANDOM.randbytes(5_000_000)

    def script(connection):
        if connection.read_request() is None:
            return
        if framing == "length":
            connection.answer(body)
        elif framing == "chunked":
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in range(0, len(body), 33_333):
                part = body[start : start + 33_333]
                connection.send(b"%x\r\n%s\r\n" % (len(part), part))
            connection.send("0\r\n\r\n")
        else:
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + body)

    proxy, _ = serve(script)
    with proxy.connect() as client:
        response = client.ask()
        assert response.is_complete
        assert hashlib.sha256(response.body).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_large_requests_arrive_unchanged(serve, framing):
    body = RANDOM.randbytes(5_000_000)
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        if framing == "length":
            client.request("POST", body=body)
        else:
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in range(0, len(body), 33_333):
                client.chunk(body[start : start + 33_333])
            client.last_chunk()
        assert client.response("POST").status == 200
    assert hashlib.sha256(upstream.request.body).digest() == hashlib.sha256(body).digest()


def test_bytes_that_an_upstream_sends_beyond_its_answer_reach_no_client(serve):
    proxy, _ = serve(
        raw_then_close(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
        ),
        workers=1,
    )
    with proxy.connect() as client:
        for _ in range(3):
            assert client.ask().body == b"ok"
