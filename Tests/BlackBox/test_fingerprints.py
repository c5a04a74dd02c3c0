"""One script behind many addresses is found; users of a popular program are not taken for one."""

import hashlib

import pytest
from harness.configuration import proxy_to, shipped
from harness.limits import limits_of
from harness.recorded_clients import anthropic_python, openai_python, requests_script

#: What the shipped limiter admits of one fingerprint in a minute, and from how many addresses it takes hold.
LIMIT, ADDRESSES = 100, 50
SDKS = [openai_python, anthropic_python]
KEYS = [f"sk-{number:032x}" for number in range(200)]


def documented_chain(key_file: str) -> list[dict]:
    """The chat route's protection as the documentation recommends it."""
    return [
        {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
        {"plugin": "api-keys", "config": {"file": key_file, "anonymous": True}},
        {"plugin": "velocity-guard"},
        {"plugin": "ip-limiter", "config": {"limit": "300/m"}},
        {"plugin": "fingerprint-limiter", "config": {"limit": "100/m"}},
    ]


def shipped_chain(key_file: str) -> list[dict]:
    """The chat route of the repository's plugins.json, with keys."""
    chain = shipped("chat")
    for entry in chain:
        if entry["plugin"] == "api-keys":
            entry["config"]["file"] = key_file
            del entry["mode"]
    return chain


@pytest.fixture(params=[documented_chain, shipped_chain])
def protected(request, start_sluice, quick_upstream, tmp_path):
    """A proxy with each of the chains that have to hold to this."""
    key_file = tmp_path / "keys.txt"
    lines = [f"{hashlib.sha256(key.encode()).hexdigest()} user-{number}\n" for number, key in enumerate(KEYS)]
    key_file.write_text("".join(lines))
    return start_sluice(proxy_to(quick_upstream, plugins=request.param(str(key_file))))


def refusals(proxy) -> float:
    return proxy.metrics().value(
        "sluice_plugin_decisions_total", plugin="fingerprint-limiter", reason="rate_limit_exceeded"
    )


def from_many(fields: list[tuple[str, str]]) -> dict:
    """Each request from another address, as the house's own proxy in front tells it."""
    return {"headers": [*fields, ("X-Forwarded-For", "{address}")]}


@pytest.mark.parametrize("key", [None, "forged"], ids=["without keys", "with keys"])
def test_two_sdks_behind_one_office_are_not_cut_off(protected, key):
    """Far more requests than the limit of a fingerprint, all from one address."""
    keys = KEYS if key else [""]
    with protected.connect() as client:
        for number in range(140):
            for sdk in SDKS:
                fields = sdk(keys[number % len(keys)])
                if not key:
                    fields = [field for field in fields if field[0].lower() != "authorization"]
                response = client.ask(headers=[*fields, ("X-Forwarded-For", "192.0.2.1")])
                assert response.status == 200
                # What is not in force is not spoken of.
                assert "fingerprint-limiter" not in limits_of(response)
    assert refusals(protected) == 0


@pytest.mark.parametrize("sdk", SDKS)
def test_an_sdk_from_ten_thousand_addresses_with_verified_keys_is_not_cut_off(protected, flood, sdk):
    result = flood(protected, **from_many(sdk("{word}")), words=KEYS, requests=10_000, addresses=10_000).result()
    assert (result.statuses, result.failed) == ({200: 10_000}, 0)


def test_a_script_that_rotates_five_hundred_addresses_is_cut_off(protected, flood):
    """Each of its addresses stays far below the limit of one."""
    result = flood(protected, **from_many(requests_script()), requests=4000, addresses=500).result()
    assert set(result.statuses) == {200, 429}
    # Until it is known to come from so many, and then what one may.
    assert ADDRESSES + LIMIT - 10 <= result.count(200) <= ADDRESSES + LIMIT * 1.1
    assert refusals(protected) == result.count(429)
    with protected.connect() as client:
        response = client.ask(headers=[*requests_script(), ("X-Forwarded-For", "11.0.0.1")])
        assert response.status == 429 and int(response.get("retry-after")) >= 1
        limit = limits_of(response)["fingerprint-limiter"]
        assert (limit.quota, limit.remaining) == (LIMIT, 0)
        # Nobody else is affected: not another program without a key, nor this one with a key.
        for fields in [openai_python(KEYS[0]), requests_script(KEYS[1])]:
            assert client.ask(headers=[*fields, ("X-Forwarded-For", "11.0.0.1")]).status == 200
        unlike = [("User-Agent", "curl/8.5.0"), ("Accept", "*/*"), ("X-Forwarded-For", "11.0.0.1")]
        assert client.ask(headers=unlike).status == 200
    event = protected.await_event("a fingerprint has come from many addresses and is limited from now on")
    assert event["addresses"] == str(ADDRESSES)


def test_a_script_does_not_escape_by_what_changes_between_requests(protected, flood):
    """Cookies, traces and the way that a request took are not the program."""
    noise = [
        ("Cookie", "session={word}"),
        ("X-Request-Id", "{word}"),
        ("traceparent", "00-{word}-b7ad6b7169203331-01"),
        ("X-Real-IP", "{address}"),
    ]
    result = flood(
        protected,
        **from_many([*requests_script(), *noise]),
        words=[f"{number:032x}" for number in range(997)],
        requests=2000,
        addresses=500,
    ).result()
    assert result.count(200) <= ADDRESSES + LIMIT * 1.1


def test_a_forged_key_exempts_from_nothing(protected, flood):
    """It is refused, whatever address it comes from."""
    script = requests_script("sk-" + "0" * 20 + "{word}")
    result = flood(protected, **from_many(script), words=["a", "b"], requests=500, addresses=500).result()
    assert result.statuses == {401: 500}
