"""A request waits for Redis once, however many limits it has to pass."""

import statistics
import time

import pytest
from harness.configuration import proxy_to
from harness.waiting import eventually

#: One way, in s: a round trip takes twice as long.
DELAY = 0.03
LIMITS = [
    {"plugin": "ip-limiter", "config": {"limit": "1000000/m"}},
    {"plugin": "fingerprint-limiter", "config": {"limit": "1000000/m", "distinctAddresses": 1}},
    {"plugin": "rate-limiter", "label": "teams", "config": {"key": "header:x-team", "limit": ["1000/s", "1000000/d"]}},
    {
        "plugin": "rate-limiter",
        "label": "all",
        "config": {"key": "everyone", "limit": "1000000/d", "algorithm": "gcra"},
    },
]


def settled(start_sluice, upstream: str, plugins: list, port: int):
    state = {"redis": f"redis://127.0.0.1:{port}/0", "timeout": "2s"}
    proxy = start_sluice(proxy_to(upstream, workers=1, plugins=plugins, state=state))
    eventually(lambda: b'"shared"' in proxy.admin("/readyz").body, "the state is shared")
    return proxy


def durations(proxy, count: int = 11) -> list[float]:
    with proxy.connect() as client:
        durations = []
        for _ in range(count):
            started = time.monotonic()
            assert client.ask(headers=[("X-Team", "red"), ("User-Agent", "curl")]).status == 200
            durations.append(time.monotonic() - started)
    return durations


@pytest.mark.parametrize("plugins", [LIMITS[:1], LIMITS], ids=["one limiter", "four limiters"])
def test_a_request_waits_for_one_round_trip(start_sluice, start_redis, start_relay, quick_upstream, plugins):
    """The median, because the machine has slow moments; two round trips would be twice as long."""
    redis = start_redis()
    relay = start_relay(redis.port, delay=DELAY)
    without = statistics.median(durations(settled(start_sluice, quick_upstream, [], relay.port)))
    proxy = settled(start_sluice, quick_upstream, plugins, relay.port)
    # The very first request too, whose scripts Redis does not know yet.
    first, *others = durations(proxy)
    waited = statistics.median(others) - without
    print(f"without {without * 1000:.1f} ms, first {first * 1000:.1f} ms, then {waited * 1000:.1f} ms more")
    # It has asked Redis at all, and once.
    assert 2 * DELAY <= waited < 3 * DELAY
    assert 2 * DELAY <= first < 4 * DELAY
    assert len(redis.keys()) == len(plugins)
    assert proxy.metrics().value("sluice_state_errors_total") == 0


def test_requests_at_once_share_the_way_to_redis(start_sluice, start_redis, start_relay, quick_upstream, flood):
    """Sixty-four connections get sixty-four answers in each round trip: no request waits for another's."""
    redis = start_redis()
    relay = start_relay(redis.port, delay=DELAY)
    proxy = settled(start_sluice, quick_upstream, LIMITS, relay.port)
    result = flood(proxy, headers=[("X-Team", "{word}")], words=["a", "b"], connections=64, seconds=1).result()
    assert (set(result.statuses), result.failed) == ({200}, 0)
    # Ten round trips and more fit into a second; one after another, sixteen answers would.
    assert result.count(200) > 64 * 8


def test_a_request_that_is_certain_to_be_refused_does_not_wait(start_sluice, start_redis, start_relay, quick_upstream):
    """What a process knows to be used up cannot have become more elsewhere."""
    redis = start_redis()
    relay = start_relay(redis.port, delay=DELAY)
    limit = {"plugin": "rate-limiter", "config": {"key": "header:x-team", "limit": "3/h"}}
    proxy = settled(start_sluice, quick_upstream, [limit], relay.port)
    with proxy.connect() as client:
        assert [client.ask(headers=[("X-Team", "red")]).status for _ in range(3)] == [200] * 3
        started = time.monotonic()
        assert {client.ask(headers=[("X-Team", "red")]).status for _ in range(20)} == {429}
    # Twenty round trips would be 1.2 s.
    assert time.monotonic() - started < 10 * 2 * DELAY


def test_the_mode_of_the_upstream_is_not_asked_for(start_sluice, start_redis, start_relay, quick_upstream):
    """The velocity guard hears of it beside the requests."""
    redis = start_redis()
    relay = start_relay(redis.port, delay=DELAY)
    proxy = settled(start_sluice, quick_upstream, [{"plugin": "velocity-guard"}], relay.port)
    assert statistics.median(durations(proxy)) < DELAY
    eventually(lambda: redis.keys("*velocity*"), "it has told Redis", within=2)


def test_clients_who_leave_while_their_limits_are_asked_for_do_no_harm(
    start_sluice, start_redis, start_relay, quick_upstream
):
    """Also when Redis hangs, and when their connection's next request is there already."""
    redis = start_redis()
    relay = start_relay(redis.port, delay=DELAY)
    proxy = settled(start_sluice, quick_upstream, LIMITS, relay.port)
    for round in range(2):
        clients = [proxy.connect() for _ in range(50)]
        for number, client in enumerate(clients):
            for _ in range(1 + number % 2):
                client.request(headers=[("X-Team", "red")])
        for client in clients:
            client.reset()
        if round == 0:
            redis.pause()
    eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 0, "all have left")
    redis.resume()
    eventually(lambda: b'"shared"' in proxy.admin("/readyz").body, "the state is shared")
    assert durations(proxy, 2)
    metrics = proxy.metrics()
    assert metrics.value("sluice_requests_total", status="499") >= 50
    assert metrics.value("sluice_requests_total", status="500") == 0
