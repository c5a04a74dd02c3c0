"""Many clients and an upstream that do all kinds of things at once, at random: in the end nothing is left of it."""

import random
import threading
import time

import pytest
from harness.configuration import proxy_to
from harness.message import MalformedMessage
from harness.procfs import descriptor_count
from harness.waiting import eventually

SECONDS = 4
CLIENTS = 24


def misbehaves(seed: int):
    def script(connection):
        chance = random.Random(seed * 1000 + connection.number)
        while True:
            request = connection.read_head()
            if request is None:
                return
            act = chance.randrange(12)
            if act == 0:
                return connection.reset()
            if act == 1:
                return
            if act == 2:
                # An answer before the request's body was read.
                connection.answer(b"early")
                return
            connection.read_body(request)
            if act == 3:
                connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            if act == 4:
                connection.send(chance.randbytes(chance.randrange(200)))
                return
            if act == 5:
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                return
            if act == 6:
                connection.send("HTTP/1.1 200 OK\r\n\r\nto the end")
                return
            if act == 7:
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(chance.randrange(20)):
                    part = chance.randbytes(chance.randrange(1, 3000))
                    connection.send(b"%x\r\n%s\r\n" % (len(part), part))
                    time.sleep(chance.random() * 0.004)
                if chance.random() < 0.3:
                    return
                connection.send("0\r\n\r\n")
                continue
            if act == 8:
                time.sleep(chance.random() * 0.05)
            connection.answer(b"x" * chance.randrange(100_000) if act == 9 else b"small")

    return script


def misbehaving_client(proxy, chance: random.Random, until: float, problems: list):
    while time.monotonic() < until:
        try:
            with proxy.connect(patience=5) as client:
                for _ in range(chance.randrange(1, 6)):
                    act = chance.randrange(10)
                    method = chance.choice(["GET", "POST", "PUT", "HEAD", "DELETE"])
                    if act == 0:
                        client.send(chance.randbytes(50))
                        (client.reset if chance.random() < 0.5 else client.close)()
                        break
                    if act == 1:
                        client.send(f"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf")
                        time.sleep(chance.random() * 0.01)
                        client.reset()
                        break
                    if act in (2, 3):
                        client.send(f"{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                        for _ in range(chance.randrange(10)):
                            client.chunk(chance.randbytes(chance.randrange(1, 20_000)))
                        if act == 3:
                            client.send(chance.choice(["zz\r\n", "5\r\nhel", "-1\r\n"]))
                            client.shut_down()
                        else:
                            client.last_chunk(b"T: 1\r\n" if chance.random() < 0.5 else b"")
                    elif act == 4:
                        body = chance.randbytes(chance.randrange(50_000))
                        client.request(method, headers=[("Expect", "100-continue")], body=body)
                    elif act == 5:
                        client.request(method)
                        time.sleep(chance.random() * 0.02)
                        client.close()
                        break
                    else:
                        client.request(method, body=b"x" * chance.randrange(1000) if chance.random() < 0.5 else None)
                    response = client.response(method)
                    if not response.is_complete or response.ended_by:
                        break
        except (ConnectionError, TimeoutError, AssertionError) as error:
            # A connection that ends without an answer is what half of these deserve. No answer at all in time, or
            # one that is no HTTP, nobody deserves.
            if isinstance(error, (TimeoutError, MalformedMessage)):
                problems.append(error)
        except OSError:
            # On a socket that this client closed itself.
            pass


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_left_of_it(start_upstream, start_sluice, seed):
    upstream = start_upstream(misbehaves(seed))
    proxy = start_sluice(
        proxy_to(
            upstream.url,
            plugins=[{"plugin": "request-id"}, {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}],
            upstream={"timeouts": {"connect": "500ms", "responseHeaders": "1s", "idle": "1s"}},
            timeouts={"requestHeaders": "1s", "requestBodyIdle": "1s", "drain": "5s"},
        )
    )
    descriptors = descriptor_count(proxy.pid)
    problems: list = []
    until = time.monotonic() + SECONDS
    threads = [
        threading.Thread(target=misbehaving_client, args=(proxy, random.Random(seed * 100 + number), until, problems))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 20)
    assert problems == []
    eventually(lambda: proxy.metrics().value("sluice_requests_in_flight") == 0, "nothing is in flight")
    eventually(lambda: proxy.metrics().value("sluice_connections") == 0, "nobody is connected")
    # What is kept are upstream connections only.
    assert descriptor_count(proxy.pid) <= descriptors + 2 * CLIENTS
    with proxy.connect() as client:
        assert eventually(lambda: client.ask("GET").status == 200, "it still serves")
    # One record for each request that was counted, whatever its end.
    metrics = proxy.metrics()
    assert proxy.stop() == 0
    records = proxy.records()
    assert len(records) == metrics.value("sluice_requests_total")
    assert len({record["request_id"] for record in records}) == len(records)
    assert not proxy.events("a plugin failed")
