import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: places at the upstream", .timeLimit(.minutes(5)))
struct UpstreamPlaceTests {
    /// An upstream that answers each request when it is let, and counts how many it has at once.
    private final class Busy: Sendable {
        let present = Watched<(now: Int, most: Int, targets: [String])>((0, 0, []))
        private let barriers = Watched<[String: Barrier]>([:])

        func barrier(_ target: String) -> Barrier {
            barriers.change { barriers in
                let barrier = barriers[target] ?? Barrier()
                barriers[target] = barrier
                return barrier
            }
        }

        func serve() throws -> ScriptedServer {
            try ScriptedServer { [self] connection in
                while let request = try connection.request() {
                    present.change {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                        $0.targets.append(request.target)
                    }
                    try barrier(request.target).block()
                    present.change { $0.now -= 1 }
                    try connection.answer(request.target)
                }
            }
        }

        func has(_ target: String) throws {
            try present.wait(for: "\(target) at the upstream") { $0.targets.contains(target) }
        }
    }

    private func proxy(
        _ parts: [Part] = [.probe("a")], to server: ScriptedServer, places: Int,
        patience: String = "30s"
    ) throws -> RunningProxy {
        var file = ProxyFile(parts, to: server.port)
        file.connections = places
        file.upstreamTimeouts["connect"] = patience
        return try RunningProxy(file)
    }

    /// Sends a request that does not get a place.
    private func wait(_ target: String, _ proxy: RunningProxy) throws -> RawClient {
        let client = try proxy.connect()
        try client.request("GET \(target)")
        try proxy.stage.await("a", "request", of: target)
        return client
    }

    @Test("those who wait are served in the order in which they came", arguments: [1, 2])
    func order(_ places: Int) throws {
        let busy = Busy()
        let server = try busy.serve()
        let proxy = try proxy(to: server, places: places)
        let holders = try (0..<places).map { try wait("/holder\($0)", proxy) }
        for index in 0..<places { try busy.has("/holder\(index)") }
        let waiters = try (0..<4).map { try wait("/\($0)", proxy) }
        for index in 0..<4 { busy.barrier("/\(index)").open() }
        #expect(busy.present.current.targets.count == places)
        busy.barrier("/holder0").open()
        for (index, client) in waiters.enumerated() {
            #expect(try client.answer().text == "/\(index)")
        }
        for index in 1..<max(places, 1) { busy.barrier("/holder\(index)").open() }
        for client in holders { #expect(try client.answer().status == 200) }
        #expect(busy.present.current.targets.dropFirst(places) == ["/0", "/1", "/2", "/3"])
        #expect(busy.present.current.most == places)
    }

    @Test("who waits too long is told to come again, and the others go on waiting")
    func tooLong() throws {
        let busy = Busy()
        let server = try busy.serve()
        let proxy = try proxy(to: server, places: 1, patience: "100ms")
        let holder = try wait("/holder", proxy)
        try busy.has("/holder")
        let waiter = try wait("/late", proxy)
        let answer = try waiter.answer()
        #expect(answer.status == 503)
        #expect(answer["retry-after"] == ["1"])
        #expect(answer.text.contains(#""code":"upstream_busy""#))
        #expect(answer.isComplete)
        // It took no place, so it gave none back.
        let next = try wait("/next", proxy)
        #expect(busy.present.current.targets == ["/holder"])
        busy.barrier("/next").open()
        busy.barrier("/holder").open()
        #expect(try holder.answer().text == "/holder")
        #expect(try next.answer().status == 200)
        #expect(busy.present.current.most == 1)
        // The connection that was told to come again can.
        busy.barrier("/again").open()
        #expect(try waiter.ask("GET /again").text == "/again")
    }

    @Test("a client that leaves while it waits frees nothing that it never had")
    func leaves() throws {
        let busy = Busy()
        let server = try busy.serve()
        let proxy = try proxy(to: server, places: 2)
        let holders = [try wait("/holder0", proxy), try wait("/holder1", proxy)]
        for index in 0..<2 { try busy.has("/holder\(index)") }
        for round in 0..<5 {
            let leaving = try wait("/leaving\(round)", proxy)
            leaving.close()
            let account = try proxy.stage.account(of: "/leaving\(round)")
            #expect(account.ending.outcome.status == 499)
            #expect(account.ending.outcome.attempts == 0)
        }
        let waiters = try (0..<6).map { try wait("/\($0)", proxy) }
        #expect(busy.present.current.targets.count == 2)
        for index in 0..<6 { busy.barrier("/\(index)").open() }
        for (index, client) in holders.enumerated() {
            busy.barrier("/holder\(index)").open()
            #expect(try client.answer().text == "/holder\(index)")
        }
        for (index, client) in waiters.enumerated() {
            #expect(try client.answer().text == "/\(index)")
        }
        #expect(busy.present.current.most == 2)
        #expect(busy.present.current.targets.count == 8)
    }

    @Test("a body that waits with its request arrives with it")
    func body() throws {
        let busy = Busy()
        let server = try busy.serve()
        let proxy = try proxy([.probe("a"), .probe("b")], to: server, places: 1)
        let holder = try wait("/holder", proxy)
        try busy.has("/holder")
        let body = Pattern.bytes(200_000)
        let client = try proxy.connect()
        try client.request("POST /body", ["Content-Length: \(body.count)"])
        try client.send(Array(body[..<30_000]))
        try proxy.stage.await("b", "request", of: "/body")
        #expect(proxy.stage.accounts.current.last?.requestBody("b") == [])
        busy.barrier("/body").open()
        busy.barrier("/holder").open()
        try client.send(Array(body[30_000...]))
        #expect(try client.answer().text == "/body")
        #expect(try holder.answer().text == "/holder")
        #expect(Pattern.areEqual(server.requests.current[1].body, body))
        #expect(
            Pattern.areEqual(try proxy.stage.account(of: "/body").requestBody("b").joined, body))
    }

