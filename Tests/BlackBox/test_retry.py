"""retry: a request that has come to nothing is sent again, and never one that may have been done twice."""

import itertools
import socket
import threading
import time

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.message import Incomplete
from harness.upstream import unused_address
from harness.waiting import eventually

LOGGER = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "10ms"}}


def retry(**config) -> list[dict]:
    return [LOGGER, {"plugin": "retry", "config": {"delay": "1ms", **config}}]


def fails(count: int, fail):
    """Fails so many requests, whatever connections they come on, and answers those after."""
    numbers = itertools.count()

    def script(connection):
        while connection.read_request() is not None:
            if next(numbers) >= count:
                connection.answer(b"done")
            elif fail(connection) is False:
                return

    return script


def answers(status: str, headers=None):
    return lambda connection: connection.answer(b"not now", status, headers)


def close(connection):
    return False


def reset(connection):
    connection.reset()
    return False


def half_a_head(connection):
    connection.send("HTTP/1.1 200 OK\r\nContent-")
    return reset(connection)


BREAKS = [close, reset, half_a_head]


def attempts(proxy) -> list[int]:
    return [record["attempts"] for record in eventually(proxy.records, "it is recorded")]


# --- What is sent again


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_status_that_may_pass_is_tried_again(serve, status, count):
    proxy, upstream = serve(fails(count, answers(status)), plugins=retry())
    with proxy.connect() as client:
        response = client.ask(target="/a?b=c", headers=[("X-Own", "1")])
    assert (response.status, response.body) == (200, b"done")
    assert len(upstream.requests) == count + 1
    # The same request each time, to the byte.
    assert len({request.raw for request in upstream.requests}) == 1
    assert attempts(proxy) == [count + 1]
    metrics = proxy.metrics()
    # To the client it was one request, and to the upstream's health so many more.
    assert metrics.value("sluice_requests_total") == metrics.value("sluice_requests_total", status="200") == 1
    assert metrics.value("sluice_upstream_duration_seconds_count") == 1
    assert metrics.value("sluice_upstream_failures_total") == count


@pytest.mark.parametrize("fail", BREAKS, ids=lambda fail: fail.__name__)
@pytest.mark.parametrize("count", [1, 2])
def test_a_connection_that_broke_before_an_answer_is_tried_again(serve, fail, count):
    proxy, upstream = serve(fails(count, fail), plugins=retry())
    with proxy.connect() as client:
        assert client.ask("PUT", body=b"the body").body == b"done"
    assert [request.body for request in upstream.requests] == [b"the body"] * (count + 1)
    assert attempts(proxy) == [count + 1]
    assert proxy.metrics().value("sluice_upstream_failures_total") == count


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_upstream_that_refuses_is_tried_until_it_listens(start_sluice, method):
    """Nothing was sent, so it may be a POST too."""
    bound, url = unused_address()
    with bound:
        proxy = start_sluice(proxy_to(url, plugins=retry(attempts=10, delay="20ms")))
        with proxy.connect() as client:
            client.request(method, body=b"x" if method == "POST" else None)
            eventually(lambda: proxy.metrics().value("sluice_upstream_failures_total") >= 2, "two were refused")
            bound.listen(8)
            accepted, _ = bound.accept()
            with accepted:
                assert accepted.recv(65536).startswith(method.encode())
                accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                assert client.response(method).body == b"done"
    assert 3 <= attempts(proxy)[0] <= 10


def test_a_head_that_does_not_come_in_time_is_waited_for_once_unless_told(serve):
    def silent(connection):
        connection.await_close()
        return False

    for on_timeout, status in [(False, 504), (True, 200)]:
        proxy, upstream = serve(
            fails(1, silent),
            plugins=retry(onTimeout=on_timeout),
            upstream={"timeouts": {"responseHeaders": "200ms"}},
        )
        with proxy.connect() as client:
            assert client.ask().status == status
        assert len(upstream.requests) == 1 + on_timeout


def test_another_target_is_asked_first(start_upstream, start_sluice):
    bad, good = start_upstream(fails(100, answers("503 Unavailable"))), start_upstream(fails(0, None))
    proxy = start_sluice(proxy_to(bad.url, good.url, plugins=retry(), upstream={"balance": "round-robin"}))
    with proxy.connect() as client:
        for _ in range(4):
            assert client.ask().status == 200
    assert len(good.requests) == 4
    assert len(bad.requests) == 2


# --- What is not


@pytest.mark.parametrize("fail", [answers("503 Service Unavailable"), *BREAKS], ids=["503", "close", "reset", "half a head"])
@pytest.mark.parametrize(
    "config, headers, is_repeated",
    [
        ({}, [], False),
        ({"nonIdempotent": "whenKeyed"}, [("Idempotency-Key", "order-1")], True),
        ({"nonIdempotent": "never"}, [("Idempotency-Key", "order-1")], False),
        ({"nonIdempotent": "always"}, [], True),
    ],
    ids=["a POST", "with a key", "with a key, and never", "always"],
)
def test_a_post_is_sent_twice_only_when_told(serve, fail, config, headers, is_repeated):
    proxy, upstream = serve(fails(1, fail), plugins=retry(**config))
    with proxy.connect() as client:
        response = client.ask("POST", body=b"pay", headers=headers)
    assert (response.status == 200) == is_repeated
    assert [request.body for request in upstream.requests] == [b"pay"] * (1 + is_repeated)
    assert attempts(proxy) == [1 + is_repeated]


