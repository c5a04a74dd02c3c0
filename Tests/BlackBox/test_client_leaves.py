"""A client that goes away ends its upstream's work within a second, and is recorded as 499."""

import time

import pytest
from harness.upstream import always
from harness.waiting import eventually

LOGGED = {"plugins": [{"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}]}


def leave(client, how: str) -> float:
    (client.close if how == "close" else client.reset)()
    return time.monotonic()


def ended_within_a_second(upstream, left_at: float) -> None:
    connection = upstream.await_connections()[0]
    eventually(lambda: connection.ended_at, "the upstream's connection is closed", 3)
    assert connection.ended_at - left_at < 1


def waits_for_the_end(before: str = ""):
    """Reads a request, sends something of an answer, and then only watches the connection."""

    def script(connection):
        connection.read_request()
        connection.send(before)
        connection.await_close(10)

    return script


@pytest.mark.parametrize("how", ["close", "reset"])
def test_before_the_answer(serve, how):
    proxy, upstream = serve(waits_for_the_end())
    with proxy.connect() as client:
        client.request("POST", body=b"{}")
        upstream.await_requests()
        ended_within_a_second(upstream, leave(client, how))


@pytest.mark.parametrize("how", ["close", "reset"])
def test_in_the_middle_of_a_stream_that_is_silent(serve, how):
    proxy, upstream = serve(waits_for_the_end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"))
    with proxy.connect() as client:
        client.request()
        client.head()
        assert client.reader.chunk() == b"abc"
        ended_within_a_second(upstream, leave(client, how))


@pytest.mark.parametrize("how", ["close", "reset"])
def test_in_the_middle_of_a_stream_that_goes_on(serve, how):
    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.send("3\r\nabc\r\n")
                time.sleep(0.01)
        except ConnectionError:
            connection.ended_at = time.monotonic()

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        client.request()
        client.head()
        client.reader.chunk()
        ended_within_a_second(upstream, leave(client, how))


@pytest.mark.parametrize("how", ["close", "reset"])
def test_in_the_middle_of_its_request(serve, how):
    whole = []

    def script(connection):
        whole.append(connection.read_request())

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        upstream.await_requests()
        ended_within_a_second(upstream, leave(client, how))
    # What was cut short must not look whole to the upstream.
    assert whole == []


def test_with_an_answer_that_it_does_not_read(serve):
    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        try:
            while True:
                connection.send(bytes(65536))
        except ConnectionError:
            connection.ended_at = time.monotonic()

    proxy, upstream = serve(script)
    with proxy.connect(receive_buffer=4096) as client:
        client.request()
        client.head()
        time.sleep(0.3)
        ended_within_a_second(upstream, leave(client, "reset"))


def test_with_more_requests_sent_ahead(serve):
    proxy, upstream = serve(waits_for_the_end())
    with proxy.connect() as client:
        client.request()
        client.request(target="/second")
        upstream.await_requests()
        ended_within_a_second(upstream, leave(client, "close"))
    assert [request.target for request in upstream.requests] == ["/"]


def test_a_client_that_ends_its_side_only_is_taken_to_have_left(serve):
    proxy, upstream = serve(waits_for_the_end())
    with proxy.connect() as client:
        client.request()
        upstream.await_requests()
        client.shut_down()
        ended_within_a_second(upstream, time.monotonic())
        client.await_close()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_it_is_counted_and_recorded_as_499(serve, how):
    proxy, upstream = serve(waits_for_the_end(), **LOGGED)
    with proxy.connect() as client:
        client.request("POST", "/path?query", body=b"{}")
        upstream.await_requests()
        leave(client, how)
    eventually(lambda: proxy.metrics().value("sluice_requests_total", status="499", route="all") == 1, "it is counted")
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["status"], record["aborted"], record["path"]) == (499, "client", "/path")
    assert (record["bytes_in"], record["bytes_out"], record["attempts"]) == (2, 0, 1)


def test_in_the_middle_of_a_stream_it_is_recorded_as_499_with_what_it_got(serve):
    proxy, upstream = serve(
        waits_for_the_end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), **LOGGED
    )
    with proxy.connect() as client:
        client.request()
        client.head()
        assert client.reader.chunk() == b"abc"
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["status"], record["aborted"], record["bytes_out"]) == (499, "client", 3)


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("body", [None, b"{}"])
def test_right_after_it_has_sent_its_request(serve, how, body):
    """The request and the connection's end arrive together."""
    proxy, _ = serve(waits_for_the_end())
    for _ in range(50):
        client = proxy.connect()
        client.request("POST" if body else "GET", body=body)
        leave(client, how)
    eventually(
        lambda: (
            proxy.metrics().value("sluice_requests_in_flight") == 0 and proxy.metrics().value("sluice_connections") == 0
        ),
        "nothing is in flight",
        within=2,
    )


def test_the_next_client_is_served(serve):
    def script(connection):
        while (request := connection.read_request()) is not None:
            if request.target == "/wait":
                connection.await_close()
                return
            connection.answer()

    proxy, upstream = serve(script, workers=1, upstream={"connections": 1})
    for turn in range(5):
        with proxy.connect() as client:
            client.request(target="/wait")
            upstream.await_requests(2 * turn + 1)
        with proxy.connect() as client:
            assert client.ask().status == 200


def test_a_client_that_leaves_after_its_answer_has_not_left_early(serve):
    proxy, _ = serve(always(), **LOGGED)
    with proxy.connect() as client:
        assert client.ask().status == 200
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["status"], record["aborted"]) == (200, None)
