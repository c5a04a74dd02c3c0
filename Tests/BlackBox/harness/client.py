"""A client that says exactly what a test tells it to."""

import socket
import struct
import time

from .message import Head, Incomplete, MalformedMessage, Reader, Response, status_of


class Client:
    """A connection. Everything on it has to happen within `patience` seconds at a time."""

    def __init__(self, address: str, *, patience: float = 10.0, receive_buffer: int | None = None):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(patience)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            host, _, port = address.rpartition(":")
            host = host.strip("[]")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self.socket = socket.socket(family)
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.settimeout(patience)
            self.socket.connect((host, int(port)))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self._receive)
        self.was_reset = False

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The address that the other end sees: HOST:PORT."""
        host, port = self.socket.getsockname()[:2]
        return f"{host}:{port}"

    # --- Out

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def request(
        self,
        method: str = "GET",
        target: str = "/",
        *,
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
        version: str = "HTTP/1.1",
    ) -> None:
        """Sends a request with a Host field and, if there is a body, its length."""
        lines = [f"{method} {target} {version}", "Host: test", *(f"{n}: {v}" for n, v in headers or [])]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def last_chunk(self, trailers: bytes = b"") -> None:
        self.send(b"0\r\n" + trailers + b"\r\n")

    def shut_down(self) -> None:
        """Says that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    # --- In

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            self.was_reset = True
            return b""

    def ask(self, method: str = "GET", target: str = "/", **options) -> Response:
        self.request(method, target, **options)
        return self.response(method)

    def head(self) -> Head:
        raw = self.reader.head()
        assert raw is not None, "the connection ended before an answer" + (" (reset)" if self.was_reset else "")
        return Head.parse(raw)

    def response(self, method: str = "GET") -> Response:
        """Reads the next final answer with its body, as its framing says."""
        informational = []
        head = self.head()
        while 100 <= status_of(head) < 200:
            informational.append(head)
            head = self.head()
        response = Response(head.raw, head.start_line, head.fields, informational=informational)
        try:
            self._read_body(response, method)
        except Incomplete as incomplete:
            response.body, response.is_complete = incomplete.body, False
        if not response.is_complete or response.ended_by:
            response.ended_by = "reset" if self.was_reset else "closed"
        return response

    def _read_body(self, response: Response, method: str) -> None:
        codings = response.all("transfer-encoding")
        length = response.get("content-length")
        if codings and length is not None:
            raise MalformedMessage("both Transfer-Encoding and Content-Length in an answer")
        if method == "HEAD" or response.status in (204, 304):
            return
        if codings:
            if codings != ["chunked"]:
                raise MalformedMessage(f"Transfer-Encoding: {codings}")
            response.body, response.trailers = self.reader.chunked()
        elif length is not None:
            response.body = self.reader.exactly(int(length))
        else:
            response.ended_by = "closed"
            response.body = self.reader.rest()
            # A close is the proper end, a reset is not.
            response.is_complete = not self.was_reset

    def await_close(self, within: float = 5.0) -> float:
        """Waits until the other end has closed, and returns how long that took. Bytes are a failure."""
        started = time.monotonic()
        before = self.socket.gettimeout()
        self.socket.settimeout(within)
        try:
            data = self.reader.take_all() or self._receive()
        except TimeoutError:
            raise AssertionError(f"the connection was not closed within {within} s") from None
        finally:
            self.socket.settimeout(before)
        assert not data, f"bytes came instead of the connection's end: {data[:500]!r}"
        return time.monotonic() - started

    def is_silent(self, during: float) -> bool:
        """Whether nothing comes, not even the end, for some time."""
        if self.reader.buffer:
            return False
        before = self.socket.gettimeout()
        self.socket.settimeout(during)
        try:
            self.reader.fill()
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)

    # --- The end

    def reset(self) -> None:
        """Ends the connection without courtesy."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.socket.close()
