"""The program as it is called: output, errors, exit codes."""

import json
import signal
import socket
import subprocess

import pytest
from harness.client import Client
from harness.configuration import proxy_to
from harness.program import REPOSITORY, program, run
from harness.upstream import unused_address

COMMANDS = ["run", "status", "activity", "check", "plugins", "schema", "help", "demo", "demo-upstream"]


def test_the_version_is_told():
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("sluice ") and result.stdout.count("\n") == 1
    assert result.stderr == ""


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]])
def test_help_lists_the_commands(words):
    result = run(*words)
    assert result.returncode == 0
    assert result.stderr == ""
    for command in COMMANDS:
        assert f"\n  {command} " in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_about_each_command(command):
    told = [run("help", command), run(command, "--help"), run(command, "-h")]
    assert all(result.returncode == 0 for result in told)
    assert told[0].stdout.startswith(f"sluice {command}")
    assert told[0].stdout == told[1].stdout == told[2].stdout


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["help", "no-such-command"],
        ["run", "--no-such-option"],
        ["--no-such-option"],
        ["run", "--config"],
        ["run", "extra"],
        ["run", "--log-format", "xml"],
        ["run", "--log-level", "loud"],
        ["check", "--config"],
        ["check", "--jsonn"],
        ["check", "extra"],
        ["plugins", "one", "two"],
        ["schema", "extra"],
        ["status", "extra"],
        ["status", "--admin", "ftp://here"],
        ["activity", "--by"],
        ["activity", "--by", "nothing"],
        ["demo", "extra"],
        ["demo-upstream", "--listen"],
        ["demo-upstream", "extra"],
    ],
)
def test_a_wrong_call_ends_with_2_and_says_why(words, tmp_path):
    result = run(*words, folder=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("sluice: ")


def test_an_output_that_cannot_be_written_is_said():
    with open("/dev/full", "w") as full:
        result = subprocess.run([program(), "plugins"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=15)
    assert result.returncode == 1
    assert result.stderr == "sluice: standard output cannot be written to: No space left on device\n"


def test_a_misspelt_command_is_told_the_right_one():
    assert "check" in run("chek").stderr


def test_a_missing_file_ends_with_1_and_is_named(tmp_path):
    for words in [[], ["run"], ["check"]]:
        result = run(*words, folder=tmp_path)
        assert result.returncode == 1
        assert "plugins.json" in result.stderr + result.stdout


def test_run_is_the_default_command_and_the_file_the_default_file(start_process, tmp_path):
    bound, url = unused_address()
    with bound:
        (tmp_path / "plugins.json").write_text(json.dumps(proxy_to(url)))
        process = start_process([program()], folder=tmp_path)
        process.await_line(lambda _, stderr: any(" listening " in line for line in stderr), "it listens")
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert process.stdout_lines == []


def test_an_address_that_is_taken_ends_with_1_and_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        (tmp_path / "plugins.json").write_text(json.dumps(proxy_to("http://127.0.0.1:1", listen=address)))
        result = run("run", folder=tmp_path)
    assert result.returncode == 1
    assert address in result.stderr


def test_the_log_is_text_or_json_of_the_asked_level(start_sluice, start_process, tmp_path):
    bound, url = unused_address()
    with bound:
        (tmp_path / "plugins.json").write_text(json.dumps(proxy_to(url)))
        quiet = start_process([program(), "run", "--log-level=error"], folder=tmp_path)
        text = start_process([program(), "run", "--log-format", "text"], folder=tmp_path)
        text.await_line(lambda _, stderr: any(" listening " in line for line in stderr), "it listens")
        text.signal(signal.SIGTERM)
        assert text.wait() == 0
        for line in text.stderr_lines:
            time, level = line.split()[:2]
            assert time.endswith("Z") and level in ("DEBUG", "INFO", "WARNING", "ERROR"), line
        # It has started by now: later than the other one, or nearly.
        quiet.signal(signal.SIGTERM)
        assert quiet.wait() == 0
        assert quiet.stderr_lines == []


def test_an_upstream_that_fails_is_logged_with_what_is_known(start_sluice):
    bound, url = unused_address()
    with bound:
        proxy = start_sluice(proxy_to(url))
        with proxy.connect() as client:
            response = client.ask()
        event = proxy.await_event("upstream failed", upstream="origin", route="all")
        assert event["level"] == "warning"
        assert event["request_id"] == response.get("x-request-id")
        assert url in event["target"]


# --- The demonstration


def test_the_demo_serves_the_repositorys_file_with_an_upstream_behind_it(start_process, tmp_path):
    text = (REPOSITORY / "plugins.json").read_text()
    text = text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:9901", "127.0.0.1:0")
    (tmp_path / "plugins.json").write_text(text)
    for file in REPOSITORY.glob("*.json"):
        if file.name != "plugins.json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    demo = start_process([program(), "demo"], folder=tmp_path)
    line = demo.await_line(lambda stdout, _: next((l for l in stdout if "curl" in l), None), "a line to try")
    address = next(word for word in line.split() if word.startswith("http://")).removeprefix("http://").split("/")[0]
    with Client(address) as client:
        body = b'{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
        client.request("POST", "/v1/chat/completions", headers=[("Content-Type", "application/json")], body=body)
        response = client.response("POST")
        assert response.status == 200
        assert response.get("content-type").startswith("text/event-stream")
        assert response.body.startswith(b"data: ") and response.body.endswith(b"data: [DONE]\n\n")
    demo.signal(signal.SIGTERM)
    assert demo.wait() == 0


def test_the_line_that_the_demo_prints_works_as_it_is(start_process, tmp_path):
    text = (REPOSITORY / "plugins.json").read_text()
    text = text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:9901", "127.0.0.1:0")
    (tmp_path / "plugins.json").write_text(text)
    for file in REPOSITORY.glob("*.json"):
        if file.name != "plugins.json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    demo = start_process([program(), "demo"], folder=tmp_path)
    line = demo.await_line(lambda stdout, _: next((l for l in stdout if "curl" in l), None), "a line to try")
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=15)
    assert result.returncode == 0, result.stderr
    assert "data: [DONE]" in result.stdout


def test_the_demo_upstream_serves_alone(start_demo):
    process, url = start_demo()
    with Client(url.removeprefix("http://")) as client:
        client.request(target="/v1/models")
        models = json.loads(client.response().body)
        assert models["object"] == "list" and models["data"]
    process.signal(signal.SIGTERM)
    process.wait()


def test_a_taken_address_of_the_demo_upstream_ends_with_1(start_demo):
    _, url = start_demo()
    result = run("demo-upstream", "--listen", url.removeprefix("http://"))
    assert result.returncode == 1
    assert result.stderr


# --- What is told about plugins


def test_the_plugins_are_listed():
    result = run("plugins")
    assert result.returncode == 0
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert {"trusted-proxy", "request-id", "activity-logger"} <= set(names)
    listed = json.loads(run("plugins", "--json").stdout)
    assert [plugin["name"] for plugin in listed] == names


def test_a_plugin_is_described():
    result = run("plugins", "trusted-proxy")
    assert result.returncode == 0
    assert "trusted" in result.stdout and "header" in result.stdout
    assert json.loads(run("plugins", "trusted-proxy", "--json").stdout)["name"] == "trusted-proxy"


def test_an_unknown_plugin_ends_with_1_and_the_nearest_is_named():
    result = run("plugins", "trusted-prox")
    assert result.returncode == 1
    assert "trusted-proxy" in result.stderr


def test_the_schema_is_json_and_names_the_plugins():
    result = run("schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    assert "$schema" in schema
    assert "trusted-proxy" in result.stdout
