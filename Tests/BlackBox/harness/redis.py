"""A real Redis, which tests start, kill and stop as they need."""

import signal
import socket
from pathlib import Path

from .process import Process


class RedisError(Exception):
    """What Redis answers when it does not do what it was asked."""


class Redis:
    """A redis-server on a port of its own, which nobody else gets while it is down."""

    def __init__(self, folder: Path, *, password: str | None = None, starts: bool = True):
        self.folder = folder
        self.password = password
        self.process: Process | None = None
        # It is bound and does not listen: so Redis may listen there (SO_REUSEADDR), and connections are
        # refused while it does not.
        self._reservation = socket.socket()
        self._reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reservation.bind(("127.0.0.1", 0))
        self.port = self._reservation.getsockname()[1]
        if starts:
            self.start()

    @property
    def url(self) -> str:
        credentials = f":{self.password}@" if self.password else ""
        return f"redis://{credentials}127.0.0.1:{self.port}/0"

    # --- Its life

    def start(self) -> None:
        """Starts it, empty, and waits until it takes connections."""
        assert self.process is None or not self.process.is_running, "it is running"
        password = ["--requirepass", self.password] if self.password else []
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        self.process = Process([*command, "--save", "", "--appendonly", "no", *password], folder=self.folder)
        self.process.await_line(
            lambda stdout, _: any("Ready to accept connections" in line for line in stdout), "Redis is ready"
        )

    def kill(self) -> None:
        """Ends it without a chance to do anything; what it held is lost."""
        self.process.kill()

    def pause(self) -> None:
        """It takes connections (the kernel does) and says nothing."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.signal(signal.SIGCONT)

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
        self._reservation.close()

    # --- What it holds

    def command(self, *words: str | bytes):
        """Asks it on a connection of its own. Texts come back as bytes."""
        return self.commands([words])[0]

    def commands(self, commands: list[tuple]) -> list:
        """Asks several things at once."""
        if self.password:
            commands = [("AUTH", self.password), *commands]
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"".join(_encoded(words) for words in commands))
            with connection.makefile("rb") as file:
                replies = [_reply(file) for _ in commands]
        return replies[1:] if self.password else replies

    def keys(self, pattern: str = "*") -> list[bytes]:
        """All keys, found with SCAN."""
        keys, cursor = set(), b"0"
        while True:
            cursor, found = self.command("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
            keys.update(found)
            if cursor == b"0":
                return sorted(keys)

    def lifetimes(self, pattern: str = "*") -> dict[bytes, int]:
        """How long each key has to live, in ms; -1 for one that lives for ever. Those that went meanwhile are left out."""
        keys = self.keys(pattern)
        lifetimes = dict(zip(keys, self.commands([("PTTL", key) for key in keys])))
        return {key: lifetime for key, lifetime in lifetimes.items() if lifetime != -2}


def _encoded(words: tuple) -> bytes:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def _reply(file):
    line = file.readline()
    assert line.endswith(b"\r\n"), f"Redis ended the connection after {line!r}"
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else file.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return None if rest == b"-1" else [_reply(file) for _ in range(int(rest))]
    assert kind == b"+", line
    return rest
