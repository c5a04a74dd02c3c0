"""A proxy that traces, and what it says of its spans."""

import json
import re

from .configuration import proxy_to
from .waiting import eventually

#: The example of the recommendation, sampled.
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRUSTED = {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}}
#: The request's own and one attempt's.
SPANS_OF_ONE = 2

_FIELD = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])")


def tracing(endpoint: str, **settings) -> dict:
    """No plugin is slow unless a test says what is: on a busy machine each may be."""
    usual = {"endpoint": endpoint, "sample": 1, "interval": "50ms", "slowPlugin": "1h"}
    return {"plugin": "tracing", "config": usual | settings}


def traced(upstream: str, endpoint: str, *others: dict, trusts: bool = True, settings: dict = {}, **overrides) -> dict:
    """A configuration with one worker that traces every request; `others` are plugins behind."""
    head = [TRUSTED] if trusts else []
    plugins = [*head, {"plugin": "request-id"}, tracing(endpoint, **settings), *others]
    return proxy_to(upstream, workers=1, plugins=plugins, **overrides)


def state_of(proxy) -> dict:
    """What /plugins says of the plugin."""
    plugins = json.loads(proxy.admin("/plugins").body)["plugins"]
    return next(plugin for plugin in plugins if plugin["plugin"] == "tracing")["state"]


def account(proxy, spans: int) -> dict:
    """What has become of so many spans, once the last requests have ended. None may be missing, and the metrics have
    to tell the same."""
    return eventually(lambda: _account(proxy, spans), "each span is accounted for")


def _account(proxy, spans: int) -> dict:
    state = state_of(proxy)
    dropped = state["dropped"]
    assert state["exported"] + sum(dropped.values()) + state["queued"] == spans, state
    metrics = proxy.metrics()
    assert metrics.value("sluice_tracing_spans_exported_total") == state["exported"]
    for reason, count in dropped.items():
        assert metrics.value("sluice_tracing_spans_dropped_total", reason=reason) == count
    assert metrics.value("sluice_tracing_spans_queued") == state["queued"]
    assert metrics.value("sluice_tracing_export_failures_total") == state["export_failures"]
    assert metrics.value("sluice_tracing_export_failing") == (state["failing_since"] is not None)
    return state


def of_kind(spans: list, kind) -> list:
    return [span for span in spans if span.kind == kind]


def parts(field: str) -> tuple[str, str, bool]:
    """The trace, the span and whether it is sampled, of a `traceparent`."""
    trace, span, flag = _FIELD.fullmatch(field).groups()
    return trace, span, flag == "1"
