"""The header fields of programs, recorded from their own requests: their order, case and values.

The host and the body's length are the request's own, and the key is filled in by the test.
"""

Fields = list[tuple[str, str]]


def openai_python(key: str) -> Fields:
    """openai 3.54.0 (synchronous), chat.completions.create"""
    return [
        ("Accept-Encoding", "gzip, deflate"),
        ("Connection", "keep-alive"),
        ("authorization", f"Bearer {key}"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "OpenAI/Python 3.54.0"),
        ("x-stainless-lang", "python"),
        ("x-stainless-package-version", "3.54.0"),
        ("x-stainless-os", "Linux"),
        ("x-stainless-arch", "x64"),
        ("x-stainless-runtime", "CPython"),
        ("x-stainless-runtime-version", "3.11.7"),
        ("x-stainless-async", "false"),
        ("x-stainless-retry-count", "0"),
        ("x-stainless-read-timeout", "600"),
    ]


def anthropic_python(key: str) -> Fields:
    """anthropic 2.13.0 (synchronous), messages.create"""
    return [
        ("Accept-Encoding", "gzip, deflate"),
        ("Connection", "keep-alive"),
        ("x-stainless-timeout", "600"),
        ("x-stainless-retry-count", "0"),
        ("x-stainless-read-timeout", "600"),
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        ("User-Agent", "Anthropic/Python 2.13.0"),
        ("X-Stainless-Lang", "python"),
        ("X-Stainless-Package-Version", "2.13.0"),
        ("X-Stainless-OS", "Linux"),
        ("X-Stainless-Arch", "x64"),
        ("X-Stainless-Runtime", "CPython"),
        ("X-Stainless-Runtime-Version", "3.11.7"),
        ("Authorization", f"Bearer {key}"),
        ("X-Stainless-Async", "false"),
        ("anthropic-version", "2026-10-21"),
    ]


def requests_script(key: str | None = None) -> Fields:
    """requests 2.34.2, post with json"""
    return [
        ("User-Agent", "python-requests/2.34.2"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept", "*/*"),
        ("Connection", "keep-alive"),
        ("Content-Type", "application/json"),
        *([("Authorization", f"Bearer {key}")] if key else []),
    ]
