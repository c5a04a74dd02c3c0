"""sluice explain: what would become of one request, as it really becomes."""

import json

import pytest
from harness.configuration import proxy_to
from harness.program import REPOSITORY, run
from harness.upstream import always

CHAIN = [
    {"plugin": "trusted-proxy", "config": {"trusted": ["10.0.0.0/8"]}},
    {"plugin": "request-id"},
    {"plugin": "headers", "config": {"request": {"set": {"x-team": "blue"}, "remove": ["x-debug"]}}},
    {"plugin": "ip-limiter", "config": {"limit": "1/h"}, "mode": "observe"},
    {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}},
]


@pytest.fixture
def explain(tmp_path):
    def explain(*words: str, plugins=CHAIN, **overrides):
        configuration = proxy_to("http://127.0.0.1:9", plugins=plugins, **overrides)
        (tmp_path / "plugins.json").write_text(json.dumps(configuration))
        return run("explain", *words, folder=tmp_path)

    explain.folder = tmp_path
    return explain


def explained(explain, *words: str, **options) -> dict:
    result = explain("--json", *words, **options)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_it_tells_plugin_by_plugin_what_was_read_written_and_decided(explain):
    words = ["GET", "/things", "-H", "x-forwarded-for: 203.0.113.7", "-H", "x-debug: 1", "--peer", "10.1.2.3"]
    told = explained(explain, *words)
    assert told["route"] == "all"
    by_label = {part["plugin"]: part for part in told["plugins"] if part["phase"] == "request"}
    assert list(by_label) == ["trusted-proxy", "request-id", "headers", "ip-limiter"]
    assert by_label["trusted-proxy"]["wrote"]["client_address"] == "203.0.113.7"
    assert by_label["ip-limiter"]["read"]["client_address"] == "203.0.113.7"
    assert "+ x-team: blue" in by_label["headers"]["fields"]
    assert "- x-debug: 1" in by_label["headers"]["fields"]
    assert "x-team: blue" in told["forwarded"]


def test_a_person_can_read_it(explain):
    result = explain("GET", "/things?x=1", "-H", "authorization: Bearer secret-key")
    assert result.returncode == 0
    text = result.stdout
    assert text.startswith('GET /things?x=1: route "all"')
    assert "trusted-proxy: proceed" in text
    assert 'would go to the upstream "origin" as' in text
    assert "GET /things?x=1 HTTP/1.1" in text
    assert "secret-key" not in text


def test_a_refusal_is_told_with_its_reason_and_the_answer(explain):
    limiter = {"plugin": "ip-limiter", "config": {"limit": "1/h", "allow": []}}
    keys = {"plugin": "api-keys", "config": {"file": "keys"}}
    (explain.folder / "keys").write_text("")
    result = explain("GET", "/", plugins=[keys, limiter])
    assert result.returncode == 0
    assert "api-keys: refuse 401" in result.stdout
    assert "why " in result.stdout
    assert "HTTP/1.1 401" in result.stdout
    assert "ip-limiter" not in result.stdout


def test_nothing_is_written_and_no_state_is_touched(explain):
    told = explained(explain, "GET", "/", state={"redis": "redis://127.0.0.1:1"})
    assert told["status"] == 200
    assert not (explain.folder / "activity.jsonl").exists()


@pytest.mark.parametrize(
    "words, told",
    [
        (["GET"], "expected a method and a path"),
        (["GET", "things"], 'begins with "/"'),
        (["GET", "/", "-H", "novalue"], "-H: expected 'name: value'"),
        (["GET", "/", "--peer", "home"], "--peer: expected an address"),
        (["GET", "/", "more"], "unknown argument"),
    ],
)
def test_a_wrong_call_says_what_was_expected(explain, words, told):
    result = explain(*words)
    assert result.returncode == 2
    assert told in result.stderr


