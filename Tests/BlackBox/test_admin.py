"""The admin listener."""

import json
import threading
import time

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.upstream import always
from harness.waiting import eventually


def test_healthz_says_that_the_process_is_up(serve):
    proxy, _ = serve(always())
    response = proxy.admin("/healthz")
    assert response.status == 200
    assert json.loads(response.body)["status"] == "ok"


def test_readyz_says_that_requests_are_taken(serve):
    proxy, _ = serve(always())
    assert proxy.admin("/readyz").status == 200


def test_readyz_says_503_while_draining_and_healthz_does_not(serve):
    released = threading.Event()

    def script(connection):
        connection.read_request()
        assert released.wait(10)
        connection.answer()

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        client.request()
        upstream.await_requests()
        proxy.terminate()
        proxy.await_event("draining")
        assert proxy.admin("/readyz").status == 503
        assert proxy.admin("/healthz").status == 200
        assert proxy.metrics().value("sluice_requests_in_flight") == 1
        released.set()
        assert client.response().status == 200


def test_head_is_answered_without_a_body(serve):
    proxy, _ = serve(always())
    for path in ["/healthz", "/readyz", "/metrics"]:
        response = proxy.admin(path, "HEAD")
        assert (response.status, response.body) == (200, b"")


def test_an_unknown_page_is_404_and_another_method_405(serve):
    proxy, _ = serve(always())
    assert proxy.admin("/no-such-page").status == 404
    response = proxy.admin("/metrics", "DELETE")
    assert response.status == 405
    assert "GET" in response.get("allow")


def test_it_serves_one_request_after_another(serve):
    proxy, _ = serve(always())
    with Client(proxy.admin_address) as client:
        for path in ["/healthz", "/metrics", "/readyz"] * 5:
            client.request(target=path)
            assert client.response().status == 200


def test_it_can_be_turned_off(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(proxy_to(upstream.url, admin=None))
    assert proxy.admin_address is None
    with proxy.connect() as client:
        assert client.ask(target="/metrics").body == b"ok"


def test_its_pages_are_not_on_the_proxys_listener(serve):
    proxy, upstream = serve(always(b"the upstream's"))
    with proxy.connect() as client:
        assert client.ask(target="/metrics").body == b"the upstream's"
        assert client.ask(target="/healthz").body == b"the upstream's"
    assert len(upstream.requests) == 2


# --- Metrics


def test_metrics_are_what_prometheus_reads(serve):
    proxy, _ = serve(always())
    with proxy.connect() as client:
        client.ask()
    response = proxy.admin("/metrics")
    assert response.get("content-type").startswith("text/plain; version=0.0.4")
    metrics = proxy.metrics()
    for name, kind in {
        "sluice_requests": "counter",
        "sluice_request_duration_seconds": "histogram",
        "sluice_upstream_duration_seconds": "histogram",
        "sluice_time_to_first_byte_seconds": "histogram",
        "sluice_connections": "gauge",
        "sluice_requests_in_flight": "gauge",
        "sluice_plugin_duration_seconds": "histogram",
        "sluice_plugin_decisions": "counter",
        "sluice_build_info": "gauge",
    }.items():
        assert name in metrics.families, name
        assert metrics.families[name].type == kind, name
        assert metrics.families[name].documentation, name


def test_requests_are_counted_by_route_upstream_and_status(serve):
    def script(connection):
        while (request := connection.read_request()) is not None:
            connection.answer(status=f"{request.target[1:]} Status")

    proxy, _ = serve(script, route={"methods": ["GET", "POST"]})
    with proxy.connect() as client:
        for status, count in {200: 5, 201: 3, 404: 2, 500: 1}.items():
            for _ in range(count):
                assert client.ask(target=f"/{status}").status == status
        assert client.ask("DELETE", "/200").status == 404

    def counted():
        metrics = proxy.metrics()
        for status, count in {200: 5, 201: 3, 404: 2, 500: 1}.items():
            found = metrics.value("sluice_requests_total", route="all", upstream="origin", status=str(status))
            assert found == count, (status, found)
        # Without a route.
        assert metrics.value("sluice_requests_total", route="", status="404") == 1
        assert metrics.value("sluice_request_duration_seconds_count", route="all") == 11
        assert metrics.value("sluice_upstream_duration_seconds_count", upstream="origin") == 11
        assert metrics.value("sluice_time_to_first_byte_seconds_count", route="all") == 11
        return True

    eventually(counted, "every request is counted")


def test_what_a_histogram_says_is_true(serve):

    def script(connection):
        while connection.read_request() is not None:
            time.sleep(0.1)
            connection.answer()

    proxy, _ = serve(script)
    with proxy.connect() as client:
        for _ in range(3):
            client.ask()
    metrics = eventually(
        lambda: (m := proxy.metrics()).value("sluice_request_duration_seconds_count", route="all") == 3 and m, "counted"
    )
    total = metrics.value("sluice_request_duration_seconds_sum", route="all")
    assert 0.3 <= total < 0.6
    buckets = {
        float(sample.labels["le"]): sample.value
        for sample in metrics.families["sluice_request_duration_seconds"].samples
        if sample.name.endswith("_bucket") and sample.labels["route"] == "all"
    }
    assert buckets[float("inf")] == 3
    assert sorted(buckets.values()) == [value for _, value in sorted(buckets.items())]
    assert all(value == 0 for bound, value in buckets.items() if bound < 0.1)


def test_gauges_go_up_and_down(serve):
    released = threading.Event()

    def script(connection):
        connection.read_request()
        assert released.wait(10)
        connection.answer()

    proxy, upstream = serve(script)
    clients = [proxy.connect() for _ in range(5)]
    for client in clients[:3]:
        client.request()
    upstream.await_requests(3)
    eventually(lambda: proxy.metrics().value("sluice_connections") == 5, "connections are counted")
    assert proxy.metrics().value("sluice_requests_in_flight") == 3
    released.set()
    for client in clients[:3]:
        assert client.response().status == 200
    eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 0, "none is in flight")
    for client in clients:
        client.close()
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "all are gone")


def test_labels_cannot_be_made_by_clients(serve):
    """Whatever is asked for, the number of series stays the same."""
    proxy, _ = serve(always(), route={"path": "/known/*"})
    with proxy.connect() as client:
        client.ask(target="/known/1")
        client.ask(target="/unknown/1")
        eventually(lambda: proxy.metrics().value("sluice_requests_total", status="404") == 1, "counted")
        before = {(f, len(family.samples)) for f, family in proxy.metrics().families.items()}
        for number in range(50):
            client.send(f"METHOD{number} /unknown/{number} HTTP/1.1\r\nHost: host{number}\r\nX-{number}: 1\r\n\r\n")
            assert client.response().status == 404
            assert client.ask(target=f"/known/{number}").status == 200
    eventually(lambda: proxy.metrics().value("sluice_requests_total", status="404") == 51, "counted")
    assert {(f, len(family.samples)) for f, family in proxy.metrics().families.items()} == before


@pytest.mark.parametrize("workers", [1, 4])
def test_counts_are_those_of_all_workers_together(start_upstream, start_sluice, workers):
    upstream = start_upstream(always())
    proxy = start_sluice(proxy_to(upstream.url, workers=workers))
    for _ in range(50):
        with proxy.connect() as client:
            assert client.ask().status == 200
    eventually(lambda: proxy.metrics().value("sluice_requests_total", status="200") == 50, "all are counted")
