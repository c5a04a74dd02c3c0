"""A collector of spans: takes OTLP/HTTP in JSON as the protocol's own message types do, and nothing else."""

import base64
import copy
import json
import re
import threading
import time

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from .upstream import Connection, Upstream

_IDENTIFIERS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
#: Numbers of 64 bits, which JSON in Protobuf's mapping has as strings.
_LONG = {"startTimeUnixNano", "endTimeUnixNano", "intValue"}


def parse(body: bytes) -> ExportTraceServiceRequest:
    """Reads a request by the rules of OTLP in JSON, which differ from Protobuf's mapping: identifiers are
    hexadecimal, enumerations are numbers."""

    def converted(value, key=None):
        if isinstance(value, list):
            return [converted(one, key) for one in value]
        if isinstance(value, dict):
            return {name: converted(one, name) for name, one in value.items()}
        if key in _IDENTIFIERS:
            assert re.fullmatch(rf"[0-9a-f]{{{_IDENTIFIERS[key]}}}", value), f"{key}: {value!r}"
            return base64.b64encode(bytes.fromhex(value)).decode()
        if key in _LONG:
            assert isinstance(value, str), f"{key}: {value!r}"
        if key in ("kind", "code"):
            assert isinstance(value, int), f"{key}: {value!r}"
        return value

    return ParseDict(converted(json.loads(body)), ExportTraceServiceRequest(), ignore_unknown_fields=False)


def attributes(owner) -> dict:
    """Of a span or a resource, by name. None stands twice."""
    found = {}
    for one in owner.attributes:
        assert one.key not in found, f"{one.key} stands twice"
        kind = one.value.WhichOneof("value")
        assert kind, f"{one.key} has no value"
        value = getattr(one.value, kind)
        found[one.key] = [each.string_value for each in value.values] if kind == "array_value" else value
    return found


class Collector:
    """Answers with 200 unless it is told otherwise; can be stopped, and started again where it was."""

    def __init__(self, port: int = 0):
        self._lock = threading.Lock()
        self._answers: list[tuple[str, bytes, list[tuple[str, str]]]] = []
        self._silence = threading.Event()
        #: In the order in which they came, those that were not accepted among them.
        self.requests: list[ExportTraceServiceRequest] = []
        self.heads = []
        self.arrivals: list[float] = []
        self._spans: list[Span] = []
        self._upstream = Upstream(self._serve, port=port)
        self.port = self._upstream.listener.getsockname()[1]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def _serve(self, connection: Connection) -> None:
        while (request := connection.read_request()) is not None:
            assert request.start_line == "POST /v1/traces HTTP/1.1", request.start_line
            assert request.get("content-type") == "application/json"
            message = parse(request.body)
            if self._silence.is_set():
                # For ever, as far as the proxy can tell.
                connection.await_close(within=30)
                return
            with self._lock:
                self.requests.append(message)
                self.heads.append(request)
                self.arrivals.append(time.monotonic())
                status, body, headers = self._answers.pop(0) if self._answers else ("200 OK", b"{}", [])
                if status.startswith("2"):
                    self._spans += [
                        span for one in message.resource_spans for scope in one.scope_spans for span in scope.spans
                    ]
            connection.answer(body, status, [("Content-Type", "application/json"), *headers])

    # --- What it says

    def answer(self, status: str, body: bytes = b"", headers: list[tuple[str, str]] = []) -> None:
        """The next request gets this answer, and those after it the next ones."""
        with self._lock:
            self._answers.append((status, body, headers))

    def be_silent(self) -> None:
        """Takes requests from now on and answers none."""
        self._silence.set()

    # --- What came

    @property
    def spans(self) -> list[Span]:
        """Those of requests that were accepted."""
        with self._lock:
            return copy.copy(self._spans)

    def await_spans(self, count: int, within: float = 10.0) -> list[Span]:
        deadline = time.monotonic() + within
        while len(self.spans) < count:
            assert time.monotonic() < deadline, f"{len(self.spans)} of {count} spans came within {within} s"
            time.sleep(0.005)
        return self.spans

    @property
    def connections(self) -> int:
        """How many it has accepted since it was started."""
        return len(self._upstream.connections)

    # --- Its life

    def stop(self) -> None:
        self._upstream.close()

    def start(self) -> None:
        """Once more, at the same port."""
        self._silence.clear()
        self._upstream = Upstream(self._serve, port=self.port)

    close = stop