def test_the_same_is_decided_as_in_the_real_run(start_upstream, start_sluice, explain):
    """Ten requests, each taken through a fresh proxy and through explain."""
    upstream = start_upstream(always())
    refuse_by_address = {"plugin": "ip-limiter", "config": {"limit": "1/d", "tiers": []}}
    for number in range(10):
        plugins = [CHAIN[0], CHAIN[1], CHAIN[2], refuse_by_address]
        target = f"/path/{number}" if number % 3 else "*"
        target = target if target != "*" else "/none"
        overrides = {"route": {"path": "/path/*"}}
        proxy = start_sluice(proxy_to(upstream.url, plugins=plugins, **overrides))
        with proxy.connect() as client:
            real = client.ask(target=target)
        told = explained(explain, "GET", target, plugins=plugins, **overrides)
        assert told["status"] == real.status, target
        assert (told["route"] == "all") == target.startswith("/path/")


CHAT = "/v1/chat/completions"
HELLO = '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}'
JSON = {"Content-Type": "application/json"}
#: What the guide protects (docs/protecting-a-chat-endpoint.md), asked for in ten ways: method, path, fields, body.
GUIDE = [
    ("POST", CHAT, JSON, HELLO),
    ("POST", CHAT, {**JSON, "Authorization": "Bearer sk-unknown"}, HELLO),
    ("POST", CHAT, {**JSON, "X-Forwarded-For": "203.0.113.7, 198.51.100.2"}, HELLO),
    ("POST", CHAT, {**JSON, "X-Forwarded-For": "not an address"}, HELLO),
    ("POST", CHAT, {**JSON, "X-Request-Id": "chosen-by-the-client-1"}, HELLO.replace("4o-mini", "unheard-of")),
    ("POST", CHAT, JSON, HELLO[:-1] + ', "stream": true}'),
    ("POST", CHAT, JSON, "{ not JSON"),
    ("GET", CHAT, {}, ""),
    ("GET", "/v1/models", {"Authorization": "Bearer sk-unknown"}, ""),
    ("DELETE", "/v1/files/1?force=true", {"Forwarded": "for=203.0.113.9"}, ""),
]
#: explain's words for what records call otherwise.
DECISIONS = {"proceed": "proceed", "refuse": "refuse", "answer": "answer", "would refuse": "observed"}


@pytest.mark.parametrize("method, path, fields, body", GUIDE)
def test_requests_of_the_guide_are_decided_as_in_the_real_run(
    start_upstream, start_sluice, tmp_path, method, path, fields, body
):
    upstream = start_upstream(always())
    written = (REPOSITORY / "plugins.json").read_text()
    for shipped, here in [
        ("127.0.0.1:8080", "127.0.0.1:0"),
        ("127.0.0.1:9901", "127.0.0.1:0"),
        ("https://api.openai.com", upstream.url),
        ('"prices.json"', json.dumps(str(REPOSITORY / "prices.json"))),
    ]:
        assert written.count(shipped) == 1
        written = written.replace(shipped, here)
    proxy = start_sluice(written)
    with proxy.connect() as client:
        real = client.ask(method, path, headers=list(fields.items()), body=body.encode() or None)
    (seen,) = json.loads(proxy.admin("/requests").body)["finished"]

    (tmp_path / "plugins.json").write_text(written)
    words = [word for name, value in fields.items() for word in ("-H", f"{name}: {value}")]
    result = run("explain", "--json", method, path, *words, *(["-d", body] if body else []), folder=tmp_path)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["status"], told["route"]) == (real.status, seen["route"])
    decided = {part["plugin"]: part for part in told["plugins"] if part["phase"] == "request"}
    for plugin in seen["plugins"]:
        explained = decided.get(plugin["plugin"], {"decision": "proceed", "reason": None})
        assert DECISIONS[explained["decision"]] == plugin["decision"], plugin
        reason = explained["reason"] and explained["reason"].split()[-1]
        assert reason == plugin["reason"], plugin
