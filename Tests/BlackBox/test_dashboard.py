"""The dashboard, in a browser."""

import json
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from harness.browser import UNAUTHORIZED, UNREACHED
from harness.client import Client
from harness.configuration import proxy_to
from harness.message import status_of
from harness.program import REPOSITORY
from harness.scenes import CHAT, HOSTILE, Scene, Street
from harness.upstream import always
from harness.waiting import eventually

#: The page is told twice a second; the rest is for a machine that has other things to do.
SOON = 2.0
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with ExitStack() as stack:
        yield Scene(stack, tmp_path_factory.mktemp("scene"))


def whole(text: str) -> int:
    return int(text.replace(",", ""))


def counts(text: str) -> dict[str, int]:
    """'200: 5, 429: 4', or the same on lines."""
    parts = [part.rpartition(": ") for part in text.replace("\n", ", ").split(", ") if part]
    return {name: whole(number) for name, _, number in parts}


# --- What it shows


def assert_agrees(page, metrics) -> None:
    """Its totals are those of /metrics."""
    routes = page.rows("paths")
    for route in routes:
        name = "" if route["Route"] == "no route fits" else route["Route"]
        shown = counts(route["By status, since the start"])
        assert sum(shown.values()) == whole(route["Requests"])
        for status, number in shown.items():
            assert number == metrics.value("sluice_requests_total", route=name, status=status), (name, status)
    assert sum(whole(route["Requests"]) for route in routes) == metrics.value("sluice_requests_total")
    for plugin in page.rows("instances"):
        label = plugin["Plugin"].split()[0]
        shown = counts(plugin["Decided, since the start"])
        for decision, number in shown.items():
            kind, _, reason = decision.partition(" ")
            found = metrics.value("sluice_plugin_decisions_total", plugin=label, decision=kind, reason=reason)
            assert number == found, (label, decision)
        assert sum(shown.values()) == metrics.value("sluice_plugin_decisions_total", plugin=label)
        if keys := re.search(r"keys: (\d+)", plugin["Tells of itself"]):
            assert int(keys[1]) == metrics.value("sluice_limiter_keys", plugin=label)
    costs = {labels["model"]: str(value) for labels, value in metrics.exact("sluice_cost_usd_total")}
    models = page.rows("models")
    assert {model["Model"]: model["Since the start, US$"] for model in models} == costs
    for model in models:
        for kind, number in counts(model["Tokens, since the start"]).items():
            assert number == metrics.value("sluice_tokens_total", model=model["Model"], kind=kind)
    for target in page.rows("targets"):
        address = target["Target"].split()[0]
        assert whole(target["Failed"]) == metrics.value("sluice_upstream_failures_total", target=address)
    flight = page.text("#figure-flight").split("\n")
    assert flight[1] == f"{metrics.value('sluice_requests_in_flight'):.0f}"
    assert flight[2].split()[0] == f"{metrics.value('sluice_connections'):.0f}"


def test_its_numbers_are_those_of_the_metrics(scene, open_page):
    page = open_page(scene.proxy)
    page.await_live()
    metrics = scene.proxy.metrics()
    assert metrics.value("sluice_requests_total", status="429") == 4
    eventually(lambda: assert_agrees(page, scene.proxy.metrics()) or True, "the page agrees with the metrics", SOON)
    assert {model["Model"] for model in page.rows("models")} == {"small", HOSTILE}
    # And the ten minutes before it was opened are there.
    refused = page.rows("refused")[0]
    expected = ("429", "203.0.113.7", f"POST {CHAT}", "chat", "ip-limiter", "rate_limit_exceeded")
    assert tuple(refused[key] for key in ["Status", "Client", "Request", "Route", "By", "Why"]) == expected
    seen = json.loads(scene.proxy.admin(f"/requests?request_id={refused['Request ID']}").body)["finished"][0]
    assert seen["status"] == 429
    legend = eventually(lambda: page.text("#chart-refusals .legend tbody").split(), "the history has it", SOON)
    assert (legend[0], legend[-1]) == ("ip-limiter", "4")


def test_it_follows_what_happens(start_upstream, start_sluice, open_page):
    proxy = start_sluice(proxy_to(start_upstream(always()).url))
    page = open_page(proxy)
    page.await_live()

    def shown() -> int:
        return sum(whole(row["Requests"]) for row in page.rows("paths"))

    with proxy.connect() as client:
        for _ in range(3):
            for _ in range(100):
                assert client.ask().status == 200
            before = eventually(lambda: proxy.metrics().value("sluice_requests_total"), "they are counted")
            seen = eventually(lambda: (number := shown()) >= before and number, "what came is shown", SOON)
            assert seen <= proxy.metrics().value("sluice_requests_total")
    eventually(lambda: shown() == 300, "all is shown", SOON)
    eventually(lambda: "300" in page.text("#chart-status .legend tbody"), "the history has it too", SOON)


