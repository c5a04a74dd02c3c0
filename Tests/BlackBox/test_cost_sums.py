"""The sum of very many costs is exact to the last digit: a million with --large."""

import json
import multiprocessing
import random
import socket
from decimal import Decimal

import pytest
from harness.configuration import proxy_to
from harness.waiting import eventually

# In dollars for a million tokens, with as many decimals as a price may have.
RATES = {
    "small": {"input": "0.15", "output": "0.6", "cached": "0.075"},
    "large": {"input": "2.718281", "output": "10.000001", "cached": "0.271828", "reasoning": "31.4159"},
    "odd-*": {"input": "0.000001", "output": "999.999999"},
}
MODELS = ["small", "large", "odd-1", "odd-2"]


def answer(generator: random.Random, model: str, is_stream: bool) -> tuple[bytes, dict]:
    """A provider's answer with random numbers, and these numbers."""
    size = generator.choice([10, 1000, 200_000])
    usage = {"prompt_tokens": generator.randrange(size), "completion_tokens": generator.randrange(size)}
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    cached = generator.randint(0, usage["prompt_tokens"])
    reasoning = generator.randint(0, usage["completion_tokens"])
    usage["prompt_tokens_details"] = {"cached_tokens": cached}
    usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    if not is_stream:
        body = json.dumps({"model": model, "choices": [{"message": {"content": "Hi"}}], "usage": usage}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        return head + body, usage
    events = [{"model": model, "choices": [{"delta": {"content": "Hi"}}]}, {"model": model, "choices": [], "usage": usage}]
    body = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), usage


def requests_in(connection: socket.socket):
    """The bodies of the requests that come by a connection."""
    received = b""
    while True:
        while (end := received.find(b"\r\n\r\n")) < 0:
            data = connection.recv(65536)
            if not data:
                return
            received += data
        head = received[:end].lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        received = received[end + 4 :]
        while len(received) < length:
            received += connection.recv(65536)
        yield received[:length]
        received = received[length:]


def serve(listener: socket.socket, seed: int, totals) -> None:
    """A provider: answers with numbers of its own, and adds them up."""
    import threading

    lock = threading.Lock()

    def handle(connection: socket.socket, number: int) -> None:
        generator = random.Random(seed * 1000 + number)
        # Made beforehand, or they would be what takes the time.
        made = {(m, s): [answer(generator, m, s) for _ in range(50)] for m in MODELS for s in (False, True)}
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for body in requests_in(connection):
            model = json.loads(body)["model"]
            data, usage = generator.choice(made[model, b'"stream":true' in body])
            connection.sendall(data)
            with lock:
                totals[0] += 1
                totals[1] += usage["prompt_tokens"]
                totals[2] += usage["completion_tokens"]

    number = 0
    while True:
        accepted, _ = listener.accept()
        number += 1
        threading.Thread(target=handle, args=(accepted, number), daemon=True).start()


def ask(address: str, count: int, seed: int) -> None:
    """Sends so many requests over one connection, and reads their answers."""
    generator = random.Random(seed)
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=30)
    received = b""
    for _ in range(count):
        stream = generator.random() < 0.5
        body = b'{"model":"%s","messages":[]%s}' % (
            generator.choice(MODELS).encode(),
            b',"stream":true,"stream_options":{"include_usage":true}' if stream else b"",
        )
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        if stream:
            while b"\r\n0\r\n\r\n" not in received:
                received += connection.recv(65536)
            received = received.partition(b"\r\n0\r\n\r\n")[2]
        else:
            length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            while len(received) < length:
                received += connection.recv(65536)
            received = received[length:]


def cost(model: str, usage: dict) -> Decimal:
    """What the answer costs, computed as a person would: independently of the proxy."""
    rates = RATES.get(model) or RATES["odd-*"]
    price = {key: Decimal(value) for key, value in rates.items()}
    cached, reasoning = usage["cached"], usage["reasoning"]
    total = (usage["input"] - cached) * price["input"] + cached * price.get("cached", price["input"])
    total += (usage["output"] - reasoning) * price["output"] + reasoning * price.get("reasoning", price["output"])
    return total / 1_000_000


@pytest.mark.timeout(900)
def test_the_sum_is_exact_to_the_last_digit(start_sluice, tmp_path, pytestconfig):
    count = 1_000_000 if pytestconfig.getoption("--large") else 20_000
    clients = 8
    (tmp_path / "prices.json").write_text(json.dumps({"providers": {"here": {"models": RATES}}}))
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    context = multiprocessing.get_context("fork")
    totals = [context.Array("q", 3) for _ in listeners]
    providers = [
        context.Process(target=serve, args=(listener, seed, total), daemon=True)
        for seed, (listener, total) in enumerate(zip(listeners, totals))
    ]
    for process in providers:
        process.start()
    proxy = start_sluice(
        proxy_to(
            *(f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners),
            plugins=[
                {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "queue": 1_000_000}},
                {"plugin": "cost-meter", "config": {"prices": str(tmp_path / "prices.json")}},
            ],
        )
    )
    asking = [context.Process(target=ask, args=(proxy.address, count // clients, seed)) for seed in range(clients)]
    for process in asking:
        process.start()
    for process in asking:
        process.join()
        assert process.exitcode == 0
    eventually(lambda: proxy.metrics().value("sluice_activity_records_total") == count, "all are recorded", 60)
    shown = {
        labels["model"]: value
        for labels, value in proxy.metrics().exact("sluice_cost_usd_total")
    }
    assert proxy.metrics().value("sluice_activity_dropped_total") == 0
    assert proxy.stop() == 0
    for process in providers:
        process.terminate()
        process.join()

    by_model: dict[str, Decimal] = {}
    charged = computed = Decimal(0)
    records = tokens_in = tokens_out = 0
    with open(proxy.folder / "activity.jsonl") as log:
        for line in log:
            record = json.loads(line)
            usage = record["usage"]
            assert not usage["estimated"] and record["cost_source"] == "prices"
            expected = cost(record["model"], usage)
            assert Decimal(record["cost_usd"]) == expected, line
            charged += Decimal(record["cost_usd"])
            computed += expected
            entry = record["model"] if record["model"] in RATES else "odd-*"
            by_model[entry] = by_model.get(entry, Decimal(0)) + expected
            records += 1
            tokens_in += usage["input"]
            tokens_out += usage["output"]
    assert records == count == sum(total[0] for total in totals)
    assert tokens_in == sum(total[1] for total in totals)
    assert tokens_out == sum(total[2] for total in totals)
    assert charged == computed
    # The counters that the proxy itself has added up, to the last digit.
    assert shown == by_model
