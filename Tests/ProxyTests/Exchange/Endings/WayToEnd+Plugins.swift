import PluginAPI

@testable import Proxy

/// What a failing plugin throws.
struct Mistake: Error, CustomStringConvertible {
    let description = "a mistake"
}

extension WayToEnd {
    /// A plugin throws.
    static let ofPlugins: [WayToEnd] = [
        failing("in its request hook") {
            $0.part = .probe("b") { $0.request = { _ in throw Mistake() } }
            $0.stops()
        },
        failing("in its asynchronous hook") {
            $0.part = .waiting("b") { $0.asynchronous = { _ in throw Mistake() } }
            $0.stops()
        },
        failing("in its asynchronous hook after a suspension") {
            $0.part = .waiting("b") {
                $0.asynchronous = { _ in
                    await Task.yield()
                    throw Mistake()
                }
            }
            $0.stops()
        },
        failing("with the whole request") {
            $0.part = .whole("b") { $0.whole = { _, _ in throw Mistake() } }
            $0.act = { try $0.ask("POST /", [], "123") }
            $0.bytesIn = 3
            $0.stops()
        },
        failing("in the request's body") {
            $0.part = .probe("b") { $0.requestBody = { _, _ in throw Mistake() } }
            $0.act = { try $0.ask("POST /", [], "123") }
            $0.bytesIn = 3
            $0.answered = []
            $0.attempts = 0
        },
        failing("in the request's body when the upstream has some of it") {
            $0.part = .probe("b") {
                $0.requestBody = { _, run in if run.isLast { throw Mistake() } }
            }
            $0.upstream = { _ = try $0.end() }
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request("POST /", ["Transfer-Encoding: chunked"])
                try client.send("3\r\n123\r\n")
                try proxy.stage.await("c", "request")
                try client.send("0\r\n\r\n")
                return try client.answer()
            }
            $0.bytesIn = 3
            $0.answered = []
        },
        failing("at the head of the upstream's answer") {
            $0.part = .probe("b") { $0.responseHead = { _ in throw Mistake() } }
            $0.answered = ["c", "b"]
        },
        failing("at the head of another plugin's answer") {
            $0.part = .probe("b") {
                $0.request = { _ in .refuse(403, reason: "not_today", message: "A long message.") }
                $0.responseHead = { _ in throw Mistake() }
            }
            $0.turns(at: "b")
            $0.answered = ["b"]
            $0.decided = ["b refuse not_today", "b failed plugin_error"]
        },
        breaking("in the first run of the answer's body") { _ in throw Mistake() },
        breaking("in the last run of the answer's body", bytesOut: 5) {
            if $0.isLast { throw Mistake() }
        },
        failing("in the body of an answer of the proxy's own") {
            $0.part = .probe("b") {
                $0.request = { _ in .refuse(403, reason: "not_today") }
                $0.responseBody = { _, _ in throw Mistake() }
            }
            $0.turns(at: "b")
            $0.status = 403
            $0.aborted = .proxy
            $0.bytesOut = 0
            $0.code = nil
            $0.decided = ["b refuse not_today", "b failed plugin_error"]
        },
    ]

    private static func failing(_ when: String, _ change: (inout WayToEnd) -> Void) -> WayToEnd {
        WayToEnd("a plugin throws \(when)") {
            $0.status = 500
            $0.code = "plugin_error"
            $0.hasError = true
            $0.decided = ["b failed plugin_error"]
            change(&$0)
        }
    }

    /// It is the request that is not passed on, and the plugins before that one see the answer.
    private mutating func stops() {
        asked = ["a", "b"]
        answered = ["a"]
        attempts = 0
    }

    private static func breaking(
        _ when: String, bytesOut: Int = 0, _ body: @escaping @Sendable (Run) throws -> Void
    ) -> WayToEnd {
        failing(when) {
            $0.part = .probe("b") {
                $0.responseBody = { _, run in
                    try body(run)
                    return .pass
                }
            }
            $0.upstream = { connection in
                _ = try connection.request()
                try connection.send(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
                _ = try connection.end()
            }
            $0.status = 200
            $0.code = nil
            $0.aborted = .proxy
            $0.bytesOut = bytesOut
        }
    }
}
