"""HTTP/1.1 messages as bytes: enough to read what was sent, strictly, and to keep it as it was."""

from dataclasses import dataclass, field


class MalformedMessage(AssertionError):
    """What was received is not HTTP/1.1."""


@dataclass
class Head:
    """A start line and its fields, in the order, spelling and number in which they came."""

    raw: bytes
    start_line: str
    fields: list[tuple[str, str]]

    @staticmethod
    def parse(raw: bytes) -> "Head":
        assert raw.endswith(b"\r\n\r\n"), raw
        lines = raw[:-4].decode("latin-1").split("\r\n")
        if any("\n" in line or "\r" in line for line in lines):
            raise MalformedMessage(f"a bare CR or LF in a head: {raw!r}")
        return Head(raw, lines[0], [_field(line) for line in lines[1:]])

    def all(self, name: str) -> list[str]:
        return [value for found, value in self.fields if found.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """The value of a field that occurs at most once."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} occurs {len(values)} times: {values}"
        return values[0] if values else None

    def has(self, name: str) -> bool:
        return bool(self.all(name))


@dataclass
class Request(Head):
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    #: The body as it was framed.
    raw_body: bytes = b""

    @property
    def method(self) -> str:
        return self.start_line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start_line.split(" ")[1]


@dataclass
class Response(Head):
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    #: The informational answers that came before it.
    informational: list[Head] = field(default_factory=list)
    #: Whether its framing says that it is whole.
    is_complete: bool = True
    #: What became of the connection while it was read: None, "closed" or "reset".
    ended_by: str | None = None

    @property
    def status(self) -> int:
        return status_of(self)


def status_of(head: Head) -> int:
    parts = head.start_line.split(" ", 2)
    if len(parts) < 2 or parts[0] not in ("HTTP/1.1", "HTTP/1.0") or len(parts[1]) != 3:
        raise MalformedMessage(f"not a status line: {head.start_line!r}")
    return int(parts[1])


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise MalformedMessage(f"not a field: {line!r}")
    return name, value.strip(" \t")


class Incomplete(Exception):
    """The stream ended before the message did."""

    def __init__(self, body: bytes = b""):
        super().__init__("the stream ended before the message did")
        self.body = body


class Reader:
    """Reads messages from a byte source.

    `receive` returns some bytes, or none at the stream's end.
    """

    def __init__(self, receive):
        self._receive = receive
        self.buffer = b""
        #: All that was ever received.
        self.received = b""
        self.keeps_received = True

    def fill(self) -> bool:
        data = self._receive()
        if self.keeps_received:
            self.received += data
        self.buffer += data
        return bool(data)

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self.fill():
                raise Incomplete(self.take_all())
        return self._take(count)

    def until(self, mark: bytes) -> bytes:
        """Everything up to and with the mark."""
        while mark not in self.buffer:
            if not self.fill():
                raise Incomplete(self.take_all())
        return self._take(self.buffer.index(mark) + len(mark))

    def rest(self) -> bytes:
        while self.fill():
            pass
        return self.take_all()

    def take_all(self) -> bytes:
        return self._take(len(self.buffer))

    def _take(self, count: int) -> bytes:
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def head(self) -> bytes | None:
        """The next head; None when the stream ends before its first byte."""
        if not self.buffer and not self.fill():
            return None
        return self.until(b"\r\n\r\n")

    def chunk(self) -> bytes:
        """One chunk's data; empty for the last, whose trailers are still to be read."""
        line = self.until(b"\r\n")
        digits = line[:-2].split(b";")[0]
        if not digits or any(byte not in b"0123456789abcdefABCDEF" for byte in digits):
            raise MalformedMessage(f"not a chunk's size: {line!r}")
        size = int(digits, 16)
        if size == 0:
            return b""
        data = self.exactly(size)
        if self.exactly(2) != b"\r\n":
            raise MalformedMessage("no CRLF behind a chunk")
        return data

    def trailers(self) -> list[tuple[str, str]]:
        fields = []
        while (line := self.until(b"\r\n")) != b"\r\n":
            fields.append(_field(line[:-2].decode("latin-1")))
        return fields

    def chunked(self) -> tuple[bytes, list[tuple[str, str]]]:
        parts = []
        try:
            while data := self.chunk():
                parts.append(data)
            return b"".join(parts), self.trailers()
        except Incomplete as incomplete:
            raise Incomplete(b"".join(parts) + incomplete.body) from None
