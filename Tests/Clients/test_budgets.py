"""What OpenAI's own SDK makes of a budget."""

import json

import openai
import pytest
from harness.configuration import proxy_to

HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def client(demo, start_sluice, tmp_path):
    """client(limit, …): one that has a budget in front of the demo upstream, where a token costs a cent."""
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({"providers": {"demo": {"models": {"*": {"input": 0, "output": 10_000}}}}}))

    def client(limit, **budget):
        proxy = start_sluice(
            proxy_to(
                demo.url,
                plugins=[
                    {"plugin": "cost-meter", "config": {"prices": str(prices), "expectedOutput": 0}},
                    {"plugin": "budget", "config": {"limit": limit, "per": "day", "key": "everyone", **budget}},
                ],
            )
        )
        return openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="sk-test", max_retries=0, timeout=15)

    return client


def test_a_used_up_budget_is_an_error_that_tells_why(client):
    client = client(1)
    client.chat.completions.create(model="demo-small", messages=HELLO, max_tokens=100)
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="demo-small", messages=HELLO, max_tokens=101)
    assert raised.value.status_code == 402
    assert raised.value.code == "budget_exceeded"
    assert "budget of 1 US dollar per day" in raised.value.message


def test_a_stream_that_is_cut_raises_an_error_after_what_had_come(client):
    stream = client("0.05", onOverrun="cut").chat.completions.create(
        model="demo-small", messages=HELLO, stream=True, extra_headers={"x-demo-chunks": "200"}
    )
    text = ""
    with pytest.raises(openai.APIError) as raised:
        for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    assert text
    assert raised.value.code == "budget_exceeded"
    assert raised.value.type == "insufficient_quota"
    assert "has been cut" in raised.value.message
