"""A named pipe and whoever reads it, or does not."""

import os
import threading
from pathlib import Path


class NamedPipe:
    """Its reader has it open from the start, and reads while it is not paused."""

    def __init__(self, path: Path):
        self.path = path
        os.mkfifo(path)
        # Not blocking, because opening would wait for a writer.
        self._descriptor: int | None = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._descriptor, True)
        self._reads = threading.Event()
        self._reads.set()
        self._received = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        """Once somebody has opened it to write: before, its end would seem to have come."""
        self._thread.start()

    def _read(self) -> None:
        while True:
            self._reads.wait()
            data = os.read(self._descriptor, 1 << 16)
            if not data:
                return
            self._received += data

    def pause(self) -> None:
        self._reads.clear()

    def resume(self) -> None:
        self._reads.set()

    @property
    def lines(self) -> list[bytes]:
        """What has been read; the last may be the beginning of a line."""
        return bytes(self._received).splitlines(keepends=True)

    def await_end(self, within: float = 10.0) -> list[bytes]:
        """All lines, once nobody has it open to write any more."""
        self.resume()
        self._thread.join(within)
        assert not self._thread.is_alive(), "somebody has it open still"
        return self.lines

    def close(self) -> None:
        self.resume()
        if self._descriptor is not None and not self._thread.is_alive():
            os.close(self._descriptor)
            self._descriptor = None
