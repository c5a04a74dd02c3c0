"""plugins.json: what is accepted, what is refused, and how that is said."""

import json
import re

import pytest
from harness.configuration import proxy_to
from harness.program import REPOSITORY, run
from harness.upstream import always

URL = "http://127.0.0.1:9"


@pytest.fixture
def check(tmp_path):
    """check(configuration, …) -> (exit code, lines)"""

    def check(configuration: dict | str, *words: str, environment=None):
        text = configuration if isinstance(configuration, str) else json.dumps(configuration, indent=2)
        (tmp_path / "plugins.json").write_text(text)
        result = run("check", *words, folder=tmp_path, environment=environment)
        return result.returncode, (result.stdout + result.stderr).splitlines()

    return check


def test_a_good_file_is_fine(check):
    code, lines = check(proxy_to(URL))
    assert code == 0
    assert lines == ["plugins.json: fine"]


def test_the_repositorys_own_file_is_fine():
    result = run("check", folder=REPOSITORY, environment={"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"})
    assert result.returncode == 0, result.stdout


def test_every_error_is_found_not_only_the_first(check):
    configuration = proxy_to(URL, workers=-1, timeouts={"drain": "soon"}, limits={"requestBody": "much"}, colour="red")
    configuration["routes"][0]["upstream"] = "orgin"
    configuration["plugins"] = [{"plugin": "trusted-prox"}]
    code, lines = check(configuration)
    assert code == 1
    text = "\n".join(lines)
    for path in [
        "workers",
        "timeouts.drain",
        "limits.requestBody",
        "colour",
        "routes[0].upstream",
        "plugins[0].plugin",
    ]:
        assert path in text, path
    assert lines[-1] == "plugins.json: 6 errors"


def test_an_error_tells_the_place_what_stands_there_and_what_was_expected(check):
    code, lines = check('{\n  "listen": "127.0.0.1:0",\n  "timeouts": { "drain": "30 secs" }\n}\n')
    assert code == 1
    place, rest = lines[0].split(": ", 1)
    assert place == "plugins.json:3:26"
    assert rest.startswith("timeouts.drain: ")
    assert '"30 secs"' in rest and "expected" in rest


def test_an_unknown_key_is_told_the_nearest(check):
    code, lines = check('{ "listen": "127.0.0.1:0", "upstrems": {} }')
    assert code == 1
    assert re.search(r'unknown key "upstrems".*did you mean "upstreams"', lines[0])


def test_an_unknown_plugin_is_told_the_nearest(check):
    code, lines = check(proxy_to(URL, plugins=[{"plugin": "trusted-proxi"}]))
    assert code == 1
    assert 'did you mean "trusted-proxy"' in lines[0]


def test_an_unknown_setting_of_a_plugin_is_told_the_nearest(check):
    code, lines = check(proxy_to(URL, plugins=[{"plugin": "trusted-proxy", "config": {"trustd": ["loopback"]}}]))
    assert code == 1
    assert "plugins[0].config" in lines[0] and 'did you mean "trusted"' in "\n".join(lines)


def test_errors_can_be_had_as_json(check):
    code, lines = check('{ "listen": "127.0.0.1:0", "workers": "many" }', "--json")
    assert code == 1
    report = json.loads("\n".join(lines))
    assert report["ok"] is False
    error = report["errors"][0]
    assert (error["file"], error["line"], error["path"]) == ("plugins.json", 1, "workers")
    assert error["column"] == 39


def test_warnings_are_no_errors(check):
    configuration = proxy_to(URL)
    configuration["routes"].append({"name": "never", "path": "/x", "upstream": "origin"})
    code, lines = check(configuration)
    assert code == 0
    assert any("warning" in line and "never match" in line for line in lines)


def test_an_order_that_cannot_work_is_a_warning(check):
    code, lines = check(
        proxy_to(
            URL, plugins=[{"plugin": "request-id"}, {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}}]
        )
    )
    assert code == 0
    assert any("warning" in line and "move" in line for line in lines), lines


