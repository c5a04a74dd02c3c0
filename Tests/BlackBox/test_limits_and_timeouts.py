"""How much and how slowly a client may send."""

import time

import pytest
from harness.errors import assert_error
from harness.upstream import always, echo
from harness.waiting import eventually

# --- Limits


def test_a_request_line_that_is_too_long_is_414(serve):
    proxy, upstream = serve(always(), limits={"requestLine": "1KiB"})
    fitting = "x" * (1024 - len("GET / HTTP/1.1"))
    with proxy.connect() as client:
        assert client.ask(target="/" + fitting).status == 200
        response = client.ask(target="/" + fitting + "xx")
        assert_error(response, 414)
        client.await_close()
    assert len(upstream.requests) == 1


def test_a_request_line_that_never_ends_is_refused_as_soon_as_it_is_too_long(serve):
    proxy, _ = serve(always(), limits={"requestLine": "1KiB"})
    with proxy.connect() as client:
        client.send("GET /" + "x" * 5000)
        assert_error(client.response(), 414)


def test_fields_that_are_too_large_are_431(serve):
    proxy, upstream = serve(always(), limits={"requestHeaders": "4KiB"})
    with proxy.connect() as client:
        assert client.ask(headers=[("X-Large", "x" * 3900)]).status == 200
        response = client.ask(headers=[("X-Large", "x" * 4100)])
        assert_error(response, 431)
        client.await_close()
    assert len(upstream.requests) == 1


def test_fields_that_never_end_are_refused_as_soon_as_they_are_too_large(serve):
    proxy, _ = serve(always(), limits={"requestHeaders": "4KiB"})
    with proxy.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Large: " + "x" * 20_000)
        assert_error(client.response(), 431)


def test_too_many_fields_are_431(serve):
    proxy, upstream = serve(always(), limits={"headerCount": 10})
    with proxy.connect() as client:
        # Host is one of them.
        assert client.ask(headers=[(f"X-{n}", "v") for n in range(9)]).status == 200
        assert_error(client.ask(headers=[(f"X-{n}", "v") for n in range(10)]), 431)
        client.await_close()
    assert len(upstream.requests) == 1


def test_the_defaults_take_a_hundred_fields_and_8_kib_of_request_line(serve):
    proxy, _ = serve(always())
    with proxy.connect() as client:
        assert client.ask(target="/" + "x" * 8000, headers=[(f"X-{n}", "v" * 500) for n in range(99)]).status == 200
        assert_error(client.ask(headers=[(f"X-{n}", "v") for n in range(100)]), 431)


def test_a_body_whose_length_is_too_large_is_413_at_once(serve):
    proxy, upstream = serve(echo, limits={"requestBody": "1KiB"})
    with proxy.connect() as client:
        assert client.ask("POST", body=b"x" * 1024).body == b"x" * 1024
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n")
        assert_error(client.response("POST"), 413)
    assert len(upstream.requests) == 1


def test_a_chunked_body_that_becomes_too_large_is_413(serve):
    proxy, upstream = serve(echo, limits={"requestBody": "1KiB"})
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(8):
            client.chunk(b"x" * 128)
        client.last_chunk()
        assert client.response("POST").body == b"x" * 1024

        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(9):
            client.chunk(b"x" * 128)
        assert_error(client.response("POST"), 413)
    # What was sent of it never became a whole request.
    assert all(len(request.body) <= 1024 for request in upstream.requests)


def test_a_chunk_that_alone_is_too_large_is_413_before_it_is_sent(serve):
    proxy, _ = serve(echo, limits={"requestBody": "1KiB"})
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n")
        assert_error(client.response("POST"), 413)


def test_a_client_that_goes_on_sending_a_refused_body_gets_the_answer_all_the_same(serve):
    proxy, _ = serve(echo, limits={"requestBody": "1KiB"})
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
        for _ in range(50):
            client.send(bytes(10_000))
            time.sleep(0.002)
        assert_error(client.response("POST"), 413)
        assert not client.was_reset


