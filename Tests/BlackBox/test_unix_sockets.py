"""Unix sockets, to listen at and to reach upstreams by."""

import json
import os
import stat

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.program import run
from harness.upstream import always, echo


@pytest.fixture
def folder(tmp_path_factory):
    # A socket's path has at most 107 bytes.
    return tmp_path_factory.mktemp("s")


def test_clients_are_served_at_one(start_upstream, start_sluice, folder):
    path = str(folder / "listen.sock")
    upstream = start_upstream(echo)
    proxy = start_sluice(proxy_to(upstream.url, listen=f"unix:{path}"))
    assert proxy.address == f"unix:{path}"
    for _ in range(20):
        with Client(proxy.address) as client:
            assert client.ask("POST", body=b"through a file").body == b"through a file"
    # A client without an address.
    assert upstream.requests[0].get("x-forwarded-for") == "unknown"


def test_one_and_a_port_can_be_listened_at_together(start_upstream, start_sluice, folder):
    path = str(folder / "listen.sock")
    proxy = start_sluice(proxy_to(start_upstream(always()).url, listen=[f"unix:{path}", "127.0.0.1:0", "[::1]:0"]))
    proxy.await_event("listening", count=3)
    addresses = proxy.addresses
    assert addresses[0] == f"unix:{path}"
    assert addresses[1].startswith("127.0.0.1:") and addresses[2].startswith("[::1]:")
    for address in addresses:
        with Client(address) as client:
            assert client.ask().body == b"ok"


def test_it_is_removed_at_the_end(start_upstream, start_sluice, folder):
    path = folder / "listen.sock"
    proxy = start_sluice(proxy_to(start_upstream(always()).url, listen=f"unix:{path}"))
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    assert proxy.stop() == 0
    assert not path.exists()


def test_one_that_a_killed_process_left_behind_is_taken_over(start_upstream, start_sluice, folder):
    path = folder / "listen.sock"
    upstream = start_upstream(always())
    configuration = proxy_to(upstream.url, listen=f"unix:{path}")
    first = start_sluice(configuration)
    first.kill()
    assert path.exists()
    with Client(start_sluice(configuration).address) as client:
        assert client.ask().body == b"ok"


def test_one_that_is_in_use_is_left_alone(start_upstream, start_sluice, folder, tmp_path):
    path = folder / "listen.sock"
    configuration = proxy_to(start_upstream(always()).url, listen=f"unix:{path}")
    proxy = start_sluice(configuration)
    (tmp_path / "plugins.json").write_text(json.dumps(configuration))
    second = run("run", folder=tmp_path)
    assert second.returncode == 1
    assert str(path) in second.stderr
    with Client(proxy.address) as client:
        assert client.ask().body == b"ok"


def test_a_file_that_is_no_socket_is_left_alone(start_upstream, folder, tmp_path):
    path = folder / "precious"
    path.write_text("data")
    (tmp_path / "plugins.json").write_text(json.dumps(proxy_to(start_upstream(always()).url, listen=f"unix:{path}")))
    assert run("run", folder=tmp_path).returncode == 1
    assert path.read_text() == "data"


def test_an_upstream_is_reached_by_one(start_upstream, start_sluice, folder):
    upstream = start_upstream(echo, path=str(folder / "up.sock"))
    proxy = start_sluice(proxy_to(upstream.url, workers=1))
    with proxy.connect() as client:
        for _ in range(5):
            assert client.ask("POST", "/a?b", body=b"body").body == b"body"
    assert upstream.requests[0].target == "/a?b"
    assert upstream.requests[0].get("host") == "localhost"
    assert len(upstream.connections) == 1


def test_an_upstream_whose_socket_is_gone_is_502(start_sluice, folder):
    proxy = start_sluice(proxy_to(f"unix:{folder}/nobody.sock"))
    with proxy.connect() as client:
        assert client.ask().status == 502


def test_the_admin_listener_can_be_at_one(start_upstream, start_sluice, folder):
    proxy = start_sluice(proxy_to(start_upstream(always()).url, admin=f"unix:{folder}/admin.sock"))
    assert proxy.admin("/healthz").status == 200
