"""sluice replay: what it says of a configuration is what the configuration then does."""

import json
import random
import subprocess
from collections import Counter
from datetime import datetime, timezone

import pytest
from harness.configuration import proxy_to
from harness.program import program
from harness.waiting import eventually

CLIENTS = 500


def chain(*limits: dict) -> list[dict]:
    return [
        {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
        {"plugin": "request-id"},
        {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "queue": 1_000_000}},
        *limits,
    ]


def limit(plugin: str, limit: str, **more) -> dict:
    label = more.pop("label", plugin)
    return {"plugin": plugin, "label": label, "config": {"limit": limit} | more}


def replay(proxy, new: dict, *words: str, files=("activity.jsonl",), within: float = 60.0) -> dict:
    """What it says of the log of a proxy that has run with another configuration."""
    (proxy.folder / "new.json").write_text(json.dumps(new))
    done = run(proxy.folder, *files, "--config", "new.json", "--json", "--top", "all", *words, within=within)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return json.loads(done.stdout)


def run(folder, *words: str, within: float = 60.0, stdin=subprocess.DEVNULL):
    return subprocess.run(
        [program(), "replay", *words], cwd=folder, capture_output=True, text=True, timeout=within, stdin=stdin
    )


def clients_of_unequal_zeal(count: int) -> list[str]:
    """Addresses, one for each request, of which some come far more often than others."""
    generator = random.Random(3)
    addresses = [f"11.{number // 250}.7.{number % 250 + 1}" for number in range(CLIENTS)]
    weights = [1 / (place + 1) for place in range(CLIENTS)]
    return generator.choices(addresses, weights, k=count)


def send(flood, proxy, words: list[str]) -> None:
    load = flood(proxy, requests=len(words), words=words, headers=[("X-Forwarded-For", "{word}")], keeps_records=False)
    assert load.result(within=120).total == len(words)
    eventually(lambda: proxy.metrics().value("sluice_activity_records_total") == len(words), "all are recorded", 60)
    assert proxy.stop() == 0


def refusals(proxy, plugin: str) -> Counter:
    """Of each client, by the proxy's own log."""
    return Counter(
        record["client"]
        for record in proxy.records()
        for decision in record["decisions"]
        if decision["plugin"] == plugin and decision["decision"] == "refuse"
    )


@pytest.mark.timeout(300)
def test_what_is_said_of_a_limit_is_what_the_limit_then_does(start_sluice, quick_upstream, flood, pytestconfig):
    count = 100_000 if pytestconfig.getoption("--large") else 20_000
    # A day's limits, so that it does not matter how long the sending takes.
    now = datetime.now(timezone.utc)
    assert (now.hour, now.minute) < (23, 58), "a new day is about to begin"
    words = clients_of_unequal_zeal(count)
    now = proxy_to(quick_upstream, plugins=chain(limit("ip-limiter", "1000000/d")))
    most, fewer = count // 100, count // 200
    new = proxy_to(
        quick_upstream,
        plugins=chain(
            limit("ip-limiter", f"{most}/d"), limit("rate-limiter", f"{fewer}/d", key="address", label="strict")
        ),
    )
    proxy = start_sluice(now)
    send(flood, proxy, words)
    said = replay(proxy, new)
    assert said["requests"] == count and said["late"] == 0
    assert said["as_recorded"]["agreed"] == count
    assert said["would_pass"]["requests"] == said["otherwise"]["requests"] == 0

    proxy = start_sluice(new)
    send(flood, proxy, words)
    first, second = refusals(proxy, "ip-limiter"), refusals(proxy, "strict")
    sent = Counter(words)
    assert first and first == {client: times - most for client, times in sent.items() if times > most}
    assert second == {client: min(times, most) - fewer for client, times in sent.items() if times > fewer}
    assert {cause["plugin"]: cause["requests"] for cause in said["would_be_refused"]["by"]} == {
        "ip-limiter": first.total(),
        "strict": second.total(),
    }
    assert {row["name"]: row["would_be_refused"] for row in said["clients"]["rows"]} == first + second


