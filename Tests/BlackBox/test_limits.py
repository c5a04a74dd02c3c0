"""What a client sees of limits, and what operators do with them."""

import hashlib
import json
import time

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.limits import limits_of, trio_of
from harness.waiting import eventually


def by_team(limit, label: str = "teams", mode: str = "enforce", **settings) -> dict:
    config = {"key": "header:x-team", "limit": limit} | settings
    return {"plugin": "rate-limiter", "label": label, "mode": mode, "config": config}


def limited(upstream: str, *plugins: dict, **more) -> dict:
    return proxy_to(upstream, plugins=list(plugins), **more)


def ask(proxy, team: str = "red", *fields: tuple[str, str]):
    with proxy.connect() as client:
        return client.ask(headers=[("X-Team", team), *fields])


# --- What a client sees


@pytest.mark.parametrize("algorithm", ["sliding-window", "gcra"])
def test_answers_tell_what_is_left(start_sluice, quick_upstream, algorithm):
    proxy = start_sluice(limited(quick_upstream, by_team("5/m", algorithm=algorithm)))
    for remaining in [4, 3, 2, 1, 0]:
        response = ask(proxy)
        assert response.status == 200
        limit = limits_of(response)["teams"]
        assert (limit.quota, limit.window, limit.remaining) == (5, 60, remaining)
        assert 0 < limit.reset <= 66
        assert trio_of(response) == (5, remaining, limit.reset)
        assert not response.has("retry-after")
    response = ask(proxy)
    error = assert_error(response, 429, "rate_limit_exceeded")
    limit = limits_of(response)["teams"]
    assert (limit.quota, limit.window, limit.remaining) == (5, 60, 0)
    assert trio_of(response) == (5, 0, limit.reset)
    assert int(response.get("retry-after")) == limit.reset
    assert "5 requests per minute" in error["message"] and f"{limit.reset} second" in error["message"]


def test_each_limit_that_a_request_passes_is_told(start_sluice, quick_upstream):
    proxy = start_sluice(
        limited(
            quick_upstream,
            {"plugin": "ip-limiter", "config": {"limit": "300/m"}},
            by_team(["10/s", "1000/h"]),
            by_team("7/d", label="silent", headers=False),
        )
    )
    response = ask(proxy)
    limits = limits_of(response)
    assert {name: (limit.quota, limit.window, limit.remaining) for name, limit in limits.items()} == {
        "ip-limiter": (300, 60, 299),
        "teams/second": (10, 1, 9),
        "teams/hour": (1000, 3600, 999),
    }
    # The older fields have room for one: what will be met first.
    assert trio_of(response)[:2] == (10, 9)


def test_the_upstreams_own_fields_of_limits_do_not_contradict(serve):
    def script(connection):
        while connection.read_request() is not None:
            connection.answer(headers=[("X-RateLimit-Limit", "9999"), ("RateLimit", '"theirs";r=9'), ("X-Other", "1")])

    proxy, _ = serve(script, plugins=[by_team("5/m")])
    response = ask(proxy)
    assert set(limits_of(response)) == {"teams"} and trio_of(response)[0] == 5
    assert response.get("x-other") == "1"


@pytest.mark.parametrize("algorithm", ["sliding-window", "gcra"])
def test_a_client_that_honours_retry_after_is_admitted(start_sluice, start_redis, quick_upstream, algorithm):
    """By whichever of two processes, which agree about the time."""
    redis = start_redis()
    state = {"redis": redis.url, "timeout": "1s"}
    configuration = limited(quick_upstream, by_team("4/s", algorithm=algorithm), state=state)
    proxies = [start_sluice(configuration) for _ in range(2)]
    for proxy in proxies:
        eventually(lambda: b'"shared"' in proxy.admin("/readyz").body, "the state is shared")
    waits = 0
    for turn in range(6):
        response = ask(proxies[turn % 2])
        if response.status == 429:
            # As long as it says, and not asking again meanwhile.
            time.sleep(int(response.get("retry-after")))
            waits += 1
            response = ask(proxies[1 - turn % 2])
        assert response.status == 200
    assert waits >= 1


