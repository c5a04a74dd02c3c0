"""docs/troubleshooting.md has every message that clients and operators can see, and none that is gone.

The messages are read from the sources: a new one that the page does not explain is a failure here.
"""

import re

import pytest
from harness.program import REPOSITORY

PAGE = (REPOSITORY / "docs/troubleshooting.md").read_text()
SOURCES = {
    path.relative_to(REPOSITORY / "Sources"): path.read_text()
    for folder in ["Proxy", "Plugins", "PluginAPI"]
    for path in sorted((REPOSITORY / "Sources" / folder).rglob("*.swift"))
}
LITERAL = r'"((?:[^"\\\n]|\\\((?:[^()]|\([^()]*\))*\)|\\.)*)"'
# What upstreams' answers are called in the `error` of records, and no code.
OF_ANSWERS = {"malformed_status_line", "status_line_too_long"}
# What a request that is only explained or replayed is answered with, and the metrics' word for what is too rare to be named.
NO_ANSWERS = {"dry_run", "recorded", "other"}


def shown(literal: str) -> str:
    """A Swift literal as people see it, with an ellipsis for what differs."""
    return re.sub(r"\\\((?:[^()]|\([^()]*\))*\)", "…", literal).replace('\\"', '"')


def found(pattern: str, *folders: str) -> set[str]:
    """The groups of a pattern in the sources below these folders."""
    groups = set()
    for path, text in SOURCES.items():
        if any(str(path).startswith(folder) for folder in folders):
            for match in re.finditer(pattern, text, re.S):
                groups.update(shown(group) for group in match.groups() if group)
    return groups


def codes() -> set[str]:
    """What a client can find as `code`."""
    word = r'"([a-z]+(?:_[a-z0-9]+)*)"'
    return (
        found(rf"\breason: {word}", "Proxy", "Plugins")
        | found(rf'\breason: [^,"\n]*\? {word} : {word}', "Proxy", "Plugins")
        | found(rf"\b(?:refuse|refusal|unauthorized)\(\s*{word},", "Plugins")
        | found(rf"\.(?:refuse|answer)\(\s*[\w.]+,\s*(?:reason: )?{word}", "Plugins", "Proxy/Exchange")
        | found(rf"case \.\w+: {word}", "Proxy/HTTP/HTTPError.swift")
    ) - OF_ANSWERS - NO_ANSWERS


def log_events() -> set[str]:
    """What is logged as a warning or an error."""
    return found(rf"\blog\(\s*\.(?:warning|error),\s*{LITERAL}", "Proxy", "Plugins") - {"…"} | found(
        rf"\b(?:failing|lost|stuck): {LITERAL}", "Plugins"
    ) | found(rf"let event = {LITERAL}", "Proxy/Telemetry")


def errors_of_records() -> set[str]:
    """What can stand in a record's `error`."""
    return (
        found(rf"outcome\.error = {LITERAL}", "Proxy/Exchange")
        | found(rf"outcome\.error =\s*\w+\s*\? {LITERAL} : {LITERAL}", "Proxy/Exchange")
        | found(rf"\babort\(by: \.\w+, {LITERAL}", "Proxy/Exchange")
        | found(rf"let error = {LITERAL}", "Proxy/Exchange")
        | found(rf"TransferError\(\s*\.\w+,\s*{LITERAL}", "Proxy")
        | found(rf"\.invalid\({LITERAL}", "Proxy/Upstream")
        | found(rf"\brefuse\({LITERAL}", "Proxy/Upstream")
    ) - {"…"}


def findings() -> set[str]:
    """What `check` says in the words of the place where it is found."""
    return found(rf"findings\.(?:error|warning)\(\s*at: [^\"]*?,\s*{LITERAL}", "Proxy/Configuration") | unknown_names()


def unknown_names() -> set[str]:
    return {f"unknown {kind} …" for kind in found(r'\.unknown\("(\w+)"', "Proxy/Configuration")}


def failed_starts() -> set[str]:
    return found(rf"struct \w+Error: Error.*?var description: String \{{ {LITERAL}", "Proxy/Server", "Proxy/Chain")


def headings() -> list[str]:
    """The messages that the page explains."""
    lines = re.findall(r"^####? (`.*)$", PAGE, re.M)
    return [message for line in lines for message in re.findall(r"`([^`]+)`", line)]


def fragments(message: str) -> list[str]:
    return [part for part in message.split("…") if part.strip(" :;,")]


def explains(heading: str, message: str) -> bool:
    """Whether the heading is the message, or leaves out more of it."""
    return re.fullmatch(".*".join(re.escape(part) for part in heading.split("…")), message) is not None


@pytest.mark.parametrize(
    "collect, least",
    [(codes, 55), (log_events, 20), (errors_of_records, 15), (findings, 10), (failed_starts, 2)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_message_is_explained(collect, least):
    messages = collect()
    assert len(messages) >= least, "the pattern does not fit the sources any more"
    known = headings()
    assert sorted(m for m in messages if not any(explains(heading, m) for heading in known)) == []


def test_no_event_is_logged_in_words_that_cannot_be_found():
    """A warning whose event is put together elsewhere would be missed above; those that are known are not."""
    known = {"log(.error, event,", "log(.warning, events.failing,", 'log(.error, "\\(error)")'}
    calls = {
        re.sub(r"\(\s+", "(", match[0])
        for text in SOURCES.values()
        for match in re.finditer(r'\blog\(\s*\.(?:warning|error),\s*(?:[^"\s][^,)]*,|"\\\(\w+\)"\))', text)
    }
    assert calls <= known


def test_what_is_explained_still_exists():
    sources = "\n".join(SOURCES.values()).replace('\\"', '"')
    # Other programs' words are marked as such in the text below them.
    foreign = re.findall(r"^####? (`[^\n]*)\n\n(?:(?!\n#).)*?\((?:libcurl|hiredis|system|Redis)\)$", PAGE, re.M | re.S)
    foreign = {message for line in foreign for message in re.findall(r"`([^`]+)`", line)}
    gone = [
        heading
        for heading in headings()
        if heading not in foreign | unknown_names() and not all(part.strip() in sources for part in fragments(heading))
    ]
    assert gone == []


def test_no_code_is_explained_that_nobody_sends():
    part = PAGE[PAGE.index("\n## What a client sees\n") : PAGE.index("\n## In the record's `error`\n")]
    explained = re.findall(r"`([^`]+)`", "".join(re.findall(r"^#### (.*)$", part, re.M)))
    assert sorted(set(explained) - codes()) == []


def test_each_message_is_explained_once():
    assert sorted(h for h in headings() if headings().count(h) > 1) == []
