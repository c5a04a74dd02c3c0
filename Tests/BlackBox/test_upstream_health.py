"""Which targets are used: ejection, return, checks, and that there is always one."""

import collections
import json
import threading
import time

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.upstream import Upstream
from harness.waiting import eventually

EJECTED = "upstream target ejected"
BACK = "upstream target is back"


class Place:
    """A real target that can be made to fail in several ways, and to serve again."""

    def __init__(self, name: str):
        self.name = name.encode()
        self.mode = "well"
        self.healed = threading.Event()
        self.let_go = threading.Event()
        #: When it was asked, what for.
        self.asked: list[tuple[float, str]] = []
        self.upstream = Upstream(self._script)
        self.url, self.authority = self.upstream.url, self.upstream.authority
        self._port = self.upstream.listener.getsockname()[1]

    def _script(self, connection):
        while (request := connection.read_request()) is not None:
            self.asked.append((time.monotonic(), request.target))
            if self.mode == "failing":
                connection.answer(self.name, "503 Service Unavailable")
            elif self.mode == "slow":
                self.healed.wait(10)
                return
            elif self.mode == "breaking":
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                return
            elif self.mode == "unhealthy" and request.target == "/healthz":
                connection.answer(b"no", "500 Internal Server Error")
            elif request.target == "/hold":
                assert self.let_go.wait(20)
                connection.answer(self.name)
            else:
                connection.answer(self.name)

    def become(self, mode: str) -> None:
        if mode == "refusing":
            self.upstream.close()
        elif self.mode == "refusing":
            self.upstream = Upstream(self._script, port=self._port)
        self.mode = mode
        if mode == "well":
            self.healed.set()

    def requests(self, since: float = 0.0, until: float = float("inf")) -> int:
        """How many clients' requests it got."""
        return sum(target != "/healthz" and since <= when < until for when, target in list(self.asked))

    def close(self):
        self.healed.set()
        self.let_go.set()
        self.upstream.close()


@pytest.fixture
def places(stack):
    def start(count: int = 3) -> list[Place]:
        places = [Place(chr(ord("a") + number)) for number in range(count)]
        for place in places:
            stack.callback(place.close)
        return places

    return start


def proxy_of(start_sluice, places, passive=None, *, workers=1, **upstream):
    # The share of failures has a test of its own.
    health = {"slowStart": "0s", "passive": {"errorShare": None} | (passive or {})} | upstream.pop("health", {})
    return start_sluice(
        proxy_to(*[place.url for place in places], workers=workers, upstream=upstream | {"health": health})
    )


def shown(proxy) -> list[dict]:
    """The targets as /upstreams has them."""
    response = proxy.admin("/upstreams")
    assert response.status == 200
    return json.loads(response.body)["upstreams"][0]["targets"]


def states(proxy) -> list[str]:
    return [target["state"] for target in shown(proxy)]


def ask(client, count: int, target: str = "/") -> collections.Counter:
    """So many requests, by status."""
    return collections.Counter(client.ask(target=target).status for _ in range(count))


# --- One of three is not well


# A target that is well must not be slow because the machine is.
SLOW = pytest.param("slow", marks=pytest.mark.alone)


