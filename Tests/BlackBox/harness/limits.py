"""What answers say of limits, read as the drafts tell (draft-ietf-httpapi-ratelimit-headers-10)."""

from dataclasses import dataclass

import http_sf

from .message import Response


@dataclass(frozen=True)
class Limit:
    quota: int
    #: In s.
    window: int
    remaining: int
    #: In s.
    reset: int


def limits_of(response: Response) -> dict[str, Limit]:
    """By the name of the policy; empty when the answer says nothing of limits."""
    policies = _items(response, "ratelimit-policy")
    states = _items(response, "ratelimit")
    assert [name for name, _ in policies] == [name for name, _ in states]
    limits = {}
    for (name, policy), (_, state) in zip(policies, states):
        assert name not in limits, f"two policies are named {name!r}"
        assert set(policy) <= {"q", "w", "qu", "pk"} and set(state) <= {"r", "t", "pk"}, (policy, state)
        limits[name] = Limit(policy["q"], policy["w"], state["r"], state["t"])
    return limits


def _items(response: Response, name: str) -> list[tuple[str, dict]]:
    text = response.get(name)
    if text is None:
        return []
    items = http_sf.parse(text.encode(), tltype="list")
    for value, parameters in items:
        assert isinstance(value, str) and all(isinstance(parameter, int | str) for parameter in parameters.values())
    return items


def trio_of(response: Response) -> tuple[int, int, int] | None:
    """X-RateLimit-Limit, -Remaining and -Reset; None when there are none of them."""
    texts = [response.get(f"x-ratelimit-{name}") for name in ["limit", "remaining", "reset"]]
    if texts == [None, None, None]:
        return None
    return tuple(int(text) for text in texts)
