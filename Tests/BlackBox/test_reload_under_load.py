"""A hundred reloads under load: nobody notices, nothing is left of them, and limits go on counting."""

import json
import re
import signal
import threading
import time

import pytest
from harness.configuration import proxy_to
from harness.procfs import descriptor_count, resident_bytes
from harness.program import run
from harness.upstream import always
from harness.waiting import eventually

RELOADS = 100
STREAMS = 100
GAP = 0.05
#: Of one day, asked for between reloads, and used up before the last of them.
LIMIT = 150
MIB = 1 << 20

BROKEN = {
    "a rate that is none": lambda text: text.replace(f'"{LIMIT}/d"', f'"{LIMIT} a day"'),
    "an unknown key, and an unset variable": lambda text: text.replace('"x-mark"', '"x-${NO_SUCH}", "y": 1'),
    "no JSON": lambda text: text[:-3],
}


def configuration(upstream: str, mark: str) -> dict:
    """One of two that differ in everything that may: the upstream, the chain and the routes."""
    counted = [
        {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
        {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "sample": 0.0}},
        {
            "plugin": "rate-limiter",
            "config": {"key": "header:x-counted", "whenMissing": "skip", "limit": f"{LIMIT}/d"},
        },
        {"plugin": "ip-limiter", "config": {"limit": "1000000/m"}},
        {"plugin": "concurrency-limiter", "config": {"limit": 10_000}},
        {"plugin": "cost-meter"},
    ]
    marks = {"plugin": "headers", "config": {"response": {"set": {"x-mark": mark}}}}
    routes = [{"name": f"all-{mark}", "path": "/*", "upstream": mark}]
    if mark == "b":
        routes.insert(0, {"name": "never", "path": "/never", "upstream": mark, "plugins": [{"plugin": "retry"}]})
    return proxy_to(upstream) | {
        "upstreams": {mark: {"url": upstream}},
        "plugins": [marks, *counted] if mark == "a" else [*counted, marks],
        "routes": routes,
    }