@pytest.mark.parametrize("mode", ["failing", SLOW, "refusing", "breaking"])
def test_after_ejection_no_client_sees_an_error_and_the_return_is_gradual(mode, places, start_sluice):
    a, b, bad = three = places()
    proxy = proxy_of(
        start_sluice,
        three,
        {"consecutiveFailures": 3, "ejectFor": "2s"},
        timeouts={"responseHeaders": "500ms"} if mode == "slow" else {},
        health={"slowStart": "4s"},
    )
    with proxy.connect() as client:
        assert ask(client, 30) == {200: 30}
        assert [place.requests() for place in three] == [10, 10, 10]

    bad.become(mode)
    errors = 0
    for _ in range(40):
        if proxy.events(EJECTED):
            break
        with proxy.connect() as client:
            answer = client.ask()
            errors += answer.status != 200 or not answer.is_complete
    event = proxy.await_event(EJECTED, target=bad.url, upstream="origin")
    assert event["level"] == "warning" and event["for"] == "2s" and event["reason"].startswith("3 failures in a row")
    # What could not be reached went to another target at once.
    assert errors == (0 if mode == "refusing" else 3)

    ejected_at = time.monotonic()
    asked = bad.requests()
    with proxy.connect() as client:
        while time.monotonic() < ejected_at + 1:
            assert client.ask().status == 200
        assert bad.requests() == asked
        target = shown(proxy)[2]
        assert (target["address"], target["state"], target["share"]) == (bad.url, "ejected", 0)
        assert target["reason"].startswith("3 failures in a row") and target["next_try"] > target["since"]
        metrics = proxy.metrics()
        assert metrics.value("sluice_upstream_target_up", upstream="origin", target=bad.url) == 0
        assert metrics.value("sluice_upstream_target_up", upstream="origin") == 2
        assert metrics.value("sluice_upstream_ejections_total", target=bad.url, reason="consecutive_failures") == 1
        assert metrics.value("sluice_upstream_failures_total", target=bad.url) >= 3

        bad.become("well")
        while not proxy.events(BACK):
            assert client.ask().status == 200
            assert time.monotonic() < ejected_at + 10
        # Counted by quarters of the slow start.
        back = time.monotonic()
        shares = []
        for quarter in range(5):
            before = [place.requests() for place in three]
            while time.monotonic() < back + quarter + 1:
                assert client.ask().status == 200
            counts = [place.requests() - earlier for place, earlier in zip(three, before)]
            shares.append(counts[2] / (counts[0] + counts[1]) * 2)
    # In the middle of each quarter: what a target that is well gets is 1.
    for share, expected in zip(shares, [0.15, 0.375, 0.625, 0.875, 1.0]):
        assert share == pytest.approx(expected, abs=0.1), shares
    assert shares[:4] == sorted(shares[:4])
    assert states(proxy) == ["up", "up", "up"]
    assert len(proxy.events(EJECTED)) == 1


def test_an_ejected_target_is_tried_by_one_request_and_stays_out_for_longer_each_time(places, start_sluice):
    a, b, bad = three = places()
    bad.become("failing")
    proxy = proxy_of(start_sluice, three, {"consecutiveFailures": 2, "ejectFor": "300ms", "ejectForAtMost": "1s"})
    began = time.monotonic()
    statuses = collections.Counter()
    with proxy.connect() as client:
        while len(proxy.events(EJECTED)) < 4:
            statuses[client.ask().status] += 1
            assert time.monotonic() < began + 10
    assert [event["for"] for event in proxy.events(EJECTED)] == ["300ms", "600ms", "1s", "1s"]
    # Two until the first ejection, and then one for each trial.
    assert statuses[503] == bad.requests() == 5
    reasons = [event["reason"] for event in proxy.events(EJECTED)]
    assert reasons[0] == "2 failures in a row, the last: status 503"
    assert set(reasons[1:]) == {"the first request after an ejection failed: status 503"}
    assert proxy.metrics().value("sluice_upstream_ejections_total", reason="failed_trial") == 3


def test_a_trial_that_does_not_end_holds_up_nobody_else(places, start_sluice):
    good, bad = two = places(2)
    bad.become("failing")
    proxy = proxy_of(
        start_sluice, two, {"consecutiveFailures": 1, "ejectFor": "300ms"}, timeouts={"responseHeaders": "5s"}
    )
    with proxy.connect() as client, proxy.connect() as victim:
        while not proxy.events(EJECTED):
            client.ask()
        bad.become("slow")
        eventually(lambda: states(proxy)[1] == "trial", "the ejection's end")
        victim.request()
        eventually(lambda: bad.requests() == 2, "the trial")
        assert ask(client, 200) == {200: 200}
        assert bad.requests() == 2
        # Its client leaves, which tells nothing: the next request is the trial.
        victim.close()
        bad.become("well")
        eventually(lambda: client.ask().status == 200 and states(proxy)[1] == "up", "another trial")


def test_a_share_of_failures_ejects_though_they_are_not_in_a_row(places, start_sluice):
    a, b, bad = three = places()
    flaky = iter(range(10_000))

    def script(connection):
        while connection.read_request() is not None:
            connection.answer(b"", "503 Service Unavailable" if next(flaky) % 3 else "200 OK")

    bad.upstream._script = script
    proxy = proxy_of(
        start_sluice,
        three,
        health={"passive": {"consecutiveFailures": None, "errorShare": 0.6, "minimumRequests": 30, "window": "10s"}},
    )
    with proxy.connect() as client:
        statuses = ask(client, 89)
        assert not proxy.events(EJECTED) and statuses[503] >= 15
        ask(client, 10)
        assert proxy.await_event(EJECTED)["reason"] == "20 of 30 requests failed, the last: status 503"
        assert ask(client, 60) == {200: 60}


