"""What changes in a request and an answer on their way, and what does not."""

import pytest
from harness.configuration import proxy_to
from harness.upstream import Upstream, always, raw

# What the proxy may add to a request, or change in it.
OURS = {
    "host",
    "via",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "content-length",
    "transfer-encoding",
}


def sent_through(proxy, upstream: Upstream, request: str):
    """Sends a request and returns what came of it at the upstream."""
    with proxy.connect() as client:
        client.send(request)
        assert client.response(request.split(" ")[0]).status == 200
    return upstream.requests[-1]


# --- The target and the method


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a//b/../c%2F?x=%20&y",
        "/a/./b/../../../etc/passwd",
        "//double",
        "/%00%ff%2e%2E/",
        "/a;p=1/b;c",
        "/?",
        "/a?b?c=/d/../e",
        "/a?x=%",
        '/[]{}|^`"<>\\',
        "/:@!$&'()*+,;=-._~",
        "/" + "long/" * 1000,
    ],
)
def test_the_target_arrives_byte_for_byte(serve, target):
    proxy, upstream = serve(always())
    assert sent_through(proxy, upstream, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").target == target


def test_an_asterisk_arrives_as_one(serve):
    proxy, upstream = serve(always())
    with proxy.connect() as client:
        client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        response = client.response("OPTIONS")
    # It is no path, so a route for paths may not take it; what is taken must not be changed.
    assert response.status in (200, 404)
    if response.status == 200:
        assert upstream.request.target == "*"


def test_a_target_in_absolute_form_is_routed_by_its_path_and_its_host_counts(serve):
    proxy, upstream = serve(always(), route={"path": "/a/*", "host": "named.example"})
    request = sent_through(proxy, upstream, "GET http://named.example/a/b?c HTTP/1.1\r\nHost: other.example\r\n\r\n")
    # An origin is asked for a path.
    assert request.target == "/a/b?c"
    assert request.get("x-forwarded-host") == "named.example"


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PURGE", "M-SEARCH", "get", "X"]
)
def test_the_method_arrives_as_it_was(serve, method):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert request.method == method


# --- Fields of a request


def test_fields_keep_their_order_their_repetitions_and_their_spelling(serve):
    proxy, upstream = serve(always())
    fields = [
        ("X-Zebra", "1"), ("accept", "a"), ("Cookie", "a=1"), ("x-UPPER-lower", "MiXed, Value"), ("Accept", "b"),
        ("X-zebra", "2"), ("Cookie", "b=2; c=3"), ("User-Agent", "test/1.0 (x; y)"), ("X-Zebra", "1"), ("X-Empty", ""),
        ("Authorization", "Bearer abc"), ("Content-Type", "text/plain"), ("Date", "x"), ("Referer", "http://a/?b#c"),
        ("Range", "bytes=0-5"), ("If-None-Match", '"e"'), ("Accept-Encoding", "gzip, br;q=0.5"), ("Origin", "null"),
    ]  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    request = sent_through(proxy, upstream, f"POST / HTTP/1.1\r\nHost: a\r\n{lines}Content-Length: 2\r\n\r\nhi")
    assert [field for field in request.fields if field[0].lower() not in OURS] == fields


