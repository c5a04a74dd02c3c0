"""How many requests are under way at once, and what becomes of those beyond."""

import json
import threading
import time

import pytest
from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.waiting import eventually


class HeldUpstream:
    """Keeps every request until it is let go, by its target, and knows how many it has had at once."""

    def __init__(self, start_upstream):
        self._changed = threading.Condition()
        self._released: set[str] = set()
        self.present: list[str] = []
        self.order: list[str] = []
        self.most = 0
        self.upstream = start_upstream(self._serve)
        self.url = self.upstream.url

    def _serve(self, connection):
        while (request := connection.read_request()) is not None:
            with self._changed:
                self.present.append(request.target)
                self.order.append(request.target)
                self.most = max(self.most, len(self.present))
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: request.target in self._released, 20)
                self.present.remove(request.target)
            connection.answer()

    def has(self, *targets: str) -> None:
        """Waits until it has had all of these."""
        with self._changed:
            assert self._changed.wait_for(lambda: set(targets) <= set(self.order), 5), self.order

    def release(self, *targets: str) -> None:
        with self._changed:
            self._released |= set(targets)
            self._changed.notify_all()


@pytest.fixture
def held(start_upstream):
    return HeldUpstream(start_upstream)


def limited(held, mode: str = "enforce", more=(), **config) -> dict:
    limiter = {"plugin": "concurrency-limiter", "mode": mode, "config": {"limit": 1} | config}
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}
    return proxy_to(held.url, plugins=[logger, limiter, *more], workers=2)


def begin(stack, proxy, target: str, *headers: tuple[str, str]):
    client = stack.enter_context(proxy.connect())
    client.request(target=target, headers=list(headers))
    return client


def state(proxy) -> dict:
    plugins = json.loads(proxy.admin("/plugins").body)["plugins"]
    return next(plugin["state"] for plugin in plugins if plugin["plugin"] == "concurrency-limiter")


def await_waiting(proxy, count: int) -> None:
    eventually(lambda: state(proxy)["waiting"] == count, f"{count} requests wait")


def await_idle(proxy) -> None:
    eventually(lambda: state(proxy) == {"running": 0, "waiting": 0, "keys": 0}, "all places are given back")


def begin_waiting(stack, proxy, *targets: str) -> list:
    """Requests that wait, one after the other."""
    clients = []
    before = state(proxy)["waiting"]
    for target in targets:
        clients.append(begin(stack, proxy, target))
        before += 1
        await_waiting(proxy, before)
    return clients


def test_one_beyond_the_limit_is_told_to_come_again(start_sluice, held, stack):
    proxy = start_sluice(limited(held, limit=2))
    clients = [begin(stack, proxy, target) for target in ("/a", "/b")]
    held.has("/a", "/b")
    with proxy.connect() as client:
        response = client.ask(target="/c")
        assert_error(response, 503, "concurrency_limit")
        assert response.get("retry-after") == "1"
        held.release("/a", "/c")
        assert clients[0].response().status == 200
        # The place is free when the answer has left, and the connection can be used again.
        assert eventually(lambda: client.ask(target="/c").status == 200, "there is a place")
    held.release("/b")
    assert clients[1].response().status == 200
    assert held.most == 2
    labels = {"plugin": "concurrency-limiter", "decision": "refuse", "reason": "concurrency_limit"}
    assert proxy.metrics().value("sluice_plugin_decisions_total", **labels) >= 1


def test_those_who_wait_are_served_in_order_by_whichever_loop_they_came(start_sluice, held, stack):
    proxy = start_sluice(limited(held, queue=20, timeout="20s"))
    first = begin(stack, proxy, "/first")
    held.has("/first")
    targets = [f"/{number}" for number in range(12)]
    clients = begin_waiting(stack, proxy, *targets)
    metrics = proxy.metrics()
    assert metrics.value("sluice_concurrency_running", plugin="concurrency-limiter") == 1
    assert metrics.value("sluice_concurrency_waiting", plugin="concurrency-limiter") == 12
    held.release("/first", *targets)
    for client in [first, *clients]:
        assert client.response().status == 200
    assert held.order == ["/first", *targets]
    assert held.most == 1
    await_idle(proxy)
    assert proxy.metrics().value("sluice_concurrency_waits_total") == 12


def test_each_key_has_its_own_places_and_queue(start_sluice, held, stack):
    proxy = start_sluice(limited(held, key="header:x-team", queue=1))
    red = begin(stack, proxy, "/red", ("X-Team", "red"))
    blue = begin(stack, proxy, "/blue", ("X-Team", "blue"))
    held.has("/red", "/blue")
    waiting = begin(stack, proxy, "/red-2", ("X-Team", "red"))
    await_waiting(proxy, 1)
    with proxy.connect() as client:
        assert_error(client.ask(target="/red-3", headers=[("X-Team", "red")]), 503, "queue_full")
    held.release("/red", "/blue", "/red-2")
    for client in (red, blue, waiting):
        assert client.response().status == 200