def test_all_workers_know_of_an_ejection_at_once(places, start_sluice):
    a, b, bad = three = places()
    bad.become("failing")
    proxy = proxy_of(start_sluice, three, {"consecutiveFailures": 5, "ejectFor": "30s"}, workers=4)
    while not proxy.events(EJECTED):
        with proxy.connect() as client:
            client.ask()
    asked = bad.requests()
    # Failures of all workers count together.
    assert asked == 5
    for _ in range(40):
        with proxy.connect() as client:
            assert client.ask().status == 200
    assert bad.requests() == asked
    assert len(proxy.events(EJECTED)) == 1


def test_with_retries_no_client_sees_an_error_at_all(places, start_sluice):
    a, b, bad = three = places()
    bad.become("failing")
    passive = {"consecutiveFailures": 2, "ejectFor": "200ms", "ejectForAtMost": "200ms"}
    retry = {"plugin": "retry", "config": {"attempts": 2, "delay": "0s"}}
    proxy = start_sluice(
        proxy_to(
            *[place.url for place in three],
            workers=1,
            upstream={"health": {"passive": passive, "slowStart": "0s"}},
            plugins=[retry],
        )
    )
    with proxy.connect() as client:
        while len(proxy.events(EJECTED)) < 4:
            assert client.ask().status == 200
    # Two until the first ejection, and one for each trial.
    assert bad.requests() == 5


# --- Never all


def test_when_all_fail_some_stay(places, start_sluice):
    four = places(4)
    for place in four:
        place.become("failing")
    proxy = proxy_of(start_sluice, four, {"consecutiveFailures": 2, "maximumEjected": 0.5, "ejectFor": "30s"})
    with proxy.connect() as client:
        assert ask(client, 100) == {503: 100}
    assert sorted(states(proxy)) == ["ejected", "ejected", "up", "up"]
    proxy.await_event(EJECTED, 2)
    assert sum(place.requests() for place in four) == 100
    # It is said once of each that stays.
    spared = "upstream target not ejected, because too many others are out"
    proxy.await_event(spared, 2)
    assert [len(proxy.events(name)) for name in (EJECTED, spared)] == [2, 2]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_target_is_never_ejected(count, places, start_sluice):
    all = places(count)
    for place in all:
        place.become("failing")
    proxy = proxy_of(start_sluice, all, {"consecutiveFailures": 1, "maximumEjected": 1, "ejectFor": "30s"})
    with proxy.connect() as client:
        for _ in range(50):
            answer = client.ask()
            # The target's own answer, not one of the proxy's.
            assert answer.status == 503 and answer.body in {place.name for place in all}
    assert states(proxy).count("up") == 1
    if count > 1:
        proxy.await_event(EJECTED, count - 1)
    assert len(proxy.events(EJECTED)) == count - 1


def test_one_target_alone_gets_everything_whatever_it_does(places, start_sluice):
    (only,) = places(1)
    only.become("failing")
    # With the defaults.
    proxy = start_sluice(proxy_to(only.url))
    with proxy.connect() as client:
        assert ask(client, 100) == {503: 100}
        only.become("refusing")
        for _ in range(20):
            assert_error(client.ask(), 502)
        only.become("well")
        assert ask(client, 20) == {200: 20}
    assert states(proxy) == ["up"]
    target = shown(proxy)[0]
    assert target["failures"] == 120 and target["failures_in_a_row"] == 0
    assert not proxy.events(EJECTED)


def test_what_is_ejected_is_the_last_resort_of_a_request(places, start_sluice):
    good, bad = two = places(2)
    bad.become("failing")
    proxy = proxy_of(start_sluice, two, {"consecutiveFailures": 1, "ejectFor": "30s"})
    with proxy.connect() as client:
        while not proxy.events(EJECTED):
            client.ask()
        bad.become("well")
        asked = bad.requests()
        assert ask(client, 10) == {200: 10}
        assert bad.requests() == asked
        good.become("refusing")
        assert ask(client, 10) == {200: 10}
        assert bad.requests() == asked + 10
    assert states(proxy) == ["up", "ejected"]


# --- What is no failure