def test_a_client_that_is_refused_is_not_punished_for_asking(start_sluice, quick_upstream):
    """Refused requests count for nothing: whoever asks all the time gets as much as whoever waits."""
    proxy = start_sluice(limited(quick_upstream, by_team("10/s", algorithm="gcra", burst=1)))
    admitted, started = 0, time.monotonic()
    with proxy.connect() as client:
        while time.monotonic() - started < 0.75:
            admitted += client.ask(headers=[("X-Team", "red")]).status == 200
    assert admitted >= 7


def test_several_windows_hold_at_once(start_sluice, quick_upstream):
    proxy = start_sluice(limited(quick_upstream, by_team(["3/s", "4/h"])))
    assert [ask(proxy).status for _ in range(4)] == [200, 200, 200, 429]
    response = ask(proxy)
    assert trio_of(response)[0] == 3
    time.sleep(int(response.get("retry-after")))
    assert ask(proxy).status == 200
    response = ask(proxy)
    assert response.status == 429 and trio_of(response)[0] == 4
    assert int(response.get("retry-after")) > 60


# --- Observing


def test_observe_lets_through_and_counts(start_sluice, quick_upstream):
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}
    proxy = start_sluice(limited(quick_upstream, logger, by_team("3/h", mode="observe")))
    responses = [ask(proxy) for _ in range(5)]
    assert [response.status for response in responses] == [200] * 5
    # Nobody is told of a limit that does not hold.
    assert all(not response.has("retry-after") for response in responses)
    assert all(limits_of(response) == {} for response in responses[3:])
    observed = {"plugin": "teams", "decision": "observed", "reason": "rate_limit_exceeded"}
    assert proxy.metrics().value("sluice_plugin_decisions_total", **observed) == 2
    page = json.loads(proxy.admin("/plugins").body)
    entry = next(entry for entry in page["plugins"] if entry["label"] == "teams")
    assert (entry["plugin"], entry["mode"]) == ("rate-limiter", "observe")
    assert {"decision": "observed", "reason": "rate_limit_exceeded", "count": 2} in entry["decisions"]
    records = eventually(lambda: len(proxy.records()) == 5 and proxy.records(), "all are recorded")
    assert [any(d["decision"] == "observed" for d in record["decisions"]) for record in records] == [False] * 3 + [
        True
    ] * 2


def test_a_limit_can_be_tried_beside_the_one_that_holds(start_sluice, quick_upstream):
    proxy = start_sluice(
        limited(quick_upstream, by_team("2/h", label="planned", mode="observe"), by_team("4/h", label="present"))
    )
    assert [ask(proxy).status for _ in range(6)] == [200] * 4 + [429] * 2
    metrics = proxy.metrics()
    assert metrics.value("sluice_plugin_decisions_total", plugin="planned", decision="observed") == 4
    assert metrics.value("sluice_plugin_decisions_total", plugin="present", decision="refuse") == 2


# --- Reloads


def test_counters_survive_a_reload(start_sluice, quick_upstream):
    proxy = start_sluice(limited(quick_upstream, by_team("4/h"), by_team("100/h", label="others")))
    assert [ask(proxy).status for _ in range(3)] == [200] * 3
    # Other plugins come and go, and others of its own settings change.
    proxy.reload(limited(quick_upstream, {"plugin": "request-id"}, by_team("4/h", headers=False)))
    assert [ask(proxy).status for _ in range(2)] == [200, 429]
    proxy.reload(limited(quick_upstream, by_team("6/h")))
    response = ask(proxy)
    assert (response.status, limits_of(response)["teams"].remaining) == (200, 1)
    assert [ask(proxy).status for _ in range(2)] == [200, 429]


