"""A new process takes over the address of an old one, and no client notices. And what a supervisor is told."""

import socket
import threading

import pytest
from harness.configuration import proxy_to
from harness.upstream import always
from harness.waiting import eventually


class KeepAliveClient(threading.Thread):
    """Sends one request after another, and retries nothing but one that met a clean close."""

    def __init__(self, address: str, closes: bool = False):
        """With `closes`, on a new connection each, which must never be closed without an answer."""
        super().__init__(daemon=True)
        self.fields = b"Connection: close\r\n" if closes else b""
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        self.stopping = threading.Event()
        self.answers = 0
        self.failures: list[str] = []

    def run(self):
        connection = None
        while not self.stopping.is_set():
            try:
                if connection is None:
                    connection = socket.create_connection(self.address, timeout=10)
                    received = b""
                connection.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n" + self.fields + b"\r\n")
                received = b""
                while b"\r\n\r\n" not in received:
                    data = connection.recv(65536)
                    if not data:
                        break
                    received += data
                if not received:
                    # Closed before a byte of an answer: it may be sent again.
                    if self.fields:
                        self.failures.append("closed without an answer")
                    connection.close()
                    connection = None
                    continue
                head, _, body = received.partition(b"\r\n\r\n")
                while len(body) < 2:
                    body += connection.recv(65536)
                if not head.startswith(b"HTTP/1.1 200") or body != b"ok":
                    self.failures.append(f"{head!r} {body!r}")
                self.answers += 1
                if b"connection: close" in head.lower():
                    connection.close()
                    connection = None
            except OSError as error:
                self.failures.append(repr(error))
                connection = None
        if connection:
            connection.close()


@pytest.mark.timeout(120)
def test_ten_processes_in_turn_without_a_failed_request(start_upstream, start_sluice):
    upstream = start_upstream(always(b"ok"))
    configuration = proxy_to(upstream.url, admin=None, workers=2)
    proxy = start_sluice(configuration)
    configuration["listen"] = proxy.address
    clients = [KeepAliveClient(proxy.address, closes=number % 2 == 1) for number in range(8)]
    for client in clients:
        client.start()
    for _ in range(10):
        before = [client.answers for client in clients]
        successor = start_sluice(configuration)
        eventually(
            lambda: all(client.answers > count + 5 for client, count in zip(clients, before)), "some requests more", 20
        )
        assert proxy.stop() == 0
        assert proxy.events("another process listens here and takes over")
        proxy = successor
    for client in clients:
        client.stopping.set()
        client.join()
    assert [client.failures for client in clients] == [[]] * len(clients)
    assert sum(client.answers for client in clients) > 400


def test_alone_it_ends_without_waiting_for_anyone(serve):
    proxy, _ = serve(always())
    assert proxy.stop() == 0
    assert not proxy.events("another process listens here and takes over")


def test_a_supervisor_is_told_when_it_is_ready_reloads_and_stops(start_upstream, start_sluice, tmp_path):
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(10)
    configuration = proxy_to(start_upstream(always()).url)
    proxy = start_sluice(configuration, environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert told.recv(1000) == b"READY=1"
    proxy.reload(configuration)
    assert told.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert told.recv(1000) == b"READY=1"
    assert proxy.stop() == 0
    assert told.recv(1000) == b"STOPPING=1"
