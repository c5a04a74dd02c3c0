"""/metrics of a proxy in which every plugin runs: what is there, that it is well formed, and that it stays small."""

import json
import shutil
import subprocess
from collections import Counter

import pytest
from harness.configuration import proxy_to
from harness.lint import problems
from harness.procfs import resident_bytes
from harness.program import REPOSITORY, run
from harness.waiting import eventually

PRICES = {"providers": {"here": {"models": {"small": {"input": 1, "output": 10}, "gpt-*": {"input": 2, "output": 8}}}}}
MIB = 1 << 20

#: The names and labels that operators rely on; those of histograms without `le`.
CONTRACT = {
    "requests_total": ("counter", {"route", "upstream", "status"}),
    "request_duration_seconds": ("histogram", {"route"}),
    "upstream_duration_seconds": ("histogram", {"upstream"}),
    "time_to_first_byte_seconds": ("histogram", {"route"}),
    "connections": ("gauge", set()),
    "requests_in_flight": ("gauge", set()),
    "configurations": ("gauge", set()),
    "plugin_duration_seconds": ("histogram", {"plugin"}),
    "plugin_decisions_total": ("counter", {"plugin", "decision", "reason"}),
    "limiter_keys": ("gauge", {"plugin"}),
    "velocity_active": ("gauge", {"plugin"}),
    "velocity_activations_total": ("counter", {"plugin"}),
    "tokens_total": ("counter", {"upstream", "model", "kind"}),
    "cost_usd_total": ("counter", {"upstream", "model"}),
    "state_errors_total": ("counter", set()),
    "state_fallback_active": ("gauge", set()),
    "activity_dropped_total": ("counter", {"plugin", "reason"}),
    "config_reloads_total": ("counter", {"result"}),
    "build_info": ("gauge", {"version"}),
}


def every_plugin(prices) -> list[dict]:
    """All that are registered, in an order of which `check` has nothing to say."""
    keys = {"maxKeys": 1000}
    return [
        {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
        {"plugin": "request-id"},
        {"plugin": "tracing", "config": {"endpoint": "http://127.0.0.1:9/v1/traces"}},
        {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}},
        {"plugin": "api-keys", "config": {"anonymous": True, "anonymousTier": "free"}},
        {"plugin": "request-guard", "config": {"body": "1MiB"}},
        {"plugin": "velocity-guard", "config": {"minimumRequests": 1_000_000}},
        {"plugin": "ip-limiter", "config": {"limit": "1000/d", **keys}},
        {"plugin": "fingerprint-limiter", "config": {"limit": "1000000/m", **keys}},
        {"plugin": "cost-meter", "config": {"prices": str(prices), **keys}},
        {"plugin": "rate-limiter", "config": {"key": ["header:x-team", "model"], "limit": "100/d", **keys}},
        {"plugin": "budget", "config": {"limit": "50000.00", "per": "day", "key": "model", **keys}},
        {"plugin": "concurrency-limiter", "config": {"limit": 100, "key": "address"}},
        {"plugin": "headers", "config": {"response": {"set": {"x-mark": "a"}}}},
        {"plugin": "retry"},
        {"plugin": "sse-keepalive"},
    ]