def test_the_clients_own_faults_eject_nobody(places, start_sluice):
    def script(connection):
        while (request := connection.read_request()) is not None:
            if request.target == "/silent":
                connection.await_close()
                return
            connection.answer(b"", f"{request.target[1:]} Status")

    two = places(2)
    for place in two:
        place.upstream._script = script
    proxy = proxy_of(start_sluice, two, {"consecutiveFailures": 1})
    with proxy.connect() as client:
        for status in [400, 401, 404, 408, 413, 429, 499, 500, 501]:
            assert ask(client, 4, f"/{status}") == {status: 4}
    for count in range(6):
        with proxy.connect() as leaving:
            leaving.request(target="/silent")
            eventually(
                lambda: sum(r.target == "/silent" for p in two for r in p.upstream.requests) > count, "the request"
            )
    eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 0, "the clients' leaving")
    assert states(proxy) == ["up", "up"]
    assert [target["failures"] for target in shown(proxy)] == [0, 0]
    assert [target["requests_in_flight"] for target in shown(proxy)] == [0, 0]


def test_which_statuses_are_failures_can_be_said(places, start_sluice):
    def script(connection):
        while (request := connection.read_request()) is not None:
            connection.answer(b"", f"{request.target[1:]} Status")

    two = places(2)
    for place in two:
        place.upstream._script = script
    proxy = proxy_of(start_sluice, two, {"consecutiveFailures": 3, "statuses": [500]})
    with proxy.connect() as client:
        ask(client, 20, "/503")
        assert states(proxy) == ["up", "up"]
        ask(client, 6, "/500")
        assert states(proxy).count("ejected") == 1


# --- Checks


CHECKS = {"path": "/healthz", "interval": "100ms", "timeout": "80ms", "healthyAfter": 2, "unhealthyAfter": 2}
FAILS = "upstream target fails its checks"
PASSES = "upstream target passes its checks again"


@pytest.mark.parametrize("mode", ["unhealthy", "refusing", "slow"])
def test_a_target_that_fails_its_checks_gets_no_request_until_it_passes_them(mode, places, start_sluice):
    a, b, bad = three = places()
    proxy = proxy_of(start_sluice, three, health={"passive": None, "active": CHECKS})
    eventually(lambda: all(place.asked for place in three), "the first checks")
    with proxy.connect() as client:
        # Not one request is needed to find out.
        bad.become(mode)
        event = proxy.await_event(FAILS, target=bad.url, upstream="origin")
        assert event["reason"]
        assert ask(client, 60) == {200: 60}
        assert bad.requests() == 0
        assert states(proxy) == ["up", "up", "failing_checks"]
        assert [target["checks_in_a_row"] > 0 for target in shown(proxy)] == [True, True, False]
        metrics = proxy.metrics()
        assert metrics.value("sluice_upstream_target_up", target=bad.url) == 0
        assert metrics.value("sluice_upstream_checks_total", target=bad.url, result="fail") >= 2
        assert metrics.value("sluice_upstream_checks_total", target=a.url, result="fail") == 0
        assert metrics.value("sluice_upstream_checks_total", target=a.url, result="pass") >= 2
        bad.become("well")
        proxy.await_event(PASSES, target=bad.url)
        assert ask(client, 60) == {200: 60}
        assert bad.requests() == 20
    assert len(proxy.events(FAILS)) == len(proxy.events(PASSES)) == 1


def test_a_target_that_passes_its_checks_again_returns_gradually(places, start_sluice):
    good, bad = two = places(2)
    bad.become("unhealthy")
    proxy = proxy_of(start_sluice, two, health={"passive": None, "active": CHECKS, "slowStart": "30s"})
    proxy.await_event(FAILS)
    bad.become("well")
    proxy.await_event(PASSES)
    with proxy.connect() as client:
        assert ask(client, 110) == {200: 110}
    # A tenth of what the other gets, or a little more if this took its time.
    assert 10 <= bad.requests() <= 15
    assert states(proxy) == ["up", "slow_start"]


def test_when_all_fail_their_checks_all_are_used(places, start_sluice):
    three = places()
    for place in three:
        place.become("unhealthy")
    proxy = proxy_of(start_sluice, three, health={"active": CHECKS})
    event = proxy.await_event("no target of the upstream is well, so all are used", upstream="origin")
    assert event["level"] == "error"
    with proxy.connect() as client:
        assert ask(client, 30) == {200: 30}
        assert [place.requests() for place in three] == [10, 10, 10]
        assert proxy.metrics().value("sluice_upstream_panic", upstream="origin") == 1
        three[0].become("well")
        proxy.await_event("a target of the upstream is well again", upstream="origin")
        assert ask(client, 30) == {200: 30}
    assert [place.requests() for place in three] == [40, 10, 10]
    assert proxy.metrics().value("sluice_upstream_panic", upstream="origin") == 0
    # Readiness is not theirs to decide.
    assert proxy.admin("/readyz").status == 200


