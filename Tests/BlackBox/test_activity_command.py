"""`sluice activity`: what it tells of a proxy's own file, of a running proxy, and while records are written."""

import fcntl
import json
import os
import pty
import random
import resource
import signal
import struct
import subprocess
import termios
import threading
from collections import Counter
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness.program import program, run
from harness.upstream import always
from harness.waiting import eventually

LOGGER = {"plugin": "activity-logger", "config": {"file": "activity.jsonl", "flushInterval": "10ms"}}


def asked(*words, folder=None, environment=None) -> dict:
    """The answer in JSON."""
    result = run("activity", "--json", *words, folder=folder, environment=environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def record(**keys) -> str:
    return json.dumps({"time": "2026-01-31T12:00:00.000000Z", **keys}) + "\n"


# --- A proxy's own file


@pytest.fixture
def busy(serve):
    """A proxy that has answered, not found and refused, and is asked no more."""
    proxy, _ = serve(
        always(b"12345"),
        plugins=[LOGGER, {"plugin": "ip-limiter", "config": {"limit": "5/m"}}],
        routes=[{"name": "things", "path": "/things/*", "upstream": "origin"}],
    )
    with proxy.connect() as client:
        client.ask(target="/nowhere")
        for number in range(8):
            client.ask(target=f"/things/{number}")
    eventually(lambda: len(proxy.records()) == 9, "all are recorded")
    return proxy


def test_the_summary_tells_what_the_records_say(busy):
    records = busy.records()
    summary = asked("activity.jsonl", folder=busy.folder)
    statuses = Counter(record["status"] for record in records)
    assert statuses[429] > 0 and statuses[404] > 0
    assert {group["status"]: group["requests"] for group in summary["status"]["groups"]} == statuses
    assert summary["all"]["requests"] == 9
    assert summary["all"]["refused"] == statuses[429]
    assert summary["all"]["bytes_out"] == sum(record["bytes_out"] for record in records)
    assert summary["all"]["duration_ms"]["max"] == max(record["duration_ms"] for record in records)
    decisions = [
        (group["plugin"], group["decision"], group["reason"], group["requests"])
        for group in summary["decisions"]["groups"]
    ]
    assert decisions == [("ip-limiter", "refuse", "rate_limit_exceeded", statuses[429])]
    assert summary["first"] == min(record["time"] for record in records)
    assert summary["not_records"] == {"count": 0, "first": None}


def test_the_file_of_the_working_folder_is_read_unless_another_is_named(busy, tmp_path):
    text = run("activity", folder=busy.folder)
    assert text.returncode == 0 and text.stderr == ""
    assert text.stdout.startswith("9 requests from ")
    assert "ip-limiter  refuse    rate_limit_exceeded" in text.stdout
    missing = run("activity", folder=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr == "sluice: activity.jsonl: the file cannot be read: No such file or directory\n"


def test_filters_choose_and_groups_count(busy):
    groups = asked("--by", "route,status", "--where", "status!=429", folder=busy.folder)["groups"]
    expected = Counter((record["route"], record["status"]) for record in busy.records() if record["status"] != 429)
    assert {(group["route"], group["status"]): group["requests"] for group in groups} == expected
    found = asked("--by", "path", "--path", "/things/*", "--since", "1h", folder=busy.folder)["groups"]
    assert sorted(group["path"] for group in found) == [f"/things/{number}" for number in range(8)]
    assert asked("--by", "path", "--since", "2000-01-01", "--until", "2001-01-01", folder=busy.folder)["groups"] == []


def test_the_slowest_are_the_records_themselves(busy):
    result = run("activity", "--slowest", "3", "--json", folder=busy.folder)
    slowest = sorted(busy.records(), key=lambda record: -record["duration_ms"])[:3]
    assert [json.loads(line) for line in result.stdout.splitlines()] == slowest


# --- Sums


def test_sums_are_exact(tmp_path):
    random.seed(7)
    lines, tokens = [], Counter()
    costs = {model: Decimal(0) for model in ("a", "b", None)}
    for _ in range(20_000):
        model = random.choice(["a", "b", None])
        cost = Decimal(random.randrange(10**13)).scaleb(-12)
        count = random.randrange(10**15)
        costs[model] += cost
        tokens[model] += count
        lines.append(record(model=model, cost_usd=f"{cost:f}", usage={"input": count, "output": 1}))
    (tmp_path / "log").write_text("".join(lines))
    groups = asked("--by", "model", "log", folder=tmp_path)["groups"]
    assert {group["model"]: Decimal(group["cost_usd"]) for group in groups} == costs
    assert {group["model"]: group["usage"]["input"] for group in groups} == tokens
    whole = asked("log", folder=tmp_path)["all"]
    assert Decimal(whole["cost_usd"]) == sum(costs.values())


def test_memory_is_bounded_by_the_number_of_groups(tmp_path):
    with open(tmp_path / "log", "w") as file:
        for number in range(200_000):
            file.write(record(request_id=f"id-{number}", client=f"10.{number % 250}", duration_ms=number % 5000))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    report = asked("--by", "request_id,client", "--top", "3", "log", folder=tmp_path)
    assert len(report["groups"]) == 3
    assert report["other"]["requests"] == 199_997
    assert report["all"]["requests"] == 200_000
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert after <= max(before, 150_000), f"{after} kB"
    text = run("activity", "--by", "request_id", "--top", "3", "log", folder=tmp_path).stdout
    assert "other (more than 9997)" in text
    assert "only the first 10000 groups are told apart" in text


# --- Input


def test_standard_input_is_read(tmp_path):
    text = record(route="a") + "broken\n" + record(route="b") + '{"time":"2026-01-'
    result = subprocess.run(
        [program(), "activity", "--by", "route", "-"], input=text, capture_output=True, text=True, timeout=15
    )
    assert result.returncode == 0
    assert [line.split()[:2] for line in result.stdout.splitlines()[1:]] == [["a", "1"], ["b", "1"], ["all", "2"]]
    assert result.stderr == (
        "sluice: 2 lines are no records; the first: standard input:2: expected an object, found broken (column 1)\n"
    )


def test_rotated_files_are_read_with_the_one_that_is_written(serve):
    logger = {**LOGGER, "config": {**LOGGER["config"], "rotate": {"size": "1KiB"}}}
    proxy, _ = serve(always(), plugins=[logger])
    with proxy.connect() as client:
        for number in range(20):
            client.ask(target=f"/{number}")
    proxy.stop()
    files = sorted(path.name for path in proxy.folder.glob("activity.jsonl*"))
    assert len(files) > 3
    assert asked(*files, folder=proxy.folder)["all"]["requests"] == 20


def test_a_compressed_file_is_told_how_to_read(tmp_path):
    import gzip

    (tmp_path / "log.gz").write_bytes(gzip.compress(record().encode()))
    result = run("activity", "log.gz", folder=tmp_path)
    assert result.returncode == 1
    assert "zcat FILE | sluice activity -" in result.stderr
    shown = subprocess.run(
        ["bash", "-c", f"zcat log.gz | {program()} activity --json -"],
        cwd=tmp_path, capture_output=True, text=True, timeout=15,
    )  # fmt: skip
    assert json.loads(shown.stdout)["all"]["requests"] == 1


# --- Following


def follow(start_process, folder, *words):
    """A follower that has shown the first record, and so sees all that come."""
    process = start_process([program(), "activity", "--follow", *words, "activity.jsonl"], folder=folder)
    process.await_line(lambda stdout, _: stdout, "the first record")
    return process


def paths(lines):
    return [next(word for word in line.split() if word.startswith("/")) for line in lines]


def test_records_are_shown_as_they_come_through_rotation_and_truncation(start_process, serve):
    proxy, _ = serve(always(), plugins=[LOGGER])
    with proxy.connect() as client:
        client.ask(target="/first")
        eventually(proxy.records, "it is recorded")
        follower = follow(start_process, proxy.folder, "--since", "1h")

        client.ask(target="/second?secret=1")
        follower.await_line(lambda stdout, _: paths(stdout) == ["/first", "/second"], "the second")
        os.rename(proxy.folder / "activity.jsonl", proxy.folder / "activity.jsonl.1")
        client.ask(target="/third")
        follower.await_line(lambda stdout, _: paths(stdout)[2:] == ["/third"], "the third, in a new file")
        os.truncate(proxy.folder / "activity.jsonl", 0)
        client.ask(target="/fourth")
        follower.await_line(lambda stdout, _: paths(stdout)[3:] == ["/fourth"], "the fourth")
    assert all("secret" not in line for line in follower.stdout_lines)
    assert follower.stderr_lines == []
    follower.signal(signal.SIGINT)
    assert follower.wait() == -signal.SIGINT


def test_only_what_is_asked_for_is_followed_and_json_is_the_record_itself(start_process, tmp_path):
    log = tmp_path / "activity.jsonl"
    log.write_text(record(route="a", status=500))
    follower = follow(start_process, tmp_path, "--since", "2000-01-01", "--status", "5xx", "--json")
    with open(log, "a") as file:
        file.write(record(route="b", status=200) + record(route="c", status=503) + "broken\n")
        file.flush()
        follower.await_line(lambda stdout, _: len(stdout) == 2, "the second failure")
        follower.await_line(lambda _, stderr: stderr, "the line that is no record")
        # A line that comes in two halves.
        line = record(route="d", status=504)
        file.write(line[:10])
        file.flush()
        file.write(line[10:])
        file.flush()
        follower.await_line(lambda stdout, _: len(stdout) == 3, "the third failure")
    assert [json.loads(line)["route"] for line in follower.stdout_lines] == ["a", "c", "d"]
    assert follower.stderr_lines == [
        "sluice: 1 line is no record: activity.jsonl:4: expected an object, found broken (column 1)"
    ]


def test_without_a_beginning_only_new_records_are_shown(start_process, tmp_path):
    log = tmp_path / "activity.jsonl"
    log.write_text(record(path="/old") * 3)
    follower = start_process([program(), "activity", "--follow"], folder=tmp_path)
    with open(log, "a") as file:

        def shown():
            # It begins at the end, wherever that is when it starts.
            file.write(record(path="/new"))
            file.flush()
            return follower.stdout_lines

        eventually(shown, "a new record is shown")
    assert set(paths(follower.stdout_lines)) == {"/new"}


def test_whoever_stops_reading_ends_it(tmp_path):
    (tmp_path / "activity.jsonl").write_text(record(path="/x") * 100_000)
    child = subprocess.Popen(
        [program(), "activity", "--follow", "--since", "2000-01-01"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert b"/x" in child.stdout.readline()
    child.stdout.close()
    assert child.wait(15) == -signal.SIGPIPE
    assert child.stderr.read() == b""


# --- A running proxy


@pytest.fixture
def listener():
    """listener(page, token=…) -> its address: an admin listener with a page of requests."""
    servers = []

    def start(page: bytes, status: int = 200, token: str | None = None):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                allowed = token is None or self.headers["authorization"] == f"Bearer {token}"
                found = self.path.split("?")[0] == "/requests"
                body = page if allowed and found else b"{}"
                self.send_response(401 if not allowed else status if found else 404)
                # In pieces, as a proxy in front may send it.
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for part in (body[:1], body[1:], b""):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def page(finished: int = 3, running: int = 2) -> bytes:
    """As the admin listener writes it: the newest first, with keys that no record has."""
    requests = [
        {**json.loads(record(status=200 + number, route="chat")), "hooks": [{"plugin": "a", "seconds": 1e-06}]}
        for number in range(finished)
    ]
    return json.dumps({"running": [{"request_id": "x"}] * running, "finished": requests[::-1]}, indent=2).encode()


def test_a_running_proxy_is_asked(listener):
    address = listener(page())
    for spelling in (address, f"http://{address}", f"http://{address}/"):
        summary = asked("--admin", spelling)
        assert summary["running"] == 2
        assert summary["all"]["requests"] == 3
    assert [group["status"] for group in asked("--by", "status", "--admin", address)["groups"]] == [200, 201, 202]
    text = run("activity", "--admin", address)
    assert text.stdout.startswith("3 requests, 2 running from ")
    slowest = run("activity", "--status", "201", "--slowest", "1", "--admin", address)
    assert slowest.stdout == "no records\n"


def test_a_real_proxy_tells_what_its_file_tells(serve):
    proxy, _ = serve(
        always(b"12345"),
        admin={"address": "127.0.0.1:0", "token": "0123456789abcdef"},
        plugins=[LOGGER, {"plugin": "ip-limiter", "config": {"limit": "5/m"}}],
    )
    with proxy.connect() as client:
        for number in range(8):
            client.ask(target=f"/{number}")
    eventually(lambda: len(proxy.records()) == 8, "all are recorded")
    (proxy.folder / "token").write_text("0123456789abcdef")
    words = ["--by", "status,path,client,plugin,reason", "--top", "all"]
    of_file = asked(*words, folder=proxy.folder)
    asked_proxy = asked(*words, "--admin", proxy.admin_address, "--token-file", "token", folder=proxy.folder)
    assert asked_proxy.pop("running") == 0
    assert asked_proxy == of_file
    assert of_file["all"]["requests"] == 8 and of_file["all"]["refused"] > 0


def test_its_token_comes_from_a_file_or_the_environment(listener, tmp_path):
    address = listener(page(), token="0123456789abcdef")
    (tmp_path / "token").write_text("0123456789abcdef\n")
    assert asked("--admin", address, "--token-file", "token", folder=tmp_path)["all"]["requests"] == 3
    environment = {"SLUICE_ADMIN_TOKEN": "0123456789abcdef"}
    assert asked("--admin", address, environment=environment)["all"]["requests"] == 3
    for result in (
        run("activity", "--admin", address),
        run("activity", "--admin", address, environment={"SLUICE_ADMIN_TOKEN": "wrong"}),
    ):
        assert result.returncode == 1
        assert "the answer is 401: the listener wants a token, by --token-file or SLUICE_ADMIN_TOKEN" in result.stderr
    missing = run("activity", "--admin", address, "--token-file", "none", folder=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr == "sluice: none: the file cannot be read: No such file or directory\n"
    (tmp_path / "token").write_text("two words\n")
    assert run("activity", "--admin", address, "--token-file", "token", folder=tmp_path).returncode == 1


def test_what_is_no_admin_listener_ends_with_1_and_is_named(listener, refusing):
    for target, said in [
        (refusing, "no answer from the admin listener"),
        (f"http://{listener(b'<html>')}", "expected an object, found <html>"),
        (f"http://{listener(b'{}')}", 'expected a list "finished" in the page'),
        (f"http://{listener(page(), status=503)}", "expected status 200, found 503"),
    ]:
        result = run("activity", "--admin", target)
        assert result.returncode == 1
        assert result.stdout == ""
        assert target in result.stderr and said in result.stderr


def test_a_wrong_address_is_a_wrong_call():
    for address in ("ftp://127.0.0.1", "http://", "http://127.0.0.1:1/metrics", "127.0.0.1:port"):
        result = run("activity", "--admin", address)
        assert result.returncode == 2
        assert result.stderr.startswith("sluice: --admin: expected an address such as http://127.0.0.1:9901")


# --- A terminal


def on_terminal(columns: int, *words, folder, environment=None) -> bytes:
    """What is written to a terminal that is so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    child = subprocess.Popen(
        [program(), "activity", *words],
        stdin=subprocess.DEVNULL, stdout=theirs, cwd=folder,
        env={**plain, "TERM": "xterm", **(environment or {})},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:
        # Linux's way of saying that the other end is closed.
        pass
    os.close(ours)
    assert child.wait(15) == 0
    return written


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_a_table_fits_the_terminal(columns, tmp_path):
    models = [f"{provider}/{'a-long-name-' * 5}{provider}" for provider in ("one", "two")]
    lines = [
        record(model=model, path="/p" * 60, cost_usd="12345.000000000001", usage={"input": 10**12, "output": 10**9})
        for model in models
    ]
    (tmp_path / "activity.jsonl").write_text("".join(lines))
    written = on_terminal(columns, "--by", "model,path", folder=tmp_path, environment={"NO_COLOR": "1"})
    assert b"\x1b" not in written
    shown = written.decode().splitlines()
    assert len(shown) >= 4
    assert all(len(line) <= columns for line in shown), shown
    assert "12345.000000000001" in shown[1]
    # The environment's word counts more than the terminal's.
    narrow = on_terminal(columns, "--by", "model", folder=tmp_path, environment={"COLUMNS": "50", "NO_COLOR": "1"})
    assert all(len(line) <= 50 for line in narrow.decode().splitlines())


def test_colours_are_for_terminals(tmp_path):
    (tmp_path / "activity.jsonl").write_text(record(model="a"))
    assert b"\x1b[1m" in on_terminal(80, "--by", "model", folder=tmp_path)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert b"\x1b" not in on_terminal(80, "--by", "model", folder=tmp_path, environment=environment)
    assert "\x1b" not in run("activity", "--by", "model", folder=tmp_path).stdout


# --- Calls


def test_a_wrong_call_says_what_was_meant():
    for words, said in [
        (["--by", "modle"], 'did you mean "model"?'),
        (["--where", "staus=429"], 'did you mean "status"?'),
        (["--slowst", "3"], 'did you mean "--slowest"?'),
        (["--since", "2 hours"], "did you mean 2h?"),
        (["--where", "aborted=clent"], "did you mean client?"),
    ]:
        result = run("activity", *words)
        assert result.returncode == 2
        assert result.stdout == ""
        assert result.stderr.startswith("sluice: ") and said in result.stderr