def test_what_is_wrong_stands_on_top(scene, open_page):
    page = open_page(scene.proxy)
    page.await_live()
    assert page.text("#verdict-heading") == "In trouble"
    findings = page.text("#findings")
    for said in [
        f"{scene.sick} of pair is ejected since",
        "5 failures in a row, the last: status 503",
        "velocity-guard is active since",
        "ip-limiter refuses",
        ": rate_limit_exceeded",
        "rate-limiter would refuse",
        "of the answers are 5xx",
    ]:
        assert said in findings, (said, findings)
    assert page.tab.title().endswith("In trouble · Sluice")
    sick = page.rows("targets")[0]
    assert sick["Target"].startswith(scene.sick) and "ejected" in sick["State"] and "next try in" in sick["State"]
    guard = next(row for row in page.rows("instances") if row["Plugin"].startswith("velocity-guard"))
    assert "active: yes" in guard["Tells of itself"] and "until: " in guard["Tells of itself"]
    # The seconds in which a mode was on are shaded.
    assert page.text("#chart-status .bands") == "while velocity_active of velocity-guard was 1"


def test_all_is_well_where_nothing_is_wrong(serve, open_page):
    proxy, _ = serve(always())
    with proxy.connect() as client:
        assert client.ask().status == 200
    page = open_page(proxy)
    page.await_live()
    assert page.text("#verdict-heading") == "All is well"
    assert page.text("#findings") == ""
    assert page.tab.title() == "Sluice"


def test_what_comes_from_outside_is_text(scene, open_page):
    page = open_page(scene.proxy)
    page.tab.on("dialog", lambda dialog: page.complaints.append(dialog.message))
    page.await_live()
    failed = [row["Request"] for row in page.rows("failed")]
    assert f"GET /{HOSTILE}" in failed
    assert HOSTILE in [row["Model"] for row in page.rows("models")]
    assert page.tab.locator("main img").count() == 0


def test_a_chart_can_be_read_with_the_keyboard_and_without_seeing_it(scene, open_page):
    page = open_page(scene.proxy)
    page.await_live()
    for chart in ["status", "latency", "refusals"]:
        picture = page.tab.locator(f"#chart-{chart} svg[role=img]")
        assert len(picture.get_attribute("aria-label")) > 30
        picture.focus()
        for _ in range(3):
            page.tab.keyboard.press("ArrowLeft")
        reading = page.text(f"#chart-{chart} .reading")
        assert reading[2] == reading[5] == ":", reading
        page.tab.keyboard.press("Escape")
        assert page.text(f"#chart-{chart} .reading") == ""
    nameless = "[...document.querySelectorAll('th')].filter((head) => !head.scope && head.innerText).length"
    assert page.tab.evaluate(nameless) == 0
    assert page.tab.evaluate("[...document.querySelectorAll('h1, h2, h3')].every((head) => head.textContent)")


# --- Who sees it, and what it loads


