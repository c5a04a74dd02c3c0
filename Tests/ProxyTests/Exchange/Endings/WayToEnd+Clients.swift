@testable import Proxy

extension WayToEnd {
    /// The client leaves.
    static let ofClients: [WayToEnd] = [
        leaving("while the upstream is to answer") {
            $0.upstream = { connection in
                _ = try connection.request()
                _ = try connection.end()
            }
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request()
                try proxy.stage.await("c", "request")
                client.close()
                return nil
            }
            $0.attempts = 1
        },
        leaving("in the middle of its answer") {
            $0.upstream = streaming
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request()
                _ = try client.head()
                _ = try client.chunk()
                client.close()
                return nil
            }
            $0.answered = ["c", "b", "a"]
            $0.bytesOut = 5
            $0.attempts = 1
        },
        leaving("in the middle of its request") {
            $0.upstream = { _ = try $0.end() }
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request("POST /", ["Content-Length: 10"])
                try client.send("123")
                try proxy.stage.await("c", "request")
                client.close()
                return nil
            }
            $0.bytesIn = 3
            $0.attempts = 1
        },
        leavingWhileSuspended,
        leaving("while a plugin waits for its whole body") {
            $0.part = .whole("b")
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request("POST /", ["Content-Length: 10"])
                try client.send("123")
                try proxy.stage.await("a", "request")
                client.close()
                return nil
            }
            $0.asked = ["a"]
            $0.bytesIn = 3
        },
        leaving("while it waits for a place at the upstream") {
            $0.change = { $0.connections = 1 }
            $0.upstream = { connection in
                _ = try connection.request()
                _ = try connection.end()
            }
            $0.act = { proxy in
                let first = try proxy.connect()
                try first.request("GET /first")
                try proxy.stage.await("c", "request", of: "/first")
                let second = try proxy.connect()
                try second.request()
                try proxy.stage.await("c", "request")
                second.close()
                _ = try proxy.stage.account()
                first.close()
                return nil
            }
        },
    ]

    private static func leaving(_ when: String, _ change: (inout WayToEnd) -> Void) -> WayToEnd {
        WayToEnd("the client leaves \(when)") {
            $0.answered = []
            $0.status = 499
            $0.aborted = .client
            $0.hasError = true
            $0.bytesOut = 0
            $0.attempts = 0
            change(&$0)
        }
    }

    private static var leavingWhileSuspended: WayToEnd {
        let barrier = Barrier()
        return leaving("while an asynchronous hook is suspended") {
            $0.part = .waiting("b") {
                $0.asynchronous = { _ in
                    await barrier.pass()
                    return .proceed
                }
            }
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request()
                try barrier.reached()
                client.close()
                _ = try proxy.stage.account()
                barrier.open()
                return nil
            }
            $0.asked = ["a", "b"]
        }
    }

    /// An answer that begins and does not end.
    static let streaming: ScriptedServer.Script = { connection in
        _ = try connection.request()
        try connection.send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        _ = try connection.end()
    }
}
