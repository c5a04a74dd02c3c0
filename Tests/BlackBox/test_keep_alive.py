"""Connections that are used again, on both sides, and requests sent ahead of their turn."""

import time

from harness.client import Client
from harness.configuration import proxy_to
from harness.upstream import always, echo


def test_requests_on_one_connection_are_answered_one_after_another(serve):
    proxy, upstream = serve(echo)
    with proxy.connect() as client:
        for number in range(20):
            body = b"request %d" % number
            assert client.ask("POST", "/", body=body).body == body
    assert len(upstream.requests) == 20


def test_requests_sent_ahead_are_answered_in_their_order(serve):
    proxy, upstream = serve(echo)
    with proxy.connect() as client:
        bodies = [b"number %d" % number for number in range(50)]
        client.send(
            b"".join(
                b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)
                for number, body in enumerate(bodies)
            )
        )
        assert [client.response("POST").body for _ in bodies] == bodies
    assert [request.target for request in upstream.requests] == [f"/{number}" for number in range(50)]


def test_requests_sent_ahead_may_be_framed_differently(serve):
    proxy, _ = serve(echo)
    with proxy.connect() as client:
        client.send(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
            "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            "HEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n"
            "POST /4 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ndef"
            "DELETE /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        bodies = [client.response(method).body for method in ["GET", "POST", "HEAD", "POST", "DELETE"]]
        assert bodies == [b"", b"abc", b"", b"def", b""]
        client.await_close()


def test_a_request_sent_ahead_is_answered_though_its_predecessor_is_refused(serve):
    proxy, _ = serve(echo, route={"path": "/here/*"})
    with proxy.connect() as client:
        client.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /here/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response().status == 404
        assert client.response().status == 200


def test_a_client_that_asks_for_the_connection_to_close_is_told_so_and_gets_it(serve):
    proxy, _ = serve(always())
    for value in ["close", "Close", "keep-alive, close", "close, x-a"]:
        with proxy.connect() as client:
            response = client.ask(headers=[("Connection", value)])
            assert response.body == b"ok"
            assert response.get("connection") == "close"
            client.await_close()


def test_what_is_sent_behind_a_request_that_closes_is_not_processed(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response().status == 200
        client.await_close()
    assert upstream.request.target == "/1"


def test_an_unused_connection_is_closed_after_the_time_for_it(serve):
    proxy, _ = serve(always(), timeouts={"keepAlive": "1500ms"})
    with proxy.connect() as client:
        assert client.ask().status == 200
        assert 1.0 < client.await_close(within=4) < 2.5


def test_a_short_time_for_unused_connections_is_kept_to(serve):
    proxy, _ = serve(always(), timeouts={"keepAlive": "300ms"})
    with proxy.connect() as client:
        assert client.ask().status == 200
        assert 0.2 < client.await_close(within=4) < 0.8


def test_a_connection_in_use_is_not_closed_for_its_age(serve):
    proxy, _ = serve(always(), timeouts={"keepAlive": "600ms"})
    with proxy.connect() as client:
        for _ in range(5):
            assert client.ask().status == 200
            time.sleep(0.3)


def test_one_upstream_connection_serves_one_request_after_another(serve):
    proxy, upstream = serve(always(), workers=1)
    for _ in range(5):
        with proxy.connect() as client:
            for _ in range(5):
                assert client.ask().status == 200
    assert len(upstream.requests) == 25
    assert len(upstream.connections) == 1


def test_an_upstream_that_closes_after_each_answer_costs_the_client_nothing(serve):
    def script(connection):
        if connection.read_request() is not None:
            connection.answer(headers=[("Connection", "close")])

    proxy, upstream = serve(script)
    with proxy.connect() as client:
        for _ in range(10):
            response = client.ask()
            assert response.body == b"ok"
            assert response.get("connection") in (None, "keep-alive")
    assert len(upstream.connections) == 10


def test_an_answer_framed_by_the_upstreams_close_does_not_close_the_clients_connection(serve):
    def script(connection):
        if connection.read_request() is not None:
            connection.send("HTTP/1.1 200 OK\r\n\r\nto the end")

    proxy, _ = serve(script)
    with proxy.connect() as client:
        for _ in range(3):
            response = client.ask()
            assert response.body == b"to the end"
            assert response.is_complete and response.ended_by is None


def test_an_http_1_0_upstream_is_served_from(serve):
    def script(connection):
        if connection.read_request() is not None:
            connection.send("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold")

    proxy, _ = serve(script)
    with proxy.connect() as client:
        for _ in range(2):
            response = client.ask()
            assert response.body == b"old"
            assert response.start_line.startswith("HTTP/1.1 ")


def test_a_refused_request_with_a_short_body_keeps_the_connection(serve):
    proxy, _ = serve(echo, route={"path": "/here/*"})
    with proxy.connect() as client:
        assert client.ask("POST", "/nowhere", body=b"x" * 10_000).status == 404
        assert client.ask("POST", "/here/", body=b"next").body == b"next"


def test_the_workers_share_out_connections(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(proxy_to(upstream.url, workers=4))
    clients = [Client(proxy.address) for _ in range(100)]
    for client in clients:
        client.request()
    for client in clients:
        assert client.response().status == 200
        client.close()
