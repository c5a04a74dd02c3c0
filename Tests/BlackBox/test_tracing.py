"""Traces go on, and what the proxy had to do with them comes to a collector."""

import json
import re
import socket
import time
from pathlib import Path

import pytest
from harness.collector import attributes
from harness.program import run
from harness.tracing import GIVEN, SPANS_OF_ONE, TRUSTED, of_kind, parts, state_of, traced
from harness.upstream import always
from harness.waiting import eventually
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


# --- The trace


def test_a_trace_goes_from_a_trusted_peer_through_each_attempt_to_the_upstream(
    start_upstream, start_sluice, collector
):
    def script(connection):
        while connection.read_request() is not None:
            connection.answer(status="503 Service Unavailable" if len(upstream.requests) == 1 else "200 OK")

    upstream = start_upstream(script)
    retry = {"plugin": "retry", "config": {"delay": "0s"}}
    proxy = start_sluice(traced(upstream.url, collector.endpoint, retry, settings={"serviceName": "edge"}))
    before = time.time_ns()
    with proxy.connect() as client:
        fields = [("traceparent", GIVEN), ("tracestate", "a=1"), ("TraceState", "b=2, c=3"), ("x-forwarded-for", "203.0.113.7")]
        response = client.ask("GET", "/things/7?key=hush", headers=fields)
    assert response.status == 200
    assert not response.has("traceparent")

    spans = collector.await_spans(3)
    after = time.time_ns()
    (server,), attempts = of_kind(spans, Span.SPAN_KIND_SERVER), of_kind(spans, Span.SPAN_KIND_CLIENT)
    assert {span.trace_id.hex() for span in spans} == {"0af7651916cd43dd8448eb211c80319c"}
    assert server.parent_span_id.hex() == "b7ad6b7169203331"
    assert [span.parent_span_id for span in attempts] == [server.span_id] * 2
    assert len({span.span_id for span in spans}) == 3
    # The flags tell that the first one's parent is another process's, and that the others' are not.
    assert [span.flags for span in (server, *attempts)] == [0x301, 0x101, 0x101]

    sent = [parts(request.get("traceparent")) for request in upstream.requests]
    assert sent == [("0af7651916cd43dd8448eb211c80319c", span.span_id.hex(), True) for span in attempts]
    assert [request.all("tracestate") for request in upstream.requests] == [["a=1", "b=2, c=3"]] * 2

    times = [(span.start_time_unix_nano, span.end_time_unix_nano) for span in (server, *attempts)]
    assert all(start <= end for start, end in times)
    # What the proxy's clock shows is read once in a loop's turn.
    slack = 20_000_000
    assert before - slack <= times[0][0] <= times[1][0] <= times[1][1] <= times[2][0] <= times[2][1] <= times[0][1] <= after + slack

    found = attributes(server)
    assert server.name == "GET all"
    assert found["sluice.request_id"] == upstream.requests[0].get("x-request-id")
    assert re.fullmatch(r"\d+", proxy.address.rpartition(":")[2])
    assert found | {"sluice.request_id": None, "network.peer.port": None, "server.port": None, "server.address": None} == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "url.path": "/things/7",
        "http.route": "all",
        "http.response.status_code": 200,
        "server.address": None,
        "server.port": None,
        "client.address": "203.0.113.7",
        "network.peer.address": "127.0.0.1",
        "network.peer.port": None,
        "network.protocol.version": "1.1",
        "http.request.body.size": 0,
        "http.response.body.size": 2,
        "sluice.request_id": None,
        "sluice.upstream": "origin",
    }
    assert server.status.code == Status.STATUS_CODE_UNSET
    host, _, port = upstream.authority.rpartition(":")
    common = {
        "http.request.method": "GET",
        "server.address": host,
        "server.port": int(port),
        "url.full": f"{upstream.url}/things/7",
        "sluice.upstream": "origin",
    }
    assert attributes(attempts[0]) == common | {"http.response.status_code": 503, "error.type": "503"}
    assert attributes(attempts[1]) == common | {"http.response.status_code": 200, "http.request.resend_count": 1}
    assert [span.status.code for span in attempts] == [Status.STATUS_CODE_ERROR, Status.STATUS_CODE_UNSET]

    (resource,) = [one.resource for one in collector.requests[0].resource_spans]
    version = run("--version").stdout.split()[-1]
    assert attributes(resource) == {"service.name": "edge", "service.version": version, "process.pid": proxy.pid}
    assert collector.requests[0].resource_spans[0].scope_spans[0].scope.name == "sluice"
    assert b"hush" not in collector.heads[0].body


