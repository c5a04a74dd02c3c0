"""sse-keepalive: a silent stream is kept alive by comments, and is to the client what it is without them."""

import json
import re
import threading
import time

import pytest
from harness.errors import assert_error
from harness.waiting import eventually

COMMENT = b": keep-alive\n\n"
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
LOGGER = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "10ms"}}
#: As providers send them: with fields of all kinds, several lines of data, other line ends, comments of their own.
EVENTS = [
    b'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n',
    b"event: message_start\nid: 1\ndata: first line\ndata: second line\n\n",
    b"data: carriage\r\ndata: returns\r\n\r\n",
    b": a comment of its own\n\n",
    b"retry: 3000\ndata\ndata: \xc3\xa9\n\n",
    b"data: [DONE]\n\n",
]


def keepalive(**config) -> list[dict]:
    return [LOGGER, {"plugin": "sse-keepalive", "config": config}]


def begin(connection, *fields: str) -> None:
    connection.send(HEAD + "".join(f"{field}\r\n" for field in fields) + "\r\n")


def send(connection, data: bytes) -> None:
    connection.send(b"%x\r\n%s\r\n" % (len(data), data))


def end(connection) -> None:
    connection.send("0\r\n\r\n")


def parsed(stream: bytes) -> list[tuple]:
    """What a client dispatches (WHATWG HTML §9.2.6): the type, the data and the identifier of each event."""
    events, event, data, last_id = [], "", [], ""
    for line in re.split("\r\n|\n|\r", stream.decode())[:-1]:
        if not line:
            if data:
                events.append((event, "\n".join(data), last_id))
            event, data = "", []
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                last_id = value
    return events


class Silence:
    """Lets a script be silent until the client has been sent so many comments."""

    def __init__(self):
        self._is_over = threading.Semaphore(0)

    def wait(self) -> None:
        assert self._is_over.acquire(timeout=10)

    def end(self) -> None:
        self._is_over.release()

    def read(self, client, comments: int) -> bytes:
        """Reads chunks up to so many comments, and ends the silence; returns all that came."""
        received = b""
        while received.count(COMMENT) < comments:
            chunk = client.reader.chunk()
            assert chunk, f"the stream ended: {received!r}"
            received += chunk
        self.end()
        return received


def rest(client) -> bytes:
    received, trailers = client.reader.chunked()
    assert trailers == []
    return received


def test_a_silent_stream_gets_comments_and_is_the_same_without_them(serve):
    silence = Silence()

    def script(connection):
        while connection.read_request() is not None:
            begin(connection)
            for event in EVENTS:
                silence.wait()
                send(connection, event)
            silence.wait()
            end(connection)

    proxy, _ = serve(script, plugins=keepalive(interval="100ms"))
    with proxy.connect() as client:
        client.request()
        head = client.head()
        assert (head.get("content-type"), head.get("content-length")) == ("text/event-stream", None)
        received = b"".join(silence.read(client, 2) for _ in range(len(EVENTS) + 1)) + rest(client)
        # The connection is good for the next one.
        client.request()
        client.head()
        again = b"".join(silence.read(client, 0) for _ in range(len(EVENTS) + 1)) + rest(client)
    assert received.count(COMMENT) >= 2 * (len(EVENTS) + 1)
    assert received.replace(COMMENT, b"") == again.replace(COMMENT, b"") == b"".join(EVENTS)
    assert parsed(received) == parsed(b"".join(EVENTS))
    assert len(parsed(received)) == 5
    # Comments are bytes that were sent.
    record = eventually(proxy.records, "it is recorded")[0]
    assert record["bytes_out"] >= len(received)


def test_a_comment_never_stands_within_an_event(serve):
    """Each cut in two at every byte, with a silence between that is longer than the interval."""
    event = b"data: {}\n\n"
    cuts = range(1, len(event))
    silence = Silence()

    def script(connection):
        connection.read_request()
        begin(connection)
        for cut in cuts:
            send(connection, event[:cut])
            # Nothing can be awaited, because nothing must come.
            time.sleep(0.15)
            send(connection, event[cut:])
            silence.wait()
        end(connection)

    proxy, _ = serve(script, plugins=keepalive(interval="100ms"))
    with proxy.connect() as client:
        client.request()
        client.head()
        received = b"".join(silence.read(client, 1) for _ in cuts) + rest(client)
    assert re.fullmatch(rb"(data: \{\}\n\n(: keep-alive\n\n)+)+", received)
    assert received.count(event) == len(cuts)


