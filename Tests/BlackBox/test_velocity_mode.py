"""Velocity mode: limits go down while the upstream fails, in all processes that share their state."""

import hashlib
import threading
import time

from harness.configuration import proxy_to
from harness.limits import limits_of
from harness.waiting import eventually

LIMIT = 40
ENOUGH = 12


class MoodyUpstream:
    """Answers as it is told; a request for /stuck is answered once `release` is set."""

    def __init__(self, start_upstream):
        self.status = 200
        self.release = threading.Event()
        self.upstream = start_upstream(self._serve)
        self.url = self.upstream.url

    def _serve(self, connection):
        while (request := connection.read_request()) is not None:
            if request.target == "/stuck":
                assert self.release.wait(20)
            connection.answer(status=f"{self.status} Status")


def guarded(upstream, redis=None, limit: str = f"{LIMIT}/h", **guard) -> dict:
    """A limit by team behind a guard that decides within seconds."""
    settings = {"window": "2s", "minimumRequests": ENOUGH, "threshold": 0.5, "cooldown": "1m"} | guard
    plugins = [
        {"plugin": "velocity-guard", "config": settings},
        {"plugin": "rate-limiter", "config": {"key": "header:x-team", "limit": limit}},
    ]
    # The machine is shared: a slow moment is not to be taken for an outage.
    state = {"state": {"redis": redis.url, "timeout": "1s"}} if redis else {}
    return proxy_to(upstream.url, plugins=plugins, **state)


def ask(proxy, team: str = "red", target: str = "/"):
    with proxy.connect() as client:
        return client.ask(target=target, headers=[("X-Team", team)])


def limit_of(proxy) -> int:
    """The limit that holds at present, as an answer tells it."""
    return limits_of(ask(proxy, "another"))["rate-limiter"].quota


def is_active(proxy) -> bool:
    return proxy.metrics().value("sluice_velocity_active", plugin="velocity-guard") == 1


def fail(upstream, proxies, count: int) -> None:
    upstream.status = 500
    for turn in range(count):
        assert ask(proxies[turn % len(proxies)], f"failing-{turn}").status == 500