def test_comments_and_trailing_commas_are_accepted(start_upstream, start_sluice):
    upstream = start_upstream(always())
    proxy = start_sluice(
        f"""// The whole of it.
        {{
          "listen": "127.0.0.1:0", /* any port */
          "upstreams": {{ "origin": {{ "url": "{upstream.url}", }} }},
          "routes": [ {{ "name": "all", "path": "/*", "upstream": "origin", }}, ],
        }}"""
    )
    with proxy.connect() as client:
        assert client.ask().body == b"ok"


def test_a_key_that_stands_twice_is_an_error(check):
    code, _ = check('{ "listen": "127.0.0.1:0", "listen": "127.0.0.1:0" }')
    assert code == 1


def test_an_unset_variable_is_an_error_and_names_it(check):
    configuration = proxy_to(URL, upstream={"headers": {"authorization": "Bearer ${NO_SUCH_VARIABLE}"}})
    code, lines = check(configuration)
    assert code == 1
    assert "NO_SUCH_VARIABLE" in lines[0]
    assert check(configuration, environment={"NO_SUCH_VARIABLE": "x"})[0] == 0


def test_a_files_content_can_be_put_in(start_upstream, start_sluice, tmp_path):
    (tmp_path / "key").write_text("  from-a-file\n")
    upstream = start_upstream(always())
    proxy = start_sluice(proxy_to(upstream.url, upstream={"headers": {"x-key": f"${{file:{tmp_path}/key}}"}}))
    with proxy.connect() as client:
        client.ask()
    assert upstream.request.get("x-key") == "from-a-file"


def test_a_secret_from_the_environment_is_never_shown(check):
    configuration = proxy_to(
        URL, upstream={"headers": {"authorization": "Bearer ${KEY}\n"}, "timeouts": {"idle": "${KEY}"}}
    )
    code, lines = check(configuration, environment={"KEY": "very-secret"})
    assert code == 1
    assert "very-secret" not in "\n".join(lines)


@pytest.mark.parametrize(
    "change",
    [
        {"listen": "8080"},
        {"listen": "127.0.0.1"},
        {"listen": []},
        {"listen": "127.0.0.1:99999"},
        {"admin": 5},
        {"upstream": {"url": "127.0.0.1:9000"}},
        {"upstream": {"url": "ftp://127.0.0.1"}},
        {"upstream": {"url": "http://127.0.0.1/path"}},
        {"upstream": {"url": URL, "targets": [{"url": URL}]}},
        {"upstream": {"url": None, "targets": []}},
        {"upstream": {"headers": {"content-length": "5"}}},
        {"upstream": {"headers": {"x bad": "5"}}},
        {"upstream": {"headers": {"x": "a\r\nb: c"}}},
        {"route": {"path": "no-slash"}},
        {"route": {"path": "/a/*/b"}},
        {"route": {"methods": ["get"]}},
        {"route": {"upstream": "other"}},
        {"timeouts": {"drain": "-1s"}},
        {"timeouts": {"drain": 30}},
        {"limits": {"requestBody": "10XiB"}},
        {"plugins": [{"plugin": "request-id", "mode": "maybe"}]},
        {"plugins": [{"plugin": "request-id", "label": "a"}, {"plugin": "request-id", "label": "a"}]},
        {"plugins": {"plugin": "request-id"}},
    ],
)
def test_what_cannot_be_meant_is_an_error(check, change):
    code, lines = check(proxy_to(URL, **change))
    assert code == 1, lines
    assert lines[-1].startswith("plugins.json: 1 error"), lines


def test_the_same_errors_keep_it_from_starting(tmp_path):
    (tmp_path / "plugins.json").write_text('{ "listen": "127.0.0.1:0", "upstrems": {} }')
    checked, started = run("check", folder=tmp_path), run("run", folder=tmp_path)
    assert started.returncode == 1
    assert checked.stdout.splitlines()[0] in started.stderr


def test_check_opens_no_listener_and_leaves_no_file(check, start_upstream, start_sluice, tmp_path):
    proxy = start_sluice(proxy_to(start_upstream(always()).url))
    configuration = proxy_to(
        URL, listen=proxy.address, plugins=[{"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}]
    )
    assert check(configuration)[0] == 0
    assert not (tmp_path / "activity.jsonl").exists()
