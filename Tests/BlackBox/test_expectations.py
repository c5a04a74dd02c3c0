"""Expect: 100-continue."""

import time

import pytest
from harness.errors import assert_error
from harness.upstream import echo

WAITING = "POST {} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{}\r\n\r\n"


@pytest.mark.parametrize("framing", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_a_client_that_waits_is_told_to_go_on_and_its_body_arrives(serve, framing):
    proxy, upstream = serve(echo)
    started = time.monotonic()
    with proxy.connect() as client:
        for _ in range(2):
            client.send(WAITING.format("/", framing))
            assert client.head().raw == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.send("hello" if "Length" in framing else "5\r\nhello\r\n0\r\n\r\n")
            response = client.response("POST")
            assert (response.informational, response.body) == ([], b"hello")
    # Nobody waited for an upstream's 100 Continue: the client has been told already.
    assert time.monotonic() - started < 0.5


def test_a_client_that_does_not_ask_is_not_told(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        assert client.is_silent(0.2)
        client.send("hello")
        assert client.response("POST").informational == []


def test_a_client_that_sends_its_body_without_waiting_is_answered(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        client.send(WAITING.format("/", "Content-Length: 5") + "hello")
        assert client.response("POST").body == b"hello"
        assert client.ask("POST", body=b"next").body == b"next"


def test_an_expectation_without_a_body_is_answered(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
        assert client.response().status == 200


def test_a_request_without_a_route_is_refused_before_its_body_is_asked_for(serve):
    proxy, upstream = serve(echo, route={"path": "/here/*"})
    with proxy.connect() as client:
        client.send(WAITING.format("/nowhere", "Content-Length: 5"))
        response = client.response("POST")
        assert response.informational == []
        assert_error(response, 404)
        # The client will not send the body, so what comes next cannot be told from it.
        assert response.get("connection") == "close"
        client.await_close()
    assert upstream.requests == []


def test_a_body_that_is_too_large_is_refused_before_it_is_asked_for(serve):
    proxy, upstream = serve(echo, limits={"requestBody": "1KiB"})
    with proxy.connect() as client:
        client.send(WAITING.format("/", "Content-Length: 1025"))
        response = client.response("POST")
        assert response.informational == []
        assert_error(response, 413)
    assert upstream.requests == []


def test_another_expectation_is_refused(serve):
    proxy, upstream = serve(echo)
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nContent-Length: 5\r\n\r\nhello")
        assert_error(client.response("POST"), 417)
    assert upstream.requests == []


def test_an_upstream_that_refuses_early_is_passed_on(serve):
    def script(connection):
        connection.read_head()
        connection.answer(b"no", "401 Unauthorized")

    proxy, _ = serve(script)
    with proxy.connect() as client:
        client.send(WAITING.format("/", "Content-Length: 100000"))
        response = client.response("POST")
        assert (response.status, response.body) == (401, b"no")
