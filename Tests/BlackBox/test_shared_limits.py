"""Several processes that share their state in one Redis keep a limit together."""

import random
import time

import pytest
from harness.configuration import proxy_to
from harness.flood import Asked, most_within
from harness.waiting import eventually

LIMIT = 60


def limited(upstream: str, algorithm: str, redis=None) -> dict:
    """One limit for each team. Without a Redis each process keeps its own."""
    return proxy_to(
        upstream,
        workers=1,
        plugins=[
            {
                "plugin": "rate-limiter",
                "config": {"key": "header:x-team", "limit": f"{LIMIT}/s", "algorithm": algorithm},
            }
        ],
        # The machine is shared with the load: a slow moment is not to be taken for an outage.
        **({"state": {"redis": redis.url, "timeout": "2s"}} if redis else {}),
    )


def assert_within_the_bound_of_one(algorithm: str, admitted: list[Asked], seconds: float) -> None:
    """What the algorithm promises of any interval; see its documentation."""
    if algorithm == "sliding-window":
        # In any period at most the limit and a tenth.
        assert most_within(admitted, 1) <= LIMIT * 1.1
        assert len(admitted) <= LIMIT * 1.1 * (int(seconds) + 1)
    else:
        # In any interval at most the burst and what drains meanwhile.
        for interval in [0.05, 0.3, 1, seconds]:
            assert most_within(admitted, interval) <= LIMIT + LIMIT * interval


@pytest.mark.timeout(180)
@pytest.mark.parametrize("algorithm", ["sliding-window", "gcra"])
def test_three_processes_admit_together_what_one_may(
    start_sluice, start_redis, quick_upstream, flood, request, algorithm
):
    is_large = request.config.getoption("--large")
    seconds, rate = (60, None) if is_large else (3.3, 3000)
    redis = start_redis()
    sharing = [start_sluice(limited(quick_upstream, algorithm, redis)) for _ in range(3)]
    alone = [start_sluice(limited(quick_upstream, algorithm)) for _ in range(3)]
    options = {"headers": [("X-Team", "red")], "seconds": seconds, "rate": rate, "connections": 24}
    # Side by side: what the machine does to one it does to the other.
    together, apart = [flood(*proxies, **options) for proxies in [sharing, alone]]
    admitted = {}
    for name, load in [("together", together), ("apart", apart)]:
        result = load.result(within=seconds + 30)
        assert set(result.statuses) == {200, 429} and result.failed == 0, result.statuses
        admitted[name] = [one for one in result.asked if one.status == 200]
        # All three were asked, and far more than they may admit.
        assert len({one.connection % 3 for one in admitted[name]}) == 3
        assert result.count(429) > 5 * len(admitted[name])

    assert_within_the_bound_of_one(algorithm, admitted["together"], seconds)
    # Nor much less: the last 1.1 periods hold the limit before anything is refused.
    assert len(admitted["together"]) >= LIMIT * int(seconds / 1.1)
    # Each for itself they admit three times as much, and the bound above is seen to be broken.
    assert 2.5 < len(admitted["apart"]) / len(admitted["together"]) < 3.5
    with pytest.raises(AssertionError):
        assert_within_the_bound_of_one(algorithm, admitted["apart"], seconds)


def test_what_one_process_has_admitted_is_missing_at_the_others(start_sluice, start_redis, quick_upstream):
    """Told apart by team, one after another: not one more, not one less."""
    redis = start_redis()
    configuration = limited(quick_upstream, "sliding-window", redis)
    configuration["plugins"][0]["config"]["limit"] = "9/h"
    proxies = [start_sluice(configuration) for _ in range(3)]
    for team in ["red", "blue"]:
        for turn in range(12):
            with proxies[turn % 3].connect() as client:
                response = client.ask(headers=[("X-Team", team)])
            assert response.status == (200 if turn < 9 else 429)
            assert int(response.get("x-ratelimit-remaining")) == max(0, 8 - turn)