def test_a_failing_upstream_puts_all_processes_in_velocity_mode_until_the_cooldown_is_over(
    start_sluice, start_redis, start_upstream
):
    upstream, redis = MoodyUpstream(start_upstream), start_redis()
    proxies = [start_sluice(guarded(upstream, redis, cooldown="2s", recoverBelow=0)) for _ in range(3)]
    for proxy in proxies:
        eventually(lambda: b'"shared"' in proxy.admin("/readyz").body, "the state is shared")
        assert limit_of(proxy) == LIMIT

    # A third of what is needed at each: none of them could know by itself.
    failing_since = time.monotonic()
    fail(upstream, proxies, ENOUGH)
    for proxy in proxies:
        eventually(lambda: is_active(proxy), "it is in velocity mode", within=failing_since + 2 - time.monotonic())
    upstream.status = 200
    for proxy in proxies:
        assert limit_of(proxy) == LIMIT // 2
    # And that is what is admitted, at all three together.
    statuses = [ask(proxies[turn % 3], "blue").status for turn in range(LIMIT)]
    assert statuses == [200] * (LIMIT // 2) + [429] * (LIMIT // 2)

    # One has started it, the others have taken it over; all say so once, and why.
    starts = [event for proxy in proxies for event in proxy.events("velocity mode started")]
    taken_over = [event for proxy in proxies for event in proxy.events("velocity mode taken over")]
    assert (len(starts), len(taken_over)) == (1, 2)
    for event in starts + taken_over:
        assert (event["level"], event["multiplier"]) == ("warning", "0.5")
        assert event["statuses"] == f"500 × {event['failures']}" and int(event["failures"]) >= ENOUGH / 2
    assert sum(proxy.metrics().value("sluice_velocity_activations_total") for proxy in proxies) == 1

    for proxy in proxies:
        event = proxy.await_event("velocity mode ended", within=4)
        assert event["reason"] == "cooldown"
        assert 1.9 <= float(event["lasted"].removesuffix("s")) <= 3.1
        assert not is_active(proxy)
        assert limit_of(proxy) == LIMIT


def test_it_ends_early_in_all_processes_when_the_upstream_is_well_again(start_sluice, start_redis, start_upstream):
    upstream, redis = MoodyUpstream(start_upstream), start_redis()
    proxies = [start_sluice(guarded(upstream, redis, window="1s")) for _ in range(3)]
    for proxy in proxies:
        eventually(lambda: b'"shared"' in proxy.admin("/readyz").body, "the state is shared")
    fail(upstream, proxies, ENOUGH)
    for proxy in proxies:
        eventually(lambda: is_active(proxy), "it is in velocity mode", within=2)

    def has_ended(proxy) -> bool:
        # What is asked meanwhile is what shows that it is well.
        for turn, other in enumerate(proxies):
            ask(other, f"team-{time.monotonic_ns()}-{turn}")
        return proxy.events("velocity mode ended")

    # As long as it fails it goes on.
    failing_until = time.monotonic() + 1
    while time.monotonic() < failing_until:
        has_ended(proxies[0])
    assert all(is_active(proxy) for proxy in proxies)
    upstream.status = 200
    for proxy in proxies:
        eventually(lambda: has_ended(proxy), "velocity mode ends", within=5)
        assert [event["reason"] for event in proxy.events("velocity mode ended")] == ["recovered"]
        assert limit_of(proxy) == LIMIT


def test_refusals_client_errors_and_impatient_clients_never_start_it(start_sluice, start_upstream):
    """A hundred of each; then failures alone do, and only they are told as its cause."""
    upstream = MoodyUpstream(start_upstream)
    proxy = start_sluice(guarded(upstream, threshold=0.05, window="1m", limit="200/h", slowClientAfter="5s"))
    with proxy.connect() as client:
        # The upstream's own refusals are no failures.
        for upstream.status in [400, 401, 404, 429]:
            for _ in range(25):
                client.request(headers=[("X-Team", str(upstream.status))])
                assert client.response().status == upstream.status
        # Nor are the proxy's.
        upstream.status = 200
        statuses = []
        for _ in range(300):
            client.request(headers=[("X-Team", "greedy")])
            statuses.append(client.response().status)
    assert statuses == [200] * 200 + [429] * 100
    # Nor clients who leave before they can be said to have waited.
    seen = len(upstream.upstream.requests)
    for turn in range(100):
        with proxy.connect() as client:
            client.request(target="/stuck", headers=[("X-Team", f"impatient-{turn}")])
            upstream.upstream.await_requests(seen + turn + 1)
            client.reset()
    eventually(lambda: proxy.metrics().value("sluice_requests_total", status="499") == 100, "all have left")
    upstream.release.set()

    fail(upstream, [proxy], 29)
    event = proxy.await_event("velocity mode started", within=2)
    counted = 100 + 200 + 29
    # It may have been started by the first part of them, at half a second's boundary.
    failures = int(event["failures"])
    assert ENOUGH <= failures <= 29 and event["statuses"] == f"500 × {failures}"
    assert int(event["requests"]) == counted - 29 + failures
    assert len(proxy.events("velocity mode started")) == 1


def test_a_client_who_waited_in_vain_counts_as_a_failure(start_sluice, start_upstream):
    upstream = MoodyUpstream(start_upstream)
    proxy = start_sluice(guarded(upstream, slowClientAfter="100ms"))
    clients = [proxy.connect() for _ in range(ENOUGH)]
    for turn, client in enumerate(clients):
        client.request(target="/stuck", headers=[("X-Team", f"patient-{turn}")])
    upstream.upstream.await_requests(ENOUGH)
    # The patience that they have.
    assert clients[0].is_silent(0.11)
    for client in clients:
        client.close()
    event = proxy.await_event("velocity mode started", within=2)
    upstream.release.set()
    assert event["statuses"] == f"499 × {ENOUGH}"


def test_an_upstream_that_cannot_be_reached_starts_it(start_sluice, refusing):
    class Unreachable:
        url = refusing

    proxy = start_sluice(guarded(Unreachable))
    with proxy.connect() as client:
        for turn in range(ENOUGH):
            assert client.ask(headers=[("X-Team", f"team-{turn}")]).status == 502
    assert proxy.await_event("velocity mode started", within=2)["statuses"] == f"502 × {ENOUGH}"


def test_a_tier_has_its_own_multiplier(start_sluice, start_upstream):
    upstream = MoodyUpstream(start_upstream)
    configuration = guarded(upstream, tiers={"partner": 0.75, "internal": 1})
    names = ["partner", "internal", "free"]
    keys = [
        {"hash": hashlib.sha256(f"key-{name}".encode()).hexdigest(), "identity": name, "tier": name} for name in names
    ]
    configuration["plugins"].insert(0, {"plugin": "api-keys", "config": {"keys": keys}})
    proxy = start_sluice(configuration)

    def limits() -> dict[str, int]:
        with proxy.connect() as client:
            answers = {
                name: client.ask(headers=[("Authorization", f"Bearer key-{name}"), ("X-Team", name)]) for name in names
            }
        return {name: limits_of(answer)["rate-limiter"].quota for name, answer in answers.items()}

    assert limits() == {"partner": LIMIT, "internal": LIMIT, "free": LIMIT}
    upstream.status = 503
    eventually(lambda: limits() and is_active(proxy), "it is in velocity mode", within=4)
    assert limits() == {"partner": LIMIT * 3 // 4, "internal": LIMIT, "free": LIMIT // 2}
