"""Clients that speak HTTP/1.0."""

import pytest
from harness.upstream import always, echo, raw


def test_the_connection_closes_after_the_answer(serve):
    proxy, _ = serve(always(b"body"))
    with proxy.connect() as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        response = client.response()
        assert (response.status, response.body) == (200, b"body")
        assert response.get("connection") in (None, "close")
        client.await_close()


def test_a_request_needs_no_host(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send("GET /a HTTP/1.0\r\n\r\n")
        assert client.response().status == 200
    assert upstream.request.start_line == "GET /a HTTP/1.1"
    assert upstream.request.get("host") == upstream.authority


def test_a_client_that_asks_keeps_its_connection_and_is_told_so(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        for _ in range(3):
            client.send("POST / HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi")
            response = client.response("POST")
            assert response.body == b"hi"
            assert response.get("connection").lower() == "keep-alive"


CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"


@pytest.mark.parametrize("connection", ["", "Connection: keep-alive\r\n"])
def test_a_chunked_answer_is_unchunked_and_ended_by_the_close(serve, connection):
    proxy, _ = serve(raw(CHUNKED))
    with proxy.connect() as client:
        client.send(f"GET / HTTP/1.0\r\n{connection}\r\n")
        response = client.response()
        assert response.body == b"abcdef"
        assert not response.has("transfer-encoding")
        assert response.is_complete
        assert response.get("connection") in (None, "close")


def test_informational_answers_are_kept_from_it(serve):
    proxy, _ = serve(
        raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    )
    with proxy.connect() as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        response = client.response()
        assert response.informational == []
        assert response.body == b"ok"


def test_an_expectation_means_nothing_in_it(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        client.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.is_silent(0.2)
        client.send("hi")
        response = client.response("POST")
        assert response.informational == []
        assert response.body == b"hi"


def test_a_truncated_answer_ends_in_a_reset_where_a_close_would_look_complete(serve):
    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")

    proxy, _ = serve(script)
    with proxy.connect() as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        response = client.response()
        assert response.ended_by == "reset"
        assert not response.is_complete