def test_a_prefix_keeps_what_shares_a_redis_apart(start_sluice, start_redis, quick_upstream):
    redis = start_redis()
    for prefix in ["one:", "two:"]:
        configuration = limited(quick_upstream, "gcra", redis)
        configuration["plugins"][0]["config"]["limit"] = "3/h"
        configuration["state"]["prefix"] = prefix
        with start_sluice(configuration).connect() as client:
            statuses = [client.ask(headers=[("X-Team", "red")]).status for _ in range(4)]
        assert statuses == [200] * 3 + [429]
    keys = redis.keys()
    assert len(keys) == 2 and {key[:4] for key in keys} == {b"one:", b"two:"}


def test_a_process_killed_at_any_moment_leaves_nothing_behind_for_ever(
    start_sluice, start_redis, quick_upstream, flood
):
    """Every key has an expiry whenever one looks, and when nobody asks any more they all go."""
    redis = start_redis()
    limits = [
        {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
        {"plugin": "velocity-guard", "config": {"window": "1s", "cooldown": "1s"}},
        {"plugin": "ip-limiter", "config": {"limit": ["5/s"]}},
        {"plugin": "fingerprint-limiter", "config": {"limit": "50/s", "distinctAddresses": 5, "window": "1s"}},
        {"plugin": "rate-limiter", "label": "gcra", "config": {"key": "route", "limit": "300/s", "algorithm": "gcra"}},
        {"plugin": "rate-limiter", "label": "teams", "config": {"key": ["header:x-team", "address"], "limit": "5/s"}},
    ]
    configuration = limited(quick_upstream, "gcra", redis) | {"plugins": limits}
    proxies = [start_sluice(configuration) for _ in range(3)]
    load = flood(
        *proxies,
        headers=[("X-Forwarded-For", "{address}"), ("X-Team", "red"), ("User-Agent", "{word}")],
        words=[f"agent-{number}" for number in range(7)],
        addresses=5000,
        connections=12,
        seconds=1.5,
    )
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    seen = set()
    for proxy in proxies:
        # Any moment will do.
        time.sleep(chance.uniform(0.2, 0.5))
        proxy.kill()
        lifetimes = redis.lifetimes()
        assert not [key for key, lifetime in lifetimes.items() if lifetime < 0]
        # Bound by what they count: a period and a tenth, twice the window of addresses.
        assert max(lifetimes.values()) <= 2500
        seen |= {key.split(b"{")[0] for key in lifetimes}
    load.kill()
    # Of every plugin there was something.
    names = b" ".join(seen)
    for label in [b"velocity-guard", b"ip-limiter", b"fingerprint-limiter", b"gcra", b"teams"]:
        assert label in names, (label, seen)
    eventually(lambda: redis.keys() == [], "all keys are gone", within=6)


def test_keys_are_what_clients_send_whatever_that_is(start_sluice, start_redis, quick_upstream):
    """Each of these has a budget of its own, at both processes; none can be made to share another's, or to break
    what is sent to Redis."""
    redis = start_redis()
    configuration = limited(quick_upstream, "sliding-window", redis)
    configuration["plugins"][0]["config"] |= {"key": ["header:x-team", "header:x-part"], "limit": "2/h"}
    proxies = [start_sluice(configuration) for _ in range(2)]
    long = "x" * 4000
    pairs = [("a", "b"), ("a|b", "c"), ("a", "b|c"), ("a\\|b", "c"), ("a\\", "|b"), ("{a}", "}b{"), ("$1 *2", "%s")]
    pairs += [(long + "1", "b"), (long + "2", "b"), ("\\-", "b"), ("-", "b"), ("ü".encode().decode("latin-1"), "ö")]
    for pair in pairs:
        fields = list(zip(["X-Team", "X-Part"], pair))
        for proxy, status in [(proxies[0], 200), (proxies[1], 200), (proxies[0], 429), (proxies[1], 429)]:
            with proxy.connect() as client:
                assert client.ask(headers=fields).status == status, (pair, status)
    # Those that lack a part have one together.
    for proxy, fields, status in [
        (proxies[0], [("X-Part", "b")], 200),
        (proxies[1], [("X-Part", "b")], 200),
        (proxies[0], [("X-Part", "b")], 429),
    ]:
        with proxy.connect() as client:
            assert client.ask(headers=fields).status == status
    assert max(len(key) for key in redis.keys()) < 300
