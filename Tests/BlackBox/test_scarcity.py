"""What happens when something runs out, or nobody reads."""

import json
import os
import subprocess
import threading
import time

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.procfs import cpu_seconds, resident_bytes
from harness.program import program
from harness.upstream import Upstream, always, unused_address
from harness.waiting import eventually


def test_without_descriptors_those_who_are_connected_are_served_and_others_wait(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(proxy_to(upstream.url, workers=1), wrapper=["prlimit", "--nofile=60:60"])
    with proxy.connect() as early:
        assert early.ask().status == 200
        clients = [proxy.connect() for _ in range(80)]
        proxy.await_event("no descriptor is left for a new connection; raise the limit of open files (ulimit -n)")
        # It does not spin on those that it cannot take.
        before = cpu_seconds(proxy.pid)
        time.sleep(0.6)
        assert cpu_seconds(proxy.pid) - before < 0.2
        assert early.ask().status == 200
        # When there are descriptors again, those who waited get their turn.
        for client in clients[:60]:
            client.close()
        for client in clients[60:]:
            client.request()
        for client in clients[60:]:
            assert client.response().status == 200
            client.close()


def test_a_log_that_nobody_reads_does_not_stop_it(start_sluice, stack, tmp_path):
    """Standard error is a pipe that is full; warnings go on."""
    bound, url = unused_address()
    stack.callback(bound.close)
    (tmp_path / "plugins.json").write_text(json.dumps(proxy_to(url, admin=None)))
    reading, writing = os.pipe()
    child = subprocess.Popen([program(), "run", "--log-format", "json"], cwd=tmp_path, stderr=writing)
    os.close(writing)
    stack.callback(child.wait)
    stack.callback(child.kill)
    address = json.loads(os.read(reading, 4096).splitlines()[-1])["address"]
    with Client(address) as client:
        # Some 300 bytes of log each, into a pipe of 64 KiB.
        for _ in range(1500):
            assert client.ask().status == 502
    # Read on: the lines are there, or their loss is told.
    collected = []

    def collect():
        with os.fdopen(reading, "rb") as stream:
            collected.extend(stream)

    reader = threading.Thread(target=collect)
    reader.start()
    child.terminate()
    assert child.wait(5) == 0
    reader.join(5)
    lines = [json.loads(line) for line in collected]
    lost = sum(int(line["lines"]) for line in lines if "lost" in line["event"])
    assert sum(line["event"] == "upstream failed" for line in lines) + lost == 1500
    assert lines[-1]["event"] == "stopped"


def test_requests_sent_ahead_by_a_client_that_reads_no_answers_wait_in_its_socket(serve):
    proxy, upstream = serve(always(b"x" * 10_000), workers=1)
    with proxy.connect(receive_buffer=4096) as client:
        client.socket.settimeout(0.5)
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 1000
        before = resident_bytes(proxy.pid)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                client.send(request)
        assert resident_bytes(proxy.pid) - before < 4 << 20
        count = len(upstream.requests)
        time.sleep(0.3)
        assert len(upstream.requests) == count
        # Others are served meanwhile.
        with proxy.connect() as other:
            assert other.ask().status == 200


def test_connections_that_say_nothing_do_not_keep_others_out(serve):
    proxy, _ = serve(always())
    silent = [proxy.connect() for _ in range(1000)]
    started = time.monotonic()
    with proxy.connect() as client:
        for _ in range(100):
            assert client.ask().status == 200
    assert time.monotonic() - started < 2
    before = cpu_seconds(proxy.pid)
    time.sleep(0.5)
    assert cpu_seconds(proxy.pid) - before < 0.1
    for client in silent:
        client.close()


def test_an_idle_proxy_does_nothing(serve):
    proxy, _ = serve(always())
    with proxy.connect() as client:
        for _ in range(10):
            assert client.ask().status == 200
        # Buffers are given back after a second of rest.
        time.sleep(1.2)
        before = cpu_seconds(proxy.pid)
        time.sleep(1)
        assert cpu_seconds(proxy.pid) - before < 0.05


def test_an_upstream_that_is_away_for_a_while_is_found_again(start_sluice, stack):
    first = Upstream(always(b"first"))
    port = int(first.authority.split(":")[1])
    proxy = start_sluice(proxy_to(first.url))
    with proxy.connect() as client:
        assert client.ask().body == b"first"
        first.close()
        assert client.ask("POST", body=b"").status == 502
        second = Upstream(always(b"second"), port=port)
        stack.callback(second.close)
        eventually(lambda: client.ask("POST", body=b"").body == b"second", "it is found again", 2)
