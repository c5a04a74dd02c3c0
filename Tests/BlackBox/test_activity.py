"""One record for each request, whatever its end."""

import json
import os
import re
import signal

import pytest
from harness.configuration import proxy_to
from harness.program import run
from harness.upstream import always, unused_address
from harness.waiting import eventually

LOGGER = {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}


def test_a_record_tells_what_happened(serve):
    proxy, upstream = serve(always(b"12345"), plugins=[{"plugin": "request-id"}, LOGGER])
    with proxy.connect() as client:
        response = client.ask("POST", "/path/x?secret=1", body=b"123")
    record = eventually(proxy.records, "it is recorded")[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["time"])
    assert record["request_id"] == response.get("x-request-id")
    expected = {
        "route": "all", "client": "127.0.0.1", "method": "POST", "path": "/path/x", "status": 200, "upstream": "origin",
        "attempts": 1, "bytes_in": 3, "bytes_out": 5, "stream": False, "aborted": None, "error": None,
    }  # fmt: skip
    assert {name: record[name] for name in expected} == expected
    assert record["peer"].startswith("127.0.0.1")
    assert 0 < record["ttfb_ms"] <= record["duration_ms"] < 5000
    assert 0 < record["upstream_ms"] <= record["duration_ms"]
    assert "secret" not in json.dumps(record)


def test_every_end_is_recorded_once(start_sluice, start_upstream):
    bound, refusing = unused_address()
    with bound:
        good = start_upstream(always())
        proxy = start_sluice(
            {
                "listen": "127.0.0.1:0",
                "limits": {"requestBody": "1KiB"},
                "upstreams": {"good": {"url": good.url}, "gone": {"url": refusing}},
                "plugins": [LOGGER],
                "routes": [
                    {"name": "good", "path": "/good", "upstream": "good"},
                    {"name": "gone", "path": "/gone", "upstream": "gone"},
                ],
            }
        )
        with proxy.connect() as client:
            assert client.ask(target="/good").status == 200
            assert client.ask(target="/gone").status == 502
            assert client.ask(target="/nowhere").status == 404
            assert client.ask("POST", "/good", body=b"x" * 2000).status == 413
    records = eventually(lambda: len(proxy.records()) >= 4 and proxy.records(), "all are recorded")
    assert [(record["route"], record["status"]) for record in records] == [
        ("good", 200), ("gone", 502), (records[2]["route"], 404), ("good", 413),
    ]  # fmt: skip
    assert records[1]["error"] and records[1]["attempts"] == 1
    proxy.stop()
    assert len(proxy.records()) == 4


def test_the_file_is_opened_anew_after_a_reload(serve):
    proxy, upstream = serve(always(), plugins=[LOGGER])
    with proxy.connect() as client:
        client.ask(target="/before")
        eventually(proxy.records, "it is recorded")
        os.rename(proxy.folder / "activity.jsonl", proxy.folder / "rotated.jsonl")
        proxy.reload(proxy_to(upstream.url, plugins=[LOGGER]))
        client.ask(target="/after")
    assert [record["path"] for record in eventually(proxy.records, "it is recorded")] == ["/after"]
    assert [record["path"] for record in proxy.records("rotated.jsonl")] == ["/before"]


def test_the_file_is_opened_anew_though_the_reload_is_refused(serve):
    """logrotate sends SIGHUP whatever state plugins.json is in."""
    proxy, _ = serve(always(), plugins=[LOGGER])
    with proxy.connect() as client:
        client.ask(target="/before")
        eventually(proxy.records, "it is recorded")
        os.rename(proxy.folder / "activity.jsonl", proxy.folder / "rotated.jsonl")
        proxy.write("{")
        proxy.process.signal(signal.SIGHUP)
        proxy.await_event("reload refused, the old configuration stays")
        client.ask(target="/after")
    assert [record["path"] for record in eventually(proxy.records, "it is recorded")] == ["/after"]


