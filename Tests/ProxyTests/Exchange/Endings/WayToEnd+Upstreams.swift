import Glibc

@testable import Proxy

extension WayToEnd {
    /// The upstream does not answer, or not to the end.
    static let ofUpstreams: [WayToEnd] = [
        failing("cannot be reached", 502, "upstream_unreachable") {
            $0.change = { $0.port = Self.closedPort }
        },
        failing("closes without an answer", 502, "upstream_broken") {
            $0.upstream = { _ = try $0.request() }
        },
        failing("answers with what is no HTTP", 502, "upstream_broken") {
            $0.upstream = { connection in
                _ = try connection.request()
                try connection.send("HTTQ/1.1 200 OK\r\n\r\n")
                _ = try connection.end()
            }
        },
        failing("does not answer in time", 504, "upstream_timeout") {
            $0.change = { $0.upstreamTimeouts["responseHeaders"] = "50ms" }
            $0.upstream = { connection in
                _ = try connection.request()
                _ = try connection.end()
            }
        },
        unconnected,
        failing("has no place", 503, "upstream_busy") {
            $0.change = {
                $0.connections = 1
                $0.upstreamTimeouts["connect"] = "50ms"
            }
            $0.upstream = { connection in
                _ = try connection.request()
                _ = try connection.end()
            }
            $0.act = { proxy in
                let first = try proxy.connect()
                try first.request("GET /first")
                try proxy.stage.await("c", "request", of: "/first")
                let answer = try proxy.ask()
                first.close()
                return answer
            }
            $0.attempts = 0
        },
        breaking("in the middle of a body with a length") { connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
        },
        breaking("in the middle of a chunked body") { connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        },
        breaking("with a reset") { connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            connection.reset()
        },
        breaking(
            "by falling silent", change: { $0.upstreamTimeouts["idle"] = "50ms" }
        ) { connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            _ = try connection.end()
        },
    ]

    /// A port at which nobody listens, for as long as the tests run.
    private static let closedPort: UInt16 = {
        guard let descriptor = try? ScriptedServer.reserve() else { return 0 }
        return ScriptedServer.port(of: descriptor)
    }()

    private static func failing(
        _ how: String, _ status: Int, _ code: String, _ change: (inout WayToEnd) -> Void
    ) -> WayToEnd {
        WayToEnd("the upstream \(how)") {
            $0.status = status
            $0.code = code
            $0.hasError = true
            change(&$0)
        }
    }

    private static var unconnected: WayToEnd {
        failing("does not take a connection", 504, "upstream_timeout") {
            // Its queue is full for as long as the test runs.
            nonisolated(unsafe) let silence = try? SilentListener()
            $0.change = {
                $0.port = silence?.port
                $0.upstreamTimeouts["connect"] = "50ms"
            }
        }
    }

    private static func breaking(
        _ how: String, change: @escaping @Sendable (inout ProxyFile) -> Void = { _ in },
        _ script: @escaping ScriptedServer.Script
    ) -> WayToEnd {
        WayToEnd("the upstream breaks off \(how)") {
            $0.change = change
            $0.upstream = { connection in
                _ = try connection.request()
                try script(connection)
            }
            $0.aborted = .upstream
            $0.hasError = true
            $0.bytesOut = 5
        }
    }
}