def test_nothing_is_added_but_what_a_proxy_adds(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert {name.lower() for name, _ in request.fields} == {
        "host", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
    }  # fmt: skip


def test_a_post_without_a_type_does_not_get_one(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
    assert not request.has("content-type")
    assert not request.has("expect")


def test_hop_by_hop_fields_end_at_the_proxy(serve):
    proxy, upstream = serve(always())
    request = sent_through(
        proxy,
        upstream,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Named\r\nKeep-Alive: timeout=5\r\nTE: trailers, gzip\r\n"
        "Upgrade: websocket\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic abc\r\n"
        "X-Named: 1\r\nx-named: 2\r\nX-Kept: 3\r\nconnection: x-other\r\nX-Other: 4\r\n\r\n",
    )
    for name in ["keep-alive", "te", "upgrade", "proxy-connection", "proxy-authorization", "x-named", "x-other"]:
        assert not request.has(name), name
    assert request.get("connection") in (None, "keep-alive")
    assert request.get("x-kept") == "3"


@pytest.mark.parametrize("named", ["host", "content-length", "x-forwarded-for", "via", "transfer-encoding"])
def test_what_the_message_needs_cannot_be_removed_by_naming_it(serve, named):
    proxy, upstream = serve(always())
    request = sent_through(
        proxy, upstream, f"POST / HTTP/1.1\r\nHost: a\r\nConnection: {named}\r\nContent-Length: 5\r\n\r\nhello"
    )
    assert request.body == b"hello"
    assert request.get("host") == upstream.authority
    assert request.get("x-forwarded-for") == "127.0.0.1"
    assert request.has("via")


def test_via_names_the_proxy_behind_those_that_were_before(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 first, 1.1 second\r\n\r\n")
    entries = [entry.strip() for value in request.all("via") for entry in value.split(",")]
    assert entries == ["1.0 first", "1.1 second", "1.1 sluice"]


def test_via_tells_the_version_in_which_the_request_came(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    assert request.get("via") == "1.0 sluice"


def test_the_host_is_the_upstreams_own(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, "GET / HTTP/1.1\r\nHost: public.example:8080\r\n\r\n")
    assert request.get("host") == upstream.authority
    assert request.get("x-forwarded-host") == "public.example:8080"


def test_the_operator_can_give_another_host(serve):
    proxy, upstream = serve(always(), upstream={"headers": {"Host": "internal.example"}})
    request = sent_through(proxy, upstream, "GET / HTTP/1.1\r\nHost: public.example\r\n\r\n")
    assert request.get("host") == "internal.example"
    assert request.get("x-forwarded-host") == "public.example"


def test_the_upstreams_own_fields_replace_the_clients(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(
        proxy_to(upstream.url, upstream={"headers": {"authorization": "Bearer ${KEY}", "X-Extra": "1"}}),
        environment={"KEY": "secret"},
    )
    request = sent_through(
        proxy, upstream, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mine\r\nauthorization: again\r\n\r\n"
    )
    assert request.all("authorization") == ["Bearer secret"]
    assert request.all("x-extra") == ["1"]


# --- X-Forwarded-*


def test_the_upstream_learns_the_clients_address_and_scheme(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert request.get("x-forwarded-for") == "127.0.0.1"
    assert request.get("x-forwarded-proto") == "http"
    assert request.get("x-forwarded-host") == "a.example"


def test_a_client_with_an_ipv6_address_is_named_by_it(serve):
    proxy, upstream = serve(always(), listen="[::1]:0")
    request = sent_through(proxy, upstream, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")
    assert request.get("x-forwarded-for") == "::1"
    assert request.get("x-forwarded-host") == "[::1]:80"


FORGED = (
    "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8, 9.9.9.9\r\n"
    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n\r\n"
)


def test_a_forged_address_changes_nothing_without_a_plugin_that_believes_it(serve):
    proxy, upstream = serve(always())
    request = sent_through(proxy, upstream, FORGED)
    assert request.get("x-forwarded-for") == "127.0.0.1"
    assert request.get("x-forwarded-proto") == "http"
    assert request.get("x-forwarded-host") == "a.example"


def test_a_forged_address_from_an_untrusted_peer_changes_nothing(serve):
    proxy, upstream = serve(
        always(),
        plugins=[{"plugin": "trusted-proxy", "config": {"trusted": ["10.0.0.0/8"], "header": "x-forwarded-for"}}],
    )
    request = sent_through(
        proxy,
        upstream,
        FORGED.replace(
            "\r\n\r\n", "\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nCF-Connecting-IP: 1.2.3.4\r\n\r\n"
        ),
    )
    assert request.get("x-forwarded-for") == "127.0.0.1"
    assert request.get("x-forwarded-proto") == "http"
    assert request.get("x-forwarded-host") == "a.example"
    for name in ["forwarded", "x-real-ip", "cf-connecting-ip"]:
        assert not request.has(name), name


def test_what_a_trusted_peer_says_is_passed_on_with_the_peer_behind_it(serve):
    proxy, upstream = serve(
        always(),
        plugins=[{"plugin": "trusted-proxy", "config": {"trusted": ["loopback"], "header": "x-forwarded-for"}}],
    )
    request = sent_through(
        proxy,
        upstream,
        "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
        "X-Forwarded-Host: public.example\r\n\r\n",
    )
    assert request.get("x-forwarded-for") == "1.2.3.4, 127.0.0.1"
    assert request.get("x-forwarded-proto") == "https"
    assert request.get("x-forwarded-host") == "public.example"


# --- Answers


def test_an_answers_fields_keep_their_order_their_repetitions_and_their_spelling(serve):
    fields = [
        ("Set-Cookie", "a=1; Path=/"), ("X-Zebra", "1"), ("set-cookie", "b=2, c"), ("ETag", 'W/"x"'), ("x-ZEBRA", "2"),
        ("Content-Type", "text/html; charset=utf-8"), ("Server", "origin/1.0"), ("Date", "Tue, 01 Jan 2030 00:00:00 GMT"),
        ("Set-Cookie", "a=1; Path=/"), ("Cache-Control", "no-store"), ("X-Empty", ""), ("X-Latin", "caf\xe9"),
        ("Age", "5"), ("Retry-After", "7"), ("Location", "/a//b?c=%20"), ("WWW-Authenticate", 'Basic realm="x"'),
    ]  # fmt: skip
    proxy, _ = serve(always(b"body", "200 OK", fields))
    with proxy.connect() as client:
        response = client.ask()
    assert [
        field for field in response.fields if field[0].lower() not in {"via", "content-length", "connection"}
    ] == fields


def test_hop_by_hop_fields_of_an_answer_end_at_the_proxy(serve):
    proxy, _ = serve(
        always(
            b"body",
            headers=[
                ("Connection", "X-Named, keep-alive"),
                ("Keep-Alive", "timeout=5"),
                ("X-Named", "1"),
                ("Upgrade", "h2c"),
                ("Proxy-Authenticate", "Basic"),
                ("X-Kept", "2"),
                ("Trailer", "X-Sum"),
            ],
        )  # fmt: skip
    )
    with proxy.connect() as client:
        response = client.ask()
    for name in ["keep-alive", "x-named", "upgrade", "proxy-authenticate"]:
        assert not response.has(name), name
    assert response.get("x-kept") == "2"


def test_an_answer_without_a_date_gets_one_and_only_one(serve):
    proxy, _ = serve(always())
    with proxy.connect() as client:
        first, second = client.ask(), client.ask()
    assert len(first.all("date")) == len(second.all("date")) == 1


@pytest.mark.parametrize(
    "status", ["200 OK", "299 Unusual", "301 Moved", "404 Not Found", "418 Teapot", "500 Broken", "503 Busy", "599 X"]
)
def test_an_upstreams_own_status_is_passed_on_unchanged(serve, status):
    proxy, _ = serve(always(b"the upstream's own", status, [("X-Own", "1")]))
    with proxy.connect() as client:
        response = client.ask()
    assert response.status == int(status[:3])
    assert (response.body, response.get("x-own")) == (b"the upstream's own", "1")


@pytest.mark.parametrize("line", ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 Anything at all"])
def test_an_answer_needs_no_reason(serve, line):
    proxy, _ = serve(raw(f"{line}\r\nContent-Length: 2\r\n\r\nok"))
    with proxy.connect() as client:
        assert client.ask().body == b"ok"


def test_a_large_answer_head_is_passed_on(serve):
    fields = [(f"X-Field-{number}", "v" * 500) for number in range(60)]
    proxy, _ = serve(always(b"ok", headers=fields))
    with proxy.connect() as client:
        response = client.ask()
    assert [field for field in response.fields if field[0].startswith("X-Field")] == fields