@pytest.mark.parametrize("path", ['/"quoted"', "/%00%ff", "/a\\b", "/<script>"])
def test_what_a_client_sends_cannot_break_a_line(serve, path):
    proxy, _ = serve(always(), plugins=[LOGGER])
    with proxy.connect() as client:
        client.ask(target=path)
    assert eventually(proxy.records, "it is recorded")[0]["path"] == path


def test_a_sample_counts_what_it_leaves_out_and_keeps_every_refusal(start_sluice, quick_upstream, flood):
    limiter = {"plugin": "rate-limiter", "config": {"key": "route", "limit": "500/h"}}
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "sample": 0.25}}
    proxy = start_sluice(proxy_to(quick_upstream, plugins=[logger, limiter]))
    result = flood(proxy, requests=1500, connections=8).result()
    metrics = proxy.metrics()
    assert proxy.stop() == 0
    statuses = [record["status"] for record in proxy.records()]
    assert statuses.count(429) == result.count(429) > 900
    left_out = metrics.value("sluice_activity_sampled_out_total")
    assert statuses.count(200) + left_out == result.count(200)
    assert 0.15 < statuses.count(200) / result.count(200) < 0.35


def test_bodies_are_recorded_as_they_pass_and_secrets_are_not(serve):
    """A stream reaches the client event by event, and the record up to the limit."""
    events = [b'data: {"delta":"%d","token":"secret-%d"}\n\n' % (number, number) for number in range(20)]

    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in events:
            connection.send(b"%x\r\n%s\r\n" % (len(event), event))
        connection.send("0\r\n\r\n")

    bodies = {"request": True, "response": True, "limit": 400}
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "bodies": bodies}}
    proxy, upstream = serve(script, plugins=[logger])
    asked = b'{"model":"m","password":"secret","text":"gr\xc3\xbc\xc3\x9fe \xff"}'
    with proxy.connect() as client:
        answer = client.ask("POST", "/", body=asked)
    assert answer.body == b"".join(events)
    assert upstream.request.body == asked
    record = eventually(proxy.records, "it is recorded")[0]
    assert record["request_body"] == '{"model":"m","password":"[redacted]","text":"grüße \ufffd"}'
    assert record["request_body_truncated"] is False
    shown = re.sub(rb"secret-\d+", b"[redacted]", b"".join(events)[:400]).decode()
    assert record["response_body"] == shown
    assert record["response_body_truncated"] is True
    assert "secret-" not in json.dumps(record)


def test_a_body_that_was_not_passed_on_is_not_recorded(serve):
    bodies = {"request": True, "response": True}
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "bodies": bodies}}
    limiter = {"plugin": "rate-limiter", "config": {"key": "route", "limit": "1/h"}}
    proxy, _ = serve(always(b"fine"), plugins=[logger, limiter])
    with proxy.connect() as client:
        assert client.ask("POST", "/", body=b"first").status == 200
        refused = client.ask("POST", "/", body=b"second")
        assert refused.status == 429
    first, second = eventually(lambda: len(proxy.records()) == 2 and proxy.records(), "both are recorded")
    assert (first["request_body"], first["response_body"]) == ("first", "fine")
    assert second["request_body"] is None
    assert second["response_body"] == refused.body.decode()


def test_a_stream_without_a_redis_is_an_error_that_says_what_to_add(tmp_path):
    logger = {"plugin": "activity-logger", "config": {"sink": "redis"}}
    configuration = proxy_to("http://127.0.0.1:1", plugins=[logger])
    (tmp_path / "plugins.json").write_text(json.dumps(configuration))
    checked = run("check", folder=tmp_path)
    assert checked.returncode == 1
    assert 'plugins[0].config.sink: "redis" needs a Redis, and the file names none: add "state"' in checked.stdout
    configuration["state"] = {"redis": "redis://127.0.0.1:1"}
    (tmp_path / "plugins.json").write_text(json.dumps(configuration))
    # Nobody listens there, and nobody is asked.
    assert run("check", folder=tmp_path).returncode == 0