def test_chunks_with_far_more_framing_than_data_are_refused(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(2000):
                client.send("1;" + "x" * 4000 + "\r\na\r\n")
        except (ConnectionError, TimeoutError):
            pass
        assert_error(client.response("POST"), 400)


def test_more_connections_than_allowed_are_503(serve):
    proxy, _ = serve(always(), limits={"connections": 3})
    clients = [proxy.connect() for _ in range(3)]
    for client in clients:
        assert client.ask().status == 200
    with proxy.connect() as extra:
        extra.request()
        response = extra.response()
        assert response.status == 503
        assert int(response.get("retry-after")) >= 1
        assert b'"error"' in response.body
        extra.await_close()
    clients.pop().close()

    def has_place():
        with proxy.connect() as client:
            return client.ask().status == 200

    eventually(has_place, "a place is free again")
    for client in clients:
        client.close()


# --- Timeouts


def test_a_head_that_does_not_arrive_in_time_is_408(serve):
    proxy, upstream = serve(always(), timeouts={"requestHeaders": "400ms"})
    with proxy.connect() as client:
        started = time.monotonic()
        client.send("GET / HTTP/1.1\r\nHost:")
        assert_error(client.response(), 408)
        assert 0.3 < time.monotonic() - started < 1.5
        client.await_close()
    assert upstream.requests == []


def test_a_head_that_trickles_in_gets_no_more_time_for_it(serve):
    proxy, _ = serve(always(), timeouts={"requestHeaders": "500ms"})
    with proxy.connect() as client:
        started = time.monotonic()
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        try:
            while time.monotonic() - started < 3 and client.is_silent(0.05):
                client.send("x")
        except ConnectionError:
            pass
        assert time.monotonic() - started < 1.5
        assert_error(client.response(), 408)


def test_a_connection_without_a_byte_is_closed_without_a_word(serve):
    proxy, _ = serve(always(), timeouts={"requestHeaders": "400ms"})
    with proxy.connect() as client:
        assert 0.2 < client.await_close(within=3) < 1.5


def test_a_second_head_has_its_own_time(serve):
    proxy, _ = serve(always(), timeouts={"requestHeaders": "400ms", "keepAlive": "5s"})
    with proxy.connect() as client:
        assert client.ask().status == 200
        time.sleep(0.6)
        started = time.monotonic()
        client.send("GET / HT")
        assert_error(client.response(), 408)
        assert 0.3 < time.monotonic() - started < 1.5


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_stalls_is_408_and_never_whole_to_the_upstream(serve, framing):
    whole = []

    def script(connection):
        whole.append(connection.read_request())

    proxy, upstream = serve(script, timeouts={"requestBodyIdle": "400ms"})
    with proxy.connect() as client:
        client.send(
            f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n" + ("part" if "Length" in framing else "4\r\npart\r\n")
        )
        started = time.monotonic()
        assert_error(client.response("POST"), 408)
        assert 0.3 < time.monotonic() - started < 1.5
        client.await_close()
    eventually(lambda: upstream.connections[0].ended_at, "the upstream's connection is closed", 2)
    assert whole == []


def test_a_body_that_is_slow_but_does_not_stall_is_passed_on(serve):
    proxy, _ = serve(echo, timeouts={"requestBodyIdle": "400ms", "requestHeaders": "400ms"})
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.15)
            client.send("x")
        assert client.response("POST").body == b"x" * 10


def test_a_slow_answer_is_not_the_clients_fault(serve):
    """While the upstream thinks, none of the client's times run."""

    def script(connection):
        connection.read_request()
        time.sleep(1)
        connection.answer()

    proxy, _ = serve(script, timeouts={"requestBodyIdle": "200ms", "requestHeaders": "200ms", "keepAlive": "200ms"})
    with proxy.connect() as client:
        assert client.ask("POST", body=b"{}").status == 200
