"""The Redis that processes share goes away and comes back: no request is held up, and everybody can see it."""

import json
import time

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.waiting import eventually

LIMIT = 5
#: `state.timeout`, in s.
PATIENCE = 0.1
AWAY = {
    "local": "shared state is away: limits are counted by this process alone until Redis answers again",
    "allow": "shared state is away: no limit is enforced until Redis answers again",
    "deny": "shared state is away: limited requests are refused until Redis answers again",
}
BACK = "shared state is back: Redis answers again"


def limited(upstream: str, redis_url: str | None = None, policy: str = "local") -> dict:
    """A limit for each team; two more that nobody reaches are asked for with it."""
    limits = [("all", "everyone", "1000000/h"), ("routes", "route", "1000000/m"), ("teams", "header:x-team", "5/h")]
    state = {"redis": redis_url, "timeout": f"{PATIENCE * 1000:.0f}ms", "whenUnavailable": policy}
    return proxy_to(
        upstream,
        workers=2,
        plugins=[
            {"plugin": "rate-limiter", "label": label, "config": {"key": key, "limit": limit, "whenMissing": "skip"}}
            for label, key, limit in limits
        ],
        **({"state": state} if redis_url else {}),
    )


def ask(proxy, team: str):
    with proxy.connect() as client:
        return client.ask(headers=[("X-Team", team)])


def use_up(proxy, team: str) -> None:
    assert [ask(proxy, team).status for _ in range(LIMIT + 1)] == [200] * LIMIT + [429]


def standing(proxy) -> dict:
    """What /readyz says of the state; it has to be what /plugins and the metrics say too."""

    def all_three():
        readiness = proxy.admin("/readyz")
        # Requests are served either way.
        assert readiness.status == 200
        state = json.loads(readiness.body)["state"]
        assert json.loads(proxy.admin("/plugins").body)["state"] == state
        assert proxy.metrics().value("sluice_state_fallback_active") == (state.get("status") == "away")
        return state

    return eventually(all_three, "all pages say the same")


def await_shared(proxy) -> None:
    eventually(lambda: standing(proxy)["status"] == "shared", "Redis has answered")


def errors(proxy) -> float:
    return proxy.metrics().value("sluice_state_errors_total")


class Watch:
    """Requests at a steady pace through a proxy, and as many through one without Redis beside it.

    What the slowest of the second took is the machine's own noise: everything but Redis is the same for
    both, at the same time.
    """

    def __init__(self, flood, proxy, control, seconds: float):
        options = {"seconds": seconds, "rate": 400, "connections": 8}
        self.loads = [flood(proxy, **options), flood(control, **options)]

    def results(self):
        """What became of the requests, and the noise in s."""
        watched, control = [load.result() for load in self.loads]
        assert set(control.statuses) == {200} and control.failed == watched.failed == 0
        noise = max(one.latency for one in control.asked)
        slowest = max(one.latency for one in watched.asked)
        print(f"slowest {slowest * 1000:.1f} ms, noise {noise * 1000:.1f} ms, {len(watched.asked)} requests")
        return watched, noise


@pytest.mark.parametrize("policy", ["local", "allow", "deny"])
def test_redis_is_killed_and_restarted_under_load(start_sluice, start_redis, quick_upstream, flood, policy):
    redis = start_redis()
    proxy = start_sluice(limited(quick_upstream, redis.url, policy))
    control = start_sluice(limited(quick_upstream))
    await_shared(proxy)
    use_up(proxy, "red")
    errors_before = errors(proxy)
    assert errors_before == 0

    watch = Watch(flood, proxy, control, seconds=2)
    # A stretch without any disturbance, which belongs to the run.
    time.sleep(0.4)
    killed = time.monotonic()
    redis.kill()
    event = proxy.await_event(AWAY[policy])
    assert (event["level"], event["when_unavailable"]) == ("warning", policy)
    assert f"127.0.0.1:{redis.port}" in event["reason"]
    state = standing(proxy)
    assert (state["kind"], state["status"], state["when_unavailable"]) == ("redis", "away", policy)
    assert state["reason"]
    spent, fresh = ask(proxy, "red"), ask(proxy, "blue")
    if policy == "local":
        # Who had used up the limit has not got it back.
        assert (spent.status, fresh.status) == (429, 200)
        assert fresh.get("x-ratelimit-remaining") == str(LIMIT - 1)
    elif policy == "allow":
        assert (spent.status, fresh.status) == (200, 200)
    else:
        for response in [spent, fresh]:
            assert_error(response, 503, "state_unavailable")
            assert int(response.get("retry-after")) >= 1
    assert errors(proxy) > errors_before

    time.sleep(max(0, killed + 0.5 - time.monotonic()))
    redis.start()
    proxy.await_event(BACK, within=5)
    restored = time.monotonic()
    assert standing(proxy) == {"kind": "redis", "status": "shared", "when_unavailable": policy}
    # Redis lost what it held; the process did not.
    assert ask(proxy, "red").status == 429
    assert ask(proxy, "green").status == 200

    watched, noise = watch.results()
    assert max(one.latency for one in watched.asked) <= PATIENCE + 0.005 + noise
    if policy == "deny":
        # Refused in the outage, and at no other time.
        refused = [one for one in watched.asked if one.status == 503]
        assert refused and set(watched.statuses) == {200, 503}
        assert killed <= refused[0].answered and refused[-1].sent <= restored
    else:
        assert set(watched.statuses) == {200}
    # Said once each, however many requests and event loops there are.
    assert len(proxy.events(AWAY[policy])) == len(proxy.events(BACK)) == 1
    errors_after = errors(proxy)
    for _ in range(5):
        ask(proxy, "green")
    assert errors(proxy) == errors_after


