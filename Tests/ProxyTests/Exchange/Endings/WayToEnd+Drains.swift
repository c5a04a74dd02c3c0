@testable import Proxy

extension WayToEnd {
    /// The time of a drain is over.
    static let ofDrains: [WayToEnd] = [
        overtaken("while the upstream is to answer") {
            $0.upstream = { connection in
                _ = try connection.request()
                _ = try connection.end()
            }
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request()
                try proxy.stage.await("c", "request")
                try proxy.drain()
                client.close()
                return nil
            }
            $0.answered = []
            $0.status = 503
            $0.bytesOut = 0
        },
        overtaken("in the middle of an answer") {
            $0.upstream = streaming
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request()
                var answer = try client.head()
                answer.body = Array(try client.chunk().utf8)
                try proxy.drain()
                client.close()
                return answer
            }
        },
        overtakenWhileSuspended,
    ]

    private static func overtaken(_ when: String, _ change: (inout WayToEnd) -> Void) -> WayToEnd {
        WayToEnd("the drain's time is over \(when)") {
            $0.change = { $0.timeouts["drain"] = "20ms" }
            $0.aborted = .proxy
            $0.hasError = true
            change(&$0)
        }
    }

    private static var overtakenWhileSuspended: WayToEnd {
        let barrier = Barrier()
        return overtaken("while an asynchronous hook is suspended") {
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
                try proxy.drain()
                client.close()
                return nil
            }
            $0.asked = ["a", "b"]
            $0.answered = []
            $0.status = 503
            $0.bytesOut = 0
            $0.attempts = 0
        }
    }
}
