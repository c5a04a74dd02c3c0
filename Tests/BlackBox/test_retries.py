"""A request is sent once more only when nothing can come of it twice."""

import threading
import time

import pytest
from harness.errors import assert_error
from harness.upstream import always


def closes_after(answers: int, closed: threading.Event | None = None):
    """Answers so many requests on each connection and closes it then, without saying so."""

    def script(connection):
        for _ in range(answers):
            if connection.read_request() is None:
                return
            connection.answer(b"%d" % connection.number)
        connection.close()
        if closed:
            closed.set()

    return script


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_kept_connection_that_the_upstream_closed_meanwhile_costs_the_client_nothing(serve, method):
    closed = threading.Event()
    proxy, upstream = serve(closes_after(1, closed), workers=1)
    with proxy.connect() as client:
        for number in range(10):
            closed.clear()
            response = client.ask(method, body=b"{}" if method == "POST" else None)
            assert (response.status, response.body) == (200, b"%d" % number)
            assert closed.wait(5)
    assert len(upstream.requests) == 10


def breaks_the_second_request(how: str):
    """Each connection answers once; the first one's second request is read and gets no answer."""

    def script(connection):
        while connection.read_request() is not None:
            if len(connection.requests) == 2:
                if how == "reset":
                    connection.reset()
                return
            connection.answer()

    return script


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_post_that_a_kept_connection_swallowed_is_not_sent_twice(serve, how):
    proxy, upstream = serve(breaks_the_second_request(how), workers=1)
    with proxy.connect() as client:
        assert client.ask().status == 200
        assert_error(client.ask("POST", body=b"pay"), 502)
    assert [request.method for request in upstream.requests] == ["GET", "POST"]


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_a_request_that_may_be_repeated_is_when_a_kept_connection_swallowed_it(serve, method, how):
    proxy, upstream = serve(breaks_the_second_request(how), workers=1)
    with proxy.connect() as client:
        assert client.ask().status == 200
        assert client.ask(method, "/again").status == 200
    assert [request.target for request in upstream.requests] == ["/", "/again", "/again"]


def test_a_request_on_a_fresh_connection_is_not_sent_twice(serve):
    def script(connection):
        connection.read_request()

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        assert_error(client.ask("POST", body=b"pay"), 502)
    assert len(upstream.requests) == 1


def test_an_upstreams_own_5xx_is_not_tried_again(serve):
    proxy, upstream = serve(always(b"busy", "503 Service Unavailable"))
    with proxy.connect() as client:
        assert client.ask().body == b"busy"
    assert len(upstream.requests) == 1


def reads_part_of_the_second_request(connection):
    if not connection.upstream.requests:
        connection.read_request()
        connection.answer()
    connection.read_head()
    connection.reader.chunk()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_request_whose_body_is_on_its_way_is_not_tried_again(serve, method):
    proxy, upstream = serve(reads_part_of_the_second_request, workers=1)
    with proxy.connect() as client:
        assert client.ask().status == 200
        client.send(f"{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        upstream.await_requests(2)
        client.chunk(b"part")
        time.sleep(0.1)
        client.chunk(b"more")
        client.last_chunk()
        assert_error(client.response(method), 502)
    assert len(upstream.requests) == 2


def test_an_upstream_that_closes_while_the_request_is_still_coming_is_noticed_at_once(serve):
    proxy, upstream = serve(reads_part_of_the_second_request, workers=1)
    with proxy.connect() as client:
        assert client.ask().status == 200
        client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        upstream.await_requests(2)
        started = time.monotonic()
        client.chunk(b"part")
        assert_error(client.response("PUT"), 502)
        assert time.monotonic() - started < 2
