"""SIGTERM and SIGINT drain, SIGHUP reloads."""

import signal
import threading
import time

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.procfs import descriptor_count, resident_bytes
from harness.upstream import always
from harness.waiting import eventually


def answers_when(released: threading.Event):
    """Answers /now at once, and everything else when it may."""

    def script(connection):
        while (request := connection.read_request()) is not None:
            assert request.target == "/now" or released.wait(10)
            connection.answer(b"finished")

    return script


# --- Draining


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_0_and_at_once_when_nothing_is_going_on(serve, number):
    proxy, _ = serve(always())
    started = time.monotonic()
    proxy.terminate(number)
    assert proxy.stop() == 0
    assert time.monotonic() - started < 1
    assert proxy.events("stopped")


def test_idle_connections_do_not_hold_it_up(serve):
    proxy, _ = serve(always())
    with proxy.connect() as used, proxy.connect() as unused, proxy.connect() as admin:
        assert used.ask().status == 200
        started = time.monotonic()
        assert proxy.stop() == 0
        assert time.monotonic() - started < 1
        for client in [used, unused, admin]:
            client.await_close()


def test_a_connection_to_the_admin_listener_does_not_hold_it_up(serve):
    proxy, _ = serve(always())
    with Client(proxy.admin_address) as client:
        client.request(target="/healthz")
        assert client.response().status == 200
        assert proxy.stop(within=3) == 0


def test_what_is_in_flight_finishes(serve):
    released = threading.Event()
    proxy, upstream = serve(answers_when(released))
    with proxy.connect() as client:
        client.request("POST", body=b"{}")
        upstream.await_requests()
        proxy.terminate()
        proxy.await_event("draining")
        time.sleep(0.2)
        assert proxy.process.is_running
        released.set()
        response = client.response("POST")
        assert (response.status, response.body) == (200, b"finished")
        assert response.get("connection") == "close"
        client.await_close()
    assert proxy.stop() == 0


def test_a_stream_in_flight_goes_on_to_its_end(serve):
    go_on = threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            assert go_on.acquire(timeout=5)
            connection.send("5\r\nevent\r\n")
        connection.send("0\r\n\r\n")

    proxy, _ = serve(script)
    with proxy.connect() as client:
        client.request()
        client.head()
        proxy.terminate()
        proxy.await_event("draining")
        for _ in range(5):
            go_on.release()
            assert client.reader.chunk() == b"event"
        assert client.reader.chunk() == b""
    assert proxy.stop() == 0


def test_a_request_whose_body_is_still_coming_finishes(serve):
    def script(connection):
        request = connection.read_request()
        if request:
            connection.answer(request.body)

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst")
        upstream.await_requests()
        proxy.terminate()
        proxy.await_event("draining")
        client.send("other")
        assert client.response("POST").body == b"firstother"
    assert proxy.stop() == 0


def test_new_connections_are_refused_while_it_drains(serve):
    released = threading.Event()
    proxy, upstream = serve(answers_when(released))
    with proxy.connect() as client:
        client.request()
        upstream.await_requests()
        proxy.terminate()
        proxy.await_event("draining")

        def is_refused():
            try:
                proxy.connect().close()
                return False
            except ConnectionResetError:
                # Made in the moment in which the listener was being closed.
                return False
            except ConnectionRefusedError:
                return True

        eventually(is_refused, "connections are refused", 2)
        released.set()
        assert client.response().status == 200
    assert proxy.stop() == 0


def test_what_the_drain_has_no_time_for_is_broken_off(serve):
    def script(connection):
        request = connection.read_request()
        if request.target == "/stream":
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n")
        connection.await_close(10)

    proxy, upstream = serve(script, timeouts={"drain": "500ms"})
    with proxy.connect() as stream, proxy.connect() as waiting:
        stream.request(target="/stream")
        stream.head()
        assert stream.reader.chunk() == b"event"
        waiting.request(target="/wait")
        upstream.await_requests(2)
        started = time.monotonic()
        proxy.terminate()
        # A truncated stream must not look complete: there is no last chunk.
        assert stream.reader.rest() == b""
        assert proxy.stop() == 0
        assert 0.4 < time.monotonic() - started < 2
    for connection in upstream.connections:
        eventually(lambda: connection.ended_at, "the upstream's connections are closed", 2)


