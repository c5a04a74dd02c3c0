"""curl as a client."""

import gzip
import hashlib
import json
import subprocess
import time

import pytest
from harness.configuration import proxy_to
from harness.upstream import always, echo


def curl(*arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess:
    command = ["curl", "--silent", "--show-error", "--max-time", "20", *arguments]
    return subprocess.run(command, input=data, capture_output=True, timeout=30)


def test_a_plain_request(demo):
    result = curl(f"{demo.proxy.url}/v1/models")
    assert result.returncode == 0
    assert json.loads(result.stdout)["object"] == "list"


def test_what_it_sends_arrives_as_it_was(demo):
    result = curl(
        f"{demo.proxy.url}/demo/echo?a=%20b", "-X", "PATCH", "-H", "X-One: 1", "-H", "x-two;", "-d", "body", "-A", "me"
    )
    seen = json.loads(result.stdout)
    assert (seen["method"], seen["target"], seen["body_length"]) == ("PATCH", "/demo/echo?a=%20b", 4)
    fields = [tuple(field) for field in seen["headers"]]
    for field in [("User-Agent", "me"), ("Accept", "*/*"), ("X-One", "1"), ("x-two", "")]:
        assert field in fields


@pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
def test_a_stream_is_shown_as_it_comes(demo, version):
    body = '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
    command = ["curl", "--silent", "-N", version, f"{demo.proxy.url}/v1/chat/completions?chunks=10&chunk-gap=50ms",
               "-H", "content-type: application/json", "-d", body]  # fmt: skip
    times, lines = [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.startswith(b"data: "):
                times.append(time.monotonic())
                lines.append(line)
    assert process.returncode == 0
    assert lines[-1] == b"data: [DONE]\n"
    # Ten pieces, 50 ms apart: they came over half a second, not at once.
    assert times[-1] - times[0] > 0.35


def test_http_1_0(demo):
    result = curl("--http1.0", "-i", f"{demo.proxy.url}/v1/models")
    head, _, body = result.stdout.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0]
    assert b"transfer-encoding" not in head.lower()
    assert json.loads(body)["object"] == "list"


def test_head(demo):
    result = curl("--head", f"{demo.proxy.url}/v1/models")
    assert result.returncode == 0
    assert b" 200 " in result.stdout
    assert b"content-length: " in result.stdout.lower()


@pytest.mark.parametrize("size", [0, 1, 1023, 1_000_000])
def test_an_upload_of_unknown_length_is_chunked_and_arrives(serve, size):
    proxy, upstream = serve(echo)
    data = hashlib.shake_256(b"upload").digest(size)
    result = curl("-T", "-", "-H", "Expect:", f"{proxy.url}/file", data=data)
    assert result.returncode == 0, result.stderr
    assert result.stdout == data
    assert upstream.request.method == "PUT"
    assert upstream.request.body == data


def test_an_upload_that_waits_for_100_continue_does_not_wait_long(serve):
    proxy, _ = serve(echo)
    data = bytes(2_000_000)
    started = time.monotonic()
    result = curl("-H", "Expect: 100-continue", "--data-binary", "@-", f"{proxy.url}/", data=data)
    assert result.stdout == data
    # curl itself would send after a second without an answer.
    assert time.monotonic() - started < 0.9


def test_an_upload_that_is_too_large_is_not_sent(serve):
    proxy, upstream = serve(echo, limits={"requestBody": "1MiB"})
    result = curl(
        "-H", "Expect: 100-continue", "--data-binary", "@-", "-w", "\n%{http_code} %{size_upload}", f"{proxy.url}/",
        data=bytes(2_000_000),
    )  # fmt: skip
    status, uploaded = result.stdout.splitlines()[-1].split()
    assert status == b"413"
    assert int(uploaded) < 500_000
    assert upstream.requests == []


def test_connections_are_used_again(serve):
    proxy, _ = serve(always())
    result = curl(*[f"{proxy.url}/{number}" for number in range(5)], "-w", "%{num_connects} ")
    assert result.stdout == b"ok1 ok0 ok0 ok0 ok0 "


def test_a_truncated_answer_is_an_error(serve):
    def script(connection):
        connection.read_request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        time.sleep(0.1)

    proxy, _ = serve(script)
    for version in ["--http1.1", "--http1.0"]:
        result = curl(version, f"{proxy.url}/")
        assert result.returncode in (18, 56), result.stderr
        assert result.stdout == b"hello"


def test_compression_is_left_to_the_two_ends(serve):
    proxy, upstream = serve(always(gzip.compress(b"text " * 100), headers=[("Content-Encoding", "gzip")]))
    result = curl("--compressed", f"{proxy.url}/")
    assert result.stdout == b"text " * 100
    assert "gzip" in upstream.request.get("accept-encoding")


def test_a_unix_socket(start_upstream, start_sluice, tmp_path_factory):
    path = tmp_path_factory.mktemp("s") / "sluice.sock"
    start_sluice(proxy_to(start_upstream(always()).url, listen=f"unix:{path}"))
    assert curl("--unix-socket", str(path), "http://localhost/").stdout == b"ok"


def test_the_proxy_protocol(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(proxy_to(upstream.url, listen={"address": "127.0.0.1:0", "proxyProtocol": ["127.0.0.0/8"]}))
    assert curl("--haproxy-protocol", f"{proxy.url}/").stdout == b"ok"
    assert upstream.request.get("x-forwarded-for") == "127.0.0.1"
