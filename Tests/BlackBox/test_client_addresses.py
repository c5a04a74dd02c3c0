"""Whom a limit counts: the client's address, which nobody can choose who is not a trusted proxy."""

import pytest
from harness.configuration import proxy_to
from harness.procfs import peak_resident_bytes, resident_bytes

LIMIT = 20
#: What requests come to that no limit refuses: the route has no upstream.
ADMITTED, REFUSED = 404, 429
MIB = 1 << 20
#: Every field in which an address might be believed.
FORGED = [(name, "{address}") for name in ["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP"]]
FORGED.append(("Forwarded", "for={address}"))


def limited(trusted: list[str], limit: str = f"{LIMIT}/m", **settings) -> dict:
    return proxy_to(
        upstreams={},
        route={"upstream": None},
        plugins=[
            {"plugin": "trusted-proxy", "config": {"trusted": trusted}},
            {"plugin": "ip-limiter", "config": {"limit": limit} | settings},
        ],
    )


def test_addresses_that_an_untrusted_peer_makes_up_change_nothing(start_sluice, flood):
    proxy = start_sluice(limited(["10.0.0.0/8"]))
    result = flood(proxy, headers=FORGED, requests=2000, addresses=500, depth=4).result()
    assert (result.statuses, result.failed) == ({ADMITTED: LIMIT, REFUSED: 2000 - LIMIT}, 0)


def test_behind_a_trusted_peer_each_client_has_its_own_budget(start_sluice, flood):
    """Eight connections at once; each of 100 clients asks for half as much again as it may."""
    proxy = start_sluice(limited(["loopback"]))
    asked = LIMIT * 3 // 2
    result = flood(
        proxy, headers=[("X-Forwarded-For", "{address}")], requests=100 * asked, addresses=100, depth=4
    ).result()
    assert result.statuses == {ADMITTED: 100 * LIMIT, REFUSED: 100 * (asked - LIMIT)}
    # And not one more than another, which their sum would not tell: all of it is used up, everywhere.
    with proxy.connect() as client:
        for number in range(100):
            assert client.ask(headers=[("X-Forwarded-For", f"11.0.0.{number}")]).status == REFUSED
        assert client.ask(headers=[("X-Forwarded-For", "11.0.0.100")]).status == ADMITTED


def test_what_a_client_puts_in_front_of_its_address_changes_nothing(start_sluice, flood):
    """A trusted proxy adds the address that it sees behind what the client has made up."""
    proxy = start_sluice(limited(["loopback"]))
    made_up = [("X-Forwarded-For", "{address}, 203.0.113.7")]
    result = flood(proxy, headers=made_up, requests=500, addresses=500, depth=4).result()
    assert result.statuses == {ADMITTED: LIMIT, REFUSED: 500 - LIMIT}
    # Whoever was named has lost nothing by it.
    with proxy.connect() as client:
        for _ in range(LIMIT):
            assert client.ask(headers=[("X-Forwarded-For", "11.0.0.1")]).status == ADMITTED
        assert client.ask(headers=[("X-Forwarded-For", "11.0.0.1")]).status == REFUSED


def test_a_network_of_ipv6_counts_as_one_client_and_ipv4_in_ipv6_is_ipv4(start_sluice):
    proxy = start_sluice(limited(["loopback"]))

    def admitted(addresses: list[str]) -> int:
        with proxy.connect() as client:
            return sum(client.ask(headers=[("X-Forwarded-For", a)]).status == ADMITTED for a in addresses)

    assert admitted([f"2001:db8:0:1::{number:x}" for number in range(40)]) == LIMIT
    assert admitted([f"[2001:db8:0:{number:x}::1]:4711" for number in range(2, 12)]) == 10
    assert admitted(["192.0.2.9", "::ffff:192.0.2.9", "192.0.2.9:80", "::ffff:c000:209"] * 10) == LIMIT


@pytest.mark.timeout(900)
def test_millions_of_addresses_stay_in_bounded_memory_and_touch_nobody_else(start_sluice, flood, request):
    """Among the requests of ever new addresses, each hundredth is one client's, whose budget stays exact."""
    is_large = request.config.getoption("--large")
    addresses = 10_000_000 if is_large else 200_000
    keys = 250_000 if is_large else 20_000
    # By the hour: nothing expires in a run, so that what is forgotten is forgotten for want of room.
    proxy = start_sluice(limited(["loopback"], f"{LIMIT}/h", maxKeys=keys))
    options = {"depth": 32, "keeps_records": False}
    flood(proxy, requests=2000, **options).result()
    before = resident_bytes(proxy.pid)

    steady = addresses // 100
    result = flood(
        proxy,
        headers=[("X-Forwarded-For", "{address}")],
        requests=addresses + steady,
        addresses=addresses,
        steady_every=101,
        **options,
    ).result(within=800)
    assert (result.statuses, result.failed) == ({ADMITTED: addresses + LIMIT, REFUSED: steady - LIMIT}, 0)

    # Twice what a record takes, because arrays grow by doubling; ten times as much would be needed for all.
    assert peak_resident_bytes(proxy.pid) - before < keys * 400 + 8 * MIB
    assert keys * 0.9 < proxy.metrics().value("sluice_limiter_keys", plugin="ip-limiter") <= keys * 1.01