def test_the_page_itself_is_open_and_may_load_nothing(start_upstream, start_sluice):
    configuration = proxy_to(start_upstream(always()).url)
    configuration["admin"] = {"address": "127.0.0.1:0", "token": "open sesame, and be quick"}
    proxy = start_sluice(configuration)
    response = proxy.admin("/")
    assert response.status == 200
    policy = dict(part.split(" ", 1) for part in response.get("content-security-policy").split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["script-src"].startswith("'sha256-") and policy["style-src"].startswith("'sha256-")
    assert response.get("x-content-type-options") == "nosniff"
    assert response.get("referrer-policy") == "no-referrer"
    for text in [b"sesame", b"innerHTML", b"http://", b"https://"]:
        assert text not in response.body.replace(b"http://www.w3.org/2000/svg", b""), text
    assert proxy.admin("/dashboard/events").status == 401


def test_it_asks_for_the_token_and_keeps_it_in_the_tab(start_upstream, start_sluice, open_page):
    configuration = proxy_to(start_upstream(always()).url)
    configuration["admin"] = {"address": "127.0.0.1:0", "token": "open sesame, und das schön schnell"}
    proxy = start_sluice(configuration)
    page = open_page(proxy, allowed=(UNAUTHORIZED,))

    def enter(token: str) -> None:
        page.tab.locator("#token").wait_for(state="visible")
        assert not page.tab.locator("main").is_visible()
        page.tab.fill("#token", token)
        page.tab.keyboard.press("Enter")

    enter("wrong")
    eventually(lambda: "That was not the token" in page.text("#token-say"), "it says that it is wrong")
    enter("open sesame, und das schön schnell")
    page.await_live()
    page.tab.reload()
    page.await_live()
    assert not page.tab.locator("#token").is_visible()
    assert not any("sesame" in url for url in page.requests)
    page.tab.click("#forget")
    page.tab.locator("#token").wait_for(state="visible")


# --- While things change


def test_it_follows_a_reload_and_lets_the_old_configuration_go(start_upstream, start_sluice, open_page):
    configuration = proxy_to(start_upstream(always()).url)
    logger = {"plugin": "activity-logger", "config": {"file": "activity.jsonl"}}
    proxy = start_sluice(configuration | {"plugins": [logger]})
    page = open_page(proxy)
    page.await_live()
    assert [row["Plugin"].split()[0] for row in page.rows("instances")] == ["activity-logger"]
    states = page.tab.evaluate_handle(
        """() => { const seen = []; new MutationObserver(() => seen.push(document.body.dataset.state))
             .observe(document.body, { attributes: true }); return seen; }"""
    )
    proxy.reload(configuration | {"plugins": [{"plugin": "request-id"}]})
    eventually(
        lambda: [row["Plugin"].split()[0] for row in page.rows("instances")] == ["request-id"], "it shows the new", 5
    )
    assert "configuration 2" in page.text("#process")
    # It has been live all the while; and nothing holds the old logger's file open.
    assert states.json_value() == []
    files = Path(f"/proc/{proxy.pid}/fd")
    eventually(lambda: not any("activity.jsonl" in str(file.readlink()) for file in files.iterdir()), "the old one goes")


def test_it_says_that_it_is_disconnected_and_comes_back(start_upstream, start_sluice, open_page):
    configuration = proxy_to(start_upstream(always()).url)
    proxy = start_sluice(configuration)
    with proxy.connect() as client:
        assert client.ask().status == 200
    page = open_page(proxy, allowed=(UNREACHED,))
    page.await_live()
    eventually(lambda: page.rows("paths"), "it shows the request", SOON)
    proxy.kill()
    eventually(lambda: page.text("#connection").startswith("disconnected since"), "it says so", 6)
    assert page.text("#verdict-heading").startswith("No news since")
    assert page.tab.title() == "(no news) Sluice"
    assert float(page.tab.evaluate("getComputedStyle(document.getElementById('routes')).opacity")) < 0.5
    # The address is the one that the kernel chose for the first.
    start_sluice(configuration | {"admin": proxy.admin_address})
    page.await_live()
    assert page.text("#verdict-heading") == "All is well"
    eventually(lambda: page.rows("paths") == [], "what is shown is the new process's", SOON)


def test_a_process_that_says_nothing_any_more_is_not_live(serve, open_page):
    """Stopped, it keeps its connections."""
    proxy, _ = serve(always())
    page = open_page(proxy, allowed=(UNREACHED,))
    page.await_live()
    proxy.process.signal(19)
    try:
        eventually(lambda: page.text("#connection").startswith("disconnected since"), "it says so", 8)
    finally:
        proxy.process.signal(18)
    page.await_live()


def test_who_leaves_is_not_sent_to_any_more(serve):
    proxy, _ = serve(always())
    with Client(proxy.admin_address) as client:
        client.request(target="/dashboard/events")
        head = client.head()
        assert (status_of(head), head.get("content-type")) == (200, "text/event-stream")
        received = bytes(client.reader.buffer)
        while b"\n\nevent: sample\ndata: " not in received or not received.endswith(b"\n\n\r\n"):
            received += client.socket.recv(65536)
        assert b"event: history\ndata: {" in received
        assert eventually(lambda: _connections(proxy) == 1, "it is connected")
    eventually(lambda: _connections(proxy) == 0, "its connection is closed", SOON)
    assert proxy.admin("/healthz").status == 200


def _connections(proxy) -> int:
    """How many connections the admin listener has, by the kernel's table."""
    port = f"{int(proxy.admin_address.rpartition(':')[2]):04X}"
    lines = Path(f"/proc/{proxy.pid}/net/tcp").read_text().splitlines()[1:]
    return sum(1 for line in lines if (parts := line.split())[1].endswith(f":{port}") and parts[3] == "01")


# --- What it looks like


def test_nothing_overflows_on_a_phone(scene, open_page):
    page = open_page(scene.proxy, viewport=PHONE)
    page.await_live()
    assert page.overflow == 0
    page.tab.locator("summary:visible").first.click()
    assert page.overflow == 0


def test_it_is_dark_where_that_is_wanted(scene, open_page):
    grounds = []
    for scheme in ["light", "dark"]:
        page = open_page(scene.proxy, color_scheme=scheme)
        page.await_live()
        ground = page.tab.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds.append(sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))))
    assert grounds[0] > 3 * 200 and grounds[1] < 3 * 60


@pytest.mark.timeout(900)
def test_it_has_its_picture_taken(stack, open_page, request, tmp_path):
    """With --screenshots those of docs/images, after ten minutes of traffic."""
    wanted = request.config.getoption("--screenshots")
    folder = REPOSITORY / "docs/images" if wanted else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    proxy = Street(stack, tmp_path).walk(610 if wanted else 1)
    pages = {
        "light": open_page(proxy, viewport={"width": 1080, "height": 950}),
        "dark": open_page(proxy, viewport={"width": 1080, "height": 950}, color_scheme="dark"),
        "phone": open_page(proxy, viewport={"width": 360, "height": 1480}),
    }
    sizes = []
    for name, page in pages.items():
        page.await_live()
        file = folder / f"dashboard-{name}.png"
        page.tab.screenshot(path=file)
        sizes.append(file.stat().st_size)
    assert all(10_000 < size < 200_000 for size in sizes), sizes
