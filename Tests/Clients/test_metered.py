"""OpenAI's own SDK sees the same with a cost-meter as without one."""

import openai
import pytest
from harness.configuration import proxy_to
from harness.waiting import eventually

HELLO = [{"role": "user", "content": "hello"}]
WEATHER = [{"role": "user", "content": "What is the weather in Oslo?"}]
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def answer(client: openai.OpenAI, **request) -> list[dict]:
    """What the SDK makes of an answer, without what is each answer's own."""
    result = client.chat.completions.create(model="gpt-4o-mini", **request)
    parts = list(result) if request.get("stream") else [result]
    values = [part.model_dump(exclude_unset=True) for part in parts]
    for value in values:
        value["id"] = value["created"] = None
        for choice in value["choices"]:
            for call in (choice.get("delta") or choice.get("message") or {}).get("tool_calls") or []:
                call["id"] = None
    return values


@pytest.mark.parametrize(
    "request_",
    [
        {"messages": HELLO},
        {"messages": HELLO, "stream": True},
        {"messages": HELLO, "stream": True, "stream_options": {"include_usage": False}},
        {"messages": HELLO, "stream": True, "stream_options": {"include_usage": True}},
        {"messages": WEATHER, "tools": [TOOL]},
        {"messages": WEATHER, "tools": [TOOL], "stream": True},
    ],
    ids=["plain", "streamed", "not asked", "asked", "tool", "streamed tool"],
)
def test_an_answer_is_the_same(provider, start_sluice, request_):
    proxy = start_sluice(proxy_to(provider.url, plugins=[{"plugin": "cost-meter"}]))
    metered = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="sk-test", max_retries=0, timeout=15)
    assert answer(metered, **request_) == answer(provider.client(), **request_)
    # Counted when the exchange has ended, which may be after the answer has.
    metrics = eventually(
        lambda: (read := proxy.metrics()).value("sluice_tokens_total", kind="output") > 0 and read, "it is counted"
    )
    if provider.name == "demo":
        # The other one tells no usage in its streams, whoever asks.
        assert metrics.value("sluice_usage_estimated_total") == 0