    @Test("whatever way a request ends, its place is free again")
    func freed() throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                switch request.target {
                case "/silent", "/leave": _ = try connection.end()
                case "/close": return
                case "/break":
                    return try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
                case "/nonsense": return try connection.send("nonsense\r\n\r\n")
                default: try connection.answer("hello")
                }
            }
        }
        let part = Part.probe("b") {
            $0.requestBody = { exchange, _ in
                if exchange.request.path == "/fail-in-request-body" { throw Mistake() }
            }
            $0.responseHead = { exchange in
                if exchange.request.path == "/fail-in-head" { throw Mistake() }
            }
            $0.responseBody = { exchange, run in
                if exchange.request.path == "/fail-in-body" { throw Mistake() }
                if exchange.request.path == "/fail-at-end", run.isLast { throw Mistake() }
                return .pass
            }
        }
        var file = ProxyFile([.probe("a"), part], to: server.port)
        file.connections = 1
        file.upstreamTimeouts["responseHeaders"] = "100ms"
        file.limits["requestBody"] = 10
        let proxy = try RunningProxy(file)
        for path in [
            "/good", "/silent", "/close", "/break", "/nonsense", "/fail-in-request-body",
            "/fail-in-head", "/fail-in-body", "/fail-at-end",
        ] {
            _ = try proxy.ask("POST \(path)", [], "abc")
            #expect(try proxy.ask("GET /next").text == "hello", "after \(path)")
        }
        let leaving = try proxy.connect()
        try leaving.request("GET /leave")
        try proxy.stage.await("b", "request", of: "/leave")
        leaving.close()
        #expect(try proxy.ask("GET /next").text == "hello")

        let growing = try proxy.connect()
        try growing.request("POST /good", ["Transfer-Encoding: chunked"])
        try growing.send("3\r\nabc\r\n")
        try proxy.stage.await("b", "request", of: "/good")
        try growing.send("9\r\n")
        #expect(try growing.answer().status == 413)
        #expect(try proxy.ask("GET /next").text == "hello")
    }

    @Test("the next in the queue is served when the one before fails as its place comes free")
    func failsAtThePlace() throws {
        let busy = Busy()
        let server = try busy.serve()
        let part = Part.probe("b") {
            $0.requestBody = { exchange, _ in
                if exchange.request.path == "/fail" { throw Mistake() }
            }
        }
        let proxy = try proxy([.probe("a"), part], to: server, places: 1)
        let holder = try wait("/holder", proxy)
        try busy.has("/holder")
        let failing = try proxy.connect()
        try failing.request("POST /fail", [], "abc")
        try proxy.stage.await("a", "request", of: "/fail")
        let next = try wait("/next", proxy)
        busy.barrier("/next").open()
        busy.barrier("/holder").open()
        #expect(try holder.answer().text == "/holder")
        #expect(try failing.answer().status == 500)
        #expect(try next.answer().text == "/next")
        #expect(busy.present.current.targets == ["/holder", "/next"])
    }

    @Test("a client that leaves in the turn in which a place comes free does not take it along")
    func leavesInOneTurn() throws {
        let busy = Busy()
        let server = try busy.serve()
        let hold = Barrier()
        let part = Part.probe("a") {
            $0.request = { exchange in
                guard exchange.request.path == "/hold" else { return .proceed }
                try hold.block()
                return .refuse(403, reason: "held")
            }
        }
        let proxy = try proxy([part], to: server, places: 1)
        let holder = try wait("/holder", proxy)
        try busy.has("/holder")
        let leaving = try wait("/leaving", proxy)
        let next = try wait("/next", proxy)
        // The loop stands still until the answer is there and the client is gone.
        let other = try proxy.connect()
        try other.request("GET /hold")
        try hold.reached()
        for target in ["/holder", "/leaving", "/next"] { busy.barrier(target).open() }
        try busy.present.wait(for: "the upstream to answer") { $0.now == 0 }
        leaving.close()
        hold.open()
        #expect(try other.answer().status == 403)
        #expect(try holder.answer().text == "/holder")
        #expect(try next.answer().text == "/next")
        _ = try proxy.stage.account(of: "/leaving")
        busy.barrier("/after").open()
        #expect(try proxy.ask("GET /after").text == "/after")
        #expect(busy.present.current.most == 1)
    }
}
