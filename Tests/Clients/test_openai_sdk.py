"""OpenAI's own SDK with nothing changed but base_url."""

import asyncio
import json
import time
import urllib.request

import openai
import pytest
from harness.configuration import proxy_to
from harness.upstream import always, unused_address
from harness.waiting import eventually

HELLO = [{"role": "user", "content": "hello"}]
WEATHER = [{"role": "user", "content": "What is the weather in Oslo?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


# --- Answers


def test_a_plain_answer(provider):
    completion = provider.client().chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert completion.object == "chat.completion"
    assert completion.model == "gpt-4o-mini"
    assert completion.choices[0].message.role == "assistant"
    assert completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


def test_a_streamed_answer(provider):
    stream = provider.client().chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
    chunks = list(stream)
    assert len(chunks) > 3
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


def test_a_stream_is_the_same_as_without_the_proxy(fakellm):
    def text(base_url):
        client = openai.OpenAI(base_url=base_url, api_key="sk-test", max_retries=0)
        stream = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
        return [chunk.choices[0].delta.content for chunk in stream]

    assert text(fakellm.base_url) == text(f"{fakellm.url}/v1")


def test_a_streamed_answer_with_usage(demo):
    stream = demo.client().chat.completions.create(
        model="gpt-4o-mini", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    last = list(stream)[-1]
    assert last.choices == []
    assert last.usage.total_tokens > 0


def test_events_arrive_one_by_one(demo):
    stream = demo.client().chat.completions.create(
        model="gpt-4o-mini",
        messages=HELLO,
        stream=True,
        extra_headers={"x-demo-chunks": "10", "x-demo-chunk-gap": "50ms"},
    )
    times = [time.monotonic() for chunk in stream if chunk.choices and chunk.choices[0].delta.content]
    assert len(times) == 10
    assert times[-1] - times[0] > 0.35


def test_tools_are_called_and_their_results_are_answered(provider):
    client = provider.client()
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=WEATHER, tools=TOOLS)
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    call = choice.message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert "city" in json.loads(call.function.arguments)

    messages = [
        {"role": "user", "content": "hello"},
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 degrees"},
    ]
    completion = client.chat.completions.create(
        model="gpt-4o-mini", messages=messages, tools=TOOLS if provider.name == "demo" else openai.omit
    )
    assert completion.choices[0].finish_reason == "stop"
    assert completion.choices[0].message.content


def test_streamed_tool_calls_are_put_together(provider):
    with provider.client().chat.completions.stream(model="gpt-4o-mini", messages=WEATHER, tools=TOOLS) as stream:
        for _ in stream:
            pass
        completion = stream.get_final_completion()
    call = completion.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert "city" in json.loads(call.function.arguments)


def test_models_are_listed_and_found(demo):
    client = demo.client()
    names = [model.id for model in client.models.list()]
    assert "gpt-4o-mini" in names
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_a_long_conversation_is_carried(provider):
    """A body of more than a megabyte, with every kind of character."""
    messages = [{"role": "user", "content": "hello \N{GRINNING FACE} \u00e9\u0000\n" * 50} for _ in range(1000)]
    completion = provider.client().chat.completions.create(model="gpt-4o-mini", messages=messages)
    assert completion.choices[0].message.content


def test_fifty_streams_at_once(provider):
    async def one(client):
        stream = await client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
        text = ""
        async for chunk in stream:
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
        return text

    async def all_of_them():
        async with provider.async_client() as client:
            return await asyncio.gather(*[one(client) for _ in range(50)])

    texts = asyncio.run(all_of_them())
    assert len(texts) == 50 and all(texts)
    assert len(set(texts)) == 1


def test_the_sdks_connections_are_used_again(demo):
    client = demo.client()
    before = demo.proxy.metrics().value("sluice_connections")
    for _ in range(20):
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert demo.proxy.metrics().value("sluice_connections") <= before + 1
    client.close()


def test_a_stream_that_is_left_ends_at_the_provider(demo):
    def statistics():
        with urllib.request.urlopen(f"{demo.url}/demo/stats") as answer:
            return json.load(answer)

    before = statistics()["aborted_by_client"]
    client = demo.client()
    stream = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=HELLO,
        stream=True,
        extra_headers={"x-demo-chunks": "1000", "x-demo-chunk-gap": "20ms"},
    )
    for number, _ in enumerate(stream):
        if number == 3:
            break
    stream.close()
    client.close()
    eventually(lambda: statistics()["aborted_by_client"] == before + 1, "the provider stops", within=2)
    eventually(lambda: any(record["status"] == 499 for record in demo.proxy.records()), "it is recorded as 499")


# --- Identifiers


def test_the_requests_identifier_is_the_sdks(provider):
    completion = provider.client().chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert completion._request_id
    eventually(
        lambda: any(record["request_id"] == completion._request_id for record in provider.proxy.records()),
        "the identifier is in the activity log",
    )


def test_the_raw_answer_carries_the_identifier(provider):
    raw = provider.client().chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=HELLO)
    assert raw.headers["x-request-id"]
    assert raw.headers["via"] == "1.1 sluice"
    assert raw.parse().choices[0].message.content


