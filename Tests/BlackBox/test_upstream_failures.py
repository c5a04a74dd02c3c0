"""Upstreams that refuse, break, garble, stall, or are not there."""

import time

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.upstream import always, raw_then_close
from harness.waiting import eventually

# --- No answer


def test_one_that_refuses_connections_is_502(start_sluice, refusing):
    proxy = start_sluice(proxy_to(refusing))
    with proxy.connect() as client:
        for _ in range(3):
            assert_error(client.ask("POST", body=b"{}"), 502)
        # The client has done nothing wrong: its connection stays.
        assert client.ask().get("connection") != "close"


def test_one_that_does_not_take_connections_is_504(start_sluice, deaf):
    proxy = start_sluice(proxy_to(deaf, upstream={"timeouts": {"connect": "300ms"}}))
    with proxy.connect() as client:
        started = time.monotonic()
        assert_error(client.ask(), 504)
        assert 0.2 < time.monotonic() - started < 1.5


def test_one_whose_name_does_not_exist_is_502(start_sluice):
    proxy = start_sluice(proxy_to("http://no-such-host.invalid", upstream={"timeouts": {"connect": "5s"}}))
    with proxy.connect() as client:
        assert client.ask().status in (502, 504)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_that_closes_without_an_answer_is_502(serve, method):
    def script(connection):
        connection.read_request()

    proxy, _ = serve(script)
    with proxy.connect() as client:
        assert_error(client.ask(method, body=b"{}" if method == "POST" else None), 502)


def test_one_that_resets_without_an_answer_is_502(serve):
    def script(connection):
        connection.read_request()
        connection.reset()

    proxy, _ = serve(script)
    with proxy.connect() as client:
        assert_error(client.ask(), 502)


def test_one_that_never_answers_is_504_after_the_time_for_it(serve):
    def script(connection):
        connection.read_request()
        connection.await_close(10)

    proxy, upstream = serve(script, upstream={"timeouts": {"connect": "100ms", "responseHeaders": "300ms"}})
    with proxy.connect() as client:
        started = time.monotonic()
        assert_error(client.ask("POST", body=b"{}"), 504)
        assert 0.25 < time.monotonic() - started < 1.0
    # And its work is ended.
    eventually(lambda: upstream.connections[0].ended_at, "the upstream's connection is closed", 2)


def test_one_that_sends_its_head_too_slowly_is_504(serve):
    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            connection.send("X-More: 1\r\n")
            time.sleep(0.05)

    proxy, _ = serve(script, upstream={"timeouts": {"connect": "100ms", "responseHeaders": "400ms"}})
    with proxy.connect() as client:
        started = time.monotonic()
        assert_error(client.ask(), 504)
        assert time.monotonic() - started < 1.5


def test_the_time_for_an_answer_counts_from_the_requests_end(serve):
    proxy, _ = serve(always(), upstream={"timeouts": {"connect": "100ms", "responseHeaders": "400ms"}})
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10):
            client.chunk(b"slowly")
            time.sleep(0.1)
        client.last_chunk()
        assert client.response("POST").status == 200


# --- No HTTP


GARBAGE = {
    "no status line": "hello\r\n\r\n",
    "another protocol": "SSH-2.0-OpenSSH_9.9\r\n",
    "a mail server": "220 mail.example ESMTP\r\n",
    "HTTP/0.9": "<html>hello</html>",
    "another version": "HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "a status of two digits": "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
    "a status of four digits": "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
    "a status that is none": "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok",
    "a status below 100": "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok",
    "binary": "\x00\x01\x02\x03\xff\xfe\r\n\r\n",
    "a field without a colon": "HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 2\r\n\r\nok",
    "a field without a name": "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nok",
    "a space before a colon": "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "a NUL in a value": "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "a CR in a value": "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
    "a length that is none": "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "a negative length": "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "two different lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "both a length and chunks": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "an unknown coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "a head that never ends": "HTTP/1.1 200 OK\r\n" + "X-Long: " + "x" * 2_000_000,
    "a head that ends early": "HTTP/1.1 200 OK\r\nContent-Le",
    "other protocols without being asked": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_an_answer_that_is_not_valid_http_is_502(serve, name):
    proxy, _ = serve(raw_then_close(GARBAGE[name]))
    with proxy.connect() as client:
        assert_error(client.ask("POST", body=b"{}"), 502)
        # Not one byte of it came through, and the connection is still good.
        assert client.ask("POST", body=b"{}").status == 502


# --- Half an answer


def truncated(data: bytes | str, how: str):
    def script(connection):
        connection.read_request()
        connection.send(data)
        # What was sent arrives before the end does.
        time.sleep(0.1)
        (connection.close if how == "close" else connection.reset)()

    return script


TRUNCATED = {
    "chunked, between chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "chunked, in a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
    "chunked, in the last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "chunked, broken size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    "length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
}


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("name", TRUNCATED)
def test_a_truncated_answer_is_seen_to_be_truncated(serve, name, how):
    proxy, _ = serve(truncated(TRUNCATED[name], how))
    with proxy.connect() as client:
        client.request()
        response = client.response()
        assert (response.status, response.body) == (200, b"hello")
        assert not response.is_complete
        assert response.ended_by in ("closed", "reset")


@pytest.mark.parametrize("name", ["chunked, between chunks", "length"])
def test_a_truncated_answer_is_counted_and_recorded(serve, name):
    proxy, _ = serve(
        truncated(TRUNCATED[name], "close"),
        plugins=[{"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}],
    )
    with proxy.connect() as client:
        client.request()
        client.response()
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["status"], record["aborted"], record["bytes_out"]) == (200, "upstream", 5)
    assert record["error"]


def test_an_answer_that_a_reset_ends_instead_of_a_close_is_truncated(serve):
    proxy, _ = serve(truncated("HTTP/1.1 200 OK\r\n\r\nhello", "reset"))
    with proxy.connect() as client:
        client.request()
        assert not client.response().is_complete


def test_a_stream_that_stalls_is_broken_off_after_the_time_for_it(serve):
    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        connection.await_close(10)

    proxy, upstream = serve(script, upstream={"timeouts": {"idle": "400ms"}})
    with proxy.connect() as client:
        started = time.monotonic()
        response = client.ask()
        assert 0.3 < time.monotonic() - started < 1.5
        assert response.body == b"hello"
        assert not response.is_complete
    eventually(lambda: upstream.connections[0].ended_at, "the upstream's connection is closed", 2)


def test_a_slow_stream_that_does_not_stall_is_left_alone(serve):
    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10):
            time.sleep(0.15)
            connection.send("1\r\nx\r\n")
        connection.send("0\r\n\r\n")

    proxy, _ = serve(script, upstream={"timeouts": {"idle": "400ms"}})
    with proxy.connect() as client:
        response = client.ask()
        assert response.is_complete and response.body == b"x" * 10
