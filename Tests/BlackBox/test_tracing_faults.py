"""Whatever becomes of the collector: requests go on, and each span is exported, or counted as dropped."""

import secrets
import time

import pytest
from harness.tracing import SPANS_OF_ONE, account, state_of, traced
from harness.upstream import always, unused_address
from harness.waiting import eventually

FAILS, AGAIN = "spans cannot be exported; requests go on", "spans are exported again"


# --- The collector's faults


def test_a_collector_that_is_away_costs_spans_and_no_request(start_sluice, quick_upstream, start_collector, flood):
    bound, url = unused_address()
    port = bound.getsockname()[1]
    proxy = start_sluice(traced(quick_upstream, f"{url}/v1/traces", settings={"queue": 100, "batch": 20}))
    result = flood(proxy, requests=2000).result()
    assert result.count(200) == 2000
    assert max(one.latency for one in result.asked) < 2
    event = proxy.await_event(FAILS)
    assert event["sink"] == f"{url}/v1/traces" and "connect" in event["error"].lower()
    state = account(proxy, 2000 * SPANS_OF_ONE)
    assert state["queued"] == 100 and state["exported"] == 0
    # What was lost before it was known to fail, and since.
    assert state["dropped"]["queue_full"] + state["dropped"]["export_failed"] == 2000 * SPANS_OF_ONE - 100
    bound.close()

    collector = start_collector(port=port)
    again = proxy.await_event(AGAIN)
    assert int(again["dropped"]) > 0
    assert len(collector.await_spans(100)) == 100
    assert state_of(proxy)["failing_since"] is None
    assert [len(proxy.events(name)) for name in (FAILS, AGAIN)] == [1, 1]
    account(proxy, 2000 * SPANS_OF_ONE)


def test_a_collector_that_answers_nothing_holds_up_nothing_and_a_drain_for_the_timeout(
    start_sluice, quick_upstream, collector, flood
):
    collector.be_silent()
    proxy = start_sluice(
        traced(quick_upstream, collector.endpoint, settings={"queue": 100, "batch": 20, "timeout": "2s"})
    )
    result = flood(proxy, requests=2000).result()
    assert result.count(200) == 2000
    assert max(one.latency for one in result.asked) < 1
    account(proxy, 2000 * SPANS_OF_ONE)
    proxy.await_event(FAILS)
    began = time.monotonic()
    assert proxy.stop() == 0
    assert time.monotonic() - began < 6
    lost = proxy.events("spans were not exported before the end") + proxy.events(
        "spans were not exported: the collector does not answer"
    )
    assert [one["spans"] for one in lost] == ["100"]


def test_what_waits_while_the_collector_restarts_arrives_once(start_sluice, quick_upstream, collector, flood):
    proxy = start_sluice(traced(quick_upstream, collector.endpoint, settings={"queue": 10_000, "batch": 100}))
    assert flood(proxy, requests=300, keeps_records=False).result().count(200) == 300
    # Once it has been told so: what it did not answer would come again.
    eventually(lambda: state_of(proxy)["exported"] == 300 * SPANS_OF_ONE, "the first ones have arrived")
    collector.stop()
    assert flood(proxy, requests=300, keeps_records=False).result().count(200) == 300
    proxy.await_event(FAILS)
    collector.start()
    proxy.await_event(AGAIN)
    assert proxy.stop() == 0
    identifiers = [span.span_id for span in collector.spans]
    assert len(identifiers) == len(set(identifiers)) == 600 * SPANS_OF_ONE


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_collector_is_left_alone_for_as_long_as_it_asks(start_upstream, start_sluice, collector, status):
    upstream = start_upstream(always())
    collector.answer(status, b'{"message":"busy"}', [("Retry-After", "1")])
    proxy = start_sluice(traced(upstream.url, collector.endpoint, settings={"batch": 2, "queue": 100}))
    with proxy.connect() as client:
        for _ in range(10):
            assert client.ask().status == 200
            time.sleep(0.02)
    collector.await_spans(10 * SPANS_OF_ONE)
    assert collector.arrivals[1] - collector.arrivals[0] >= 1
    assert proxy.await_event(FAILS)["error"] == f'the collector answered {status[:3]}: {{"message":"busy"}}'
    assert len({span.span_id for span in collector.spans}) == len(collector.spans)
    # The first ones were sent twice.
    assert collector.requests[1].resource_spans[0].scope_spans[0].spans[0] == (
        collector.requests[0].resource_spans[0].scope_spans[0].spans[0]
    )
    account(proxy, 10 * SPANS_OF_ONE)


