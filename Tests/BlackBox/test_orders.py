"""Orders that cannot work: `check` and `run` say the same of them, what is said is true, and the advice helps."""

import json
import re
from contextlib import ExitStack

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.program import REPOSITORY, run
from harness.upstream import always
from harness.waiting import eventually

FILES = sorted((REPOSITORY / "Tests/Orders").glob("*.json"))
CHAT = b'{"model":"m","messages":[{"role":"user","content":"Hello"}]}'
USAGE = b'{"usage":{"prompt_tokens":60,"completion_tokens":60,"total_tokens":120}}'

TRUSTED = {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}}
LOGGER = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "10ms"}}
METER = {"plugin": "cost-meter"}


def test_there_are_cases():
    assert len(FILES) > 15


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_check_and_run_say_the_same(file, tmp_path, start_sluice):
    told = file.with_suffix(".txt").read_text()
    (tmp_path / "plugins.json").write_text(file.read_text())
    checked = run("check", folder=tmp_path)
    count = told.count("\n")
    assert checked.returncode == 0
    assert checked.stdout + checked.stderr == f"{told}plugins.json: {count} warning{'s' * (count > 1)}\n"

    proxy = start_sluice(file.read_text())
    said = [event["event"] for event in proxy.events() if re.search(r"plugins\.json:\d", event["event"])]
    assert [line.replace(f"{proxy.file}", "plugins.json") for line in said] == told.splitlines()


def chat(client: Client, *fields: tuple[str, str]):
    client.send("".join([
        f"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: {len(CHAT)}\r\n",
        *(f"{name}: {value}\r\n" for name, value in fields), "\r\n",
    ]).encode() + CHAT)
    return client.response("POST")


def statuses(proxy, *requests):
    """Of requests one after the other, each with these fields."""
    with proxy.connect() as client:
        return [chat(client, *fields).status for fields in requests]


def warned(proxy, word: str) -> bool:
    return any(word in event["event"] for event in proxy.events() if "warning: " in event["event"])


@pytest.mark.parametrize("is_right", [False, True])
def test_a_limiter_before_trusted_proxy_takes_all_clients_for_one(serve, is_right):
    plugins = [{"plugin": "ip-limiter", "config": {"limit": "1/h"}}, TRUSTED]
    proxy, _ = serve(always(), plugins=plugins[::-1] if is_right else plugins)
    assert warned(proxy, "client_address") != is_right
    clients = [[("X-Forwarded-For", f"192.0.2.{number}")] for number in range(3)]
    assert statuses(proxy, *clients) == ([200, 200, 200] if is_right else [200, 429, 429])


@pytest.mark.parametrize("is_right", [False, True])
def test_a_limiter_of_tokens_without_a_meter_limits_nothing(serve, is_right):
    limiter = {"plugin": "rate-limiter", "config": {"key": "everyone", "cost": "tokens", "limit": "100/h"}}
    proxy, _ = serve(
        always(body=USAGE, headers=[("Content-Type", "application/json")]),
        plugins=[limiter, METER] if is_right else [limiter],
    )
    assert warned(proxy, "needs usage") != is_right
    # The first takes more than there is.
    assert statuses(proxy, [], [], []) == ([200, 429, 429] if is_right else [200, 200, 200])


@pytest.mark.parametrize("is_right", [False, True])
def test_a_limiter_by_model_before_the_meter_takes_all_models_for_one(serve, is_right):
    plugins = [{"plugin": "rate-limiter", "config": {"key": "model", "limit": "1/h", "whenMissing": "skip"}}, METER]
    proxy, _ = serve(always(), plugins=plugins[::-1] if is_right else plugins)
    assert warned(proxy, "reads model") != is_right
    assert statuses(proxy, [], []) == ([200, 429] if is_right else [200, 200])


