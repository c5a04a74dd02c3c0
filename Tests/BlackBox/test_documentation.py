"""What the documentation shows of plugins.json is right, and `sluice check` says of it what is printed there."""

import json
import re
import subprocess
from shutil import copy

import pytest
from harness.configuration import parse
from harness.program import REPOSITORY, program, run

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
# The plugins of this page are not in the program.
PAGES.remove(REPOSITORY / "docs/writing-a-plugin.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.S | re.M)
TOP = {"listen", "admin", "workers", "limits", "timeouts", "state", "upstreams", "plugins", "routes"}
# The files that examples name.
FILES = ["keys.txt", "cidrs.txt", "cdn.txt", "data-centres.txt", "secrets/openai"]


class Example:
    """A piece of JSON, and what stands behind it."""

    def __init__(self, page, text: str, line: int, after: str):
        self.name = f"{page.relative_to(REPOSITORY)}:{line}"
        self.text = text
        shown = re.match(r"\$ sluice check --config (\S+)\n(.*?)(?=^\$ |\Z)", after, re.S | re.M)
        self.file, self.printed = shown.groups() if shown else (None, None)


def examples():
    for page in PAGES:
        text = page.read_text()
        blocks = list(BLOCK.finditer(text))
        for block, after in zip(blocks, [*blocks[1:], None]):
            # A record or an answer stands there as it goes over the wire.
            if block[1] == "json" and not block[2].startswith('{"'):
                yield Example(page, block[2], text.count("\n", 0, block.start()) + 2, after[2] if after else "")


EXAMPLES = list(examples())


def whole(text: str) -> dict:
    """The plugins.json that an example is, or is a piece of."""
    if re.match(r'\{\s*"plugin"', text):
        found = {"plugins": parse(f"[{text}]")}
    else:
        found = parse(text if text.startswith("{") else f"{{{text}}}")
    if "config" in found:
        found = {"plugins": [{"plugin": "activity-logger", **found}]}
    assert found.keys() <= TOP
    found.setdefault("listen", "127.0.0.1:0")
    found.setdefault("upstreams", {"origin": {"url": "http://127.0.0.1:9"}})
    found.setdefault("routes", [{"upstream": next(iter(found["upstreams"]))}])
    return found


def check(name: str, text: str, folder) -> str:
    for file in FILES:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("a secret" if file.startswith("secrets/") else "")
    copy(REPOSITORY / "prices.json", folder)
    (folder / name).write_text(text)
    result = run("check", "--config", name, folder=folder)
    return result.stdout + result.stderr


def test_there_are_examples():
    assert len(EXAMPLES) > 20


@pytest.mark.parametrize("example", [e for e in EXAMPLES if not e.file], ids=lambda example: example.name)
def test_an_example_is_a_right_configuration(example, tmp_path, monkeypatch):
    for name in re.findall(r"\$\{(\w+)\}", example.text):
        monkeypatch.setenv(name, "a secret of some length")
    said = check("plugins.json", json.dumps(whole(example.text)), tmp_path)
    if '"routes"' not in example.text:
        # What stands around a piece is not shown, and may well write what it needs.
        said = re.sub(r"(?m)^.*which nothing in this chain writes.*\n", "", said)
        said = re.sub(r"(?m)^plugins\.json: \d+ warnings?\n", "plugins.json: fine\n", said)
    assert said == "plugins.json: fine\n"


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.file], ids=lambda example: example.name)
def test_what_check_is_shown_to_say_it_says(example, tmp_path):
    assert check(example.file, example.text, tmp_path) == example.printed


@pytest.mark.parametrize("file", ["broken.json", "plugins.json"])
def test_the_tours_commands_give_what_it_prints(file, tmp_path):
    """The README changes the repository's file with sed, and shows what `check` says of that."""
    tour = (REPOSITORY / "README.md").read_text()
    if file == "broken.json":
        change = re.search(r"^\$ (sed .* plugins\.json >broken\.json)$", tour, re.M)[1]
        ask, printed = "--config broken.json", r"check --config broken\.json\n(.*?)^\$"
    else:
        change = re.search(r"`(sed -i [^`]* plugins\.json)`", tour)[1]
        ask, printed = "", r"^\$ \.build/release/sluice check\n(.*?)^\$"
    for file in ["plugins.json", "prices.json"]:
        copy(REPOSITORY / file, tmp_path)
    result = subprocess.run(
        ["bash", "-c", f"{change}; {program()} check {ask}"], cwd=tmp_path, capture_output=True, text=True, timeout=15
    )
    assert result.stdout + result.stderr == re.search(printed, tour, re.S | re.M)[1]


def test_the_guide_ends_in_the_repositorys_file():
    guide = [e for e in EXAMPLES if e.name.startswith("docs/protecting-a-chat-endpoint.md")]
    assert guide[-1].text == (REPOSITORY / "plugins.json").read_text()
