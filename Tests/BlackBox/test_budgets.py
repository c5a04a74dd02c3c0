"""Budgets hold whatever comes at once, at one process and at several that share their state."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from harness.configuration import proxy_to
from harness.program import run
from harness.waiting import eventually

#: Of each token of an answer, in US dollars. The prompt costs nothing, so that a request may cost
#: `max_tokens` of them at most.
TOKEN = Decimal("0.001")
PRICES = {"providers": {"test": {"models": {"m": {"input": 0, "output": str(TOKEN * 1_000_000)}}}}}


class Provider:
    """Answers with as many tokens as it is told to, once it is let. What it has charged is added up."""

    def __init__(self, start_upstream):
        self.is_open = threading.Event()
        self.tokens = lambda request: request["max_tokens"]
        self.statuses = iter([])
        self.charged = Decimal(0)
        self._lock = threading.Lock()
        self.waiting = 0
        self.upstream = start_upstream(self._serve)
        self.url = self.upstream.url

    def _serve(self, connection):
        while (request := connection.read_request()) is not None:
            body = json.loads(request.body)
            with self._lock:
                self.waiting += 1
            assert self.is_open.wait(30)
            with self._lock:
                self.waiting -= 1
                status = next(self.statuses, 200)
                tokens = self.tokens(body) if status == 200 else 0
                self.charged += TOKEN * tokens
            usage = {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": 7 + tokens}
            answer = {"object": "chat.completion", "model": "m", "choices": []}
            if status == 200:
                answer["usage"] = usage
            connection.answer(
                json.dumps(answer).encode(), f"{status} Status", [("Content-Type", "application/json")]
            )


@pytest.fixture
def provider(start_upstream):
    return Provider(start_upstream)


@pytest.fixture
def start(start_sluice, tmp_path, provider):
    """start(limit, redis=None, …) -> Sluice: a budget for each team behind a meter."""
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps(PRICES))

    def start(limit, redis=None, before=(), url=None, meter=None, **budget):
        plugins = [
            {"plugin": "cost-meter", "config": {"prices": str(prices), **(meter or {})}},
            {
                "plugin": "budget",
                "config": {"key": "header:x-team", "limit": limit, "per": "month", **budget},
            },
        ]
        # The machine is shared: a slow moment is not to be taken for an outage.
        state = {"state": {"redis": redis.url, "timeout": "2s"}} if redis else {}
        return start_sluice(proxy_to(url or provider.url, workers=2, plugins=[*before, *plugins], **state))

    return start


def ask(proxy, tokens: int = 100, team: str = "red", headers=(), **members):
    body = json.dumps({"model": "m", "messages": [], "max_tokens": tokens, **members}).encode()
    with proxy.connect(patience=30) as client:
        return client.ask(
            "POST", "/v1/chat/completions", headers=[("X-Team", team), *headers], body=body
        )


def code(response) -> str:
    return json.loads(response.body)["error"]["code"]


def spent(*proxies) -> Decimal:
    total = Decimal(0)
    for proxy in proxies:
        for line in proxy.metrics().text.splitlines():
            if line.startswith("sluice_budget_spent_usd_total{"):
                total += Decimal(line.split()[-1])
    return total


def storm(proxies, provider, admitted: int):
    """Sixty-four requests that are all under way before the first of them is answered."""
    with ThreadPoolExecutor(64) as pool:
        asked = [pool.submit(ask, proxies[turn % len(proxies)]) for turn in range(64)]
        eventually(
            lambda: sum(one.done() for one in asked) == 64 - admitted and provider.waiting == admitted,
            f"{admitted} of 64 are admitted, and the others refused",
            within=20,
        )
        provider.is_open.set()
        return [one.result() for one in asked]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("replicas", [1, 3])
def test_sixty_four_requests_at_once_are_admitted_as_far_as_the_budget_reaches(
    start, start_redis, provider, replicas
):
    redis = start_redis() if replicas > 1 else None
    proxies = [start("5.00", redis) for _ in range(replicas)]
    provider.tokens = lambda request: 37
    # A dime each: fifty of them.
    answers = storm(proxies, provider, 50)
    refused = [answer for answer in answers if answer.status != 200]
    assert {(answer.status, code(answer), answer.get("retry-after")) for answer in refused} == {
        (402, "budget_in_use", "1")
    }
    # They have cost less than they might have: the rest is there again, at every replica.
    assert provider.charged == 50 * 37 * TOKEN
    eventually(lambda: spent(*proxies) == provider.charged, "it is charged")
    for proxy in proxies:
        answer = eventually(lambda: (a := ask(proxy, 37)).status == 200 and a, "there is room again")
        assert answer.get("x-budget-limit") == "5"

    # And now until it is used up, with answers of any length.
    chance = random.Random(7)
    provider.tokens = lambda request: chance.randint(0, request["max_tokens"])
    with ThreadPoolExecutor(64) as pool:

        def until_refused(turn):
            while (answer := ask(proxies[turn % replicas], 90)).status == 200 or code(answer) == "budget_in_use":
                time.sleep(0.02)
            return answer

        last = list(pool.map(until_refused, range(64)))
    assert {code(answer) for answer in last} == {"budget_exceeded"}
    assert Decimal("5") - 90 * TOKEN < provider.charged <= Decimal("5")
    eventually(lambda: spent(*proxies) == provider.charged, "all of it is charged")
    # What is left may still be spent, to the last token.
    provider.tokens = lambda request: request["max_tokens"]
    left = int((Decimal("5") - provider.charged) / TOKEN)
    if left:
        assert ask(proxies[0], left).status == 200
    for proxy in proxies:
        answer = eventually(
            lambda: (a := ask(proxy, 1)).status == 402 and code(a) == "budget_exceeded" and a, "nothing is left"
        )
        assert answer.get("x-budget-remaining") == "0"
        # Other teams have budgets of their own.
        assert ask(proxy, 1, team="blue").status == 200
    assert provider.charged == Decimal("5") + replicas * TOKEN


@pytest.mark.timeout(60)
def test_a_tolerance_is_what_a_budget_may_be_passed_by(start, provider):
    proxy = start("1.00", tolerance="0.25")
    answers = storm([proxy], provider, 12)
    assert len([answer for answer in answers if answer.status == 200]) == 12
    assert provider.charged == Decimal("1.20") <= Decimal("1.00") + Decimal("0.25")


@pytest.mark.timeout(60)
def test_what_a_killed_process_had_reserved_comes_free(start, start_redis, provider):
    redis = start_redis()
    lost, other = [start("1.00", redis, reservationTimeout="2s") for _ in range(2)]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, lost, 1000)
        eventually(lambda: provider.waiting == 1, "the request is under way")
        assert code(ask(other, 1)) == "budget_in_use"
        lost.kill()
        assert asked.exception() is not None or asked.result().status != 200
    provider.is_open.set()
    eventually(lambda: ask(other, 1000).status == 200, "the reservation has lapsed", within=10)


@pytest.mark.timeout(60)
def test_a_request_is_charged_once_however_often_it_was_sent(start, provider):
    retry = {"plugin": "retry", "config": {"nonIdempotent": "always", "delay": "1ms", "attempts": 3}}
    proxy = start("1.00", before=[retry])
    provider.is_open.set()
    for turn in range(4):
        provider.statuses = iter([503, 503])
        assert ask(proxy, 200).status == 200
        assert provider.charged == (turn + 1) * 200 * TOKEN
        eventually(lambda: spent(proxy) == provider.charged, "it is charged")
    assert ask(proxy, 300).status == 402
    assert ask(proxy, 200).status == 200


@pytest.mark.timeout(60)
def test_requests_that_fail_or_are_refused_cost_nothing(start, provider):
    proxy = start(
        "1.00",
        before=[{"plugin": "rate-limiter", "config": {"key": "header:x-team", "limit": "3/h"}}],
    )
    provider.is_open.set()
    provider.statuses = iter([500, 400, 200])
    assert [ask(proxy, 300).status for _ in range(5)] == [500, 400, 200, 429, 429]
    assert provider.charged == Decimal("0.3")
    eventually(lambda: spent(proxy) == provider.charged, "it is charged")


@pytest.mark.timeout(60)
def test_a_stream_that_passes_the_budget_is_cut_with_an_error(start, start_upstream):
    has_left = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = {"model": "m", "choices": [{"index": 0, "delta": {"content": "word " * 20}}]}
        event = f"data: {json.dumps(chunk)}\n\n".encode()
        try:
            while not has_left.wait(0.01):
                connection.send(b"%x\r\n%s\r\n" % (len(event), event))
        except OSError:
            has_left.set()

    upstream = start_upstream(script)
    # Nothing is expected of a request without a limit; so it is admitted, and turns out to cost too much.
    proxy = start("0.05", url=upstream.url, meter={"expectedOutput": 0}, onOverrun="cut")
    body = json.dumps({"model": "m", "messages": [], "stream": True}).encode()
    with proxy.connect() as client:
        answer = client.ask("POST", "/v1/chat/completions", headers=[("X-Team", "red")], body=body)
    assert answer.status == 200 and answer.is_complete
    events = answer.body.decode().split("\n\n")
    assert events.pop() == ""
    error = json.loads(events.pop().removeprefix("data: "))["error"]
    assert (error["code"], error["type"], error["param"]) == ("budget_exceeded", "insufficient_quota", None)
    # Each of the others is whole.
    assert events and all(json.loads(event.removeprefix("data: "))["choices"] for event in events)
    assert has_left.wait(5), "the upstream is left"
    assert eventually(lambda: spent(proxy), "it is charged") > Decimal("0.05")
    assert proxy.metrics().value("sluice_budget_cut_streams_total") == 1
    assert code(ask(proxy, 1)) == "budget_exceeded"


def test_the_check_wants_a_meter_before_a_budget(tmp_path):
    budget = {"plugin": "budget", "config": {"limit": 1, "per": "day"}}
    for plugins, is_warned in [([budget], True), ([{"plugin": "cost-meter"}, budget], False)]:
        file = tmp_path / "plugins.json"
        file.write_text(json.dumps(proxy_to("http://127.0.0.1:9", plugins=plugins)))
        checked = run("check", "--config", str(file))
        assert checked.returncode == 0
        assert ("expected_cost_usd" in checked.stdout + checked.stderr) == is_warned