def answer(connection):
    """Answers with the status that the path ends in, and with the model and tokens of its own choice."""
    number = 0
    while (request := connection.read_request()) is not None:
        number += 1
        status = request.target.rpartition("/")[2]
        body = json.dumps({"model": f"answered-{status}-{number}", "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
        connection.answer(body.encode(), f"{status} Status", [("Content-Type", "application/json")])


@pytest.fixture
def busy(serve, tmp_path):
    """A proxy with every plugin, which has had a request of each kind, and one reload."""
    (tmp_path / "prices.json").write_text(json.dumps(PRICES))
    plugins = every_plugin(tmp_path / "prices.json")
    assert {plugin["plugin"] for plugin in plugins} == {
        plugin["name"] for plugin in json.loads(run("plugins", "--json").stdout)
    }
    upstreams = {"route": {"path": "/known/*"}, "plugins": plugins}
    proxy, upstream = serve(answer, **upstreams)
    proxy.reload(proxy_to(upstream.url, **upstreams))
    with proxy.connect() as client:
        for model in ["small", "gpt-9", "unheard-of"]:
            assert ask(client, "/known/200", model=model) == 200
        # A refusal by each of two.
        assert [ask(client, "/known/200", team="one") for _ in range(101)][-1] == 429
        assert ask(client, "/known/200", body=b"x" * (2 * MIB)) == 413
    with proxy.connect() as client:
        assert ask(client, "/unknown/200") == 404
    eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 0, "all have ended")
    return proxy


def head(target, method="POST", address="192.0.2.1", team="none", name="x-other", length=0) -> bytes:
    return (
        f"{method} {target} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {address}\r\nX-Team: {team}\r\n{name}: {team}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def ask(client, target, model="small", body=None, **fields) -> int:
    body = json.dumps({"model": model}).encode() if body is None else body
    client.send(head(target, length=len(body), **fields) + body)
    return client.response("POST").status


def test_the_page_is_well_formed(busy):
    text = busy.metrics().text
    assert problems(text) == []
    # Where Prometheus is installed, its own tool says so too; what it looks for is in `problems`.
    if promtool := shutil.which("promtool"):
        result = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=15)
        assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize(
    "line",
    [
        "sluice_connections 1",
        "# TYPE sluice_a counter\nsluice_a 1",
        "# HELP sluice_a_total A.\n# TYPE sluice_a_total gauge\nsluice_a_total 1",
        "# HELP sluice_a_ms A.\n# TYPE sluice_a_ms gauge\nsluice_a_ms 1",
        '# HELP sluice_a A.\n# TYPE sluice_a gauge\nsluice_a{b="1"} 1\nsluice_a{b="1"} 2',
        '# HELP sluice_a A.\n# TYPE sluice_a histogram\nsluice_a_bucket{le="1"} 2\nsluice_a_bucket{le="+Inf"} 1\n'
        "sluice_a_sum 1\nsluice_a_count 1",
    ],
)
def test_a_page_that_is_not_well_formed_is_found_out(line):
    assert problems(line + "\n")


def test_every_name_of_the_contract_is_there_with_its_labels(busy):
    families = busy.metrics().families
    for name, (kind, labels) in CONTRACT.items():
        family = families[f"sluice_{name}".removesuffix("_total")]
        assert family.type == kind, name
        assert family.samples, name
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == labels, (name, sample.labels)
    assert {name for name in families if not name.startswith("sluice_")} == set()


def test_every_metric_is_documented(busy):
    text = (REPOSITORY / "docs/monitoring.md").read_text() + "".join(
        page.read_text() for page in (REPOSITORY / "docs/plugins").glob("*.md")
    )
    for family in busy.metrics().families.values():
        name = family.name.removeprefix("sluice_") + ("_total" if family.type == "counter" else "")
        assert name in text, name


def test_a_flood_of_names_makes_no_series_and_takes_no_memory(busy):
    """10,000 of everything that clients choose, each once, and every status that an upstream can."""
    count = 10_000

    def series():
        return Counter(
            (sample.name, *sorted((label, value) for label, value in sample.labels.items() if label != "status"))
            for family in busy.metrics().families.values()
            for sample in family.samples
        )

    def total():
        return sum(series().values())

    def flood(start, count):
        with busy.connect() as client:
            for first in range(start, start + count, 50):
                out = []
                for number in range(first, first + 50):
                    body = json.dumps({"model": f"model-{number}"}).encode()
                    address = f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}"
                    target = f"/{'known' if number % 2 else f'unknown-{number}'}/{number}/200"
                    out.append(
                        head(target, f"METHOD{number}", address, f"team-{number}", f"x-{number}", len(body)) + body
                    )
                client.send(b"".join(out))
                for number in range(first, first + 50):
                    assert client.response("POST").status == (200 if number % 2 else 404)

    flood(1_000_000, 2000)
    before, memory = series(), resident_bytes(busy.pid)
    flood(0, count)
    eventually(lambda: busy.metrics().value("sluice_requests_in_flight") == 0, "all have ended")
    assert series() == before
    assert resident_bytes(busy.pid) - memory < 8 * MIB
    keys = busy.metrics()
    for labels in keys.labels("sluice_limiter_keys"):
        assert keys.value("sluice_limiter_keys", **labels) <= 1000, labels

    # What an upstream chooses: a status is from 200 to 599, and two counters have it as a label.
    size = total()
    with busy.connect() as client:
        for status in range(200, 600):
            if status not in (204, 205, 304):
                assert ask(client, f"/known/{status}", team=f"team-{status}") == status
    assert series().keys() - before.keys() == set()
    assert total() <= size + 400 + 100
    # Models are those of the table, by the name or pattern that stands there, and one for all others.
    models = {labels["model"] for labels in busy.metrics().labels("sluice_cost_usd_total")}
    assert models == {"small", "gpt-*", "unpriced"}
    assert total() < 1200
    assert problems(busy.metrics().text) == []