def test_a_file_of_networks_is_read_again_with_a_reload(start_sluice, quick_upstream, tmp_path):
    networks = tmp_path / "data-centres.txt"
    networks.write_text("# Cloud\n198.51.100.0/24\n")
    configuration = limited(
        quick_upstream,
        {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
        {
            "plugin": "ip-limiter",
            "config": {
                "limit": "300/m",
                "allow": ["192.0.2.0/24"],
                "tiers": [{"networks": [f"file:{networks}"], "limit": "2/m"}],
            },
        },
    )
    proxy = start_sluice(configuration)

    def quota(address: str) -> int | None:
        limits = limits_of(ask(proxy, "red", ("X-Forwarded-For", address)))
        return limits["ip-limiter"].quota if limits else None

    assert [quota(address) for address in ["198.51.100.9", "203.0.113.9", "192.0.2.9"]] == [2, 300, None]
    networks.write_text("203.0.113.0/24\n192.0.2.0/24\n")
    assert quota("203.0.113.9") == 300
    proxy.reload(configuration)
    assert [quota(address) for address in ["198.51.100.9", "203.0.113.9", "192.0.2.9"]] == [300, 2, None]
    # A file with an error changes nothing.
    networks.write_text("203.0.113.0/33\n")
    proxy.process.signal(1)
    eventually(lambda: any("/33" in line for line in proxy.process.stderr_lines), "the error is told")
    assert quota("203.0.113.9") == 2


# --- Keys


def keys(**identities: dict) -> dict:
    """An api-keys plugin in which `key-NAME` is the key of NAME."""
    return {
        "plugin": "api-keys",
        "config": {
            "keys": [
                {"hash": hashlib.sha256(f"key-{name}".encode()).hexdigest(), "identity": name} | terms
                for name, terms in identities.items()
            ]
        },
    }


def bearer(key: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {key}")


def test_a_forged_token_is_401_and_does_not_skip_the_address_limiter(start_sluice, quick_upstream):
    proxy = start_sluice(
        limited(quick_upstream, {"plugin": "ip-limiter", "config": {"limit": "12/h"}}, keys(red={}, blue={}))
    )
    tokens = ["sk-" + "x" * 20, "sk-" + "x" * 48, "key-red ", "KEY-RED", "key-re", "key-redd", "a.b.c", "x" * 8192]
    with proxy.connect() as client:
        for token in tokens[:2] + tokens[3:]:
            assert_error(client.ask(headers=[bearer(token)]), 401, "invalid_key")
        assert_error(client.ask(), 401, "missing_key")
        # Who has a key has the address's budget, which the forger has used too.
        for _ in range(12 - len(tokens)):
            assert client.ask(headers=[bearer("key-red")]).status == 200
        for key in ["key-red", "sk-" + "y" * 20, "key-blue"]:
            assert_error(client.ask(headers=[bearer(key)]), 429, "rate_limit_exceeded")


def test_an_identity_has_one_budget_by_all_its_keys_and_limits_of_its_own(start_sluice, quick_upstream):
    known = keys(red={}, blue={"limits": ["5/h"]})
    second = hashlib.sha256(b"another-of-red").hexdigest()
    known["config"]["keys"].append({"hash": second, "identity": "red"})
    limit = {"plugin": "rate-limiter", "config": {"key": "identity", "limit": "3/h"}}
    proxy = start_sluice(limited(quick_upstream, known, limit))
    with proxy.connect() as client:

        def statuses(key: str, count: int) -> list[int]:
            return [client.ask(headers=[bearer(key)]).status for _ in range(count)]

        assert statuses("key-red", 2) == [200] * 2
        assert statuses("another-of-red", 2) == [200, 429]
        assert statuses("key-blue", 6) == [200] * 5 + [429]


def test_a_refused_request_counts_against_no_limit_behind_the_one_that_refused_it(start_sluice, quick_upstream):
    proxy = start_sluice(limited(quick_upstream, by_team("2/h", label="first"), by_team("4/h", label="second")))
    assert [ask(proxy).status for _ in range(5)] == [200, 200, 429, 429, 429]
    proxy.reload(limited(quick_upstream, by_team("4/h", label="second")))
    assert limits_of(ask(proxy))["second"].remaining == 1


def test_a_refused_request_counts_against_no_limit_behind_it_in_redis_either(start_sluice, start_redis, quick_upstream):
    """There both are asked at once, so what the second has counted is given back."""
    redis = start_redis()
    state = {"state": {"redis": redis.url, "timeout": "1s"}}
    limits = [by_team("2/h", label="first"), by_team("4/h", label="second")]
    one, two = [start_sluice(limited(quick_upstream, *limits, **state)) for _ in range(2)]
    for proxy in [one, two]:
        eventually(lambda: b'"shared"' in proxy.admin("/readyz").body, "the state is shared")
    assert [ask(one).status for _ in range(2)] == [200, 200]
    # The other process does not know that it is used up, and has to ask.
    assert ask(two).status == 429
    behind = start_sluice(limited(quick_upstream, by_team("4/h", label="second"), **state))
    eventually(lambda: b'"shared"' in behind.admin("/readyz").body, "the state is shared")
    assert limits_of(ask(behind))["second"].remaining == 1
