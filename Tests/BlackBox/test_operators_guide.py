"""The operator's pages name metrics, commands, pages and places that exist.

Its pieces of plugins.json are checked with all others in test_documentation.py, its packaging in
test_packaging.py.
"""

import json
import re
import shlex
from contextlib import ExitStack
from shutil import copy

import pytest
from harness.metrics import Metrics
from harness.process import Process
from harness.program import REPOSITORY, program, run
from harness.sluice import Sluice
from harness.upstream import unused_address
from harness.waiting import eventually

DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
# What the pages take for granted in a folder.
FILES = ["plugins.json", "prices.json"]


# --- Metrics

#: What a plugin needs that has settings without a default.
SETTINGS = {
    "activity-logger": {"file": "activity.jsonl"},
    "api-keys": {"anonymous": True},
    "budget": {"key": "everyone", "limit": "1000.00", "per": "day"},
    "concurrency-limiter": {"limit": 100},
    "cost-meter": {"prices": "prices.json", "whenUnpriced": "zero"},
    "fingerprint-limiter": {"limit": "100/m"},
    "headers": {"request": {"set": {"x-through": "sluice"}}},
    "ip-limiter": {"limit": "1000/m"},
    "rate-limiter": {"key": "everyone", "limit": "1000/m"},
    "request-guard": {"methods": ["GET", "POST"]},
    "tracing": {"endpoint": "http://127.0.0.1:9/v1/traces"},
}
#: They stand behind whoever establishes what they count by.
COUNTING = {"ip-limiter", "rate-limiter", "fingerprint-limiter", "concurrency-limiter", "budget"}


@pytest.fixture(scope="module")
def metrics(request, tmp_path_factory) -> Metrics:
    """Those of a proxy with every plugin, which has been asked, has been reloaded, and has a target that is down."""
    stack = ExitStack()
    request.addfinalizer(stack.close)
    demo = Process([program(), "demo-upstream", "--listen", "127.0.0.1:0"])
    stack.callback(demo.kill)
    url = demo.await_line(
        lambda stdout, _: next((w for line in stdout for w in line.split() if w.startswith("http://")), None), "its address"
    )
    bound, gone = unused_address()
    stack.callback(bound.close)
    folder = tmp_path_factory.mktemp("metrics")
    copy(REPOSITORY / "prices.json", folder)
    names = [plugin["name"] for plugin in json.loads(run("plugins", "--json").stdout)]
    names.sort(key=lambda name: 2 if name in COUNTING else name == "velocity-guard")
    configuration = {
        "listen": "127.0.0.1:0",
        "admin": "127.0.0.1:0",
        "upstreams": {
            "demo": {"url": url},
            "pair": {
                "targets": [{"url": url}, {"url": gone}],
                "health": {"active": {"path": "/v1/models", "interval": "100ms", "timeout": "50ms"}},
            },
        },
        "plugins": [
            *({"plugin": name, **({"config": SETTINGS[name]} if name in SETTINGS else {})} for name in names),
            {"plugin": "budget", "label": "tokens", "config": SETTINGS["budget"] | {"limit": "1000000 tokens"}},
        ],
        "routes": [{"path": "/pair/*", "upstream": "pair"}, {"upstream": "demo"}],
    }
    proxy = Sluice(configuration, folder)
    stack.callback(proxy.close)
    bodies = [{"model": model, "messages": [{"role": "user", "content": "Hi"}]} for model in ("gpt-4o", "unknown")]
    with proxy.connect() as client:
        for body in map(json.dumps, bodies):
            client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            )
            assert client.response("POST").status == 200
    proxy.reload(configuration)

    def page():
        found = proxy.metrics()
        return found if found.value("sluice_upstream_checks_total") and found.value("sluice_cost_usd_total") else None

    return eventually(page, "checks and a cost")


def names(metrics: Metrics) -> set[str]:
    """As Prometheus knows them: histograms by their three series too."""
    found = set()
    for family in metrics.families.values():
        found.add(family.name + ("_total" if family.type == "counter" else ""))
        found.update(sample.name for sample in family.samples)
    return found


def test_every_metric_that_an_operators_page_names_exists(metrics):
    named = {
        name
        for page in ["operations.md", "monitoring.md", "troubleshooting.md"]
        for name in re.findall(r"\bsluice_[a-z_]+[a-z]\b", (DOCS / page).read_text())
    }
    assert len(named) > 15
    assert sorted(named - names(metrics)) == []


def described() -> set[str]:
    part = (DOCS / "monitoring.md").read_text().split("\n## Metrics\n")[1]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (?:gauge|counter|histogram) \|", part, re.M)
    return {f"sluice_{name}" for row in rows for name in re.findall(r"\w+", row)}


def test_every_metric_is_described_and_no_other(metrics):
    families = {name for name in names(metrics) if not re.search(r"_(bucket|count|sum|created)$", name)}
    assert sorted(families - described()) == []
    assert sorted(described() - families) == []


@pytest.mark.parametrize("page", ["operations.md", "monitoring.md"])
def test_every_label_in_an_expression_exists(page, metrics):
    labels = {}
    for family in metrics.families.values():
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    expressions = re.findall(r"(sluice_\w+)\{([^}]*)\}", (DOCS / page).read_text())
    assert expressions or page != "operations.md"
    for name, selector in expressions:
        for label in re.findall(r"(\w+)(?:=~|!~|!=|=)\"", selector):
            assert label in labels.get(name, {label}), f"{name} has no label {label}"


# --- Commands


def command_lines() -> list[tuple[str, str]]:
    """Every `$ sluice …` in a block of an operator's page, pipes and what follows them left out."""
    found = []
    for page in ["operations.md", "monitoring.md", "troubleshooting.md", "configuration.md"]:
        text = (DOCS / page).read_text()
        lines = re.findall(r"^\$ (.*\bsluice .*)$", text, re.M)
        inline = re.findall(r"`(sluice (?:activity|explain|status|reload|check)\b[^`…]*)`", text)
        for line in [*lines, *inline]:
            for part in re.split(r"&&|\|\||[|;&]| until ", line):
                words = part.strip().removeprefix("until ").replace("METHOD PATH", "GET /")
                if words.startswith("sluice ") and "[" not in words:
                    found.append((page, words))
    return sorted(set(found))


@pytest.mark.parametrize("page, line", command_lines(), ids=lambda value: value if value.startswith("sluice") else value)
def test_a_command_line_is_understood(page, line, tmp_path):
    """It is called right. What it then finds, a file or a proxy that is not there, is another matter."""
    words = shlex.split(line.split(" >")[0])[1:]
    if "run" in words or "--follow" in words or words[0].startswith("demo"):
        words = [words[0], "--help"]
    for file in FILES:
        copy(REPOSITORY / file, tmp_path)
    (tmp_path / "activity.jsonl").touch()
    result = run(*words, folder=tmp_path)
    assert result.returncode in (0, 1), result.stderr


def test_the_commands_are_all_in_the_guide():
    part = (DOCS / "operations.md").read_text().split("\n## Commands, exit codes, signals\n")[1]
    told = set(re.findall(r"`sluice ([a-z][a-z-]+)", part)) - {"run"}
    offered = set(re.findall(r"^  ([a-z-]+) ", run("help").stdout, re.M)) - {"run"}
    assert told == offered


# --- Links


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        found.append(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.S | re.M)
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            dead.append(target)
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            dead.append(target)
    assert dead == []
