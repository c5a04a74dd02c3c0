"""Load, and what became of each request of it. The client is flood.c: Python would be what is measured."""

import json
import struct
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path

from .process import Process

_RECORD = struct.Struct("=qIHH")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Times are those of time.monotonic()."""

    sent: float
    answered: float
    #: 0 when the connection ended first.
    status: int
    connection: int

    @property
    def latency(self) -> float:
        return self.answered - self.sent


class Flood:
    """Load under way.

    Either for `seconds` or of so many `requests`, or until the first of both. `rate` is in requests a second,
    over all connections, which are dealt out to the proxies. In the target and the fields `{address}` is
    another of so many `addresses` with each request, and `{word}` the next of `words`. Each `steady_every`th
    request comes from 192.0.2.1 instead.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        *proxies,
        target: str = "/",
        headers: list[tuple[str, str]] | None = None,
        seconds: float | None = None,
        requests: int | None = None,
        connections: int = 8,
        depth: int = 1,
        rate: float | None = None,
        addresses: int = 1,
        steady_every: int | None = None,
        words: list[str] | None = None,
        keeps_records: bool = True,
    ):
        lines = [f"GET {target} HTTP/1.1", "Host: test", *(f"{name}: {value}" for name, value in headers or [])]
        (folder / "request").write_text("\r\n".join(lines) + "\r\n\r\n", newline="")
        command = [program, "-f", "request", "-c", connections, "-d", depth, "-a", addresses]
        if seconds is not None:
            command += ["-t", seconds]
        if requests is not None:
            command += ["-n", requests]
        if rate is not None:
            command += ["-r", rate]
        if steady_every is not None:
            command += ["-e", steady_every]
        if words is not None:
            (folder / "words").write_text("\n".join(words) + "\n")
            command += ["-w", "words"]
        self._records = folder / "records" if keeps_records else None
        if self._records:
            command += ["-o", "records"]
        ports = [proxy.address.rpartition(":")[2] for proxy in proxies]
        self.process = Process([str(word) for word in [*command, *ports]], folder=folder)

    def result(self, within: float = 30.0) -> "Result":
        """What became of it, once it has ended."""
        code = self.process.wait(within)
        assert code == 0, self.process.output
        said = json.loads(self.process.stdout_lines[-1])
        statuses = {int(status): count for status, count in said["statuses"].items()}
        asked = []
        if self._records:
            fields = _RECORD.iter_unpack(self._records.read_bytes())
            asked = [
                Asked(sent / 1e9, sent / 1e9 + micros / 1e6, status, number) for sent, micros, status, number in fields
            ]
        return Result(statuses, said["failed"], said["seconds"], asked)

    def kill(self) -> None:
        self.process.kill()


@dataclass(frozen=True)
class Result:
    #: How often each status came.
    statuses: dict[int, int]
    #: Requests whose connection ended before their answer.
    failed: int
    seconds: float
    asked: list[Asked]

    def count(self, status: int) -> int:
        return self.statuses.get(status, 0)

    @property
    def total(self) -> int:
        return sum(self.statuses.values()) + self.failed


def most_within(asked: list[Asked], seconds: float) -> int:
    """How many of these requests at least were decided within some interval of that length.

    A decision falls between the sending of its request and the end of its answer, so one counts for an
    interval that holds both.
    """
    sent = sorted(one.sent for one in asked)
    answered = sorted(one.answered for one in asked)
    # Those answered by the interval's end, without those sent before its beginning. One that took longer than
    # the interval is left out twice, which makes it less, not more.
    return max((bisect_right(answered, start + seconds) - bisect_left(sent, start) for start in sent), default=0)