@pytest.mark.alone
def test_a_redis_that_hangs_holds_requests_up_no_longer_than_the_timeout(
    start_sluice, start_redis, quick_upstream, flood
):
    redis = start_redis()
    proxy = start_sluice(limited(quick_upstream, redis.url))
    control = start_sluice(limited(quick_upstream))
    await_shared(proxy)
    use_up(proxy, "red")
    watch = Watch(flood, proxy, control, seconds=2)
    time.sleep(0.4)
    paused = time.monotonic()
    redis.pause()
    assert "no answer within" in proxy.await_event(AWAY["local"])["reason"]
    noticed = time.monotonic()
    assert standing(proxy)["status"] == "away"
    assert [ask(proxy, "red").status, ask(proxy, "blue").status] == [429, 200]
    time.sleep(max(0, paused + 0.8 - time.monotonic()))
    redis.resume()
    proxy.await_event(BACK, within=5)
    await_shared(proxy)
    assert ask(proxy, "red").status == 429

    watched, noise = watch.results()
    assert set(watched.statuses) == {200}
    slowest = max(watched.asked, key=lambda one: one.latency)
    assert slowest.latency <= PATIENCE + 0.005 + noise
    # That is where Redis was being waited for, and only there: when it counts as away, nobody waits.
    assert slowest.latency > PATIENCE * 0.8
    later = [one.latency for one in watched.asked if noticed + 0.1 < one.sent < paused + 0.7]
    assert later and max(later) <= 0.005 + noise
    assert len(proxy.events(AWAY["local"])) == len(proxy.events(BACK)) == 1


def test_a_redis_that_is_not_there_at_the_start_is_used_once_it_is(start_sluice, start_redis, quick_upstream):
    redis = start_redis(starts=False)
    proxies = [start_sluice(limited(quick_upstream, redis.url)) for _ in range(2)]
    for proxy in proxies:
        proxy.await_event(AWAY["local"])
        assert standing(proxy)["status"] == "away"
        # By itself each has its own counters.
        use_up(proxy, "red")
    redis.start()
    for proxy in proxies:
        proxy.await_event(BACK, within=5)
        await_shared(proxy)
        assert ask(proxy, "red").status == 429
    use_up(proxies[0], "blue")
    assert ask(proxies[1], "blue").status == 429


def test_a_wrong_password_is_an_outage_that_is_explained_and_a_reload_ends_it(
    start_sluice, start_redis, quick_upstream
):
    redis = start_redis(password="right-password")
    wrong = f"redis://:wrong-password@127.0.0.1:{redis.port}/0"
    proxy = start_sluice(limited(quick_upstream, wrong))
    reason = proxy.await_event(AWAY["local"])["reason"]
    assert "WRONGPASS" in reason
    assert standing(proxy)["status"] == "away"
    assert ask(proxy, "red").status == 200
    # Nor does it learn anything when no password is sent.
    proxy.reload(limited(quick_upstream, f"redis://127.0.0.1:{redis.port}/0"))
    eventually(lambda: "NOAUTH" in standing(proxy).get("reason", ""), "it is away for want of a password")

    proxy.reload(limited(quick_upstream, redis.url))
    await_shared(proxy)
    assert ask(proxy, "red").status == 200
    assert any(b"teams" in key for key in redis.keys())
    # Neither password is told to anybody.
    for text in [proxy.process.output, proxy.admin("/readyz").body.decode(), proxy.admin("/plugins").body.decode()]:
        assert "wrong-password" not in text and "right-password" not in text