@pytest.mark.parametrize("is_right", [False, True])
def test_a_concurrency_limiter_before_the_meter_gives_its_places_to_who_sends_slowly(serve, is_right):
    plugins = [{"plugin": "concurrency-limiter", "config": {"limit": 1}}, METER]
    proxy, _ = serve(always(), plugins=plugins[::-1] if is_right else plugins)
    assert warned(proxy, "send slowly") != is_right
    with proxy.connect() as slow, proxy.connect() as other:
        slow.send(f"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: {len(CHAT)}\r\n\r\n".encode() + CHAT[:10])
        eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 1, "the slow one has begun")
        assert chat(other).status == (200 if is_right else 503)
        slow.send(CHAT[10:])
        assert slow.response("POST").status == 200


def test_a_logger_in_a_route_misses_what_check_says_and_one_at_the_top_nothing(start_upstream, start_sluice):
    upstream = start_upstream(always())
    routes = [{"name": "chat", "path": "/chat", "upstream": "origin"}, {"name": "rest", "path": "/rest/*", "upstream": "origin"}]
    refuses = {"plugin": "request-guard", "config": {"methods": ["POST"]}}

    def recorded(plugins, route_plugins):
        proxy = start_sluice({
            "listen": "127.0.0.1:0",
            "upstreams": {"origin": {"url": upstream.url}},
            "plugins": plugins,
            "routes": [routes[0] | {"plugins": route_plugins}, routes[1]],
        })
        with proxy.connect() as client:
            assert chat(client).status == 200
            assert [client.ask(target=target).status for target in ["/chat", "/rest/a", "/none"]] == [405, 200, 404]
            client.send("GET /chat HTTP/1.1\r\nHost a\r\n\r\n")
            assert client.response("GET").status == 400
        assert proxy.stop() == 0
        return proxy, sorted((record["route"] or "", record["status"]) for record in proxy.records())

    # Behind a plugin that refuses: what that refused is recorded wherever the logger stands.
    proxy, records = recorded([], [refuses, LOGGER])
    assert warned(proxy, 'those of route "rest", those that no route takes and malformed ones pass it by')
    assert records == [("chat", 200), ("chat", 405)]

    proxy, records = recorded([LOGGER], [refuses])
    assert not warned(proxy, "pass it by")
    assert records == [("", 400), ("", 404), ("chat", 200), ("chat", 405), ("rest", 200)]


def test_a_right_order_is_no_cause_for_a_word(tmp_path):
    """Each plugin where its page says that it stands."""
    plugins = [
        TRUSTED,
        {"plugin": "request-id"},
        {"plugin": "tracing", "config": {"endpoint": "http://127.0.0.1:9/v1/traces"}},
        LOGGER,
        {"plugin": "api-keys", "config": {"anonymous": True}},
        {"plugin": "request-guard", "config": {"body": "1MiB"}},
        {"plugin": "velocity-guard", "config": {"tiers": {"free": 0.5}}},
        {"plugin": "ip-limiter", "config": {"limit": "300/m"}},
        {"plugin": "fingerprint-limiter"},
        METER,
        {"plugin": "rate-limiter", "config": {"key": ["identity", "model"], "limit": "10/m"}},
        {"plugin": "rate-limiter", "label": "tokens", "config": {"key": "tier", "cost": "tokens", "limit": "1000/m"}},
        {"plugin": "budget", "config": {"limit": "5.00", "per": "day", "tiers": {"free": "1.00"}}},
        {"plugin": "concurrency-limiter", "config": {"limit": 10, "key": "identity"}},
        {"plugin": "headers", "config": {"request": {"set": {"x-a": "b"}}}},
        {"plugin": "retry"},
        {"plugin": "sse-keepalive", "config": {"beforeHead": "5s"}},
    ]
    (tmp_path / "plugins.json").write_text(json.dumps(proxy_to("http://127.0.0.1:9", plugins=plugins)))
    result = run("check", folder=tmp_path)
    assert (result.stdout + result.stderr) == "plugins.json: fine\n"
    assert {plugin["plugin"] for plugin in plugins} == {
        plugin["name"] for plugin in json.loads(run("plugins", "--json").stdout)
    }
