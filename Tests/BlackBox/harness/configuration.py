"""plugins.json as a test needs it."""

import copy
import json
import re

from harness.program import REPOSITORY


def parse(text: str) -> dict:
    """JSON with comments after its lines, as plugins.json may have them."""
    return json.loads(re.sub(r"^(([^\"\n]|\"[^\"\n]*\")*?)//.*$", r"\1", text, flags=re.M))


def shipped(route: str) -> list[dict]:
    """The chain of a route of the repository's plugins.json, with its prices where they are."""
    file = parse((REPOSITORY / "plugins.json").read_text().replace('"prices.json"', json.dumps(str(REPOSITORY / "prices.json"))))
    return file["plugins"] + next(found for found in file["routes"] if found["name"] == route)["plugins"]


def proxy_to(*upstream_urls: str, **overrides) -> dict:
    """A configuration that passes every path on to one upstream.

    Keyword arguments replace top-level keys; `upstream` and `route` are merged into the one upstream
    and the one route.
    """
    overrides = copy.deepcopy(overrides)
    if not upstream_urls:
        upstream = {}
    elif len(upstream_urls) == 1:
        upstream = {"url": upstream_urls[0]}
    else:
        upstream = {"targets": [{"url": url} for url in upstream_urls]}
    upstream |= overrides.pop("upstream", {})
    route = {"name": "all", "path": "/*", "upstream": "origin"} | overrides.pop("route", {})
    return {
        "listen": "127.0.0.1:0",
        "admin": "127.0.0.1:0",
        "upstreams": {"origin": upstream},
        "plugins": [],
        "routes": [route],
    } | overrides