def test_what_was_counted_in_an_outage_is_told_to_the_others_after_it(start_sluice, start_redis, quick_upstream):
    redis = start_redis()
    first, second = [start_sluice(limited(quick_upstream, redis.url)) for _ in range(2)]
    for proxy in [first, second]:
        await_shared(proxy)
    assert ask(first, "red").get("x-ratelimit-remaining") == "4"
    redis.kill()
    first.await_event(AWAY["local"])
    assert [ask(first, "red").get("x-ratelimit-remaining") for _ in range(2)] == ["3", "2"]
    redis.start()
    first.await_event(BACK, within=5)
    second.await_event(BACK, within=5)
    assert ask(first, "red").get("x-ratelimit-remaining") == "1"
    assert ask(second, "red").get("x-ratelimit-remaining") == "0"
    assert [ask(proxy, "red").status for proxy in [second, first]] == [429, 429]


def test_who_had_used_up_a_limit_has_not_got_it_back_when_redis_has_lost_it(start_sluice, start_redis, quick_upstream):
    """Nor at a process that had never seen them, once they have asked the one that had."""
    redis = start_redis()
    first, second = [start_sluice(limited(quick_upstream, redis.url)) for _ in range(2)]
    for proxy in [first, second]:
        await_shared(proxy)
    use_up(first, "red")
    redis.kill()
    for proxy in [first, second]:
        proxy.await_event(AWAY["local"])
    redis.start()
    for proxy in [first, second]:
        proxy.await_event(BACK, within=5)
    assert ask(first, "red").status == 429
    assert ask(second, "red").status == 429


def test_a_redis_that_answers_and_refuses_is_told_apart_and_seen(start_sluice, start_redis, quick_upstream):
    """It is full, or a replica: every answer is an error."""
    redis = start_redis()
    proxy = start_sluice(limited(quick_upstream, redis.url))
    await_shared(proxy)
    redis.command("CONFIG", "SET", "maxmemory", "1")
    use_up(proxy, "red")
    assert "OOM" in proxy.await_event("shared state is refused by Redis")["reason"]
    state = standing(proxy)
    assert state["status"] == "away" and "OOM" in state["reason"]
    assert errors(proxy) > 0
    redis.command("CONFIG", "SET", "maxmemory", "0")
    assert ask(proxy, "blue").status == 200
    proxy.await_event("shared state is taken by Redis again")
    assert standing(proxy)["status"] == "shared"
    assert ask(proxy, "red").status == 429

    redis.command("REPLICAOF", "127.0.0.1", "1")
    eventually(lambda: ask(proxy, f"team-{time.monotonic_ns()}").status == 200 and proxy.events(AWAY["local"]), "away")
    assert "READONLY" in proxy.events(AWAY["local"])[0]["reason"]
    redis.command("REPLICAOF", "NO", "ONE")
    proxy.await_event(BACK, within=5)
    assert len(proxy.events(BACK)) == 1


def test_a_redis_that_hangs_delays_neither_the_start_nor_the_end(start_sluice, start_redis, quick_upstream):
    redis = start_redis()
    redis.pause()
    started = time.monotonic()
    proxy = start_sluice(limited(quick_upstream, redis.url))
    # One attempt to connect, and the process's own start.
    assert time.monotonic() - started < 2
    assert ask(proxy, "red").status == 200
    redis.resume()
    proxy.await_event(BACK, within=5)
    redis.pause()
    asked = time.monotonic()
    proxy.terminate()
    assert proxy.stop() == 0
    assert time.monotonic() - asked < 1


def test_a_reload_in_an_outage_keeps_the_counters_and_the_policy_that_it_brings_holds(
    start_sluice, start_redis, quick_upstream
):
    redis = start_redis()
    proxy = start_sluice(limited(quick_upstream, redis.url))
    await_shared(proxy)
    use_up(proxy, "red")
    redis.kill()
    proxy.await_event(AWAY["local"])
    proxy.reload(limited(quick_upstream, redis.url, "deny"))
    assert standing(proxy)["when_unavailable"] == "deny"
    assert_error(ask(proxy, "red"), 503, "state_unavailable")
    proxy.reload(limited(quick_upstream, redis.url, "local"))
    assert [ask(proxy, team).status for team in ["red", "blue"]] == [429, 200]
    # Without a Redis at all it goes on with what it knows.
    proxy.reload(limited(quick_upstream))
    assert json.loads(proxy.admin("/readyz").body)["state"] == {"kind": "memory"}
    assert [ask(proxy, team).status for team in ["red", "blue"]] == [429, 200]


def test_the_reason_that_is_shown_is_the_one_that_keeps_redis_away_now(start_sluice, start_redis, quick_upstream):
    """Not the one with which the outage began: who mends that must see what is wrong still."""
    redis = start_redis()
    proxy = start_sluice(limited(quick_upstream, redis.url))
    await_shared(proxy)
    redis.kill()
    eventually(lambda: "Connection refused" in standing(proxy)["reason"], "it is tried again")
    redis.password = "another"
    redis.start()
    eventually(lambda: "NOAUTH" in standing(proxy)["reason"], "it wants a password now")
    # It is one outage, and has been logged once.
    assert len(proxy.events(AWAY["local"])) == 1
