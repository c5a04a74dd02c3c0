"""Fixtures: each makes things, and sees to their end."""

import resource
import socket
from contextlib import ExitStack

import pytest

from .browser import Page, chromium
from .collector import Collector
from .compiled import compiled
from .configuration import proxy_to
from .disk import SmallDisk
from .flood import Flood
from .pipe import NamedPipe
from .process import Process
from .program import program
from .redis import Redis
from .relay import Relay
from .sluice import Sluice
from .upstream import Upstream, unused_address


@pytest.fixture(scope="session", autouse=True)
def many_descriptors():
    """Thousands of connections, two descriptors each."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _closing(stack: ExitStack, thing):
    stack.callback(thing.close)
    return thing


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start_upstream(stack):
    """start_upstream(script, …) -> Upstream"""
    return lambda script, **options: _closing(stack, Upstream(script, **options))


@pytest.fixture
def start_sluice(stack, tmp_path_factory):
    """start_sluice(configuration, …) -> Sluice"""

    def start(configuration, **options):
        return _closing(stack, Sluice(configuration, tmp_path_factory.mktemp("sluice"), **options))

    return start


@pytest.fixture
def serve(start_upstream, start_sluice):
    """serve(script, …) -> (Sluice, Upstream): one proxy with one scripted upstream behind it.

    Keyword arguments are top-level keys of plugins.json, see `proxy_to`.
    """

    def serve(script, **overrides):
        upstream = start_upstream(script)
        return start_sluice(proxy_to(upstream.url, **overrides)), upstream

    return serve


@pytest.fixture(scope="session")
def browser():
    """Chromium, for as long as the tests run that ask for it."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser, stack):
    """open_page(proxy, allowed=(…), …) -> Page: the dashboard in a tab of its own.

    At its end it must have complained of nothing but what is allowed, and asked nobody but the proxy.
    """

    def open_page(proxy, allowed: tuple[str, ...] = (), **options):
        page = Page(browser, f"http://{proxy.admin_address}/", **options)
        stack.callback(page.close, *allowed)
        return page

    return open_page


@pytest.fixture(scope="session")
def compile_tool(tmp_path_factory):
    """compile_tool(name) -> the path of the program made from NAME.c of bench or of the harness"""
    folder = tmp_path_factory.mktemp("compiled")
    return lambda name: compiled(name, folder)


@pytest.fixture
def start_redis(stack, tmp_path_factory):
    """start_redis(…) -> Redis"""
    return lambda **options: _closing(stack, Redis(tmp_path_factory.mktemp("redis"), **options))


@pytest.fixture
def start_collector(stack):
    """start_collector(port=…) -> Collector"""
    return lambda **options: _closing(stack, Collector(**options))


@pytest.fixture
def collector(start_collector):
    return start_collector()


@pytest.fixture
def mount_disk(stack, tmp_path_factory):
    """mount_disk(megabytes) -> SmallDisk"""
    return lambda megabytes: _closing(stack, SmallDisk(tmp_path_factory.mktemp("disk"), megabytes))


@pytest.fixture
def make_pipe(stack, tmp_path_factory):
    """make_pipe() -> NamedPipe"""
    return lambda: _closing(stack, NamedPipe(tmp_path_factory.mktemp("pipe") / "pipe"))


@pytest.fixture
def start_relay(stack):
    """start_relay(port, delay=…) -> Relay: a slow wire to that port."""
    return lambda port, **options: _closing(stack, Relay(port, **options))


@pytest.fixture
def flood(stack, compile_tool, tmp_path_factory):
    """flood(proxy, …) -> Flood: load on one or more proxies, under way."""

    def start(*proxies, **options):
        flood = Flood(compile_tool("flood"), tmp_path_factory.mktemp("flood"), *proxies, **options)
        stack.callback(flood.kill)
        return flood

    return start


@pytest.fixture
def start_process(stack):
    """start_process(command, …) -> Process, killed at the end."""

    def start(*arguments, **options):
        process = Process(*arguments, **options)
        stack.callback(process.kill)
        return process

    return start


@pytest.fixture
def quick_upstream(start_process, compile_tool):
    """The URL of an upstream in C, which answers every request with 200 and 600 bytes."""
    process = start_process([compile_tool("upstream"), "127.0.0.1:0"])
    return f"http://127.0.0.1:{process.await_line(lambda stdout, _: stdout, 'its port')[0]}"


@pytest.fixture
def start_demo(start_process):
    """start_demo() -> (the demo upstream's process, its URL)"""

    def start():
        process = start_process([program(), "demo-upstream", "--listen", "127.0.0.1:0"])

        def url(stdout, _):
            words = [word for line in stdout for word in line.split()]
            return next((word for word in words if word.startswith("http://")), None)

        return process, process.await_line(url, "the demo upstream's address")

    return start


@pytest.fixture
def refusing(stack):
    """The URL of an address where connections are refused."""
    bound, url = unused_address()
    stack.callback(bound.close)
    return url


@pytest.fixture
def deaf(stack):
    """The URL of an address where connecting takes for ever: its queue is full."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(4):
        filler = stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
