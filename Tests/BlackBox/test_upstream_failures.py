"""Upstreams that refuse, break, garble, stall, or are not there."""

import socket
import threading
import time

import pytest

from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.upstream import always, raw_then_close, unused_address
from harness.waiting import eventually


@pytest.fixture
def refusing(stack):
    """The URL of an address where connections are refused."""
    bound, url = unused_address()
    stack.callback(bound.close)
    return url


@pytest.fixture
def deaf(stack):
    """The URL of an address where connecting takes for ever: its queue is full."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(4):
        filler = stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


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


# --- Once more, or not


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
        while (request := connection.read_request()) is not None:
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


# --- Several targets


def test_a_target_that_cannot_be_reached_is_skipped(start_upstream, start_sluice, refusing):
    good = start_upstream(always(b"good"))
    proxy = start_sluice(proxy_to(refusing, good.url, workers=1))
    with proxy.connect() as client:
        for _ in range(10):
            response = client.ask("POST", body=b"{}")
            assert (response.status, response.body) == (200, b"good")
    assert [request.body for request in good.requests] == [b"{}"] * 10


def test_a_target_that_cannot_be_reached_is_skipped_though_the_body_is_on_its_way(start_upstream, start_sluice, refusing):
    good = start_upstream(always(b"good"))
    proxy = start_sluice(proxy_to(refusing, good.url, workers=1))
    with proxy.connect() as client:
        for turn in range(4):
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            good.await_requests(turn + 1)
            client.chunk(b"rest")
            client.last_chunk()
            assert client.response("POST").body == b"good"
    assert [request.body for request in good.requests] == [b"firstrest"] * 4
    assert {request.get("host") for request in good.requests} == {good.authority}


def test_a_target_that_does_not_take_connections_is_skipped(start_upstream, start_sluice, deaf):
    good = start_upstream(always(b"good"))
    proxy = start_sluice(proxy_to(deaf, good.url, workers=1, upstream={"timeouts": {"connect": "200ms"}}))
    with proxy.connect() as client:
        for _ in range(4):
            assert client.ask().body == b"good"


def test_when_no_target_can_be_reached_it_is_502(start_sluice, stack):
    urls = []
    for _ in range(3):
        bound, url = unused_address()
        stack.callback(bound.close)
        urls.append(url)
    proxy = start_sluice(proxy_to(*urls))
    with proxy.connect() as client:
        for _ in range(3):
            assert_error(client.ask(), 502)


def test_requests_are_shared_out_by_weight(start_upstream, start_sluice):
    upstreams = [start_upstream(always(name)) for name in [b"a", b"b", b"c"]]
    targets = [{"url": upstream.url, "weight": weight} for upstream, weight in zip(upstreams, [5, 2, 1])]
    proxy = start_sluice(proxy_to(workers=1, upstream={"targets": targets}))
    with proxy.connect() as client:
        answers = b"".join(client.ask().body for _ in range(80))
    assert (answers.count(b"a"), answers.count(b"b"), answers.count(b"c")) == (50, 20, 10)
    # And not in blocks.
    assert b"aaaaa" not in answers


def test_the_target_with_the_fewest_requests_is_chosen(start_upstream, start_sluice):
    release = threading.Event()

    def script(connection):
        while (request := connection.read_request()) is not None:
            if request.target == "/slow":
                assert release.wait(10)
            connection.answer(connection.upstream.authority.encode())

    upstreams = [start_upstream(script) for _ in range(2)]
    proxy = start_sluice(proxy_to(*[u.url for u in upstreams], workers=1, upstream={"balance": "least-requests"}))
    with proxy.connect() as slow, proxy.connect() as client:
        slow.request(target="/slow")
        eventually(lambda: sum(len(u.requests) for u in upstreams) == 1, "the slow request arrives")
        busy = next(u for u in upstreams if u.requests)
        for _ in range(10):
            assert client.ask().body != busy.authority.encode()
        release.set()
        assert slow.response().status == 200


# --- Too many


def test_more_requests_than_the_upstream_may_have_wait_for_a_place(serve):
    release = threading.Event()
    at_once = []

    def script(connection):
        while connection.read_request() is not None:
            at_once.append(1)
            assert release.wait(10)
            connection.answer()

    proxy, upstream = serve(script, workers=1, upstream={"connections": 2, "timeouts": {"connect": "5s"}})
    clients = [proxy.connect() for _ in range(6)]
    for client in clients:
        client.request()
    upstream.await_requests(2)
    time.sleep(0.2)
    assert len(at_once) == 2
    release.set()
    for client in clients:
        assert client.response().status == 200
        client.close()
    assert len(upstream.connections) == 2


def test_a_request_that_waited_too_long_for_a_place_is_503(serve):
    def script(connection):
        connection.read_request()
        connection.await_close(10)

    proxy, upstream = serve(script, workers=1, upstream={"connections": 1, "timeouts": {"connect": "300ms"}})
    with proxy.connect() as first, proxy.connect() as second:
        first.request()
        upstream.await_requests()
        response = second.ask("POST", body=b"{}")
        assert_error(response, 503)
        assert int(response.get("retry-after")) >= 1
        first.close()
    assert len(upstream.requests) == 1