def test_what_the_collector_will_not_have_is_lost_and_told_once(start_upstream, start_sluice, collector):
    upstream = start_upstream(always())
    for _ in range(2):
        collector.answer("401 Unauthorized", b'{"message":"who are you?"}')
    collector.answer("200 OK", b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}')
    proxy = start_sluice(traced(upstream.url, collector.endpoint))
    with proxy.connect() as client:
        for number in range(1, 5):
            assert client.ask().status == 200
            eventually(lambda: len(collector.requests) == number, "the spans have been posted")
    proxy.await_event(AGAIN)
    assert len(proxy.events(FAILS)) == 1
    assert "401" in proxy.events(FAILS)[0]["error"]
    state = account(proxy, 4 * SPANS_OF_ONE)
    assert state["dropped"] == {"queue_full": 0, "export_failed": 0, "rejected": 5}
    assert (state["exported"], state["export_failures"]) == (3, 3)
    assert "too old" in state["last_error"]


# --- Its life


def test_a_reload_keeps_what_waits_and_a_drain_posts_it(start_upstream, start_sluice, collector):
    upstream = start_upstream(always())
    written = traced(upstream.url, collector.endpoint, settings={"interval": "5m"})
    proxy = start_sluice(written)
    with proxy.connect() as client:
        assert client.ask().status == 200
        # Something else, and of the plugin what does not change how it exports.
        written["plugins"][2]["config"]["slowPlugin"] = "5ms"
        proxy.reload(written | {"timeouts": {"keepAlive": "70s"}})
        assert client.ask().status == 200
    account(proxy, 2 * SPANS_OF_ONE)
    assert state_of(proxy)["queued"] == 2 * SPANS_OF_ONE
    assert collector.requests == []
    assert proxy.stop() == 0
    assert len(collector.requests) == 1
    assert len(collector.spans) == 2 * SPANS_OF_ONE


def test_a_reload_to_another_collector_posts_what_waits_to_the_first(start_upstream, start_sluice, start_collector):
    upstream = start_upstream(always())
    first, second = start_collector(), start_collector()
    settings = {"interval": "5m"}
    proxy = start_sluice(traced(upstream.url, first.endpoint, settings=settings))
    with proxy.connect() as client:
        assert client.ask().status == 200
    proxy.reload(traced(upstream.url, second.endpoint, settings=settings))
    first.await_spans(SPANS_OF_ONE)
    with proxy.connect() as client:
        assert client.ask().status == 200
    assert proxy.stop() == 0
    assert (len(first.spans), len(second.spans)) == (SPANS_OF_ONE, SPANS_OF_ONE)


def test_a_key_goes_to_the_collector_and_is_shown_nowhere(start_upstream, start_sluice, collector):
    upstream = start_upstream(always())
    key = secrets.token_hex(16)
    settings = {"headers": {"authorization": "Bearer ${COLLECTOR_KEY}"}}
    collector.answer("500 Internal Server Error")
    proxy = start_sluice(
        traced(upstream.url, collector.endpoint, settings=settings), environment={"COLLECTOR_KEY": key}
    )
    with proxy.connect() as client:
        assert client.ask().status == 200
        eventually(lambda: collector.heads, "the spans have been posted")
        assert client.ask().status == 200
    assert collector.heads[0].get("authorization") == f"Bearer {key}"
    collector.await_spans(SPANS_OF_ONE)
    shown = b"".join(proxy.admin(path).body for path in ("/config", "/plugins", "/requests", "/metrics"))
    assert key.encode() not in shown
    assert key not in proxy.process.output
