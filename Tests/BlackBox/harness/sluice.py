"""A running proxy."""

import json
import signal
from pathlib import Path

from .client import Client
from .metrics import Metrics
from .process import Process
from .program import program as default_program


class Sluice:
    """Starts `sluice run` with a configuration in a folder of its own, and waits until it listens."""

    def __init__(
        self,
        configuration: dict | str,
        folder: Path,
        *,
        program: Path | None = None,
        environment: dict[str, str] | None = None,
        wrapper: list[str] | None = None,
    ):
        self.folder = folder
        self.file = folder / "plugins.json"
        self.write(configuration)
        self.process = Process(
            [
                *(wrapper or []),
                str(program or default_program()),
                "run",
                "--config",
                str(self.file),
                "--log-format",
                "json",
            ],
            environment=environment,
            folder=folder,
        )
        self._has_stopped = self._is_terminated = False
        # It is logged last, when connections are taken.
        self.address = self.await_event("listening")["address"]
        admin = self.events("admin listening")
        self.admin_address = admin[0]["address"] if admin else None

    # --- Where it is

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def addresses(self) -> list[str]:
        return [event["address"] for event in self.events("listening")]

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def connect(self, **options) -> Client:
        return Client(self.address, **options)

    # --- What it says

    def events(self, name: str | None = None) -> list[dict]:
        """The log so far. A line that is not JSON is a finding, not something to be passed over."""
        events = [json.loads(line) for line in list(self.process.stderr_lines)]
        return [event for event in events if name is None or event["event"] == name]

    def await_event(self, name: str, count: int = 1, within: float = 15.0, **fields: str) -> dict:
        """The log's event of that name and with these fields, once there are that many."""

        def find(_, lines):
            found = [
                event
                for event in map(_json_or_none, lines)
                if event and event.get("event") == name and fields.items() <= event.items()
            ]
            return found[count - 1] if len(found) >= count else None

        return self.process.await_line(find, f"the event {name!r} {fields or ''}", within)

    def admin(self, path: str, method: str = "GET", headers: list[tuple[str, str]] = []):
        assert self.admin_address, "this configuration has no admin listener"
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
        with Client(self.admin_address) as client:
            client.send(f"{method} {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n{fields}\r\n")
            return client.response(method)

    def metrics(self) -> Metrics:
        response = self.admin("/metrics")
        assert response.status == 200
        return Metrics(response.body.decode())

    def records(self, file: str = "activity.jsonl") -> list[dict]:
        """The activity log so far: whole lines only."""
        path = self.folder / file
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    # --- What it is told

    def write(self, configuration: dict | str) -> None:
        """Puts another file in the place of plugins.json; it is read at the next reload."""
        text = configuration if isinstance(configuration, str) else json.dumps(configuration, indent=2)
        self.file.write_text(text)

    def reload(self, configuration: dict | str) -> None:
        """Changes the file, asks for a reload, and waits until it is in force."""
        count = len(self.events("configuration reloaded"))
        self.write(configuration)
        self.process.signal(signal.SIGHUP)
        self.await_event("configuration reloaded", count + 1)

    def terminate(self, number: int = signal.SIGTERM) -> None:
        """Asks it to end."""
        self._is_terminated = True
        self.process.signal(number)

    def stop(self, within: float = 10.0) -> int:
        """Waits for its end, after asking for it if nobody has, and returns its exit code."""
        self._has_stopped = True
        # A second signal would break off what is in flight.
        if self.process.is_running and not self._is_terminated:
            self.terminate()
        return self.process.wait(within)

    def kill(self) -> None:
        """Ends it without a chance to do anything."""
        self._has_stopped = True
        self.process.kill()

    def close(self) -> None:
        """Ends it at the end of a test, which must go well too: exit code 0 and a readable log."""
        if self._has_stopped:
            return self.process.kill()
        try:
            code = self.stop()
            assert code == 0, f"exit code {code}\n{self.process.output}"
            self.events()
        finally:
            self.process.kill()


def _json_or_none(line: str):
    try:
        return json.loads(line)
    except ValueError:
        return None
