"""What answers took is read while they pass, and charged once."""

import json
import threading
import time

import pytest
from harness.configuration import proxy_to
from harness.waiting import eventually

PRICES = {"providers": {"here": {"models": {"small": {"input": 1, "output": 10, "cached": 0.1}, "gpt-*": {"input": 2, "output": 8}}}}}
LOGGER = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "50ms"}}
CHAT = "/v1/chat/completions"
PLAIN = b'{"model":"small","messages":[{"role":"user","content":"Hi"}]}'
STREAMED = b'{"model":"small","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
STREAMED_WITH_USAGE = STREAMED[:-1] + b',"stream_options":{"include_usage":true}}'
JSON = [("content-type", "application/json")]


@pytest.fixture
def meter(tmp_path):
    """meter(…) -> the chain of a metered route"""
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(PRICES))
    return lambda **config: [LOGGER, {"plugin": "cost-meter", "config": {"prices": str(file), **config}}]


def chunk(content=None, finish=None, **members) -> bytes:
    choices = [] if content is None else [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]
    value = {"id": "c", "object": "chat.completion.chunk", "model": "small", "choices": choices} | members
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
UNASKED = [chunk("Hello"), chunk(" you"), chunk("", "stop"), b"data: [DONE]\n\n"]
ASKED = [
    chunk("Hello", usage=None), chunk(" you", usage=None), chunk("", "stop", usage=None),
    chunk(usage=USAGE), b"data: [DONE]\n\n",
]  # fmt: skip


def begin_stream(connection) -> None:
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")


def send_chunk(connection, data: bytes) -> None:
    connection.send(b"%x\r\n%s\r\n" % (len(data), data))


