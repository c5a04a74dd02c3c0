"""Whatever becomes of where records go: requests go on, no slower, and each record is written or counted as dropped."""

import json
import resource
import shutil
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from harness.configuration import proxy_to
from harness.waiting import eventually

FAILS = "activity records cannot be written; requests go on"
AGAIN = "activity records are written again"
#: A second for each of: well, broken, well again.
PHASE = 1.5
#: In requests a second, over both proxies.
RATE = 1600


def configuration(upstream: str, logger: dict, redis_url: str | None = None, **overrides) -> dict:
    state = {"state": {"redis": redis_url}} if redis_url else {}
    return proxy_to(
        upstream, workers=1, plugins=[{"plugin": "activity-logger", "config": logger}], **state, **overrides
    )


def state_of(proxy) -> dict:
    """What /plugins says of the logger."""
    plugins = json.loads(proxy.admin("/plugins").body)["plugins"]
    return next(plugin for plugin in plugins if plugin["plugin"] == "activity-logger")["state"]


@dataclass
class Account:
    """What has become of the records, once none waits."""

    finished: int
    written: int
    full: int
    failed: int

    @property
    def dropped(self) -> int:
        return self.full + self.failed


def account(proxy) -> Account:
    """Asserts that nothing is missing from it: the metrics' numbers, which have to be those of /plugins."""
    state = eventually(lambda: (state := state_of(proxy))["queued"] == 0 and state, "no record waits", within=10)
    metrics = proxy.metrics()

    def dropped(reason):
        return metrics.value("sluice_activity_dropped_total", reason=reason)

    found = Account(
        finished=metrics.value("sluice_requests_total"),
        written=metrics.value("sluice_activity_records_total"),
        full=dropped("queue_full"),
        failed=dropped("write_failed"),
    )
    assert state["written"] == found.written
    assert state["dropped"] == {"queue_full": found.full, "write_failed": found.failed}
    assert metrics.value("sluice_activity_queued") == 0
    assert found.finished == found.written + found.dropped, found
    return found


def whole_records(lines: list[bytes]) -> int:
    """How many records these lines are. Each has to be whole."""
    identifiers = [json.loads(line)["request_id"] for line in lines]
    assert len(set(identifiers)) == len(identifiers), "a record that is there twice"
    return len(lines)


def lines_of(*paths) -> list[bytes]:
    return [line for path in paths for line in path.read_bytes().splitlines(keepends=True)]


# --- The load, and what it shows


@dataclass
class Fault:
    """What happens to a proxy's sink, and what is to be found there afterwards."""

    proxy: object
    break_it: Callable[[], None]
    mend_it: Callable[[], None]
    #: How many records there are, once the proxy has ended.
    count: Callable[[], int]
    #: What the sink says while it is broken; None when it is slow and does not fail.
    error: str | None


def sides(asked, begin: float, end: float) -> list[list[float]]:
    """The latencies of the proxy and of the control that it is asked in turn with, sent within that time."""
    inside = [one for one in asked if begin <= one.sent < end]
    return [[one.latency for one in inside if one.connection % 2 == side] for side in (0, 1)]


def ratios(asked, begin: float, end: float) -> list[float]:
    """How much slower the proxy is than the control: the quartiles.

    They are asked in turn, so what slows the machine slows both: of each tenth of a second the medians are
    compared.
    """
    found = []
    while begin + 0.1 <= end:
        proxy, control = sides(asked, begin, begin + 0.1)
        if min(len(proxy), len(control)) >= 10:
            found.append(statistics.median(proxy) / statistics.median(control))
        begin += 0.1
    assert len(found) >= 5, "too few requests to compare"
    return statistics.quantiles(found, n=4)


def tail(asked, begin: float, end: float) -> float:
    """The share of requests that the proxy took longer for than the control for 99 of 100: about 0.01 if they are alike."""
    proxy, control = sides(asked, begin, end)
    bound = statistics.quantiles(control, n=100)[98]
    return sum(latency > bound for latency in proxy) / len(proxy)