@pytest.mark.parametrize("trusts", [True, False])
def test_a_trace_from_elsewhere_is_not_believed(start_upstream, start_sluice, collector, trusts):
    """Whether or not somebody else would be trusted."""
    upstream = start_upstream(always())
    written = traced(upstream.url, collector.endpoint, trusts=trusts)
    if trusts:
        written["plugins"][0] = {"plugin": "trusted-proxy", "config": {"trusted": ["192.0.2.0/24"]}}
    proxy = start_sluice(written)
    with proxy.connect() as client:
        assert client.ask(headers=[("traceparent", GIVEN), ("tracestate", "a=1")]).status == 200
    (server,) = of_kind(collector.await_spans(2), Span.SPAN_KIND_SERVER)
    trace, _, sampled = parts(upstream.request.get("traceparent"))
    assert trace == server.trace_id.hex() != "0af7651916cd43dd8448eb211c80319c"
    assert sampled and not server.parent_span_id and server.flags == 0x101
    assert not upstream.request.has("tracestate")


def test_a_request_that_is_not_sampled_is_marked_so_and_goes_to_no_collector(start_upstream, start_sluice, collector):
    upstream = start_upstream(always())
    proxy = start_sluice(traced(upstream.url, collector.endpoint, settings={"sample": 0}))
    with proxy.connect() as client:
        for fields in [[], [("traceparent", GIVEN[:-1] + "0")]]:
            assert client.ask(headers=fields).status == 200
        # It has been exported, so that what came before has been or will not be.
        assert client.ask(headers=[("traceparent", GIVEN)]).status == 200
    collector.await_spans(SPANS_OF_ONE)
    assert proxy.stop() == 0
    assert len(collector.spans) == SPANS_OF_ONE
    first, second, third = [parts(request.get("traceparent")) for request in upstream.requests]
    assert [first[2], second[2], third[2]] == [False, False, True]
    assert second[0] == GIVEN[3:35] and second[1] != GIVEN[36:52]
    assert first[0] not in (second[0], "0" * 32)


def test_the_share_of_traces_is_kept(start_sluice, quick_upstream, collector, flood):
    proxy = start_sluice(traced(quick_upstream, collector.endpoint, settings={"sample": 0.2, "queue": 100_000}))
    assert flood(proxy, requests=5000, keeps_records=False).result().count(200) == 5000
    assert proxy.stop() == 0
    # Four standard deviations of a binomial distribution are 113.
    assert abs(len(of_kind(collector.spans, Span.SPAN_KIND_SERVER)) - 1000) < 113


def test_without_the_plugin_nothing_is_added_and_nothing_taken_away(serve):
    proxy, upstream = serve(always(), plugins=[TRUSTED])
    with proxy.connect() as client:
        client.ask()
        client.ask(headers=[("traceparent", GIVEN), ("tracestate", "a=1")])
    first, second = upstream.requests
    assert not first.has("traceparent")
    assert (second.get("traceparent"), second.get("tracestate")) == (GIVEN, "a=1")


# --- Spans


def test_a_refusal_is_a_span_that_tells_whose(start_upstream, start_sluice, collector):
    upstream = start_upstream(always())
    limiter = {"plugin": "ip-limiter", "config": {"limit": "1/h"}}
    proxy = start_sluice(traced(upstream.url, collector.endpoint, limiter))
    with proxy.connect() as client:
        assert [client.ask().status for _ in range(2)] == [200, 429]
    refused = of_kind(collector.await_spans(SPANS_OF_ONE + 1), Span.SPAN_KIND_SERVER)[1]
    found = attributes(refused)
    assert found["http.response.status_code"] == 429
    assert [re.sub(r" \w+$", "", one) for one in found["sluice.decisions"]] == ["ip-limiter: refuse"]
    assert refused.status.code == Status.STATUS_CODE_UNSET