def test_a_check_is_what_was_configured(start_upstream, start_sluice):
    def script(connection):
        while (request := connection.read_request()) is not None:
            connection.answer(b"", "204 No Content" if request.target == "/up?deep=1" else "200 OK")

    upstream = start_upstream(script)
    active = CHECKS | {"path": "/up?deep=1", "statuses": [204], "headers": {"X-Check": "yes"}}
    proxy = start_sluice(
        proxy_to(upstream.url, upstream={"headers": {"Authorization": "Bearer k"}, "health": {"active": active}})
    )
    check = upstream.await_requests(4)[3]
    assert check.start_line == "GET /up?deep=1 HTTP/1.1"
    assert (check.get("host"), check.get("x-check")) == (upstream.authority, "yes")
    assert (check.get("authorization"), check.get("user-agent")) == ("Bearer k", "sluice-health-check")
    assert states(proxy) == ["up"]
    # One loop asks, over one connection that is kept.
    assert len(upstream.connections) == 1
    # And nobody counts it as a request.
    assert proxy.metrics().value("sluice_requests_total") == 0


def test_checks_end_with_their_configuration(places, start_sluice):
    (place,) = places(1)
    proxy = proxy_of(start_sluice, [place], health={"active": CHECKS})
    eventually(lambda: len(place.asked) >= 3, "checks")
    proxy.reload(proxy_to(place.url))
    eventually(lambda: time.monotonic() - place.asked[-1][0] > 0.5, "the end of checks")


# --- Reload


def test_health_survives_a_reload_where_the_target_does(places, start_sluice):
    a, b, bad = three = places()
    bad.become("failing")
    proxy = proxy_of(start_sluice, three, {"consecutiveFailures": 2, "ejectFor": "30s"})
    with proxy.connect() as client:
        while not proxy.events(EJECTED):
            client.ask()
        before = shown(proxy)[2]
        (new,) = places(1)
        # The others change places, and one is new.
        proxy.reload(proxy_to(*[place.url for place in [bad, b, new]], workers=1))
        after = shown(proxy)[0]
        assert after["state"] == "ejected" and after["failures"] == before["failures"]
        assert after["next_try"][:-8] == before["next_try"][:-8]
        asked = bad.requests()
        assert ask(client, 20) == {200: 20}
        assert bad.requests() == asked and new.requests() == 10
        # A new target at an old name begins anew; so does one that was away in between.
        proxy.reload(proxy_to(a.url, b.url, workers=1))
        assert states(proxy) == ["up", "up"]
        proxy.reload(proxy_to(a.url, bad.url, workers=1))
        assert states(proxy) == ["up", "up"]


def test_an_ejected_target_that_is_left_alone_by_a_reload_is_used(places, start_sluice):
    good, bad = two = places(2)
    bad.become("failing")
    proxy = proxy_of(start_sluice, two, {"consecutiveFailures": 1, "ejectFor": "30s"})
    with proxy.connect() as client:
        while not proxy.events(EJECTED):
            client.ask()
        bad.become("well")
        proxy.reload(proxy_to(bad.url, workers=1, upstream={"health": {"slowStart": "0s"}}))
        assert ask(client, 10) == {200: 10}
        assert states(proxy) == ["up"]
        # The good one was away and begins anew, and the bad one is not ejected any more.
        proxy.reload(proxy_to(good.url, bad.url, workers=1))
        assert states(proxy) == ["up", "up"]


# --- Balance


def test_a_returning_target_is_not_flooded_because_it_is_idle(places, start_sluice):
    good, bad = two = places(2)
    bad.become("unhealthy")
    proxy = proxy_of(
        start_sluice,
        two,
        balance="least-requests",
        health={"passive": None, "active": CHECKS, "slowStart": "60s"},
    )
    proxy.await_event(FAILS)
    bad.become("well")
    proxy.await_event(PASSES)

    clients = [proxy.connect() for _ in range(22)]
    for client in clients:
        client.request(target="/hold")
    eventually(lambda: good.requests() + bad.requests() == 22, "all requests")
    # A tenth of the weight: two at once while the other has twenty.
    assert 1 <= bad.requests() <= 3
    assert sum(target["requests_in_flight"] for target in shown(proxy)) == 22
    for place in two:
        place.let_go.set()
    for client in clients:
        assert client.response().status == 200
        client.close()
    assert [target["requests_in_flight"] for target in shown(proxy)] == [0, 0]
