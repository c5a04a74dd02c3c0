"""After much use there are no more descriptors and no more memory than before."""

import gc

import pytest
from harness.configuration import proxy_to
from harness.procfs import descriptor_count, resident_bytes
from harness.upstream import always
from harness.waiting import eventually

MIB = 1 << 20


def settled_descriptors(proxy, at_most: int) -> None:
    eventually(lambda: descriptor_count(proxy.pid) <= at_most, f"at most {at_most} descriptors are open", 10)


def test_two_thousand_idle_connections_cost_little_and_leave_nothing(serve):
    proxy, _ = serve(always())
    with proxy.connect() as client:
        assert client.ask().status == 200
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "the first client is gone")
    descriptors, memory = descriptor_count(proxy.pid), resident_bytes(proxy.pid)

    clients = [proxy.connect() for _ in range(2000)]
    for client in clients:
        assert client.ask().status == 200
    eventually(lambda: proxy.metrics().value("sluice_connections") == 2000, "all are counted")
    # Used once, and then idle: its buffers are given back after a second.
    eventually(lambda: resident_bytes(proxy.pid) - memory < 2000 * 6 * 1024, "they cost at most 6 KiB each", 10)

    for client in clients:
        assert client.ask().status == 200
        client.close()
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "all are gone", 10)
    settled_descriptors(proxy, descriptors + 4)


def test_two_thousand_requests_at_once_leave_no_more_than_the_first_time(serve):
    proxy, _ = serve(always())

    def burst():
        clients = [proxy.connect() for _ in range(2000)]
        for client in clients:
            client.request()
        for client in clients:
            assert client.response().status == 200
            client.close()
        eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "all are gone", 10)
        return descriptor_count(proxy.pid), resident_bytes(proxy.pid)

    before = descriptor_count(proxy.pid)
    for _ in range(2):
        _, memory = burst()
    descriptors, later = burst()
    # The upstream's connections may be kept, as many as it may have (512).
    assert descriptors <= before + 512 + 2
    assert later - memory < 4 * MIB
    assert later < 96 * MIB


def test_ten_thousand_requests_over_64_connections_leave_nothing(start_demo, start_sluice):
    _, url = start_demo()
    # One worker, because each keeps upstream connections for as many clients as it happened to get.
    proxy = start_sluice(proxy_to(url, workers=1))
    load(proxy, connections=64, rounds=20)
    descriptors, memory = descriptor_count(proxy.pid), resident_bytes(proxy.pid)
    load(proxy, connections=64, rounds=157)
    assert resident_bytes(proxy.pid) - memory < 4 * MIB
    settled_descriptors(proxy, descriptors + 8)
    metrics = proxy.metrics()
    assert metrics.value("sluice_requests_total", status="200") == 64 * (157 + 20)
    assert metrics.value("sluice_requests_in_flight") == 0


def test_a_thousand_clients_that_come_and_go_leave_nothing(start_demo, start_sluice):
    _, url = start_demo()
    proxy = start_sluice(proxy_to(url))

    def come_and_go(count):
        for _ in range(count):
            with proxy.connect() as client:
                assert client.ask(target="/healthz").status == 200

    come_and_go(200)
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "all are gone")
    descriptors, memory = descriptor_count(proxy.pid), resident_bytes(proxy.pid)
    come_and_go(1000)
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "all are gone")
    settled_descriptors(proxy, descriptors + 4)
    assert resident_bytes(proxy.pid) - memory < 4 * MIB


@pytest.mark.parametrize("what", ["refused", "malformed", "client leaves", "upstream breaks", "too large"])
def test_whatever_way_requests_end_nothing_is_left(serve, what):
    def script(connection):
        while (request := connection.read_head()) is not None:
            if request.target == "/break":
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                return
            if request.target == "/wait":
                connection.await_close()
                return
            connection.read_body(request)
            connection.answer()

    proxy, upstream = serve(script, limits={"requestBody": "1KiB"}, routes=[
        {"name": "some", "path": "/*", "methods": ["GET", "POST"], "upstream": "origin"}
    ])  # fmt: skip

    def once():
        with proxy.connect() as client:
            if what == "refused":
                assert client.ask("DELETE").status == 404
            elif what == "malformed":
                client.send("GET / HTTP/1.1\r\n\r\n")
                assert client.response().status == 400
            elif what == "client leaves":
                count = len(upstream.requests)
                client.request(target="/wait")
                upstream.await_requests(count + 1)
            elif what == "upstream breaks":
                assert not client.ask(target="/break").is_complete
            else:
                client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                client.chunk(bytes(2000))
                assert client.response("POST").status == 413

    def quiet():
        metrics = proxy.metrics()
        return metrics.value("sluice_connections") == metrics.value("sluice_requests_in_flight") == 0

    for _ in range(50):
        once()
    eventually(quiet, "nothing is going on")
    descriptors, memory = descriptor_count(proxy.pid), resident_bytes(proxy.pid)
    for _ in range(300):
        once()
    eventually(quiet, "nothing is going on")
    settled_descriptors(proxy, descriptors + 2)
    assert resident_bytes(proxy.pid) - memory < 2 * MIB


def load(proxy, connections: int, rounds: int) -> None:
    """One request on each connection at a time, so that all of them are in flight at once."""
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nUser-Agent: load\r\n\r\n"
    clients = [proxy.connect() for _ in range(connections)]
    for client in clients:
        client.reader.keeps_received = False
    # The collector would look through thousands of live objects again and again.
    gc.disable()
    try:
        for _ in range(rounds):
            for client in clients:
                client.send(request)
            for client in clients:
                response = client.response()
                assert response.status == 200 and response.is_complete
    finally:
        gc.enable()
        for client in clients:
            client.close()
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "all clients are gone")
