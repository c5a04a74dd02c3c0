"""Anthropic's own SDK sees the same bytes with a cost-meter as without one, and what it took is on record."""

import json

import anthropic
import pytest
from harness.configuration import proxy_to
from harness.program import REPOSITORY
from harness.waiting import eventually

USAGE = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 2000,
    "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40},
    "output_tokens": 1,
}
MODEL = "claude-sonnet-4-5"


def message(content: list, stop: str) -> dict:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": content,
        "stop_reason": stop, "stop_sequence": None, "usage": USAGE | {"output_tokens": 30},
    }  # fmt: skip


TEXT = {"type": "text", "text": 'Hello, "usage": {"input_tokens": 999999} is what I say.'}
TOOL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}}
ANSWERS = {"text": message([TEXT], "end_turn"), "tool": message([TEXT, TOOL], "tool_use")}


def events(answer: dict):
    """The stream of an answer, as Anthropic's documentation shows it."""
    yield "message_start", {"message": answer | {"content": [], "stop_reason": None, "usage": USAGE}}
    for index, block in enumerate(answer["content"]):
        if block["type"] == "text":
            yield "content_block_start", {"index": index, "content_block": {"type": "text", "text": ""}}
            yield "ping", {}
            deltas = [{"type": "text_delta", "text": word + " "} for word in block["text"].split(" ")]
        else:
            yield "content_block_start", {"index": index, "content_block": block | {"input": {}}}
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in ["", '{"city":', ' "Oslo"}']]
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    ending = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"delta": ending, "usage": {"output_tokens": 30}}
    yield "message_stop", {}


def provider(connection) -> None:
    while (request := connection.read_request()) is not None:
        asked = json.loads(request.body)
        answer = ANSWERS["tool" if asked.get("tools") else "text"]
        if not asked.get("stream"):
            connection.answer(json.dumps(answer).encode(), headers=[("Content-Type", "application/json")])
            continue
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for name, data in events(answer):
            event = f"event: {name}\ndata: {json.dumps({'type': name} | data)}\n\n".encode()
            connection.send(b"%x\r\n%s\r\n" % (len(event), event))
        connection.send("0\r\n\r\n")


WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


def ask(url: str, **request) -> tuple[bytes, list]:
    """The bytes of an answer as the SDK receives them, and what it makes of them."""
    client = anthropic.Anthropic(base_url=url, api_key="sk-test", max_retries=0, timeout=15)
    request |= {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
    with client.messages.with_streaming_response.create(**request) as response:
        received = b"".join(response.iter_bytes())
    result = client.messages.create(**request)
    parts = list(result) if request.get("stream") else [result]
    return received, [part.model_dump() for part in parts]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("tools", [[], [WEATHER]], ids=["text", "tool"])
def test_an_answer_is_the_same_to_the_byte_and_metered(start_upstream, start_sluice, stream, tools):
    upstream = start_upstream(provider)
    proxy = start_sluice(
        proxy_to(
            upstream.url,
            plugins=[
                {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "50ms"}},
                {"plugin": "cost-meter", "config": {"prices": str(REPOSITORY / "prices.json")}},
            ],
        )
    )
    request = {"stream": stream} | ({"tools": tools} if tools else {})
    assert ask(proxy.url, **request) == ask(upstream.url, **request)
    records = eventually(lambda: len(proxy.records()) == 2 and proxy.records(), "both are recorded")
    for record in records:
        usage = record["usage"]
        assert usage["input"] == 12 + 100 + 2000
        assert (usage["cached"], usage["cache_write"], usage["long_cache_write"]) == (2000, 100, 40)
        assert usage["output"] == 30
        assert not usage["estimated"]
        assert record["finish_reason"] == ("tool_use" if tools else "end_turn")
        # 3 dollars a million in, 0.30 from the cache, 3.75 and 6 into it, 15 out.
        assert record["cost_usd"] == "0.001551"
