"""The admin listener."""

import json
import threading
import time

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.program import run
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


# --- The configuration


def test_config_shows_what_is_in_force_and_no_secret(start_upstream, start_sluice):
    upstream = start_upstream(always())
    configuration = proxy_to(upstream.url)
    configuration["upstreams"]["origin"]["headers"] = {"authorization": "Bearer ${API_KEY}"}
    proxy = start_sluice(configuration, environment={"API_KEY": "sk-very-secret"})
    response = proxy.admin("/config")
    assert response.status == 200
    shown = json.loads(response.body)
    assert shown["timeouts"]["drain"] == "30s"
    assert b"very-secret" not in response.body


def with_token(upstream, token="correct horse battery staple") -> dict:
    configuration = proxy_to(upstream.url)
    configuration["admin"] = {"address": "127.0.0.1:0", "token": token}
    return configuration


def test_a_token_is_wanted_for_everything_but_health(start_upstream, start_sluice):
    proxy = start_sluice(with_token(start_upstream(always())))
    for path in ["/healthz", "/readyz"]:
        assert proxy.admin(path).status == 200
    for path in ["/metrics", "/plugins", "/config"]:
        refused = proxy.admin(path)
        assert refused.status == 401
        assert refused.get("www-authenticate").startswith("Bearer")
        for wrong in ["Bearer", "Bearer wrong", "Basic correct horse battery staple"]:
            assert proxy.admin(path, headers=[("Authorization", wrong)]).status == 401
        right = [("Authorization", "Bearer correct horse battery staple")]
        assert proxy.admin(path, headers=right).status == 200
        assert b"staple" not in proxy.admin(path, headers=right).body


def test_check_warns_of_an_admin_listener_that_others_reach(tmp_path):
    (tmp_path / "plugins.json").write_text('{ "listen": "127.0.0.1:0", "admin": "0.0.0.0:9901" }')
    result = run("check", folder=tmp_path)
    assert "whoever reaches 0.0.0.0:9901 can read and reload" in result.stdout


# --- Reloads by POST


def test_a_reload_tells_what_has_changed(serve):
    proxy, upstream = serve(always())
    configuration = proxy_to(upstream.url)
    configuration["timeouts"] = {"drain": "7s"}
    proxy.write(configuration)
    response = proxy.admin("/reload", "POST")
    assert response.status == 200
    told = json.loads(response.body)
    assert told["result"] == "ok"
    assert {"path": "timeouts.drain", "from": "30s", "to": "7s"} in told["changes"]
    assert told["need_restart"] == []
    assert json.loads(proxy.admin("/config").body)["timeouts"]["drain"] == "7s"
    assert proxy.await_event("configuration changed", path="timeouts.drain")["to"] == '"7s"'


def test_a_reload_tells_what_only_a_new_process_can_follow(serve):
    proxy, upstream = serve(always())
    proxy.write(proxy_to(upstream.url, listen=["127.0.0.1:0", "127.0.0.2:0"], workers=3))
    told = json.loads(proxy.admin("/reload", "POST").body)
    assert (told["result"], told["need_restart"]) == ("ok", ["listen", "workers"])
    said = proxy.await_event("listen, admin and workers change with a restart only; the old ones stay")
    assert said["changed"] == "listen, workers"


def test_a_broken_file_is_refused_with_the_errors_of_check(serve):
    proxy, _ = serve(always())
    proxy.write('{ "listen": "127.0.0.1:0", "rutes": [] }')
    response = proxy.admin("/reload", "POST")
    assert response.status == 422
    told = json.loads(response.body)
    assert told["result"] == "refused"
    assert 'unknown key "rutes"' in told["errors"][0]["message"]
    with proxy.connect() as client:
        assert client.ask().status == 200


def test_a_page_of_another_origin_cannot_reload(serve):
    proxy, _ = serve(always())
    foreign = [("Origin", "https://evil.example")]
    assert proxy.admin("/reload", "POST", headers=foreign).status == 403
    assert proxy.admin("/reload").status == 405


def test_the_reload_command_prints_what_changed_or_why_not(serve):
    proxy, upstream = serve(always())
    configuration = proxy_to(upstream.url)
    configuration["admin"] = proxy.admin_address
    configuration["timeouts"] = {"drain": "7s"}
    proxy.write(configuration)
    result = run("reload", folder=proxy.folder)
    assert result.returncode == 0
    assert 'timeouts.drain: "30s" -> "7s"' in result.stdout
    assert "reloaded, " in result.stdout
    proxy.write("{")
    assert run("reload", folder=proxy.folder).returncode == 1
