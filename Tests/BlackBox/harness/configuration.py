"""plugins.json as a test needs it."""

import copy


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
