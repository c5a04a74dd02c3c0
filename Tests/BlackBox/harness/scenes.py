"""Proxies in which what the dashboard shows has happened."""

import json
import random
import threading
from contextlib import ExitStack
from pathlib import Path

from .program import REPOSITORY
from .sluice import Sluice
from .upstream import Upstream, always

CHAT = "/v1/chat/completions"
HOSTILE = "<img/src=x/onerror=alert(1)>"


def provider(connection) -> None:
    while (request := connection.read_request()) is not None:
        usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
        answer = {"model": json.loads(request.body)["model"], "choices": [], "usage": usage}
        connection.answer(json.dumps(answer).encode(), headers=[("Content-Type", "application/json")])


def failing(connection) -> None:
    while connection.read_request() is not None:
        connection.answer(status="503 Service Unavailable")


class Scene:
    """A proxy with several routes in which something of everything happens."""

    def __init__(self, stack: ExitStack, folder: Path):
        def start(script):
            upstream = Upstream(script, patience=120)
            stack.callback(upstream.close)
            return upstream.url

        prices = folder / "prices.json"
        models = {name: {"input": 1.5, "output": 10} for name in ["small", HOSTILE]}
        prices.write_text(json.dumps({"providers": {"here": {"models": models}}}))
        self.sick, self.moody = start(failing), start(failing)
        configuration = {
            "listen": "127.0.0.1:0",
            "admin": "127.0.0.1:0",
            "workers": 2,
            "upstreams": {
                "provider": {"url": start(provider)},
                "pair": {"targets": [{"url": start(always())}, {"url": self.sick}]},
                "moody": {"url": self.moody},
            },
            "plugins": [{"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}}, {"plugin": "request-id"}],
            "routes": [
                {
                    "name": "chat",
                    "path": CHAT,
                    "upstream": "provider",
                    "plugins": [
                        {"plugin": "ip-limiter", "config": {"limit": "5/h"}},
                        {"plugin": "rate-limiter", "config": {"key": "route", "limit": "3/h"}, "mode": "observe"},
                        {"plugin": "cost-meter", "config": {"prices": str(prices)}},
                    ],
                },
                {"name": "pair", "path": "/pair/*", "upstream": "pair"},
                {
                    "name": "moody",
                    "path": "/moody",
                    "upstream": "moody",
                    "plugins": [{"plugin": "velocity-guard", "config": {"minimumRequests": 10, "cooldown": "10m"}}],
                },
            ],
        }
        self.proxy = Sluice(configuration, folder)
        stack.callback(self.proxy.close)
        self.happen()

    def happen(self) -> None:
        def model(name: str) -> dict:
            return {"method": "POST", "target": CHAT, "body": json.dumps({"model": name, "messages": []}).encode()}

        with self.proxy.connect() as client:

            def ask(times: int = 1, client_address: str = "203.0.113.7", method="GET", **request) -> list[int]:
                headers = [("X-Forwarded-For", client_address), ("Content-Type", "application/json")]
                return [client.ask(method, headers=headers, **request).status for _ in range(times)]

            assert ask(9, **model("small")) == [200] * 5 + [429] * 4
            assert ask(2, client_address="203.0.113.8", **model(HOSTILE)) == [200] * 2
            ask(20, target="/pair/1")
            ask(12, target="/moody")
            assert ask(2, target=f"/{HOSTILE}") == [404] * 2


class Street:
    """A proxy as one may have it, with traffic for as long as is wanted; late, a target falls sick."""

    def __init__(self, stack: ExitStack, folder: Path):
        self._is_late, self._is_over = threading.Event(), threading.Event()
        self._upstreams = [Upstream(self._at_work(pause), patience=900) for pause in [0.03, 0.01, 0.01, 0.01]]
        for upstream in self._upstreams:
            stack.callback(upstream.close)
        self.proxy = Sluice(
            {
                "listen": "127.0.0.1:0",
                "admin": "127.0.0.1:0",
                "upstreams": {
                    "provider": {"url": self._upstreams[0].url},
                    "search": {"targets": [{"url": upstream.url} for upstream in self._upstreams[1:]]},
                },
                "plugins": [
                    {"plugin": "trusted-proxy", "config": {"trusted": ["loopback"]}},
                    {"plugin": "request-id"},
                ],
                "routes": [
                    {
                        "name": "chat",
                        "path": CHAT,
                        "upstream": "provider",
                        "plugins": [
                            {"plugin": "velocity-guard"},
                            {"plugin": "ip-limiter", "config": {"limit": "100/m"}},
                            {"plugin": "fingerprint-limiter", "config": {"limit": "300/m"}, "mode": "observe"},
                            {"plugin": "cost-meter", "config": {"prices": str(REPOSITORY / "prices.json")}},
                        ],
                    },
                    {
                        "name": "search",
                        "path": "/search/*",
                        "upstream": "search",
                        "plugins": [{"plugin": "rate-limiter", "config": {"key": "route", "limit": "13/s"}}],
                    },
                ],
            },
            folder,
        )
        stack.callback(self.proxy.close)
        self._threads: list[threading.Thread] = []
        stack.callback(self._end)

    def _at_work(self, pause: float):
        def script(connection):
            while (request := connection.read_request()) is not None:
                tokens = {"prompt_tokens": random.randint(50, 3000), "completion_tokens": random.randint(20, 600)}
                answer = {"model": json.loads(request.body or "{}").get("model"), "choices": [], "usage": tokens}
                # A pace, not a wait.
                threading.Event().wait(random.expovariate(1 / pause))
                is_sick = connection.upstream is self._upstreams[-1] and self._is_late.is_set()
                connection.answer(
                    json.dumps(answer).encode(),
                    status="503 Service Unavailable" if is_sick else "200 OK",
                    headers=[("Content-Type", "application/json")],
                )

        return script

    def _traffic(self, pace: float, **request) -> None:
        with self.proxy.connect() as client:
            while not self._is_over.wait(random.expovariate(pace)):
                address = random.choice(["203.0.113.7"] * 6 + [f"198.51.100.{number}" for number in range(1, 9)])
                model = random.choice(["gpt-4o-mini", "gpt-4o-mini", "gpt-4o", "gpt-4.1-nano"])
                body = json.dumps({"model": model, "messages": []}).encode()
                headers = [("X-Forwarded-For", address), ("Content-Type", "application/json")]
                client.ask(headers=headers, body=body, **request)

    def _end(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(10)

    def walk(self, seconds: float) -> Sluice:
        """Lets traffic run for so long, and goes on with it until the end."""
        for pace, request in [
            (4, {"method": "POST", "target": CHAT}),
            (6, {"method": "GET", "target": "/search/books?q=1"}),
            (4, {"method": "GET", "target": "/search/people?q=2"}),
        ]:
            self._threads.append(threading.Thread(target=self._traffic, args=[pace], kwargs=request, daemon=True))
            self._threads[-1].start()
        self._is_over.wait(seconds * 0.8)
        self._is_late.set()
        self._is_over.wait(seconds * 0.2)
        return self.proxy