def provider(connection) -> None:
    """Answers as OpenAI does: usage in a stream only where it is asked for."""
    while (request := connection.read_request()) is not None:
        body = json.loads(request.body)
        if body.get("stream"):
            begin_stream(connection)
            for event in ASKED if body.get("stream_options", {}).get("include_usage") else UNASKED:
                send_chunk(connection, event)
            connection.send("0\r\n\r\n")
        else:
            answer = {"model": body["model"], "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}], "usage": USAGE}
            connection.answer(json.dumps(answer).encode(), headers=[("Content-Type", "application/json")])


def the_record(proxy, number: int = 0) -> dict:
    return eventually(lambda: len(proxy.records()) > number and proxy.records(), "it is recorded")[number]


def test_plain_and_streamed_answers_are_charged_alike(serve, meter):
    proxy, upstream = serve(provider, plugins=meter())
    with proxy.connect() as client:
        for body in [PLAIN, STREAMED, STREAMED_WITH_USAGE]:
            assert client.ask("POST", CHAT, headers=JSON, body=body).status == 200
    for number in range(3):
        record = the_record(proxy, number)
        assert record["cost_usd"] == "0.002"
        assert record["cost_source"] == "prices"
        assert record["model"] == "small"
        assert record["finish_reason"] == "stop"
        assert record["usage"]["input"] == 1000 and record["usage"]["output"] == 100
        assert record["usage"]["estimated"] is False
    metrics = proxy.metrics()
    assert metrics.value("sluice_tokens_total", upstream="origin", model="small", kind="input") == 3000
    assert metrics.value("sluice_tokens_total", kind="output") == 300
    assert metrics.value("sluice_cost_usd_total", upstream="origin", model="small") == pytest.approx(0.006)


def test_a_client_sees_the_stream_that_it_would_have_seen_without(serve, meter):
    proxy, upstream = serve(provider, plugins=meter())
    with proxy.connect() as client:
        unasked = client.ask("POST", CHAT, headers=JSON, body=STREAMED)
        asked = client.ask("POST", CHAT, headers=JSON, body=STREAMED_WITH_USAGE)
    assert unasked.body == b"".join(UNASKED)
    assert asked.body == b"".join(ASKED)
    first, second = upstream.await_requests(2)
    assert json.loads(first.body)["stream_options"] == {"include_usage": True}
    assert json.loads(first.body) | {"stream_options": None} == json.loads(STREAMED) | {"stream_options": None}
    assert second.body == STREAMED_WITH_USAGE


def test_no_event_waits_for_the_next(serve, meter):
    taken = threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        begin_stream(connection)
        for event in ASKED:
            assert taken.acquire(timeout=5), "the client did not get the event before this one"
            send_chunk(connection, event)
        connection.send("0\r\n\r\n")

    proxy, _ = serve(script, plugins=meter())
    with proxy.connect() as client:
        client.request("POST", CHAT, headers=JSON, body=STREAMED)
        client.head()
        for event in UNASKED[:3]:
            taken.release()
            assert client.reader.chunk() == event
        # The usage, which the client does not see, and the end.
        taken.release()
        taken.release()
        assert client.reader.chunk() == UNASKED[3]
        assert client.reader.chunk() == b""


def leaves_in_the_middle(connection, go_on: threading.Event) -> None:
    connection.read_request()
    begin_stream(connection)
    for word in "The quick brown fox jumps over the lazy dog".split():
        send_chunk(connection, chunk(word + " ", usage=None))
    go_on.wait(10)
    try:
        send_chunk(connection, chunk("and sleeps.", "stop", usage=None))
        send_chunk(connection, chunk(usage=USAGE))
        send_chunk(connection, b"data: [DONE]\n\n")
        connection.send("0\r\n\r\n")
    except ConnectionError:
        pass
    connection.await_close()


def leave(proxy) -> None:
    with proxy.connect() as client:
        client.request("POST", CHAT, headers=JSON, body=STREAMED)
        client.head()
        seen = b""
        while b"dog" not in seen:
            seen += client.reader.chunk()


def test_a_client_that_leaves_is_charged_what_had_passed(serve, meter):
    go_on = threading.Event()
    proxy, upstream = serve(lambda connection: leaves_in_the_middle(connection, go_on), plugins=meter())
    leave(proxy)
    record = the_record(proxy)
    go_on.set()
    assert record["status"] == 499 and record["aborted"] == "client"
    assert record["usage"]["estimated"] is True
    # Nine words.
    assert 7 <= record["usage"]["output"] <= 14
    cost = record["usage"]["input"] * 1e-6 + record["usage"]["output"] * 10e-6
    assert float(record["cost_usd"]) == pytest.approx(cost)
    assert proxy.metrics().value("sluice_usage_estimated_total", reason="client_left") == 1
    connection = upstream.await_connections()[0]
    eventually(lambda: connection.ended_at, "the upstream's connection is closed", 5)
    time.sleep(0.1)
    assert len(proxy.records()) == 1


def test_or_the_answer_is_read_to_its_end_and_charged_exactly(serve, meter):
    go_on = threading.Event()
    plugins = meter(onClientGone="finish")
    proxy, _ = serve(lambda connection: leaves_in_the_middle(connection, go_on), plugins=plugins)
    leave(proxy)
    go_on.set()
    record = the_record(proxy)
    assert record["status"] == 499 and record["aborted"] == "client"
    assert (record["usage"]["input"], record["usage"]["output"]) == (1000, 100)
    assert record["usage"]["estimated"] is False
    assert record["cost_usd"] == "0.002"
    assert len(proxy.records()) == 1


def test_an_upstream_that_breaks_off_is_charged_what_had_passed(serve, meter):
    def script(connection):
        connection.read_request()
        begin_stream(connection)
        send_chunk(connection, chunk("some words and then no more", usage=None))

    proxy, _ = serve(script, plugins=meter())
    with proxy.connect() as client:
        assert not client.ask("POST", CHAT, headers=JSON, body=STREAMED).is_complete
    record = the_record(proxy)
    assert record["aborted"] == "upstream"
    assert record["usage"]["estimated"] is True and 4 <= record["usage"]["output"] <= 9


def test_plain_answers_carry_their_cost_and_streams_end_with_it(serve, meter):
    proxy, _ = serve(provider, plugins=meter(costHeader=True, costInStream=True))
    with proxy.connect() as client:
        plain = client.ask("POST", CHAT, headers=JSON, body=PLAIN)
        assert plain.get("x-sluice-cost") == "0.002"
        asked = client.ask("POST", CHAT, headers=JSON, body=STREAMED_WITH_USAGE)
        last = json.loads(asked.body.split(b"\n\n")[3].removeprefix(b"data: "))
        assert last["usage"] == USAGE | {"cost": 0.002}
        unasked = client.ask("POST", CHAT, headers=JSON, body=STREAMED)
        assert unasked.body == b"".join(UNASKED)


def test_models_without_a_price_are_refused_or_seen(serve, meter):
    body = PLAIN.replace(b"small", b"secret")
    proxy, upstream = serve(provider, plugins=meter(whenUnpriced="refuse"))
    with proxy.connect() as client:
        response = client.ask("POST", CHAT, headers=JSON, body=body)
        assert response.status == 400
        assert json.loads(response.body)["error"]["code"] == "model_unpriced"
    assert not upstream.requests
    seeing, _ = serve(provider, plugins=meter())
    with seeing.connect() as client:
        assert client.ask("POST", CHAT, headers=JSON, body=body).status == 200
    seeing.await_event("a model has no price", model="secret")


def test_the_prices_are_checked_and_read_anew(serve, meter, tmp_path):
    proxy, upstream = serve(provider, plugins=meter())
    with proxy.connect() as client:
        client.ask("POST", CHAT, headers=JSON, body=PLAIN)
        dearer = PRICES["providers"]["here"]["models"] | {"small": {"input": 10, "output": 100}}
        (tmp_path / "prices.json").write_text(json.dumps({"providers": {"here": {"models": dearer}}}))
        proxy.reload(proxy_to(upstream.url, plugins=meter_again(tmp_path)))
        client.ask("POST", CHAT, headers=JSON, body=PLAIN)
    assert [the_record(proxy, number)["cost_usd"] for number in range(2)] == ["0.002", "0.02"]


def meter_again(folder) -> list[dict]:
    return [LOGGER, {"plugin": "cost-meter", "config": {"prices": str(folder / "prices.json")}}]


def test_replicas_share_their_totals(start_upstream, start_sluice, start_redis, meter):
    redis, upstream = start_redis(), start_upstream(provider)
    state = {"redis": redis.url}
    replicas = [start_sluice(proxy_to(upstream.url, plugins=meter(), state=state)) for _ in range(2)]
    for proxy in replicas:
        with proxy.connect() as client:
            for _ in range(3):
                assert client.ask("POST", CHAT, headers=JSON, body=PLAIN).status == 200

    def total():
        plugins = json.loads(replicas[0].admin("/plugins").body)
        top = next(p for p in walk(plugins) if p.get("plugin") == "cost-meter")["state"]["top"]
        return top and top[0]["day"]["answers"] == 6 and top[0]

    account = eventually(total, "the totals of both are known", 25)
    assert account["day"]["cost_usd"] == "0.012"
    assert account["model"] == "small" and account["upstream"] == "origin"


def walk(value):
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from walk(member)
    elif isinstance(value, list):
        for element in value:
            yield from walk(element)


def test_the_demo_upstream_is_metered_and_its_stream_is_as_it_was_asked_for(start_demo, start_sluice, meter):
    _, url = start_demo()
    metered = start_sluice(proxy_to(url, plugins=meter()))
    bare = start_sluice(proxy_to(url))

    def events(proxy, body) -> list:
        with proxy.connect() as client:
            text = client.ask("POST", CHAT, headers=JSON, body=body).body.decode()
        events = [event.removeprefix("data: ") for event in text.split("\n\n") if event]
        # An answer's name and time are its own.
        return [json.loads(e) | {"id": 0, "created": 0} if e != "[DONE]" else e for e in events]

    for body in [STREAMED, STREAMED_WITH_USAGE]:
        body = body.replace(b"small", b"gpt-4o-mini")
        assert events(metered, body) == events(bare, body)
    for number in range(2):
        record = the_record(metered, number)
        assert record["usage"]["output"] == 12 and record["usage"]["estimated"] is False
        assert record["cost_source"] == "prices"
