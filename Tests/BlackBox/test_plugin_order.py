"""The behaviour is the order of the plugins in plugins.json, and nothing else: no rebuild, no restart."""

import json

from harness.configuration import proxy_to
from harness.program import run
from harness.upstream import always
from harness.waiting import eventually


def sets(value: str, **more) -> dict:
    return {
        "plugin": "headers",
        "config": {"request": {"set": {"x-mark": value}}, "response": {"set": {"x-mark": value}}},
    } | more


def adds(value: str, **more) -> dict:
    return {
        "plugin": "headers",
        "config": {"request": {"add": {"x-mark": value}}, "response": {"add": {"x-mark": value}}},
    } | more


def marks(proxy, upstream):
    """What a request and its answer are marked with on their way."""
    with proxy.connect() as client:
        response = client.ask()
        assert response.status == 200
    return upstream.requests[-1].all("x-mark"), response.all("x-mark")


def labelled(*plugins):
    return [plugin | {"label": plugin.get("label", f"plugin-{number}")} for number, plugin in enumerate(plugins)]


def test_requests_pass_first_to_last_and_answers_last_to_first(serve):
    proxy, upstream = serve(always(), plugins=labelled(adds("1"), adds("2"), adds("3")))
    assert marks(proxy, upstream) == (["1", "2", "3"], ["3", "2", "1"])


def test_another_order_gives_another_result(serve):
    proxy, upstream = serve(always(), plugins=labelled(adds("a"), sets("b")))
    assert marks(proxy, upstream) == (["b"], ["b", "a"])
    proxy.reload(proxy_to(upstream.url, plugins=labelled(sets("b"), adds("a"))))
    eventually(lambda: marks(proxy, upstream) == (["b", "a"], ["b"]), "the new order is in force")


def test_a_plugin_is_removed_and_put_back(serve):
    proxy, upstream = serve(always(), plugins=labelled(adds("1"), adds("2")))
    assert marks(proxy, upstream)[0] == ["1", "2"]
    proxy.reload(proxy_to(upstream.url, plugins=labelled(adds("2"))))
    eventually(lambda: marks(proxy, upstream)[0] == ["2"], "it is gone")
    proxy.reload(proxy_to(upstream.url, plugins=labelled(adds("2"), adds("1"))))
    eventually(lambda: marks(proxy, upstream)[0] == ["2", "1"], "it is back")


def test_a_plugin_is_disabled(serve):
    proxy, upstream = serve(always(), plugins=labelled(adds("1"), adds("2", enabled=False), adds("3")))
    assert marks(proxy, upstream) == (["1", "3"], ["3", "1"])


def test_a_disabled_plugin_is_still_checked(tmp_path):
    configuration = proxy_to(
        "http://127.0.0.1:9", plugins=[{"plugin": "headers", "enabled": False, "config": {"nonsense": 1}}]
    )
    (tmp_path / "plugins.json").write_text(json.dumps(configuration))
    assert run("check", folder=tmp_path).returncode == 1


def test_the_top_level_chain_comes_before_the_routes(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(
        {
            "listen": "127.0.0.1:0",
            "upstreams": {"origin": {"url": upstream.url}},
            "plugins": labelled(adds("top")),
            "routes": [
                {"name": "a", "path": "/a", "upstream": "origin", "plugins": [adds("a", label="a")]},
                {
                    "name": "b",
                    "path": "/b",
                    "upstream": "origin",
                    "plugins": [adds("b", label="b"), adds("c", label="c")],
                },
                {"name": "c", "path": "/c", "upstream": "origin"},
            ],
        }
    )
    with proxy.connect() as client:
        for path, expected in {"/a": ["top", "a"], "/b": ["top", "b", "c"], "/c": ["top"]}.items():
            assert client.ask(target=path).all("x-mark") == expected[::-1]
            assert upstream.requests[-1].all("x-mark") == expected


def test_no_plugins_at_all_is_a_plain_proxy(serve):
    proxy, upstream = serve(always(), plugins=[])
    assert marks(proxy, upstream) == ([], [])


def test_a_chain_of_a_hundred_plugins_works(serve):
    proxy, upstream = serve(always(), plugins=labelled(*[adds(str(number)) for number in range(90)]))
    request, answer = marks(proxy, upstream)
    assert request == [str(number) for number in range(90)]
    assert answer == request[::-1]


def test_a_plugin_knows_only_what_stands_before_it(serve):
    """request-id keeps a trusted peer's identifier; whether the peer is trusted it learns from trusted-proxy."""
    trusts = {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"], "header": "x-forwarded-for"}}
    identifies = {"plugin": "request-id"}
    proxy, upstream = serve(always(), plugins=[trusts, identifies])

    def identifier():
        with proxy.connect() as client:
            response = client.ask(headers=[("X-Request-ID", "the-clients-own")])
        assert response.get("x-request-id") == upstream.requests[-1].get("x-request-id")
        return response.get("x-request-id")

    assert identifier() == "the-clients-own"
    proxy.reload(proxy_to(upstream.url, plugins=[identifies, trusts]))
    eventually(lambda: identifier() != "the-clients-own", "the new order is in force")
    proxy.reload(proxy_to(upstream.url, plugins=[identifies]))
    eventually(lambda: identifier() != "the-clients-own", "nobody vouches for the peer")
    proxy.reload(proxy_to(upstream.url, plugins=[trusts, identifies]))
    eventually(lambda: identifier() == "the-clients-own", "the old order is in force again")


def test_the_logger_sees_what_stands_anywhere_in_the_chain(serve):
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}
    for plugins in [[logger, {"plugin": "request-id"}], [{"plugin": "request-id"}, logger]]:
        proxy, _ = serve(always(), plugins=plugins)
        with proxy.connect() as client:
            identifier = client.ask().get("x-request-id")
        assert eventually(proxy.records, "it is recorded")[0]["request_id"] == identifier
