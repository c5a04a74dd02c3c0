"""A child process, its output line by line, and its end."""

import os
import signal
import subprocess
import threading
import time


class Process:
    """Starts a program in a session of its own and collects what it writes.

    Lines are awaited, so that nobody sleeps until something may have started.
    """

    def __init__(self, command: list[str], *, environment: dict[str, str] | None = None, folder=None):
        self.command = command
        self._changed = threading.Condition()
        self.stdout_lines: list[str] = []
        self.stderr_lines: list[str] = []
        self._open_streams = 2
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            start_new_session=True,
        )
        for stream, lines in [(self.child.stdout, self.stdout_lines), (self.child.stderr, self.stderr_lines)]:
            threading.Thread(target=self._collect, args=(stream, lines), daemon=True).start()

    def _collect(self, stream, lines):
        with stream:
            for line in stream:
                with self._changed:
                    lines.append(line.decode(errors="replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._open_streams -= 1
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        return self.child.pid

    def await_line(self, find, what: str, within: float = 15.0):
        """Waits until `find`, called with all lines so far of both streams, returns something true."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                if found := find(self.stdout_lines, self.stderr_lines):
                    return found
                if self._open_streams == 0:
                    raise AssertionError(f"{self.command[0]} ended without: {what}\n{self.output}")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"not within {within} s: {what}\n{self.output}")

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def wait(self, within: float = 10.0) -> int:
        """The exit code, once it has ended and everything it wrote is read."""
        try:
            code = self.child.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command[0]} did not end within {within} s\n{self.output}") from None
        with self._changed:
            assert self._changed.wait_for(lambda: self._open_streams == 0, 5), "its output stays open"
        return code

    def kill(self) -> None:
        """Ends it and what it started, whatever it is doing."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()

    @property
    def is_running(self) -> bool:
        return self.child.poll() is None

    @property
    def output(self) -> str:
        return "\n".join(["--- stdout", *self.stdout_lines[-50:], "--- stderr", *self.stderr_lines[-100:]])
