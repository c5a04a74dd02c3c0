"""Providers to talk to, and a proxy in front of each."""

import sys
from contextlib import ExitStack
from pathlib import Path

import openai
import pytest
from harness.configuration import proxy_to
from harness.fixtures import *  # noqa: F403
from harness.process import Process
from harness.program import program
from harness.sluice import Sluice

#: What the mock provider answers; see fakellm's documentation.
RULES = """
version: 1
defaults:
  fallback: deterministic_echo
rules:
  - name: weather
    when: { tools_include: get_weather, messages_contain: weather }
    respond:
      tool_calls: [{ name: get_weather, arguments: { city: Oslo, unit: celsius } }]
  - name: unauthorized
    when: { messages_contain: please answer 401 }
    respond: { status: 401, error: no such key }
  - name: missing
    when: { messages_contain: please answer 404 }
    respond: { status: 404, error: no such model }
  - name: limited
    when: { messages_contain: please answer 429 }
    respond: { status: 429, error: slow down }
  - name: broken
    when: { messages_contain: please answer 500 }
    respond: { status: 500, error: broken }
  - name: greeting
    when: { messages_contain: hello }
    respond: { content: "Hello there, how can I help you on this fine day?" }
"""


def _start_fakellm(folder: Path) -> tuple[Process, str]:
    (folder / "fakellm.yaml").write_text(RULES)
    command = [str(Path(sys.executable).parent / "fakellm"), "serve", "--port", "0"]
    process = Process(command, folder=folder)

    def url(_, stderr):
        lines = [line for line in stderr if "running on http://" in line]
        return lines and next(word for word in lines[0].split() if word.startswith("http://"))

    return process, process.await_line(url, "the mock provider's address", within=30)


def _start_demo(_: Path) -> tuple[Process, str]:
    process = Process([program(), "demo-upstream", "--listen", "127.0.0.1:0"])

    def url(stdout, _):
        return next((word for line in stdout for word in line.split() if word.startswith("http://")), None)

    return process, process.await_line(url, "the demo upstream's address")


class Provider:
    """A provider with a proxy in front of it, and a client that knows of the proxy only."""

    def __init__(self, name: str, url: str, proxy: Sluice):
        self.name = name
        self.url = url
        self.proxy = proxy

    @property
    def base_url(self) -> str:
        return f"{self.proxy.url}/v1"

    def client(self, **options) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.base_url, api_key="sk-test", **{"max_retries": 0, "timeout": 15, **options})

    def async_client(self, **options) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(
            base_url=self.base_url, api_key="sk-test", **{"max_retries": 0, "timeout": 30, **options}
        )


def _provide(name: str, start, folder_factory):
    with ExitStack() as stack:
        process, url = start(folder_factory.mktemp(name))
        stack.callback(process.kill)
        plugins = [{"plugin": "request-id"}, {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}]
        proxy = Sluice(proxy_to(url, plugins=plugins), folder_factory.mktemp("sluice"))
        stack.callback(proxy.close)
        yield Provider(name, url, proxy)


@pytest.fixture(scope="session")
def fakellm(tmp_path_factory):
    yield from _provide("fakellm", _start_fakellm, tmp_path_factory)


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    yield from _provide("demo", _start_demo, tmp_path_factory)


@pytest.fixture(params=["fakellm", "demo"])
def provider(request):
    """Each of them: one that others wrote, and our own."""
    return request.getfixturevalue(request.param)
