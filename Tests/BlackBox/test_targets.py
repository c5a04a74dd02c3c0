"""Upstreams of several targets, and the places that an upstream has."""

import threading
import time

from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.upstream import always, unused_address
from harness.waiting import eventually


def test_a_target_that_cannot_be_reached_is_skipped(start_upstream, start_sluice, refusing):
    good = start_upstream(always(b"good"))
    proxy = start_sluice(proxy_to(refusing, good.url, workers=1))
    with proxy.connect() as client:
        for _ in range(10):
            response = client.ask("POST", body=b"{}")
            assert (response.status, response.body) == (200, b"good")
    assert [request.body for request in good.requests] == [b"{}"] * 10


def test_a_target_that_cannot_be_reached_is_skipped_though_the_body_is_on_its_way(
    start_upstream, start_sluice, refusing
):
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