@pytest.mark.timeout(300)
def test_the_log_of_a_configuration_agrees_with_it(start_sluice, quick_upstream, flood):
    """Short periods, so that it is the times in the log by which each request is decided."""
    configuration = proxy_to(
        quick_upstream,
        plugins=chain(
            limit("ip-limiter", "20/s"),
            limit("rate-limiter", "2000/s", key="everyone", label="all", algorithm="gcra", burst=50),
            {"plugin": "velocity-guard"},
        ),
    )
    proxy = start_sluice(configuration)
    words = clients_of_unequal_zeal(10_000)
    load = flood(
        proxy, requests=len(words), words=words, rate=2500, headers=[("X-Forwarded-For", "{word}")], keeps_records=False
    )
    statuses = load.result(within=120).statuses
    assert statuses[200] > 1000 and statuses[429] > 1000
    eventually(lambda: proxy.metrics().value("sluice_activity_records_total") == len(words), "all are recorded", 60)
    assert proxy.stop() == 0

    said = replay(proxy, configuration)
    for part in ["would_be_refused", "would_pass", "otherwise"]:
        assert said[part]["requests"] == 0
    # Of requests that came within the same microseconds the log does not tell which was first.
    assert said["as_recorded"]["requests"] == len(words)
    assert said["as_recorded"]["agreed"] > 0.99 * len(words), said["as_recorded"]


def test_nothing_is_written_asked_or_opened(start_sluice, serve):
    def script(connection):
        while connection.read_request() is not None:
            connection.answer()

    new_plugins = chain(limit("ip-limiter", "2/d"))
    proxy, upstream = serve(script, plugins=chain())
    with proxy.connect() as client:
        for _ in range(5):
            assert client.ask().status == 200
    eventually(lambda: len(proxy.records()) == 5, "all are recorded")
    new = json.loads(proxy.file.read_text()) | {
        "plugins": new_plugins + [{"plugin": "activity-logger", "label": "second", "config": {"file": "new.jsonl"}}],
        # There is none.
        "state": {"redis": "redis://127.0.0.1:1/0"},
    }
    before = (sorted(path.name for path in proxy.folder.iterdir()), (proxy.folder / "activity.jsonl").read_bytes())
    said = replay(proxy, new)
    assert said["would_be_refused"]["requests"] == 3
    (proxy.folder / "new.json").unlink()
    assert before == (
        sorted(path.name for path in proxy.folder.iterdir()),
        (proxy.folder / "activity.jsonl").read_bytes(),
    )
    assert len(upstream.requests) == 5


def test_a_list_of_requests_is_read_from_a_pipe(start_sluice, quick_upstream, tmp_path):
    (tmp_path / "plugins.json").write_text(json.dumps(proxy_to(quick_upstream)))
    (tmp_path / "new.json").write_text(
        json.dumps(
            proxy_to(
                quick_upstream,
                plugins=[limit("fingerprint-limiter", "3/m", distinctAddresses=2, label="scripts")],
            )
        )
    )
    requests = [
        {"method": "GET", "path": "/", "peer": f"203.0.113.{number}", "headers": {"user-agent": "one-script/1.0"}}
        for number in range(1, 11)
    ]
    (tmp_path / "list").write_text("".join(json.dumps(request) + "\n" for request in requests))
    with open(tmp_path / "list") as stdin:
        done = run(tmp_path, "-", "--config", "new.json", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    assert "of 10 requests would now be refused" in done.stdout
    assert "by scripts (429 rate_limit_exceeded)" in done.stdout
    assert "not replayed" not in done.stdout


def test_what_is_wrong_is_told(tmp_path):
    (tmp_path / "plugins.json").write_text(json.dumps(proxy_to("http://127.0.0.1:9")))
    (tmp_path / "new.json").write_text(
        json.dumps(proxy_to("http://127.0.0.1:9", plugins=[{"plugin": "ip-limitr"}]), indent=2)
    )
    (tmp_path / "activity.jsonl").write_text("")
    done = run(tmp_path, "--config", "new.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert 'unknown plugin "ip-limitr"; did you mean "ip-limiter"?' in done.stderr
    assert run(tmp_path, "--config", "plugins.json").stdout == "no requests\n"
    done = run(tmp_path, "missing.jsonl", "--config", "plugins.json")
    assert done.returncode == 1 and "missing.jsonl: the file cannot be read: No such file" in done.stderr
    done = run(tmp_path)
    assert done.returncode == 2 and "expected --config" in done.stderr
    (tmp_path / "activity.jsonl").write_bytes(b"\x1f\x8b\x08")
    done = run(tmp_path, "--config", "plugins.json")
    assert done.returncode == 1 and "zcat FILE | sluice replay -" in done.stderr