def test_a_drain_time_of_nothing_breaks_off_at_once(serve):
    proxy, upstream = serve(answers_when(threading.Event()), timeouts={"drain": "0s"})
    with proxy.connect() as client:
        client.request()
        upstream.await_requests()
        started = time.monotonic()
        assert proxy.stop() == 0
        assert time.monotonic() - started < 1


def test_a_second_signal_ends_it_at_once(serve):
    released = threading.Event()
    proxy, upstream = serve(answers_when(released))
    with proxy.connect() as client:
        client.request()
        upstream.await_requests()
        proxy.terminate()
        proxy.await_event("draining")
        proxy.terminate(signal.SIGINT)
        assert proxy.stop(within=2) == 1
    released.set()


def test_what_is_to_be_recorded_is_written_before_it_ends(serve):
    proxy, _ = serve(always(), plugins=[{"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}])
    with proxy.connect() as client:
        for _ in range(100):
            assert client.ask().status == 200
    assert proxy.stop() == 0
    records = proxy.records()
    assert len(records) == 100
    assert (proxy.folder / "activity.jsonl").read_text().endswith("\n")


def test_requests_under_load_are_answered_or_refused_but_never_broken_off(serve):
    """Clients that send one request after another while the proxy is told to end."""
    proxy, _ = serve(always(b"x" * 1000))
    outcomes, stop = [], threading.Event()

    def keep_asking():
        while not stop.is_set():
            try:
                with proxy.connect() as client:
                    for _ in range(5):
                        client.request()
                        raw = client.reader.head()
                        if raw is None:
                            # Closed between two requests, before a byte of an answer.
                            outcomes.append("closed" if client.reader.received.endswith(b"x") else "unanswered")
                            break
                        assert client.reader.exactly(1000) == b"x" * 1000
                        outcomes.append("answered")
                        if b"onnection: close" in raw:
                            break
            except ConnectionRefusedError:
                return
            except ConnectionError:
                outcomes.append("unanswered")

    threads = [threading.Thread(target=keep_asking) for _ in range(8)]
    for thread in threads:
        thread.start()
    eventually(lambda: outcomes.count("answered") > 200, "requests are answered")
    assert proxy.stop() == 0
    stop.set()
    for thread in threads:
        thread.join(10)
    # A connection that waits in the kernel's queue when the listener closes is reset by it; there may be one
    # for each thread.
    assert outcomes.count("unanswered") <= len(threads), outcomes.count("unanswered")


# --- Reloading


def test_a_good_file_takes_over_for_new_requests(start_upstream, start_sluice):
    old, new = start_upstream(always(b"old")), start_upstream(always(b"new"))
    proxy = start_sluice(proxy_to(old.url))
    with proxy.connect() as client:
        assert client.ask().body == b"old"
        proxy.reload(proxy_to(new.url))
        # On a connection that was there before, too.
        eventually(lambda: client.ask().body == b"new", "the new upstream answers")
    assert proxy.metrics().value("sluice_config_reloads_total", result="ok") == 1


def test_what_is_in_flight_finishes_as_it_began(start_upstream, start_sluice):
    released = threading.Event()
    old, new = start_upstream(answers_when(released)), start_upstream(always(b"new"))

    def configuration(url, mark):
        rules = {"plugin": "headers", "config": {"response": {"set": {"x-mark": mark}}}}
        return proxy_to(url, plugins=[rules])

    proxy = start_sluice(configuration(old.url, "old"))
    with proxy.connect() as waiting, proxy.connect() as client:
        waiting.request()
        old.await_requests()
        proxy.reload(configuration(new.url, "new"))
        eventually(lambda: client.ask(target="/now").get("x-mark") == "new", "the new chain is in force")
        released.set()
        response = waiting.response()
        assert (response.body, response.get("x-mark")) == (b"finished", "old")
        # Its next request is a new one.
        assert waiting.ask().get("x-mark") == "new"


def test_a_stream_is_not_cut_by_a_reload(start_upstream, start_sluice):
    go_on = threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(6):
            assert go_on.acquire(timeout=5)
            connection.send("5\r\nevent\r\n")
        connection.send("0\r\n\r\n")

    old, new = start_upstream(script), start_upstream(always(b"new"))
    proxy = start_sluice(proxy_to(old.url))
    with proxy.connect() as client:
        client.request()
        client.head()
        for number in range(6):
            if number in (2, 4):
                proxy.reload(proxy_to(new.url))
            go_on.release()
            assert client.reader.chunk() == b"event"
        assert client.reader.chunk() == b""


BROKEN = {
    "no JSON": '{ "listen": ',
    "an unknown key": '{ "listen": "127.0.0.1:0", "upstream": {} }',
    "an unknown plugin": '{ "listen": "127.0.0.1:0", "plugins": [{ "plugin": "no-such-plugin" }] }',
    "nothing": "",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_and_the_old_one_goes_on(serve, name):
    proxy, _ = serve(always(b"still here"))
    proxy.write(BROKEN[name])
    proxy.process.signal(signal.SIGHUP)
    proxy.await_event("reload refused, the old configuration stays")
    # What is wrong was said, with its place.
    assert any(str(proxy.file) in event["event"] and event["level"] == "error" for event in proxy.events())
    with proxy.connect() as client:
        assert client.ask().body == b"still here"
    assert proxy.metrics().value("sluice_config_reloads_total", result="refused") == 1


def test_a_file_that_is_gone_is_refused(serve):
    proxy, _ = serve(always(b"still here"))
    proxy.file.unlink()
    proxy.process.signal(signal.SIGHUP)
    proxy.await_event("reload refused, the old configuration stays")
    with proxy.connect() as client:
        assert client.ask().body == b"still here"


def test_a_good_file_after_a_broken_one_is_taken(serve, start_upstream):
    proxy, _ = serve(always(b"old"))
    new = start_upstream(always(b"new"))
    proxy.write("{")
    proxy.process.signal(signal.SIGHUP)
    proxy.await_event("reload refused, the old configuration stays")
    proxy.reload(proxy_to(new.url))
    with proxy.connect() as client:
        eventually(lambda: client.ask().body == b"new", "the new upstream answers")


def test_many_reloads_leave_nothing(serve):
    proxy, upstream = serve(always())
    configuration = proxy_to(
        upstream.url, plugins=[{"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}]
    )
    with proxy.connect() as client:
        for number in range(40):
            if number == 20:
                descriptors, memory = descriptor_count(proxy.pid), resident_bytes(proxy.pid)
            proxy.reload(configuration)
            assert client.ask().status == 200
    assert descriptor_count(proxy.pid) <= descriptors + 2
    assert resident_bytes(proxy.pid) - memory < 2 << 20


def test_a_route_that_is_gone_after_a_reload_is_not_found(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        assert client.ask(target="/a").status == 200
        proxy.reload(proxy_to(upstream.url, route={"path": "/b"}))
        eventually(lambda: client.ask(target="/a").status == 404, "the route is gone")
        assert_error(client.ask(target="/a"), 404)
        assert client.ask(target="/b").status == 200


def test_the_connections_of_an_upstream_that_is_gone_are_closed(start_upstream, start_sluice):
    old, new = start_upstream(always(b"old")), start_upstream(always(b"new"))
    proxy = start_sluice(proxy_to(old.url))
    with proxy.connect() as client:
        assert client.ask().body == b"old"
        proxy.reload(proxy_to(new.url))
        eventually(lambda: client.ask().body == b"new", "the new upstream answers")
    eventually(lambda: all(connection.ended_at for connection in old.connections), "its connections are closed", 3)


def test_limits_and_timeouts_change_with_a_reload(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        assert client.ask("POST", body=b"x" * 2000).status == 200
    proxy.reload(proxy_to(upstream.url, limits={"requestBody": "1KiB"}))

    def is_refused():
        with proxy.connect() as client:
            return client.ask("POST", body=b"x" * 2000).status == 413

    eventually(is_refused, "the new limit is in force")
