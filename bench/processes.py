"""Processes of a benchmark: pinned to a core, awaited, measured, and ended whatever happens."""

import os
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """What went wrong, for the person at the terminal."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child in a session of its own, so that its end takes its own children along.

    It is ended when `stack` unwinds.
    """

    def __init__(self, stack, name, command, core, log, environment=None, stdout=None):
        self.name = name
        self.log = log

        def prepare():
            os.sched_setaffinity(0, {core})
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

        # An interrupt between the start and the entry in the stack would leave the child behind.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            with open(log, "ab") as errors:
                self.child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout or errors,
                    stderr=errors,
                    env={**os.environ, **(environment or {})},
                    start_new_session=True,
                    preexec_fn=prepare,
                )
            stack.callback(self.end)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def end(self):
        self._signal(signal.SIGTERM)
        try:
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        # What is left of the session, also when its first process already ended.
        self._signal(signal.SIGKILL)
        self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()

    def _signal(self, number):
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    def await_port(self, port, patience=15):
        """Returns once the port accepts connections."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise self.failure(f"ended with status {self.child.returncode} before it listened")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return
            except OSError:
                time.sleep(0.01)
        raise self.failure(f"did not listen on port {port} within {patience} s")

    def failure(self, what):
        with open(self.log, errors="replace") as log:
            tail = log.read()[-2000:].strip()
        return BenchmarkError(f"{self.name}: {what}\n{tail}")

    def cpu_seconds(self):
        """User and system time of the process and its children, from /proc."""
        ticks, todo = 0, [self.child.pid]
        while todo:
            pid = todo.pop()
            try:
                with open(f"/proc/{pid}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as file:
                        todo += [int(child) for child in file.read().split()]
            except FileNotFoundError:
                raise self.failure("ended while it was measured") from None
        return ticks / TICKS