class Reloads:
    """Reloads by signal and by the admin listener in turn; each has ended when it returns."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.taken = self.refused = 0

    def take(self, configuration: dict) -> None:
        self.proxy.write(configuration)
        self.taken += 1
        if self.taken % 2:
            self.proxy.process.signal(signal.SIGHUP)
        else:
            assert self.proxy.admin("/reload", "POST").status == 200
        eventually(lambda: self._count("ok") == self.taken, "it is in force", 10)

    def refuse(self, text: str) -> None:
        """A file that is refused, by both ways, with the very errors of `check`."""
        self.proxy.write(text)
        checked = json.loads(run("check", "--json", "--config", str(self.proxy.file), folder=self.proxy.folder).stdout)
        before = len(self.proxy.events())
        answer = self.proxy.admin("/reload", "POST")
        assert answer.status == 422
        assert json.loads(answer.body)["errors"] == checked["errors"]
        self.proxy.process.signal(signal.SIGHUP)
        self.refused += 2
        eventually(lambda: self._count("refused") == self.refused, "it is refused", 10)
        self.proxy.await_event("reload refused, the old configuration stays", self.refused)
        said = [event["event"] for event in self.proxy.events()[before:] if event["level"] == "error"]
        for error in checked["errors"]:
            place = f"{error['file']}:{error['line']}:{error['column']}: "
            assert sum(line.startswith(place) and line.endswith(error["message"]) for line in said) == 2, said

    def _count(self, result: str) -> float:
        return self.proxy.metrics().value("sluice_config_reloads_total", result=result)


@pytest.fixture
def start_quick_upstream(start_process, compile_tool):
    def start():
        process = start_process([compile_tool("upstream"), "127.0.0.1:0"])
        return f"http://127.0.0.1:{process.await_line(lambda stdout, _: stdout, 'its port')[0]}"

    return start


def counted(client) -> int:
    """One of the requests that are counted: how many are left after it, or -1 when it is refused."""
    response = client.ask(target="/counted", headers=[("x-counted", "all")])
    if response.status == 429:
        return -1
    assert response.status == 200
    return int(response.get("x-ratelimit-remaining"))


@pytest.mark.alone
def test_a_hundred_reloads_under_load(
    start_quick_upstream, start_sluice, start_process, compile_tool, flood, pytestconfig
):
    """With --large at 5,000 requests a second; in the ordinary run others may need the cores."""
    is_large = pytestconfig.getoption("--large")
    rate, seconds = (5000, 30) if is_large else (1500, 8)
    # What the load could not send in time it does not make up for.
    asked = rate * 1.1
    files = [configuration(start_quick_upstream(), mark) for mark in "ab"]
    proxy = start_sluice(files[0])
    reloads = Reloads(proxy)

    # What is made once is made before anything is measured.
    warm = flood(proxy, seconds=1, rate=asked, connections=64, keeps_records=False).result()
    assert warm.failed == 0
    reloads.take(files[1])
    reloads.take(files[0])
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "the first clients are gone")
    eventually(lambda: proxy.metrics().value("sluice_configurations") == 1, "and the first configurations")
    descriptors = descriptor_count(proxy.pid)

    events = int((seconds + 3) / GAP)
    port = proxy.address.rpartition(":")[2]
    streams = start_process([compile_tool("load"), port, *map(str, [STREAMS, events, round(GAP * 1000)])])
    eventually(lambda: proxy.metrics().value("sluice_concurrency_running") == STREAMS, "all streams have begun")
    load = flood(proxy, seconds=seconds, rate=asked, connections=64, keeps_records=False)

    left, memory = [], {}
    began = time.monotonic()
    with proxy.connect() as client:
        for number in range(1, RELOADS + 1):
            # Over all of the load's time, and not in its first moments only.
            eventually(lambda: time.monotonic() >= began + number * (seconds - 1) / RELOADS, "its turn", 10)
            reloads.take(files[number % 2])
            left += [counted(client), counted(client)]
            memory[number] = resident_bytes(proxy.pid)
            if number % 25 == 0:
                reloads.refuse(BROKEN["a rate that is none"](json.dumps(files[number % 2], indent=2)))
        assert client.ask().get("x-mark") == "a"

    # The streams still are those of the third configuration, and nothing of the others between is left.
    metrics = proxy.metrics()
    assert metrics.value("sluice_concurrency_running") >= STREAMS
    result = load.result()
    eventually(lambda: proxy.metrics().value("sluice_configurations") == 2, "the streams' and the last one")

    assert result.failed == 0 and result.statuses.keys() == {200}, result.statuses
    assert result.total >= rate * seconds, f"{result.total / result.seconds:.0f} requests a second"
    # Each of these was counted, whichever configuration it met.
    assert left == [*range(LIMIT - 1, -1, -1), *[-1] * (2 * RELOADS - LIMIT)]

    assert streams.wait(within=20) == 0, streams.output
    measured = json.loads(streams.stdout_lines[-1])
    assert measured["errors"] == 0 and measured["requests"] == STREAMS * events, measured

    eventually(lambda: proxy.metrics().value("sluice_configurations") == 1, "the last stream's has gone with it")
    assert memory[RELOADS] - memory[20] < 4 * MIB, {number: memory[number] >> 10 for number in [1, 20, 50, 100]}
    # The connections that are kept to an upstream belong to a configuration.
    reloads.take(files[1])
    reloads.take(files[0])
    eventually(lambda: descriptor_count(proxy.pid) == descriptors, "no descriptor is left", 10)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_refused_each_time_with_the_errors_of_check(serve, what):
    good = configuration("http://127.0.0.1:9", "a")
    proxy, upstream = serve(always(b"still here"))
    reloads = Reloads(proxy)
    for number in range(5):
        reloads.refuse(BROKEN[what](json.dumps(good, indent=2)))
        with proxy.connect() as client:
            assert client.ask().body == b"still here"
    reloads.take(proxy_to(upstream.url))
    with proxy.connect() as client:
        assert client.ask().body == b"still here"


def test_a_configuration_goes_with_its_last_request(start_upstream, start_sluice):
    released = threading.Event()

    def script(connection):
        while (request := connection.read_request()) is not None:
            if request.target == "/wait":
                assert released.wait(10)
            connection.answer()

    upstream = start_upstream(script)
    files = [proxy_to(upstream.url, plugins=[{"plugin": "headers", "label": mark}]) for mark in "ab"]
    proxy = start_sluice(files[0])
    reloads = Reloads(proxy)

    def configurations(number):
        eventually(lambda: proxy.metrics().value("sluice_configurations") == number, f"{number} are at work")

    configurations(1)
    with proxy.connect() as first, proxy.connect() as second, proxy.connect() as idle:
        first.request(target="/wait")
        upstream.await_requests(1)
        for number in range(1, 4):
            reloads.take(files[number % 2])
            assert idle.ask().status == 200
            # Those between had no request that is still under way.
            configurations(2)
        second.request(target="/wait")
        upstream.await_requests(5)
        reloads.take(files[0])
        configurations(3)
        released.set()
        assert first.response().status == second.response().status == 200
        configurations(1)


SHOWS = [
    {"plugin": "velocity-guard"},
    {"plugin": "ip-limiter", "config": {"limit": "100/m"}},
    {"plugin": "api-keys", "config": {"keys": [{"hash": "a" * 64, "identity": "someone"}], "anonymous": True}},
    {"plugin": "cost-meter"},
    {"plugin": "budget", "config": {"limit": "5.00", "per": "day", "key": "everyone"}},
    {"plugin": "concurrency-limiter", "config": {"limit": 5, "key": "address"}},
    {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "60s"}},
]


@pytest.mark.parametrize("reason", ["the file", "a start"])
def test_a_reload_that_is_refused_changes_nothing_that_is_shown(serve, reason):
    """Its plugins are made, and some have started, when the last one cannot."""
    released = threading.Event()

    def script(connection):
        while (request := connection.read_request()) is not None:
            if request.target == "/wait":
                assert released.wait(10)
            connection.answer()

    proxy, upstream = serve(script, plugins=SHOWS)

    def shown() -> dict[str, str]:
        """The gauges of plugins."""
        text = proxy.metrics().text
        gauges = re.findall(r"^# TYPE (\w+) gauge$", text, re.M)
        lines = re.findall(r"^((\w+)\{.*?\bplugin=.*\}) (\S+)$", text, re.M)
        return {series: value for series, name, value in lines if name in gauges}

    body = b'{"model":"m"}'
    with proxy.connect() as client, proxy.connect() as waiting:
        client.send(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert client.response("POST").status == 200
        waiting.request(target="/wait")
        upstream.await_requests(2)
        before = eventually(
            lambda: (found := shown())['sluice_activity_queued{plugin="activity-logger"}'] == "1" and found, "it is recorded"
        )
        for name in ["limiter_keys", "budget_keys", "concurrency_running", "api_keys_loaded"]:
            assert any(series.startswith(f"sluice_{name}{{") and value == "1" for series, value in before.items()), name

        # There would be no key any more.
        fewer = [plugin for plugin in SHOWS if plugin["plugin"] != "api-keys"]
        plugins = [*fewer, {"plugin": "api-keys", "config": {"anonymous": True}}]
        wrong = (
            {"plugin": "activity-logger", "label": "second", "config": {"file": "no/such/folder/a.jsonl"}}
            if reason == "a start"
            else {"plugin": "request-guard", "config": {"body": "much"}}
        )
        proxy.write(proxy_to(upstream.url, plugins=[*plugins, wrong]))
        assert proxy.admin("/reload", "POST").status == 422
        assert shown() == before
        # One that is taken shows what it has, and what is not there any more is not shown.
        proxy.reload(proxy_to(upstream.url, plugins=SHOWS[1:2]))
        assert shown() == {'sluice_limiter_keys{plugin="ip-limiter"}': "1"}
        released.set()
        assert waiting.response().status == 200
