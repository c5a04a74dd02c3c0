"""What a route accepts: methods, content types, fields, and sizes."""

from harness.configuration import proxy_to
from harness.errors import assert_error
from harness.upstream import echo
from harness.waiting import eventually

JSON = ("Content-Type", "application/json")


def guarded(upstream, mode: str = "enforce", behind=(), **config) -> dict:
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}
    route = {"plugins": [{"plugin": "request-guard", "mode": mode, "config": config}, *behind]}
    return proxy_to(upstream.url, plugins=[logger], route=route)


def test_only_the_methods_that_are_named_pass(start_sluice, start_upstream):
    upstream = start_upstream(echo)
    proxy = start_sluice(guarded(upstream, methods=["GET", "POST"]))
    with proxy.connect() as client:
        assert client.ask("GET").status == 200
        for method in ("PUT", "OPTIONS", "get"):
            response = client.ask(method)
            error = assert_error(response, 405, "method_not_allowed")
            assert response.get("allow") == "GET, POST"
            assert error["message"] == f"The method {method} is not accepted here; expected GET, POST."
        response = client.ask("HEAD")
        assert_error(response, 405, has_body=False)
        assert response.get("allow") == "GET, POST"
        # The connection goes on being used.
        assert client.ask("POST", body=b"x").body == b"x"
    assert [request.method for request in upstream.requests] == ["GET", "POST"]


def test_only_the_content_types_that_are_named_pass(start_sluice, start_upstream):
    upstream = start_upstream(echo)
    proxy = start_sluice(guarded(upstream, contentTypes=["application/json", "text/*"]))
    with proxy.connect() as client:
        for kind in ("application/json", "Application/Json;charset=utf-8", "text/plain"):
            assert client.ask("POST", headers=[("Content-Type", kind)], body=b"x").status == 200
        # Nothing is sent, so nothing is of a wrong type.
        assert client.ask("GET").status == 200
        assert client.ask("POST", headers=[("Content-Type", "image/png")], body=b"").status == 200
        response = client.ask("POST", headers=[("Content-Type", "image/png")], body=b"x")
        assert_error(response, 415, "unsupported_content_type")
        assert response.get("accept") == "application/json, text/*"
        assert_error(client.ask("POST", body=b"x"), 415, "unsupported_content_type")
        twice = [JSON, ("Content-Type", "image/png")]
        assert_error(client.ask("POST", headers=twice, body=b"x"), 415, "unsupported_content_type")
    with proxy.connect() as client:
        client.request("POST", headers=[("Transfer-Encoding", "chunked")])
        client.chunk(b"x")
        assert_error(client.response(), 415, "unsupported_content_type")
    assert len(upstream.requests) == 5


def test_fields_that_are_required_and_targets_that_are_too_long(start_sluice, start_upstream):
    upstream = start_upstream(echo)
    proxy = start_sluice(guarded(upstream, requiredHeaders=["x-team"], path=8, query=4))
    team = [("X-Team", "red")]
    with proxy.connect() as client:
        assert client.ask(target="/1234567?abcd", headers=team).status == 200
        error = assert_error(client.ask(target="/12345678", headers=team), 414, "path_too_long")
        assert error["message"] == "The request's path has 9 bytes; at most 8 are accepted here."
        assert_error(client.ask(target="/?abcde", headers=team), 414, "query_too_long")
        error = assert_error(client.ask(), 400, "missing_header")
        assert "x-team" in error["message"]
        assert_error(client.ask(headers=[("X-Team", "")]), 400, "missing_header")
    assert len(upstream.requests) == 1


def test_a_body_that_announces_too_much_is_refused_without_waiting_for_it(start_sluice, start_upstream):
    upstream = start_upstream(echo)
    proxy = start_sluice(guarded(upstream, body="1KiB"))
    with proxy.connect() as client:
        assert client.ask("POST", body=bytes(1024)).body == bytes(1024)
        client.request("POST", headers=[("Content-Length", "1025"), ("Expect", "100-continue")])
        error = assert_error(client.response(), 413, "body_too_large")
        assert error["message"] == "The request's body has 1025 bytes; at most 1024 are accepted here."
    assert len(upstream.requests) == 1


def test_a_chunked_body_is_refused_when_too_much_has_come(start_sluice, start_upstream):
    whole = []

    def script(connection):
        while (request := connection.read_request()) is not None:
            whole.append(len(request.body))
            connection.answer()

    upstream = start_upstream(script)
    # An observed guard behind counts once, and holds nobody up.
    trial = {"plugin": "request-guard", "label": "trial", "mode": "observe", "config": {"body": 100}}
    proxy = start_sluice(guarded(upstream, body="1KiB", behind=[trial]))
    chunked = [("Transfer-Encoding", "chunked")]
    with proxy.connect() as client:
        client.request("POST", headers=chunked)
        for _ in range(4):
            client.chunk(bytes(256))
        client.last_chunk()
        assert client.response().status == 200
    with proxy.connect() as client:
        client.request("POST", headers=chunked)
        upstream.await_requests(2)
        for _ in range(4):
            client.chunk(bytes(256))
        client.chunk(b"x")
        error = assert_error(client.response(), 413, "body_too_large")
        assert error["message"] == "The request's body is longer than the 1024 bytes that are accepted here."
    # What was cut short does not look whole to the upstream.
    assert whole == [1024]
    records = eventually(lambda: len(proxy.records()) == 2 and proxy.records(), "both are recorded")
    decisions = [[(d["plugin"], d["decision"], d["reason"]) for d in r["decisions"]] for r in records]
    observed = ("trial", "observed", "body_too_large")
    assert decisions == [[observed], [observed, ("request-guard", "refuse", "body_too_large")]]
    assert records[1]["status"] == 413
    labels = {"plugin": "request-guard", "decision": "refuse", "reason": "body_too_large"}
    assert proxy.metrics().value("sluice_plugin_decisions_total", **labels) == 1


def test_an_observed_one_lets_everything_through(start_sluice, start_upstream):
    upstream = start_upstream(echo)
    proxy = start_sluice(guarded(upstream, mode="observe", methods=["GET"]))
    with proxy.connect() as client:
        assert client.ask("PUT", body=b"x").body == b"x"
    labels = {"plugin": "request-guard", "decision": "observed", "reason": "method_not_allowed"}
    assert proxy.metrics().value("sluice_plugin_decisions_total", **labels) == 1


def test_each_route_has_a_guard_of_its_own(start_sluice, start_upstream):
    upstream = start_upstream(echo)
    configuration = guarded(upstream, methods=["POST"]) | {}
    configuration["routes"] = [
        {"name": "write", "path": "/write/*", "upstream": "origin"}
        | {"plugins": [{"plugin": "request-guard", "config": {"methods": ["POST"]}}]},
        {"name": "read", "path": "/*", "upstream": "origin"}
        | {"plugins": [{"plugin": "request-guard", "config": {"methods": ["GET"]}}]},
    ]
    proxy = start_sluice(configuration)
    with proxy.connect() as client:
        assert client.ask("POST", "/write/1", body=b"x").status == 200
        assert client.ask("GET", "/write/1").status == 405
        assert client.ask("GET", "/1").status == 200
        assert client.ask("POST", "/1").status == 405
