"""An upstream that speaks HTTP/2, for hypercorn to serve.

GET /stream sends an event only when the one before it has been seen: POST /seen says so. Everything else is echoed.
"""

import asyncio
import json

_seen = asyncio.Semaphore(0)


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/stream":
        return await _stream(send)
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] == "/seen":
        _seen.release()
    if scope["path"] == "/body":
        answer = body
    else:
        answer = json.dumps(
            {
                "version": scope["http_version"],
                "method": scope["method"],
                "target": (
                    scope["raw_path"] + (b"?" if scope["query_string"] else b"") + scope["query_string"]
                ).decode(),
                "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
                "body": len(body),
            }
        ).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"%d" % len(answer)), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")],
        }
    )
    await send({"type": "http.response.body", "body": answer})


async def _stream(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for number in range(10):
        await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
        await asyncio.wait_for(_seen.acquire(), 5)
    await send({"type": "http.response.body"})