def run(fault: Fault, control, flood) -> Account:
    proxy = fault.proxy
    # What is made once is made before.
    warming = flood(proxy, control, requests=1000, connections=8).result()
    load = flood(proxy, control, seconds=3 * PHASE, rate=RATE, connections=8)
    began = time.monotonic()
    time.sleep(PHASE)
    fault.break_it()
    broken = time.monotonic()
    if fault.error:
        event = proxy.await_event(FAILS)
        assert fault.error in event["error"]
        state = state_of(proxy)
        assert state["failing_since"] and fault.error in state["last_error"]
        assert proxy.metrics().value("sluice_activity_sink_failing") == 1
    time.sleep(max(0, broken + PHASE - time.monotonic()))
    mended = time.monotonic()
    fault.mend_it()
    result = load.result()
    assert result.failed == 0 and set(result.statuses) == {200}
    if fault.error:
        proxy.await_event(AGAIN)
        assert state_of(proxy)["failing_since"] is None
        assert proxy.metrics().value("sluice_activity_sink_failing") == 0
        assert [len(proxy.events(name)) for name in (FAILS, AGAIN)] == [1, 1]

    found = account(proxy)
    well, broken_ratios = ratios(result.asked, began, broken), ratios(result.asked, broken, mended)
    slow = tail(result.asked, broken, mended)
    print(f"\nratio well {well[1]:.3f}, broken {broken_ratios[1]:.3f}; beyond the control's p99: {slow:.2%}; {found}")
    assert found.finished == sum(one.connection % 2 == 0 for one in warming.asked + result.asked)
    assert proxy.stop() == 0
    assert fault.count() == found.written
    # Slower in three of four tenths of a second would be no noise.
    assert broken_ratios[0] < 1.25 * max(1, well[1])
    assert slow < 0.05
    return found


@pytest.fixture
def control(start_sluice, quick_upstream):
    """A proxy that is well."""
    return start_sluice(configuration(quick_upstream, {"file": "activity.jsonl"}))


SMALL = {"queue": 300, "flushInterval": "50ms"}


def test_a_disk_becomes_full_and_has_room_again(start_sluice, quick_upstream, control, flood, mount_disk):
    disk = mount_disk(64)
    file = disk.folder / "activity.jsonl"
    proxy = start_sluice(configuration(quick_upstream, {"file": str(file), **SMALL}))
    fault = Fault(proxy, disk.fill, disk.clear, lambda: whole_records(lines_of(file)), "write: No space left on device")
    found = run(fault, control, flood)
    assert found.failed > 0


def test_a_full_disk_keeps_whole_records_only(start_sluice, quick_upstream, flood, mount_disk):
    """Until the end: what is there then can be read line by line."""
    disk = mount_disk(1)
    file = disk.folder / "activity.jsonl"
    proxy = start_sluice(configuration(quick_upstream, {"file": str(file), **SMALL}))
    load = flood(proxy, requests=3000, connections=8, keeps_records=False)
    assert load.result().count(200) == 3000
    proxy.await_event(FAILS)
    state = eventually(
        lambda: (
            (state := state_of(proxy))["written"] + state["dropped"]["write_failed"] + state["queued"] == 3000 and state
        ),
        "each is accounted for",
    )
    assert proxy.stop() == 0
    (lost,) = proxy.events("activity records were not written before the end")
    assert int(lost["records"]) == state["queued"] > 0
    assert whole_records(lines_of(file)) == state["written"] > 1000


def test_a_reload_while_the_disk_is_full_loses_count_of_nothing(start_sluice, quick_upstream, flood, mount_disk):
    disk = mount_disk(64)
    file = disk.folder / "activity.jsonl"
    written = configuration(quick_upstream, {"file": str(file), **SMALL})
    proxy = start_sluice(written)
    disk.fill()
    load = flood(proxy, requests=3000, connections=8, rate=2000)
    proxy.await_event(FAILS)
    proxy.reload(written)
    # What the old one held it has given up.
    proxy.await_event("activity records were not written before the end")
    assert load.result().count(200) == 3000
    disk.clear()
    found = account(proxy)
    assert found.finished == 3000
    assert proxy.stop() == 0
    assert whole_records(lines_of(file)) == found.written > 0


def test_a_device_that_is_always_full(start_sluice, quick_upstream, flood):
    proxy = start_sluice(configuration(quick_upstream, {"file": "/dev/full", **SMALL}))
    assert flood(proxy, requests=2000, connections=8, keeps_records=False).result().count(200) == 2000
    state = state_of(proxy)
    assert state["written"] == 0
    assert state["dropped"]["queue_full"] + state["dropped"]["write_failed"] + state["queued"] == 2000
    assert proxy.stop() == 0
    (lost,) = proxy.events("activity records were not written before the end")
    assert int(lost["records"]) == state["queued"]


