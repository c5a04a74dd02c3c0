"""A page in Debian's Chromium, and what went on in it."""

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from .waiting import eventually

#: What Chromium itself writes to the console when a request ends so, whatever the page does about it.
UNAUTHORIZED = "the server responded with a status of 401"
UNREACHED = "net::ERR_"


@contextmanager
def chromium():
    program = shutil.which("chromium")
    assert program, "chromium is not installed; scripts/install test does that"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--disable-gpu", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


class Page:
    """One tab, in a profile of its own."""

    def __init__(self, browser, url: str, **context):
        self.origin = url.rstrip("/")
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | context))
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.tab.add_init_script(
            "addEventListener('securitypolicyviolation', (event) =>"
            " console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
        )
        self.tab.goto(url)

    def await_live(self, within: float = 10.0) -> None:
        """Waits until it shows something, and that it is live."""
        shown = "document.body.dataset.state === 'live' && !document.querySelector('main').hidden"
        eventually(lambda: self.tab.evaluate(shown), "the page is live", within)

    def text(self, selector: str) -> str:
        return self.tab.inner_text(selector)

    def rows(self, table: str) -> list[dict[str, str]]:
        """A table's rows as they are read: by column."""
        return self.tab.evaluate(
            """(id) => [...document.getElementById(id).tBodies[0]?.rows ?? []].map((row) =>
                Object.fromEntries([...row.cells].map((cell) => [cell.dataset.label, cell.innerText])))""",
            table,
        )

    @property
    def overflow(self) -> int:
        """How many pixels it is wider than its window."""
        return self.tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def close(self, *allowed: str) -> None:
        """Ends it, and fails if it has complained of something else, or asked anybody else."""
        self.context.close()
        unexpected = [said for said in self.complaints if not any(part in said for part in allowed)]
        assert not unexpected, unexpected
        elsewhere = {url for url in self.requests if not url.startswith("data:") and _origin(url) != self.origin}
        assert not elsewhere, elsewhere


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