def test_comments_come_at_the_interval_and_only_in_silence(serve):
    def script(connection):
        connection.read_request()
        begin(connection)
        # Ten events within one interval of each other, then silence.
        for _ in range(10):
            send(connection, EVENTS[0])
            time.sleep(0.05)
        connection.await_close()

    proxy, _ = serve(script, plugins=keepalive(interval="400ms"))
    with proxy.connect() as client:
        client.request()
        client.head()
        received, times = b"", []
        while received.count(COMMENT) < 3:
            received += client.reader.chunk()
            times.append(time.monotonic())
    assert received == EVENTS[0] * 10 + COMMENT * 3
    for before, after in zip(times[-4:], times[-3:]):
        assert 0.35 <= after - before <= 1.5, times


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: application/json\r\nTransfer-Encoding: chunked",
        "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Content-Type: text/event-stream-not\r\nTransfer-Encoding: chunked",
    ],
    ids=["no stream", "coded", "another type"],
)
def test_what_is_no_readable_stream_is_left_alone(serve, head):
    def script(connection):
        connection.read_request()
        connection.send(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n")
        send(connection, b"first")
        time.sleep(0.35)
        send(connection, b"second")
        end(connection)

    proxy, _ = serve(script, plugins=keepalive(interval="100ms"))
    with proxy.connect() as client:
        client.request()
        client.head()
        assert rest(client) == b"firstsecond"


def test_a_stream_that_breaks_off_does_not_look_complete(serve):
    silence = Silence()

    def script(connection):
        connection.read_request()
        begin(connection)
        send(connection, EVENTS[0])
        silence.wait()
        connection.reset()

    proxy, _ = serve(script, plugins=keepalive(interval="100ms"))
    with proxy.connect() as client:
        client.request()
        client.head()
        received = silence.read(client, 1)
        assert received.startswith(EVENTS[0])
        client.await_close()
    assert eventually(proxy.records, "it is recorded")[0]["aborted"] == "upstream"


def test_a_client_that_leaves_during_a_silence_is_noticed(serve):
    def script(connection):
        connection.read_request()
        begin(connection)
        connection.await_close()

    proxy, upstream = serve(script, plugins=keepalive(interval="100ms"))
    with proxy.connect() as client:
        client.request()
        client.head()
        assert client.reader.chunk() == COMMENT
    eventually(lambda: upstream.connections[0].ended_at, "the upstream's connection is closed", 2)
    assert eventually(proxy.records, "it is recorded")[0]["status"] == 499


# --- Before the head


def ask_for_stream(client, **options) -> None:
    client.request(headers=[("Accept", "text/event-stream")], **options)


def test_a_late_head_is_begun_in_the_upstreams_place(serve):
    silence = Silence()

    def script(connection):
        connection.read_request()
        silence.wait()
        begin(connection, "X-Own: 1")
        for event in EVENTS:
            send(connection, event)
        end(connection)

    proxy, _ = serve(script, plugins=keepalive(interval="100ms", beforeHead="100ms"))
    with proxy.connect() as client:
        ask_for_stream(client)
        head = client.head()
        assert head.start_line == "HTTP/1.1 200 OK"
        assert head.get("content-type") == "text/event-stream"
        received = silence.read(client, 3) + rest(client)
        assert received == COMMENT * received.count(COMMENT) + b"".join(EVENTS)
        assert parsed(received) == parsed(b"".join(EVENTS))
    record = eventually(proxy.records, "it is recorded")[0]
    assert (record["status"], record["stream"], record["aborted"]) == (200, True, None)


@pytest.mark.parametrize("asks", ["nobody", "the body"])
def test_a_head_is_begun_only_where_a_stream_is_asked_for(serve, asks):
    silence = Silence()

    def script(connection):
        connection.read_request()
        silence.wait()
        connection.answer(b"{}", headers=[("Content-Type", "application/json")])

    meter = [{"plugin": "cost-meter"}] if asks == "the body" else []
    proxy, _ = serve(script, plugins=[*meter, *keepalive(interval="100ms", beforeHead="100ms")])
    body = json.dumps({"model": "m", "stream": asks == "the body"}).encode()
    with proxy.connect() as client:
        client.request("POST", body=body)
        if asks == "the body":
            client.head()
            received = silence.read(client, 2) + rest(client)
            # What is no stream becomes one event of it.
            assert received.replace(COMMENT, b"") == b"data: {}\n\n"
        else:
            assert client.is_silent(0.35)
            silence.end()
            assert client.response("POST").body == b"{}"


def test_an_error_after_an_early_head_is_an_event(serve):
    silence = Silence()

    def script(connection):
        connection.read_request()
        silence.wait()
        connection.answer(b'{"error":\n{"message":"Overloaded."}}', "529 Overloaded", [("Content-Type", "application/json")])

    proxy, _ = serve(script, plugins=keepalive(interval="100ms", beforeHead="100ms"))
    with proxy.connect() as client:
        ask_for_stream(client)
        client.head()
        received = silence.read(client, 1) + rest(client)
    assert parsed(received) == [("error", '{"error":\n{"message":"Overloaded."}}', "")]


def test_an_upstream_that_breaks_after_an_early_head_is_an_event(serve):
    silence = Silence()

    def script(connection):
        connection.read_request()
        silence.wait()
        connection.reset()

    proxy, _ = serve(script, plugins=keepalive(interval="100ms", beforeHead="100ms"))
    with proxy.connect() as client:
        ask_for_stream(client)
        client.head()
        received = silence.read(client, 1) + rest(client)
    [(event, data, _)] = parsed(received)
    error = json.loads(data)["error"]
    assert (event, error["code"]) == ("error", "upstream_broken")
    # The client saw 200, and what became of it is in the record.
    record = eventually(proxy.records, "it is recorded")[0]
    assert record["status"] == 200 and record["error"]


def test_a_head_in_time_is_the_upstreams(serve):
    def script(connection):
        connection.read_request()
        connection.answer(b"{}", "503 Service Unavailable", [("Content-Type", "application/json"), ("X-Own", "1")])

    proxy, _ = serve(script, plugins=keepalive(interval="100ms", beforeHead="5s"))
    with proxy.connect() as client:
        ask_for_stream(client)
        response = client.response()
    assert (response.status, response.body, response.get("x-own")) == (503, b"{}", "1")


def test_a_refusal_is_no_event(serve):
    """It is made at once, whatever the client asks for."""
    proxy, _ = serve(
        lambda connection: None,
        plugins=[*keepalive(beforeHead="100ms"), {"plugin": "request-guard", "config": {"methods": ["PUT"]}}],
    )
    with proxy.connect() as client:
        ask_for_stream(client)
        assert_error(client.response(), 405)