def test_a_limit_of_files_sizes_is_an_error_of_the_write(start_sluice, quick_upstream, flood, tmp_path):
    """And not the end of the process, which the signal that comes with it would be (setrlimit(2))."""
    file = tmp_path / "activity.jsonl"
    proxy = start_sluice(configuration(quick_upstream, {"file": str(file), **SMALL}))
    resource.prlimit(proxy.pid, resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))
    assert flood(proxy, requests=1000, connections=4).result().count(200) == 1000
    proxy.await_event(FAILS)
    resource.prlimit(proxy.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    proxy.await_event(AGAIN)
    assert whole_records(lines_of(file)) == account(proxy).written
    assert proxy.stop() == 0


def test_the_files_folder_goes_and_comes_back(start_sluice, quick_upstream, control, flood, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    proxy = start_sluice(configuration(quick_upstream, {"file": str(folder / "activity.jsonl"), **SMALL}))
    gone = tmp_path / "gone"
    fault = Fault(
        proxy,
        lambda: folder.rename(gone),
        folder.mkdir,
        lambda: whole_records(lines_of(gone / "activity.jsonl", folder / "activity.jsonl")),
        "open: No such file or directory",
    )
    run(fault, control, flood)


def test_the_files_folder_is_deleted_with_what_is_in_it(start_sluice, quick_upstream, flood, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    file = folder / "activity.jsonl"
    proxy = start_sluice(configuration(quick_upstream, {"file": str(file), **SMALL}))
    assert flood(proxy, requests=500).result().count(200) == 500
    before = account(proxy)
    shutil.rmtree(folder)
    assert flood(proxy, requests=500).result().count(200) == 500
    proxy.await_event(FAILS)
    folder.mkdir()
    proxy.await_event(AGAIN)
    found = account(proxy)
    assert found.finished == 1000
    assert whole_records(lines_of(file)) == found.written - before.written


@pytest.mark.parametrize("kind", ["file", "stdout"])
def test_a_pipe_is_not_read_for_a_while(start_sluice, quick_upstream, control, flood, make_pipe, kind):
    pipe = make_pipe()
    logger = {"sink": "stdout"} if kind == "stdout" else {"file": str(pipe.path)}
    wrapper = ["sh", "-c", f'exec "$@" >{pipe.path}', "sh"] if kind == "stdout" else None
    proxy = start_sluice(configuration(quick_upstream, {**logger, **SMALL}), wrapper=wrapper)
    pipe.start()
    fault = Fault(proxy, pipe.pause, pipe.resume, lambda: whole_records(pipe.await_end()), "write: nobody reads it")
    found = run(fault, control, flood)
    assert found.dropped > 0


def test_a_pipe_that_nobody_opens_is_no_reason_not_to_serve(start_sluice, quick_upstream, flood, make_pipe):
    pipe = make_pipe()
    pipe.close()
    proxy = start_sluice(configuration(quick_upstream, {"file": str(pipe.path), **SMALL}))
    assert "nobody reads it" in proxy.await_event(FAILS)["error"]
    assert flood(proxy, requests=1000).result().count(200) == 1000
    state = state_of(proxy)
    assert state["written"] == 0
    assert state["dropped"]["write_failed"] + state["queued"] == 1000


# --- Redis


def stream_length(redis) -> int:
    return redis.command("XLEN", "sluice:activity")


REDIS = {"sink": "redis", "maxLength": 1_000_000, **SMALL}


def test_redis_is_killed_and_restarted(start_sluice, start_redis, quick_upstream, control, flood):
    redis = start_redis()
    proxy = start_sluice(configuration(quick_upstream, REDIS, redis.url))
    lost = []

    def restart():
        # What the server has said it had is lost with it.
        lost.append(state_of(proxy)["written"])
        redis.start()

    fault = Fault(proxy, redis.kill, restart, lambda: lost[0] + stream_length(redis), "Connection refused")
    # It may have been in the middle of an answer.
    fault.error = ""
    found = run(fault, control, flood)
    assert found.failed > 0


def test_redis_hangs_and_goes_on(start_sluice, start_redis, quick_upstream, control, flood):
    """What it was sent before it hung it finds when it goes on: that is not there twice."""
    redis = start_redis()
    proxy = start_sluice(configuration(quick_upstream, REDIS, redis.url))
    fault = Fault(proxy, redis.pause, redis.resume, lambda: stream_length(redis), "Redis did not answer in time")
    found = run(fault, control, flood)
    assert found.failed > 0
    entries = redis.command("XRANGE", "sluice:activity", "-", "+")
    assert {fields[0] for _, fields in entries} == {b"record"}
    assert whole_records([fields[1] for _, fields in entries]) == found.written


def test_the_way_to_redis_is_slow(start_sluice, start_redis, start_relay, quick_upstream, control, flood):
    redis = start_redis()
    relay = start_relay(redis.port, delay=0.2)
    proxy = start_sluice(configuration(quick_upstream, REDIS, f"redis://127.0.0.1:{relay.port}"))
    fault = Fault(proxy, lambda: None, lambda: None, lambda: stream_length(redis), None)
    found = run(fault, control, flood)
    assert found.full > 0 and found.failed == 0


def test_redis_is_away_from_the_start(start_sluice, start_redis, quick_upstream, flood):
    redis = start_redis(starts=False)
    proxy = start_sluice(configuration(quick_upstream, REDIS, redis.url))
    event = proxy.await_event(FAILS)
    assert event["sink"] == f"sluice:activity at 127.0.0.1:{redis.port}"
    assert event["error"] == "Connection refused"
    assert flood(proxy, requests=200).result().count(200) == 200
    assert state_of(proxy)["queued"] == 200
    redis.start()
    proxy.await_event(AGAIN)
    assert account(proxy).written == stream_length(redis) == 200


def test_a_redis_that_refuses_is_seen(start_sluice, start_redis, quick_upstream, flood):
    redis = start_redis()
    proxy = start_sluice(configuration(quick_upstream, REDIS, redis.url))
    redis.command("CONFIG", "SET", "maxmemory", "1")
    assert flood(proxy, requests=200).result().count(200) == 200
    assert "OOM" in proxy.await_event(FAILS)["error"]
    redis.command("CONFIG", "SET", "maxmemory", "0")
    proxy.await_event(AGAIN)
    assert account(proxy).written == stream_length(redis) == 200


def test_the_password_is_told_to_nobody(start_sluice, start_redis, quick_upstream):
    redis = start_redis(password="right-password")
    url = redis.url.replace("right-password", "wrong-password")
    proxy = start_sluice(configuration(quick_upstream, REDIS, url))
    assert "WRONGPASS" in proxy.await_event(FAILS)["error"]
    for text in [proxy.process.output, proxy.admin("/plugins").body.decode()]:
        assert "wrong-password" not in text
    proxy.reload(configuration(quick_upstream, REDIS, redis.url))
    with proxy.connect() as client:
        assert client.ask().status == 200
    eventually(lambda: stream_length(redis) == 1, "it is recorded")


# --- Ends


@pytest.fixture(params=["file", "stdout", "redis"])
def sink(request, start_redis, tmp_path):
    """(its configuration, the Redis's address or None, how many records a proxy has left in it)"""
    if request.param == "redis":
        redis = start_redis()
        return {"sink": "redis", "maxLength": 1_000_000}, redis.url, lambda proxy: stream_length(redis)
    if request.param == "stdout":
        # What a killed process has written last may be the beginning of a line.
        return (
            {"sink": "stdout"},
            None,
            lambda proxy: len([line for line in proxy.process.stdout_lines if line[-1:] == "}"]),
        )
    file = tmp_path / "activity.jsonl"
    return {"file": str(file)}, None, lambda proxy: len([line for line in lines_of(file) if line.endswith(b"}\n")])


def test_a_drain_under_load_leaves_a_record_of_every_request(start_sluice, quick_upstream, flood, sink):
    logger, redis_url, count = sink
    proxy = start_sluice(configuration(quick_upstream, {**logger, "queue": 100_000}, redis_url))
    load = flood(proxy, seconds=3, connections=32)
    time.sleep(1.5)
    proxy.terminate()
    assert proxy.stop() == 0
    answered = load.result().count(200)
    assert answered > 100
    assert count(proxy) == answered


def test_a_kill_loses_no_more_than_the_flush_interval(start_sluice, quick_upstream, flood, sink):
    logger, redis_url, count = sink
    interval = 1.0
    proxy = start_sluice(
        configuration(quick_upstream, {**logger, "queue": 1_000_000, "flushInterval": "1s"}, redis_url)
    )
    load = flood(proxy, seconds=4, connections=16, rate=1000)
    # Not in step with the interval.
    time.sleep(2.7)
    killed = time.monotonic()
    proxy.kill()
    result = load.result()
    answered = sorted(one.answered for one in result.asked if one.status == 200)
    due = sum(time <= killed - interval for time in answered)
    found = count(proxy)
    print(f"{len(answered)} answered, {due} more than {interval} s before the kill, {found} recorded")
    assert due <= found <= len(answered) + 16


def test_a_reload_under_load_leaves_a_record_of_every_request(start_sluice, quick_upstream, flood, sink):
    logger, redis_url, count = sink
    written = configuration(quick_upstream, {**logger, "queue": 100_000}, redis_url)
    proxy = start_sluice(written)
    load = flood(proxy, seconds=3, connections=32, rate=4000)
    for _ in range(4):
        time.sleep(0.5)
        proxy.reload(written)
    result = load.result()
    assert set(result.statuses) == {200} and result.failed == 0
    assert proxy.stop() == 0
    assert count(proxy) == result.count(200)


def test_the_signal_to_reopen_does_not_disturb_a_stream(start_sluice, start_redis, quick_upstream):
    redis = start_redis()
    proxy = start_sluice(configuration(quick_upstream, REDIS, redis.url))
    with proxy.connect() as client:
        client.ask()
        proxy.write("{")
        proxy.process.signal(signal.SIGHUP)
        proxy.await_event("reload refused, the old configuration stays")
        client.ask()
    assert account(proxy).written == 2
    assert not proxy.events(FAILS)
