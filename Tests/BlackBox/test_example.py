"""The example package: a plugin of one's own, in a package that depends on this one."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from harness.configuration import proxy_to
from harness.upstream import always
from harness.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "path-blocker"
BUILD = ROOT / ".build-example"


@pytest.fixture(scope="module")
def program():
    """Built and unit-tested by its own package, with the toolchain that builds Sluice."""
    swift = ["--package-path", str(EXAMPLE), "--scratch-path", str(BUILD)]
    environment = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
    subprocess.run(["swift", "test", *swift], check=True, env=environment, timeout=500)
    subprocess.run(["swift", "build", "--product", "path-blocker", *swift], check=True, env=environment, timeout=500)
    return BUILD / "debug" / "path-blocker"


def test_the_plugin_has_at_most_thirty_lines():
    lines = (EXAMPLE / "Sources" / "PathBlocker" / "PathBlocker.swift").read_text().splitlines()
    assert len(lines) <= 30


@pytest.mark.timeout(600)
def test_a_plugin_of_ones_own_is_configured_refuses_and_is_seen(program, start_upstream, start_sluice):
    upstream = start_upstream(always())
    configuration = proxy_to(
        upstream.url,
        plugins=[
            {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "10ms"}},
            {"plugin": "path-blocker", "config": {"paths": ["/admin"]}},
        ],
    )
    proxy = start_sluice(configuration, program=program)
    with proxy.connect() as client:
        refused = client.ask(target="/admin")
        assert refused.status == 403
        assert json.loads(refused.body)["error"]["code"] == "blocked_path"
        assert client.ask(target="/other").status == 200
    assert [request.target for request in upstream.requests] == ["/other"]
    assert (
        proxy.metrics().value(
            "sluice_plugin_decisions_total", plugin="path-blocker", decision="refuse", reason="blocked_path"
        )
        == 1
    )
    records = eventually(lambda: len(proxy.records()) == 2 and proxy.records(), "both are recorded")
    refusals = [record for record in records if record["status"] == 403]
    assert refusals[0]["decisions"] == [{"plugin": "path-blocker", "decision": "refuse", "reason": "blocked_path"}]
