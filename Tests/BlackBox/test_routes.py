"""Which request goes where."""

import pytest
from harness.errors import assert_error
from harness.upstream import always


@pytest.fixture
def routed(start_upstream, start_sluice):
    """routed(routes…) -> a function that tells which of the upstreams a, b, c answers."""

    def start(*routes):
        upstreams = {name: start_upstream(always(name.encode())) for name in "abc"}
        proxy = start_sluice(
            {
                "listen": "127.0.0.1:0",
                "admin": None,
                "upstreams": {name: {"url": upstream.url} for name, upstream in upstreams.items()},
                "routes": list(routes),
            }
        )

        def ask(target="/", method="GET", host="test"):
            with proxy.connect() as client:
                client.send(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
                response = client.response(method)
                if response.status == 404:
                    assert_error(response, 404)
                    return None
                return response.body.decode()

        ask.upstreams = upstreams
        return ask

    return start


def test_the_first_that_matches_wins(routed):
    ask = routed(
        {"name": "1", "path": "/a/b", "upstream": "a"},
        {"name": "2", "path": "/a/*", "upstream": "b"},
        {"name": "3", "path": "/*", "upstream": "c"},
    )
    assert [ask(path) for path in ["/a/b", "/a/", "/a/b/", "/a/b?q", "/a/c", "/a", "/", "/A/b"]] == list("abbabccc")


def test_a_path_without_a_route_is_not_found(routed):
    ask = routed({"name": "1", "path": "/only", "upstream": "a"}, {"name": "2", "path": "/under/*", "upstream": "b"})
    assert ask("/only") == "a" and ask("/under/x") == "b"
    for path in ["/", "/onlyx", "/only/", "/under", "/underx", "//only", "/ONLY"]:
        assert ask(path) is None, path


def test_methods_choose(routed):
    ask = routed(
        {"name": "1", "path": "/x", "methods": ["POST", "PUT"], "upstream": "a"},
        {"name": "2", "path": "/x", "methods": ["GET"], "upstream": "b"},
    )
    assert [ask("/x", method) for method in ["POST", "PUT", "GET", "DELETE"]] == ["a", "a", "b", None]


def test_hosts_choose_whatever_their_case_and_port(routed):
    ask = routed(
        {"name": "1", "host": "one.example", "upstream": "a"},
        {"name": "2", "host": ["two.example", "[::1]"], "upstream": "b"},
        {"name": "3", "upstream": "c"},
    )
    hosts = ["one.example", "ONE.Example:8080", "two.example", "[::1]:80", "three.example", "sub.one.example"]
    assert [ask(host=host) for host in hosts] == list("aabbcc")


def test_a_prefix_is_stripped_and_another_added(routed):
    ask = routed(
        {"name": "1", "path": "/api/*", "upstream": "a", "rewrite": {"stripPrefix": "/api", "addPrefix": "/v1"}},
        {"name": "2", "path": "/old/*", "upstream": "b", "rewrite": {"stripPrefix": "/old"}},
        {"name": "3", "path": "/*", "upstream": "c", "rewrite": {"addPrefix": "/deep/er"}},
    )
    cases = {
        "/api/x%2Fy//z?q=%20": ("a", "/v1/x%2Fy//z?q=%20"),
        "/api/": ("a", "/v1/"),
        "/old/x?y": ("b", "/x?y"),
        "/old/": ("b", "/"),
        "/any/thing": ("c", "/deep/er/any/thing"),
    }
    for target, (name, expected) in cases.items():
        assert ask(target) == name
        assert ask.upstreams[name].requests[-1].target == expected