def test_a_streams_raw_answer_carries_the_identifier(provider):
    create = provider.client().chat.completions.with_streaming_response.create
    with create(model="gpt-4o-mini", messages=HELLO, stream=True) as raw:
        assert raw.headers["x-request-id"]
        assert raw.headers["content-type"].startswith("text/event-stream")
        assert list(raw.iter_lines())[-2:].count("data: [DONE]") == 1


# --- Errors of the provider


ERRORS = {
    401: openai.AuthenticationError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
}


@pytest.mark.parametrize("status", ERRORS)
def test_a_providers_error_is_the_sdks_exception(provider, status):
    options = {"extra_headers": {"x-demo-status": str(status)}} if provider.name == "demo" else {}
    messages = [{"role": "user", "content": f"please answer {status}"}]
    with pytest.raises(ERRORS[status]) as caught:
        provider.client().chat.completions.create(model="gpt-4o-mini", messages=messages, **options)
    assert caught.value.status_code == status
    assert caught.value.request_id
    assert caught.value.body["message"]


def test_a_limited_request_is_retried_by_the_sdk(demo):
    with pytest.raises(openai.RateLimitError):
        demo.client(max_retries=1).chat.completions.create(
            model="gpt-4o-mini", messages=HELLO, extra_headers={"x-demo-status": "429"}
        )


def test_a_stream_that_the_provider_breaks_off_is_an_error_and_no_short_answer(demo):
    stream = demo.client().chat.completions.create(
        model="gpt-4o-mini",
        messages=HELLO,
        stream=True,
        extra_headers={"x-demo-chunks": "10", "x-demo-abort-after": "3"},
    )
    received = 0
    with pytest.raises(Exception) as caught:
        for chunk in stream:
            received += bool(chunk.choices and chunk.choices[0].delta.content)
    assert "RemoteProtocolError" in type(caught.value).__name__ or isinstance(caught.value, openai.APIError)
    assert received == 3


# --- Errors of the proxy


def client_of(proxy, **options) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="sk-test", **{"max_retries": 0, "timeout": 15, **options})


def ask(client):
    return client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)


def test_a_provider_that_cannot_be_reached_is_an_internal_server_error(start_sluice):
    bound, url = unused_address()
    with bound:
        proxy = start_sluice(proxy_to(url))
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client_of(proxy))
    error = caught.value
    assert error.status_code == 502
    assert error.type == "server_error"
    assert error.code == "upstream_unreachable"
    assert error.request_id == error.body["request_id"]
    assert "upstream" in error.message


def test_a_path_without_a_route_is_a_not_found_error(serve):
    proxy, _ = serve(always(), route={"path": "/elsewhere"})
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client_of(proxy))
    assert caught.value.type == "invalid_request_error"
    assert "/v1/chat/completions" in caught.value.message


def test_a_body_that_is_too_large_is_an_api_status_error(serve):
    proxy, _ = serve(always(), limits={"requestBody": "1KiB"})
    with pytest.raises(openai.APIStatusError) as caught:
        client_of(proxy).chat.completions.create(model="x", messages=[{"role": "user", "content": "x" * 2000}])
    assert caught.value.status_code == 413
    assert caught.value.code == "body_too_large"


def test_a_provider_that_does_not_answer_in_time_is_an_internal_server_error(serve):
    def script(connection):
        connection.read_request()
        connection.await_close(10)

    proxy, _ = serve(script, upstream={"timeouts": {"connect": "100ms", "responseHeaders": "300ms"}})
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client_of(proxy))
    assert caught.value.status_code == 504


def test_a_provider_that_comes_back_is_reached_by_the_sdks_retry(serve):
    answer = json.dumps(
        {
            "id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "back"}}],
        }
    ).encode()  # fmt: skip

    def script(connection):
        connection.read_request()
        if connection.number > 0:
            connection.answer(answer, headers=[("Content-Type", "application/json")])

    proxy, upstream = serve(script)
    assert ask(client_of(proxy, max_retries=2)).choices[0].message.content == "back"
    assert len(upstream.requests) == 2
