import PluginAPI

@testable import Proxy

extension WayToEnd {
    /// A plugin or the engine says no, or answers in the upstream's place.
    static let ofRefusals =
        ["a", "b", "c"].flatMap { [refusal(at: $0), answer(at: $0)] } + [
            WayToEnd("a plugin answers HEAD") {
                $0.part = .probe("b") {
                    $0.request = { _ in .answer(Answer(body: Array("made here".utf8))) }
                }
                $0.act = { try $0.ask("HEAD /") }
                $0.turns(at: "b")
                $0.decided = ["b answer answered"]
                $0.bytesOut = 0
            },
            WayToEnd("no route") {
                $0.change = { $0.path = "/known" }
                $0.path = "/unknown"
                $0.act = { try $0.ask("GET /unknown") }
                $0.asked = ["a", "b"]
                $0.answered = ["b", "a"]
                $0.completing = ["b", "a"]
                $0.status = 404
                $0.code = "route_not_found"
                $0.attempts = 0
            },
            unasked("a malformed head", 400, "malformed_field_name") {
                try $0.ask("GET /", ["no field"])
            },
            unasked("a malformed request line", 400, "malformed_version", path: "") { proxy in
                let client = try proxy.connect()
                try client.send("GET / HTTQ/1.1\r\n\r\n")
                return try client.answer()
            },
            unasked("too many fields", 431, "too_many_headers") {
                try $0.ask("GET /", (0..<101).map { "X-\($0): \($0)" })
            },
            unasked(
                "a head that does not come in time", 408, "request_timeout",
                change: { $0.timeouts["requestHeaders"] = "200ms" }
            ) { proxy in
                let client = try proxy.connect()
                try client.send("GET / HTTP/1.1\r\nHost: te")
                return try client.answer()
            },
            WayToEnd("a body whose length is too large") {
                $0.change = { $0.limits["requestBody"] = 10 }
                $0.act = { proxy in
                    let client = try proxy.connect()
                    try client.request("POST /", ["Content-Length: 11"])
                    return try client.answer()
                }
                $0.asked = []
                $0.answered = []
                $0.status = 413
                $0.code = "body_too_large"
                $0.hasError = true
                $0.attempts = 0
            },
            WayToEnd("a body that becomes too large on its way") {
                $0.change = { $0.limits["requestBody"] = 10 }
                $0.upstream = { _ = try $0.end() }
                $0.act = { proxy in
                    let client = try proxy.connect()
                    try client.request("POST /", ["Transfer-Encoding: chunked"])
                    try client.send("8\r\n12345678\r\n")
                    try proxy.stage.await("c", "request")
                    try client.send("8\r\n")
                    return try client.answer()
                }
                $0.status = 413
                $0.code = "body_too_large"
                $0.hasError = true
                $0.bytesIn = 8
            },
            WayToEnd("a body that stops coming") {
                $0.change = { $0.timeouts["requestBodyIdle"] = "50ms" }
                $0.upstream = { _ = try $0.end() }
                $0.act = { proxy in
                    let client = try proxy.connect()
                    try client.request("POST /", ["Content-Length: 8"])
                    try client.send("123")
                    return try client.answer()
                }
                $0.status = 408
                $0.code = "request_timeout"
                $0.hasError = true
                $0.bytesIn = 3
            },
            WayToEnd("a body with a malformed chunk") {
                $0.upstream = { _ = try $0.end() }
                $0.act = { proxy in
                    let client = try proxy.connect()
                    try client.request("POST /", ["Transfer-Encoding: chunked"])
                    try client.send("3\r\n123\r\n")
                    try proxy.stage.await("c", "request")
                    try client.send("zz\r\n")
                    return try client.answer()
                }
                $0.status = 400
                $0.code = "malformed_chunk_size"
                $0.hasError = true
                $0.bytesIn = 3
            },
        ]

    /// Those up to this plugin see the request and the answer.
    mutating func turns(at label: String) {
        asked = Array(["a", "b", "c"].prefix { $0 != label }) + [label]
        answered = asked.reversed()
        attempts = 0
    }

    private static func refusal(at label: String) -> WayToEnd {
        WayToEnd("\(label) refuses") {
            $0.part = .probe(label) { $0.request = { _ in .refuse(403, reason: "not_today") } }
            $0.turns(at: label)
            $0.status = 403
            $0.code = "not_today"
            $0.decided = ["\(label) refuse not_today"]
        }
    }

    private static func answer(at label: String) -> WayToEnd {
        WayToEnd("\(label) answers") {
            $0.part = .probe(label) {
                $0.request = { _ in
                    .answer(Answer(status: 203, reason: "known", body: Array("made here".utf8)))
                }
            }
            $0.turns(at: label)
            $0.status = 203
            $0.bytesOut = 9
            $0.decided = ["\(label) answer known"]
        }
    }

    /// The engine refuses before there is anything to ask plugins about.
    private static func unasked(
        _ description: String, _ status: Int, _ code: String, path: String = "/",
        change: @escaping @Sendable (inout ProxyFile) -> Void = { _ in },
        _ act: @escaping @Sendable (RunningProxy) throws -> SeenAnswer?
    ) -> WayToEnd {
        WayToEnd(description) {
            $0.change = change
            $0.act = act
            $0.path = path
            $0.asked = []
            $0.answered = []
            $0.completing = ["b", "a"]
            $0.status = status
            $0.code = code
            $0.hasError = true
            $0.attempts = 0
        }
    }
}
