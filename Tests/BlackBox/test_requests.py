"""GET /requests: what is under way and what has ended, and explanations of single requests."""

import json
import threading

import pytest
from harness.configuration import proxy_to
from harness.upstream import always
from harness.waiting import eventually

TRUSTING = {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}}


def requests(proxy, query: str = "") -> dict:
    response = proxy.admin("/requests" + query)
    assert response.status == 200, response.body
    return json.loads(response.body)


@pytest.fixture
def limited(start_upstream, start_sluice):
    """Two requests of each client pass."""
    upstream = start_upstream(always())
    limiter = {"plugin": "ip-limiter", "config": {"limit": "2/h"}}
    return start_sluice(proxy_to(upstream.url, plugins=[TRUSTING, {"plugin": "request-id"}, limiter]))


def test_the_last_ones_are_shown_newest_first_with_what_each_plugin_did(limited):
    with limited.connect() as client:
        for target in ["/one", "/two?secret=1", "/three"]:
            client.ask(target=target)
    finished = eventually(lambda: len(seen := requests(limited)["finished"]) == 3 and seen, "three requests")
    assert [record["path"] for record in finished] == ["/three", "/two", "/one"]
    assert [record["status"] for record in finished] == [429, 200, 200]
    assert "secret" not in json.dumps(finished)
    refused = finished[0]
    assert [part["plugin"] for part in refused["plugins"]] == ["trusted-proxy", "request-id", "ip-limiter"]
    assert [part["decision"] for part in refused["plugins"]] == ["proceed", "proceed", "refuse"]
    assert refused["plugins"][2]["reason"] == refused["decisions"][0]["reason"]
    assert all(part["duration_us"] >= 0 for part in refused["plugins"])
    assert refused["request_id"]
    assert refused["client"] == "127.0.0.1"


def test_they_can_be_filtered(limited):
    with limited.connect() as client:
        for target in ["/one", "/two", "/three", "/four"]:
            client.ask(target=target)

    def paths(query):
        return [record["path"] for record in requests(limited, query)["finished"]]

    eventually(lambda: len(paths("")) == 4, "four requests")
    assert paths("?status=429") == ["/four", "/three"]
    assert paths("?status=4xx&limit=1") == ["/four"]
    assert paths("?status=2xx&path=/t*") == ["/two"]
    assert paths("?plugin=ip-limiter&decision=refuse") == ["/four", "/three"]
    assert paths("?path=%2Fone&path=/two") == ["/two", "/one"]
    assert paths("?client=192.0.2.1") == []
    refused = limited.admin("/requests?stauts=429")
    assert refused.status == 400
    assert "did you mean" in json.loads(refused.body)["error"]


def test_those_under_way_are_shown_with_what_they_wait_for(serve):
    released = threading.Event()

    def script(connection):
        connection.read_request()
        assert released.wait(10)
        connection.answer()

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        client.request(target="/slow")
        upstream.await_requests()
        running = requests(proxy)["running"]
        assert [record["path"] for record in running] == ["/slow"]
        assert running[0]["stage"] == "waiting for the upstream"
        assert running[0]["duration_ms"] > 0
        released.set()
        assert client.response().status == 200
    eventually(lambda: requests(proxy)["running"] == [], "the request's end")


def test_no_more_than_the_last_thousand_are_kept(serve):
    proxy, _ = serve(always(), workers=1)
    with proxy.connect() as client:
        for number in range(1010):
            assert client.ask(target=f"/{number}").status == 200
    finished = eventually(
        lambda: (seen := requests(proxy)["finished"]) and seen[0]["path"] == "/1009" and seen, "the last request"
    )
    assert len(finished) == 1000
    assert finished[-1]["path"] == "/10"


# --- Explanations


def test_a_trusted_peer_has_its_request_explained(limited):
    with limited.connect() as client:
        answers = [client.ask(headers=[("X-Sluice-Explain", "1")]) for _ in range(3)]
    for answer in answers[:2]:
        timing = answer.get("server-timing")
        assert timing.startswith("trusted-proxy;dur=")
        assert 'ip-limiter;dur=' in timing and 'desc="proceed"' in timing
    assert 'desc="refuse 429' in answers[2].get("server-timing")
    trace = eventually(lambda: requests(limited)["finished"][0].get("trace"), "a trace")
    established = trace[0]
    assert established["plugin"] == "trusted-proxy"
    assert established["wrote"]["client_address"] == "127.0.0.1"
    limiter = next(part for part in trace if part["plugin"] == "ip-limiter")
    assert limiter["decision"] == "refuse"
    assert limiter["read"]["client_address"] == "127.0.0.1"


def test_nobody_else_has(start_upstream, start_sluice):
    upstream = start_upstream(always())
    distrusting = {"plugin": "trusted-proxy", "config": {"trusted": ["192.0.2.0/24"]}}
    configuration = proxy_to(upstream.url, plugins=[distrusting, {"plugin": "request-id"}])
    configuration["admin"] = {"address": "127.0.0.1:0", "token": "a token of some length"}
    proxy = start_sluice(configuration)
    with proxy.connect() as client:
        assert client.ask(headers=[("X-Sluice-Explain", "1")]).get("server-timing") is None
        allowed = client.ask(headers=[("X-Sluice-Explain", "a token of some length")])
        assert allowed.get("server-timing")
    # The token is the proxy's business.
    assert all(request.get("x-sluice-explain") is None for request in upstream.requests)
