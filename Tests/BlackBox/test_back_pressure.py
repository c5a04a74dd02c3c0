"""Slow readers hold fast senders back, whatever is between them, and nothing piles up in the proxy."""

import hashlib
import threading
import time

import pytest
from harness.procfs import cpu_seconds, peak_resident_bytes, resident_bytes
from harness.waiting import eventually

MIB = 1 << 20
BLOCK = hashlib.shake_256(b"block").digest(MIB)
#: More than the proxy and the kernel's socket buffers on the way may hold (tcp_rmem and tcp_wmem grow to 6 and 4 MiB).
HELD = 24 * MIB
#: What the process may have resident, whatever it carries.
RESIDENT_BOUND = 64 * MIB


@pytest.fixture
def size(request):
    return (1024 if request.config.getoption("--large") else 256) * MIB


class Progress:
    """How much one side has sent, and the hash of what one side has received."""

    def __init__(self):
        self.count = 0
        self.hash = hashlib.sha256()

    def add(self, data):
        self.count += len(data)
        self.hash.update(data)


def expected_hash(size: int) -> bytes:
    hash = hashlib.sha256()
    for _ in range(size // MIB):
        hash.update(BLOCK)
    return hash.digest()


def sends(size: int, sent: Progress, chunked: bool = False):
    def script(connection):
        connection.read_request()
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        connection.send(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n")
        for _ in range(size // MIB):
            if chunked:
                connection.send(b"%x\r\n" % MIB)
            for start in range(0, MIB, 65536):
                connection.send(BLOCK[start : start + 65536])
                sent.count += 65536
            if chunked:
                connection.send(b"\r\n")
        if chunked:
            connection.send(b"0\r\n\r\n")

    return script


def receive_all(client, into: Progress) -> None:
    client.reader.keeps_received = False
    head = client.head()
    assert head.start_line.startswith("HTTP/1.1 200")
    if head.has("transfer-encoding"):
        while data := client.reader.chunk():
            into.add(data)
    else:
        left = int(head.get("content-length"))
        while left:
            if not client.reader.buffer:
                assert client.reader.fill()
            data = client.reader.take_all()
            into.add(data)
            left -= len(data)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_answer_passes_through_in_little_memory(serve, size, framing):
    sent, received = Progress(), Progress()
    proxy, _ = serve(sends(size, sent, framing == "chunked"))
    with proxy.connect() as client:
        client.request()
        receive_all(client, received)
    assert received.count == size
    assert received.hash.digest() == expected_hash(size)
    assert peak_resident_bytes(proxy.pid) < RESIDENT_BOUND


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_request_passes_through_in_little_memory(serve, size, framing):
    received = Progress()

    def script(connection):
        connection.reader.keeps_received = False
        connection.read_head()
        if framing == "chunked":
            while data := connection.reader.chunk():
                received.add(data)
            connection.reader.trailers()
        else:
            while received.count < size:
                if not connection.reader.buffer:
                    assert connection.reader.fill()
                received.add(connection.reader.take_all())
        connection.answer()

    proxy, _ = serve(script, limits={"requestBody": "2GiB"})
    with proxy.connect() as client:
        coding = "Transfer-Encoding: chunked" if framing == "chunked" else f"Content-Length: {size}"
        client.send(f"POST / HTTP/1.1\r\nHost: a\r\n{coding}\r\n\r\n")
        for _ in range(size // MIB):
            client.chunk(BLOCK) if framing == "chunked" else client.send(BLOCK)
        if framing == "chunked":
            client.last_chunk()
        assert client.response("POST").status == 200
    assert received.count == size
    assert received.hash.digest() == expected_hash(size)
    assert peak_resident_bytes(proxy.pid) < RESIDENT_BOUND


def test_a_client_that_does_not_read_holds_the_upstream_back(serve):
    sent, received = Progress(), Progress()
    size = 64 * MIB
    proxy, _ = serve(sends(size, sent))
    with proxy.connect(receive_buffer=65536) as client:
        client.request()
        client.head()
        stopped_at = await_standstill(sent)
        assert stopped_at < HELD
        # It waits without working.
        before = cpu_seconds(proxy.pid)
        time.sleep(0.5)
        assert cpu_seconds(proxy.pid) - before < 0.1
        assert sent.count == stopped_at
        assert resident_bytes(proxy.pid) < RESIDENT_BOUND

        client.reader.keeps_received = False
        while received.count < size:
            if not client.reader.buffer:
                assert client.reader.fill()
            received.add(client.reader.take_all())
    assert received.hash.digest() == expected_hash(size)


def test_a_client_that_reads_slowly_sets_the_pace(serve):
    """Read at 8 MiB/s for two seconds, the upstream is never further ahead than what may be held on the way."""
    sent, received = Progress(), Progress()
    proxy, _ = serve(sends(256 * MIB, sent))
    with proxy.connect(receive_buffer=65536) as client:
        client.reader.keeps_received = False
        client.request()
        client.head()
        await_standstill(sent)
        started = time.monotonic()
        while received.count < 16 * MIB:
            assert client.reader.buffer or client.reader.fill()
            received.add(client.reader.take_all())
            assert sent.count - received.count < HELD
            # The pace of a slow link, not a wait for something.
            time.sleep(max(0, started + received.count / (8 * MIB) - time.monotonic()))
        # And it did get on.
        assert sent.count > 16 * MIB
        assert resident_bytes(proxy.pid) < RESIDENT_BOUND


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upstream_that_does_not_read_holds_the_client_back(serve, framing):
    go_on = threading.Event()
    received = Progress()
    size = 64 * MIB

    def script(connection):
        connection.reader.keeps_received = False
        connection.read_head()
        assert go_on.wait(20)
        if framing == "chunked":
            while data := connection.reader.chunk():
                received.add(data)
            connection.reader.trailers()
        else:
            while received.count < size:
                if not connection.reader.buffer:
                    assert connection.reader.fill()
                received.add(connection.reader.take_all())
        connection.answer()

    proxy, upstream = serve(script)
    sent = Progress()
    with proxy.connect(patience=30) as client:

        def send():
            coding = "Transfer-Encoding: chunked" if framing == "chunked" else f"Content-Length: {size}"
            client.send(f"POST / HTTP/1.1\r\nHost: a\r\n{coding}\r\n\r\n")
            for _ in range(size // MIB):
                for start in range(0, MIB, 65536):
                    part = BLOCK[start : start + 65536]
                    client.chunk(part) if framing == "chunked" else client.send(part)
                    sent.count += 65536
            if framing == "chunked":
                client.last_chunk()

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        stopped_at = await_standstill(sent)
        assert stopped_at < HELD
        before = cpu_seconds(proxy.pid)
        time.sleep(0.5)
        assert cpu_seconds(proxy.pid) - before < 0.1
        assert sent.count == stopped_at
        assert resident_bytes(proxy.pid) < RESIDENT_BOUND
        go_on.set()
        assert client.response("POST").status == 200
        sender.join(10)
    assert received.hash.digest() == expected_hash(size)


def test_a_hundred_clients_that_do_not_read_cost_little_memory(serve):
    sent = Progress()
    proxy, upstream = serve(sends(64 * MIB, sent))
    clients = [proxy.connect(receive_buffer=4096) for _ in range(100)]
    before = resident_bytes(proxy.pid)
    for client in clients:
        client.request()
    upstream.await_requests(100, within=10)
    await_standstill(sent, within=20)
    # The output bound (128 KiB) and libcurl's buffers, each.
    assert resident_bytes(proxy.pid) - before < 100 * 512 * 1024
    for client in clients:
        client.close()
    eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 0, "all are gone", 5)


def await_standstill(progress: Progress, within: float = 10) -> int:
    """Waits until nothing more is sent for a while, and returns how much was."""
    deadline = time.monotonic() + within
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 0.4:
        if progress.count != last:
            last, since = progress.count, time.monotonic()
        assert time.monotonic() < deadline, f"it is still being sent, {progress.count >> 20} MiB so far"
        time.sleep(0.02)
    assert last > 0
    return last