@pytest.mark.parametrize("status", ["400 Bad Request", "429 Too Many", "500 Internal Server Error", "501 Not Implemented"])
def test_another_status_is_passed_on(serve, status):
    proxy, upstream = serve(fails(1, answers(status)), plugins=retry())
    with proxy.connect() as client:
        assert client.ask().body == b"not now"
    assert len(upstream.requests) == 1


def test_the_last_answer_is_the_clients(serve):
    numbers = itertools.count(1)

    def script(connection):
        while connection.read_request() is not None:
            connection.answer(b"attempt %d" % next(numbers), "503 Service Unavailable", [("X-Own", "1")])

    proxy, upstream = serve(script, plugins=retry(attempts=4))
    with proxy.connect() as client:
        response = client.ask()
    assert (response.status, response.body, response.get("x-own")) == (503, b"attempt 4", "1")
    assert attempts(proxy) == [4]


def test_all_attempts_that_broke_end_in_one_error(serve):
    proxy, upstream = serve(fails(100, reset), plugins=retry(attempts=4))
    with proxy.connect() as client:
        assert_error(client.ask(), 502, "upstream_broken")
    assert len(upstream.requests) == 4
    assert attempts(proxy) == [4]


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_nothing_is_sent_again_once_the_client_has_been_sent_a_byte(serve, begun):
    """The answer breaks off instead, so that it does not look complete."""
    seen = threading.Event()

    def breaks(connection):
        connection.send(begun)
        assert seen.wait(5)
        return reset(connection)

    proxy, upstream = serve(fails(1, breaks), plugins=retry())
    with proxy.connect() as client:
        client.request()
        assert client.reader.head() is not None
        seen.set()
        with pytest.raises(Incomplete):
            client.reader.exactly(9)
    assert len(upstream.requests) == 1
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["attempts"], record["aborted"]) == (1, "upstream")


def test_a_body_that_streamed_is_not_sent_again(serve):
    def script(connection):
        request = connection.read_head()
        assert connection.reader.chunk() == b"first"
        connection.answer(b"not now", "503 Service Unavailable")

    proxy, upstream = serve(script, plugins=retry())
    with proxy.connect() as client:
        client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.chunk(b"first")
        assert client.response("PUT").status == 503
    assert len(upstream.requests) == 1


def test_a_body_that_a_plugin_reads_whole_is_sent_again(serve):
    proxy, upstream = serve(
        fails(2, answers("503 Service Unavailable")),
        plugins=[LOGGER, {"plugin": "cost-meter"}, *retry(nonIdempotent="always")[1:]],
    )
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        upstream_saw = b'{"model":"m"}'
        for part in (upstream_saw[:5], upstream_saw[5:]):
            client.chunk(part)
        client.last_chunk()
        assert client.response("POST").status == 200
    assert [request.body for request in upstream.requests] == [upstream_saw] * 3


# --- Between attempts


def test_the_waits_grow_and_are_shortened_by_chance(serve):
    times = []

    def script(connection):
        while connection.read_request() is not None:
            times.append(time.monotonic())
            connection.answer(b"", "503 Busy" if len(times) < 4 else "200 OK")

    proxy, _ = serve(script, plugins=retry(attempts=4, delay="100ms", maximumDelay="150ms"))
    with proxy.connect() as client:
        assert client.ask().status == 200
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert len(waits) == 3
    for wait, longest in zip(waits, [0.1, 0.15, 0.15]):
        assert longest / 2 <= wait <= longest + 0.25, waits


def test_an_upstream_that_asks_to_be_left_alone_is(serve):
    proxy, upstream = serve(fails(1, answers("503 Busy", [("Retry-After", "1")])), plugins=retry())
    began = time.monotonic()
    with proxy.connect() as client:
        assert client.ask().status == 200
    assert time.monotonic() - began >= 1


def test_one_that_asks_for_more_than_is_waited_is_not_asked_again(serve):
    proxy, upstream = serve(
        fails(1, answers("503 Busy", [("Retry-After", "60")])), plugins=retry(maximumDelay="5s")
    )
    with proxy.connect() as client:
        response = client.ask()
    assert (response.status, response.get("retry-after")) == (503, "60")
    assert len(upstream.requests) == 1


def test_a_client_that_leaves_during_a_wait_ends_it(serve):
    proxy, upstream = serve(fails(1, answers("503 Busy")), plugins=retry(delay="60s", maximumDelay="60s"))
    with proxy.connect() as client:
        client.request()
        eventually(lambda: proxy.metrics().value("sluice_upstream_failures_total") == 1, "the first attempt has failed")
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["status"], record["attempts"], record["aborted"]) == (499, 1, "client")
    assert len(upstream.requests) == 1