def test_one_that_waits_too_long_is_refused_when_its_time_is_over(start_sluice, held, stack):
    proxy = start_sluice(limited(held, queue=5, timeout="300ms", status=429))
    first = begin(stack, proxy, "/first")
    held.has("/first")
    since = time.monotonic()
    with proxy.connect() as client:
        response = client.ask(target="/late")
        waited = time.monotonic() - since
        assert_error(response, 429, "queue_timeout")
        assert response.get("retry-after") == "1"
    assert waited >= 0.3
    held.release("/first")
    assert first.response().status == 200
    assert held.order == ["/first"]
    await_idle(proxy)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_while_it_waits_is_not_waited_for(start_sluice, held, stack, how):
    proxy = start_sluice(limited(held, queue=3, timeout="20s"))
    first = begin(stack, proxy, "/first")
    held.has("/first")
    leaving, staying = begin_waiting(stack, proxy, "/leaving", "/staying")
    getattr(leaving, how)()
    await_waiting(proxy, 1)
    record = eventually(lambda: proxy.records(), "the one that left is recorded")[0]
    assert (record["path"], record["status"], record["aborted"]) == ("/leaving", 499, "client")
    held.release("/first", "/staying")
    assert first.response().status == 200
    assert staying.response().status == 200
    assert held.order == ["/first", "/staying"]
    await_idle(proxy)


def test_a_client_that_leaves_while_it_has_a_place_gives_it_back(start_sluice, held, stack):
    proxy = start_sluice(limited(held, queue=1, timeout="20s"))
    first = begin(stack, proxy, "/first")
    held.has("/first")
    (second,) = begin_waiting(stack, proxy, "/second")
    first.reset()
    held.has("/second")
    held.release("/second", "/first")
    assert second.response().status == 200
    await_idle(proxy)


def test_a_drain_lets_those_who_wait_have_their_turn(start_sluice, held, stack):
    proxy = start_sluice(limited(held, queue=3, timeout="20s"))
    first = begin(stack, proxy, "/first")
    held.has("/first")
    waiting = begin_waiting(stack, proxy, "/1", "/2")
    proxy.terminate()
    proxy.await_event("draining")
    held.release("/first", "/1", "/2")
    for client in [first, *waiting]:
        response = client.response()
        assert response.status == 200 and response.get("connection") == "close"
    assert proxy.stop() == 0
    assert held.order == ["/first", "/1", "/2"]


def test_a_drain_that_has_no_time_for_them_ends(start_sluice, held, stack):
    configuration = limited(held, queue=3, timeout="20s") | {"timeouts": {"drain": "300ms"}}
    proxy = start_sluice(configuration)
    begin(stack, proxy, "/first")
    held.has("/first")
    begin_waiting(stack, proxy, "/1", "/2")
    proxy.terminate()
    assert proxy.stop(within=5) == 0
    held.release("/first")
    assert {(record["path"], record["aborted"]) for record in proxy.records()} == {
        ("/first", "proxy"),
        ("/1", "proxy"),
        ("/2", "proxy"),
    }
    assert held.order == ["/first"]


def test_a_reload_keeps_count_of_those_under_way_and_the_new_limit_holds_for_those_who_wait(
    start_sluice, held, stack
):
    proxy = start_sluice(limited(held, queue=3, timeout="20s"))
    first = begin(stack, proxy, "/first")
    held.has("/first")
    waiting = begin_waiting(stack, proxy, "/1", "/2")
    # The same again: nothing changes for anybody.
    proxy.reload(limited(held, queue=3, timeout="10s"))
    assert state(proxy) == {"running": 1, "waiting": 2, "keys": 1}
    later = begin_waiting(stack, proxy, "/3")
    # One more may be under way, at once and before those who came later.
    proxy.reload(limited(held, limit=2, queue=3, timeout="20s"))
    held.has("/1")
    assert state(proxy) == {"running": 2, "waiting": 2, "keys": 1}
    held.release("/first", "/1", "/2", "/3")
    for client in [first, *waiting, *later]:
        assert client.response().status == 200
    assert held.order[:2] == ["/first", "/1"] and sorted(held.order[2:]) == ["/2", "/3"]
    assert held.most == 2
    await_idle(proxy)


def test_an_observed_one_lets_everybody_through_and_says_whom_it_would_not_have(start_sluice, held, stack):
    proxy = start_sluice(limited(held, mode="observe", queue=1))
    targets = ["/0", "/1", "/2"]
    clients = []
    for number, target in enumerate(targets):
        clients.append(begin(stack, proxy, target))
        held.has(*targets[: number + 1])
    assert state(proxy)["running"] == 3
    held.release(*targets)
    for client in clients:
        assert client.response().status == 200
    records = eventually(lambda: len(proxy.records()) == 3 and proxy.records(), "all are recorded")
    assert {record["path"]: [d["reason"] for d in record["decisions"]] for record in records} == {
        "/0": [],
        "/1": ["concurrency_limit"],
        "/2": ["queue_full"],
    }
    await_idle(proxy)


def test_under_load_never_are_more_under_way_and_nothing_is_left(start_sluice, start_upstream):
    lock = threading.Lock()
    present, most = 0, 0

    def script(connection):
        nonlocal present, most
        while connection.read_request() is not None:
            with lock:
                present += 1
                most = max(most, present)
            time.sleep(0.001)
            with lock:
                present -= 1
            connection.answer()

    upstream = start_upstream(script)
    limiter = {"plugin": "concurrency-limiter", "config": {"limit": 4, "queue": 8, "timeout": "2s"}}
    proxy = start_sluice(proxy_to(upstream.url, plugins=[limiter], workers=2))
    statuses: list[int] = []

    def ask(number: int) -> None:
        for turn in range(40):
            with proxy.connect() as client:
                client.request()
                if (number + turn) % 5 == 0:
                    # Leaves at once: waiting, under way or not even begun.
                    client.reset()
                    continue
                status = client.response().status
            with lock:
                statuses.append(status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(statuses) == 24 * 40 * 4 // 5
    assert set(statuses) == {200, 503}
    # An upstream may still be at a request that its client has left.
    await_idle(proxy)
    with proxy.connect() as client:
        assert client.ask().status == 200