def test_a_plugin_that_took_its_time_has_a_span(start_upstream, start_sluice, collector):
    def slow(connection):
        while connection.read_request() is not None:
            time.sleep(0.2)
            connection.answer()

    upstream = start_upstream(slow)
    line = {"plugin": "concurrency-limiter", "config": {"limit": 1, "queue": 10, "timeout": "5s"}}
    proxy = start_sluice(traced(upstream.url, collector.endpoint, line, settings={"slowPlugin": "100ms"}))
    with proxy.connect() as first, proxy.connect() as second:
        first.request()
        upstream.await_requests(1)
        second.request()
        assert first.response().status == second.response().status == 200
    spans = collector.await_spans(2 * SPANS_OF_ONE + 1)
    (waited,) = of_kind(spans, Span.SPAN_KIND_INTERNAL)
    assert waited.name == "concurrency-limiter request"
    assert attributes(waited) == {"sluice.plugin": "concurrency-limiter", "sluice.phase": "request"}
    took = waited.end_time_unix_nano - waited.start_time_unix_nano
    assert 100_000_000 <= took < 2_000_000_000
    (parent,) = [span for span in spans if span.span_id == waited.parent_span_id]
    assert parent.start_time_unix_nano <= waited.start_time_unix_nano
    assert waited.end_time_unix_nano <= parent.end_time_unix_nano


def test_an_upstream_that_is_not_there_is_an_error(start_sluice, collector, refusing):
    proxy = start_sluice(traced(refusing, collector.endpoint))
    with proxy.connect() as client:
        assert client.ask().status == 502
    server, attempt = collector.await_spans(SPANS_OF_ONE)
    assert (attributes(server)["error.type"], attributes(attempt)["error.type"]) == ("502", "unreachable")
    assert server.status.code == attempt.status.code == Status.STATUS_CODE_ERROR
    assert "refused" in attempt.status.message.lower() or "connect" in attempt.status.message.lower()


def test_a_client_that_leaves_is_no_error(start_upstream, start_sluice, collector):
    def half(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.await_close()

    upstream = start_upstream(half)
    proxy = start_sluice(traced(upstream.url, collector.endpoint))
    with proxy.connect() as client:
        client.request()
        client.head()
    server, attempt = collector.await_spans(SPANS_OF_ONE)
    assert attributes(server)["sluice.aborted_by"] == "client"
    assert attributes(server)["http.response.status_code"] == 499
    assert "error.type" not in attributes(server)
    assert attributes(attempt)["http.response.status_code"] == 200


def test_explain_sends_nothing(collector, tmp_path):
    written = traced("http://127.0.0.1:9", collector.endpoint)
    (tmp_path / "plugins.json").write_text(json.dumps(written))
    result = run("explain", "--json", "GET", "/", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    fields = json.loads(result.stdout)["forwarded"]
    assert any(re.match("traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01$", field) for field in fields), fields
    assert collector.requests == [] and collector.connections == 0


# --- A collector that others wrote


@pytest.fixture
def rotel(start_process):
    """A Rotel agent that prints what it gets -> (its process, its endpoint)"""
    import rotel

    def free_port() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    http, grpc = free_port(), free_port()
    process = start_process(
        [
            str(Path(rotel.__file__).parent / "rotel-agent"),
            *["start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"],
            *["--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}"],
        ]
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", http)) == 0

    eventually(listens, "the collector listens", within=15)
    return process, f"http://127.0.0.1:{http}/v1/traces"


def test_a_collector_that_others_wrote_understands_each_span(start_upstream, start_sluice, rotel):
    process, endpoint = rotel
    upstream = start_upstream(always())
    proxy = start_sluice(traced(upstream.url, endpoint, settings={"slowPlugin": "0s", "serviceName": 'quoted "name"'}))
    with proxy.connect() as client:
        assert client.ask("GET", "/%22/\\/x", headers=[("traceparent", GIVEN)]).status == 200
    state = eventually(lambda: (state := state_of(proxy))["exported"] and state, "the spans have been taken")
    assert state["dropped"] == {"queue_full": 0, "export_failed": 0, "rejected": 0}
    assert state["exported"] > SPANS_OF_ONE

    def printed():
        text = "\n".join(process.stdout_lines)
        return text if text.count("Span #") == state["exported"] else None

    text = eventually(printed, "the collector has printed them")
    assert text.count("0af7651916cd43dd8448eb211c80319c") == state["exported"]
    assert text.count("SPAN_KIND_SERVER") == text.count("SPAN_KIND_CLIENT") == 1
    for line in [
        'service.name: Str(quoted "name")',
        "http.response.status_code: Int(200)",
        "url.path: Str(/%22/\\/x)",
        "Parent ID      : b7ad6b7169203331",
    ]:
        assert line in text, text
