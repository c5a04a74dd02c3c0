"""An upstream that answers exactly what a test tells it to, and keeps what it was sent."""

import socket
import struct
import threading
import time

from .message import Head, Incomplete, Reader, Request


class Connection:
    """One accepted connection, in the hands of a script."""

    def __init__(self, accepted: socket.socket, upstream: "Upstream", number: int, patience: float):
        self.socket = accepted
        self.upstream = upstream
        #: Counted from 0 in the order in which they were accepted.
        self.number = number
        self.requests: list[Request] = []
        self.reader = Reader(self._receive)
        self.socket.settimeout(patience)
        if accepted.family != socket.AF_UNIX:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        #: When the other end closed, by the monotonic clock.
        self.ended_at: float | None = None

    def _receive(self) -> bytes:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.ended_at = time.monotonic()
        return data

    def read_head(self) -> Request | None:
        """The next request's head, which is recorded; None when the connection ended instead."""
        raw = self.reader.head()
        if raw is None:
            return None
        head = Head.parse(raw)
        request = Request(head.raw, head.start_line, head.fields)
        self.requests.append(request)
        self.upstream.record(request)
        return request

    def read_body(self, request: Request) -> None:
        before = len(self.reader.received) - len(self.reader.buffer)
        codings, length = request.all("transfer-encoding"), request.get("content-length")
        assert not (codings and length), f"an ambiguous request went to the upstream: {request.raw!r}"
        if codings:
            assert codings == ["chunked"], codings
            request.body, request.trailers = self.reader.chunked()
        elif length:
            request.body = self.reader.exactly(int(length))
        request.raw_body = self.reader.received[before : len(self.reader.received) - len(self.reader.buffer)]

    def read_request(self) -> Request | None:
        """The next request, whole; None when the connection ended instead."""
        request = self.read_head()
        if request is not None:
            self.read_body(request)
        return request

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def answer(self, body: bytes = b"ok", status: str = "200 OK", headers: list[tuple[str, str]] | None = None) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{n}: {v}" for n, v in headers or []), f"Content-Length: {len(body)}"]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def await_close(self, within: float = 5.0) -> float:
        """Waits until the other end has closed, and returns when that was."""
        self.socket.settimeout(within)
        try:
            while self._receive():
                pass
        except TimeoutError:
            raise AssertionError(f"the upstream's connection was not closed within {within} s") from None
        return self.ended_at

    def close(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Upstream:
    """Accepts connections and runs a script for each, on a thread of its own.

    The script gets a `Connection`; when it returns, the connection is closed. What goes wrong in a
    script fails the test at its end.
    """

    def __init__(
        self, script, *, path: str | None = None, host: str = "127.0.0.1", port: int = 0, patience: float = 20.0
    ):
        self._script = script
        self._patience = patience
        self._changed = threading.Condition()
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self._failures: list[BaseException] = []
        self._is_stopped = False
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.url = f"unix:{path}"
        else:
            self.listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((host, port))
            bracketed = f"[{host}]" if ":" in host else host
            self.authority = f"{bracketed}:{self.listener.getsockname()[1]}"
            self.url = f"http://{self.authority}"
        self.listener.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            with self._changed:
                connection = Connection(accepted, self, len(self.connections), self._patience)
                self.connections.append(connection)
                self._changed.notify_all()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            self._script(connection)
        except (ConnectionError, Incomplete):
            # The proxy went away in the middle: the test says whether it should have.
            pass
        except OSError as error:
            if not self._is_stopped:
                self._failures.append(error)
        except BaseException as error:
            self._failures.append(error)
        finally:
            connection.close()

    def record(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def await_requests(self, count: int = 1, within: float = 5.0) -> list[Request]:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, within):
                raise AssertionError(f"{len(self.requests)} of {count} requests reached the upstream within {within} s")
            return list(self.requests)

    def await_connections(self, count: int = 1, within: float = 5.0) -> list[Connection]:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.connections) >= count, within):
                raise AssertionError(f"{len(self.connections)} of {count} connections came within {within} s")
            return list(self.connections)

    @property
    def request(self) -> Request:
        """The only request that came."""
        assert len(self.requests) == 1, f"{len(self.requests)} requests reached the upstream"
        return self.requests[0]

    def stop_listening(self) -> None:
        """Refuses connections from now on; those that are open go on."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def close(self) -> None:
        self._is_stopped = True
        self.stop_listening()
        for connection in list(self.connections):
            connection.close()
        if self._failures:
            raise self._failures[0]


def echo(connection: Connection) -> None:
    """Answers every request with its body."""
    while (request := connection.read_request()) is not None:
        connection.answer(request.body)


def always(body: bytes = b"ok", status: str = "200 OK", headers: list[tuple[str, str]] | None = None):
    """Answers every request the same."""

    def script(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.answer(body, status, headers)

    return script


def raw(data: bytes | str):
    """Answers every request with these bytes."""

    def script(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.send(data)

    return script


def raw_then_close(data: bytes | str):
    """Answers one request with these bytes, and closes."""

    def script(connection: Connection) -> None:
        if connection.read_request() is not None:
            connection.send(data)

    return script


def unused_address(host: str = "127.0.0.1"):
    """A bound socket that does not listen: connections to its address are refused, and nobody else gets it."""
    bound = socket.socket()
    bound.bind((host, 0))
    return bound, f"http://{host}:{bound.getsockname()[1]}"
