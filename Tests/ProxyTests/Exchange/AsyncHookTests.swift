import Glibc
import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: asynchronous hooks", .timeLimit(.minutes(5)))
struct AsyncHookTests {
    private static let mark = Fact<String>("mark")

    /// A plugin whose hook waits at the barrier.
    private func waiting(_ label: String, at barrier: Barrier) -> Part {
        .waiting(label) {
            $0.asynchronous = { _ in
                await barrier.pass()
                return .proceed
            }
        }
    }

    /// The same for requests of one path.
    private static func waiting(
        _ label: String, for path: String, at barrier: Barrier,
        _ behind: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) -> Part {
        .waiting(label) {
            $0.asynchronous = { exchange in
                if exchange.request.path == path {
                    await barrier.pass()
                    behind(exchange)
                }
                return .proceed
            }
        }
    }

    @Test("one that does not suspend is called where a synchronous one would be")
    func immediate() throws {
        let server = try ScriptedServer.answering()
        let threads = Watched<[pthread_t]>([])
        let parts: [Part] = [
            .probe("a") {
                $0.request = { _ in
                    threads.change { $0.append(pthread_self()) }
                    return .proceed
                }
            },
            .waiting("b") {
                $0.asynchronous = { _ in
                    threads.change { $0.append(pthread_self()) }
                    return .proceed
                }
            },
        ]
        let proxy = try RunningProxy(ProxyFile(parts, route: [.probe("c")], to: server.port))
        #expect(try proxy.ask().text == "hello")
        #expect(try proxy.stage.account().asked == ["a", "b", "c"])
        #expect(Set(threads.current).count == 1)
    }

    @Test("one that another thread resumes goes on on its request's loop, with its exchange")
    func resumedElsewhere() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let threads = Watched<[pthread_t]>([])
        let part = Part.waiting("b") {
            $0.asynchronous = { exchange in
                exchange[Self.mark] = exchange.request.headers["x-mark"]?.string
                threads.change { $0.append(pthread_self()) }
                await barrier.pass()
                threads.change { $0.append(pthread_self()) }
                exchange.request.headers.set("x-mark", to: (exchange[Self.mark] ?? "") + "!")
                return .proceed
            }
        }
        let proxy = try RunningProxy(
            ProxyFile([.probe("a"), part], route: [.probe("c")], to: server.port))
        let client = try proxy.connect()
        try client.request("GET /", ["X-Mark: one"])
        try barrier.reached()
        #expect(proxy.stage.accounts.current[0].asked == ["a", "b"])
        barrier.open()
        #expect(try client.answer().text == "hello")
        #expect(try proxy.stage.account().asked == ["a", "b", "c"])
        #expect(Set(threads.current).count == 1 && threads.current.count == 2)
        #expect(server.requests.current.first?["x-mark"] == ["one!"])
    }

    @Test("where one decides at once, its hook is not called")
    func atOnce() throws {
        let server = try ScriptedServer.answering()
        let part = Part.waiting("a") {
            $0.atOnce = { exchange in
                switch exchange.request.path {
                case "/refused": .refuse(403, reason: "at_once")
                case "/failed": throw Mistake()
                case "/later": nil
                default: .proceed
                }
            }
            $0.asynchronous = { _ in
                await Task.yield()
                return .refuse(403, reason: "later")
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], route: [.probe("b")], to: server.port))
        let client = try proxy.connect()
        #expect(try client.ask("GET /").text == "hello")
        #expect(try client.ask("GET /refused").text.contains("at_once"))
        #expect(try client.ask("GET /failed").status == 500)
        #expect(try client.ask("GET /later").text.contains("later"))
        #expect(try proxy.stage.account().asked == ["a", "b"])
        #expect(try proxy.stage.account(of: "/refused").asked == ["a"])
        #expect(try proxy.stage.account(of: "/failed").ending.decided == ["a failed plugin_error"])
        #expect(try proxy.stage.account(of: "/later").asked == ["a"])
        #expect(proxy.stage.decisions("a", "proceed", "") == 1)
    }

    @Test("what it decides after a suspension holds")
    func refusesLater() throws {
        let server = try ScriptedServer.answering()
        let part = Part.waiting("b") {
            $0.asynchronous = { _ in
                await Task.yield()
                return .refuse(403, reason: "too_late")
            }
        }
        let proxy = try RunningProxy(
            ProxyFile([.probe("a"), part], route: [.probe("c")], to: server.port))
        let client = try proxy.connect()
        for _ in 0..<3 { #expect(try client.ask().text.contains("too_late")) }
        let account = try proxy.stage.account()
        #expect(account.asked == ["a", "b"])
        #expect(account.answered == ["b", "a"])
        #expect(server.requests.current.isEmpty)
    }

    @Test("two in a row are asked one after the other, whether they suspend or not")
    func twoInARow() throws {
        let server = try ScriptedServer.answering()
        for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
            let barriers = (Barrier(), Barrier())
            if !first { barriers.0.open() }
            if !second { barriers.1.open() }
            let proxy = try RunningProxy(
                ProxyFile(
                    [waiting("a", at: barriers.0), waiting("b", at: barriers.1)],
                    route: [.probe("c")], to: server.port))
            let client = try proxy.connect()
            try client.request()
            try barriers.0.reached()
            if first {
                #expect(proxy.stage.accounts.current[0].asked == ["a"])
                barriers.0.open()
            }
            try barriers.1.reached()
            barriers.1.open()
            #expect(try client.answer().text == "hello")
            #expect(try proxy.stage.account().asked == ["a", "b", "c"])
        }
    }

    @Test("many may be suspended at once, and each request gets its own answer")
    func many() throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() { try connection.answer(request.target) }
        }
        let barrier = Barrier()
        var file = ProxyFile([waiting("a", at: barrier)], to: server.port)
        file.workers = 2
        let proxy = try RunningProxy(file)
        let clients = try (0..<50).map { _ in try proxy.connect() }
        for (number, client) in clients.enumerated() { try client.request("GET /\(number)") }
        try barrier.reached(by: 50)
        barrier.open()
        for (number, client) in clients.enumerated() {
            #expect(try client.answer().text == "/\(number)")
            #expect(try client.ask("GET /again/\(number)").text == "/again/\(number)")
        }
        try proxy.stage.completed(100)
    }

    @Test("while one is suspended, other requests go on")
    func othersGoOn() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let proxy = try RunningProxy(
            ProxyFile([Self.waiting("a", for: "/slow", at: barrier)], to: server.port))
        let slow = try proxy.connect()
        try slow.request("GET /slow")
        try barrier.reached()
        for _ in 0..<10 { #expect(try proxy.ask("GET /quick").text == "hello") }
        barrier.open()
        #expect(try slow.answer().text == "hello")
    }

    @Test("requests sent ahead wait for the one whose hook is suspended")
    func sentAhead() throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() { try connection.answer(request.target) }
        }
        let barrier = Barrier()
        let proxy = try RunningProxy(
            ProxyFile([Self.waiting("a", for: "/slow", at: barrier)], to: server.port))
        let client = try proxy.connect()
        try client.send(
            ["/slow", "/1", "/2"].map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
        try barrier.reached()
        #expect(try proxy.ask("GET /other").text == "/other")
        #expect(proxy.stage.accounts.current.map(\.path) == ["/slow", "/other"])
        barrier.open()
        for path in ["/slow", "/1", "/2"] { #expect(try client.answer().text == path) }
    }

    @Test("a body that comes while it is suspended reaches the upstream afterwards")
    func bodyMeanwhile() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let proxy = try RunningProxy(
            ProxyFile([waiting("a", at: barrier), .probe("b")], to: server.port))
        let body = Pattern.bytes(300_000)
        let client = try proxy.connect()
        try client.request("POST /", ["Content-Length: \(body.count)"])
        try client.send(Array(body[..<10_000]))
        try barrier.reached()
        // More than is held for an upstream: the rest waits in the sockets.
        try client.send(Array(body[10_000..<70_000]))
        barrier.open()
        try client.send(Array(body[70_000...]))
        #expect(try client.answer().text == "hello")
        #expect(Pattern.areEqual(server.requests.current[0].body, body))
        #expect(Pattern.areEqual(try proxy.stage.account().requestBody("b").joined, body))
    }

    @Test("an exchange whose client left is not used again before its hook has ended")
    func recycledAfterwards() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let found = Watched<[String?]>([])
        let users = Watched<[ObjectIdentifier]>([])
        let suspended = Self.waiting("b", for: "/slow", at: barrier) { exchange in
            found.change {
                $0 += [
                    exchange.request.target.string, exchange.request.headers["x-mark"]?.string,
                    exchange[Self.mark], exchange.request.methodName,
                ]
            }
            exchange[Self.mark] = "left behind"
            exchange.request.headers.set("x-left-behind", to: "1")
        }
        let first = Part.probe("a") {
            $0.request = { exchange in
                users.change { $0.append(ObjectIdentifier(exchange)) }
                if exchange[Self.mark] != nil || exchange.request.headers.contains("x-left-behind")
                {
                    return .refuse(500, reason: "unclean")
                }
                exchange[Self.mark] = exchange.request.headers["x-mark"]?.string
                return .proceed
            }
        }
        let proxy = try RunningProxy(ProxyFile([first, suspended], to: server.port))
        let leaving = try proxy.connect()
        try leaving.request("PUT /slow?q", ["X-Mark: slow"])
        try barrier.reached()
        leaving.close()
        #expect(try proxy.stage.account(of: "/slow").ending.outcome.status == 499)

        let clients = try (0..<10).map { _ in try proxy.connect() }
        func askAll() throws {
            for round in 0..<10 {
                for client in clients { try client.request("GET /\(round)", ["X-Mark: other"]) }
                for client in clients { #expect(try client.answer().text == "hello") }
            }
        }
        try askAll()
        let others = users.change { users in
            defer { users = [users[0]] }
            return users.dropFirst()
        }
        #expect(others.count == 100 && !others.contains(users.current[0]))

        barrier.open()
        try found.wait(for: "the hook to go on") { $0.count == 4 }
        #expect(found.current == ["/slow?q", "slow", "slow", "PUT"])
        try askAll()
        // Now it is: it was given back, and as good as new.
        #expect(users.current.dropFirst().contains(users.current[0]))
    }

    @Test("a hook that fails when its client has left costs nothing")
    func failsTooLate() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let part = Part.waiting("a") {
            $0.asynchronous = { exchange in
                guard exchange.request.path == "/slow" else { return .proceed }
                await barrier.pass()
                throw Mistake()
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        try client.request("GET /slow")
        try barrier.reached()
        client.close()
        let account = try proxy.stage.account(of: "/slow")
        barrier.open()
        for _ in 0..<20 { #expect(try proxy.ask("GET /next").text == "hello") }
        #expect(account.ending.decided == [])
    }

    @Test(
        "a request that is given up while its hook is suspended is answered, and the hook goes on",
        arguments: [413, 408])
    func givenUp(_ status: Int) throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let hasGoneOn = Watched(false)
        let part = Self.waiting("b", for: "/slow", at: barrier) { _ in
            hasGoneOn.change { $0 = true }
        }
        var file = ProxyFile([.probe("a"), part], route: [.probe("c")], to: server.port)
        file.limits["requestBody"] = 10
        if status == 408 { file.timeouts["requestBodyIdle"] = "50ms" }
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        try client.request("POST /slow", ["Transfer-Encoding: chunked"])
        try barrier.reached()
        try client.send("3\r\n123\r\n")
        if status == 413 { try client.send("8\r\n12345678\r\n") }
        #expect(try client.answer().status == status)
        let account = try proxy.stage.account(of: "/slow")
        #expect(account.asked == ["a", "b"])
        #expect(account.ending.outcome.status == status)
        barrier.open()
        try hasGoneOn.wait(for: "the hook to go on") { $0 }
        for _ in 0..<20 { #expect(try proxy.ask("GET /next").text == "hello") }
        client.close()
        try proxy.drain()
        #expect(proxy.stage.accounts.current.count == 21)
    }

    /// Holds the loop while a client does something and the hook is resumed, so that the loop learns of
    /// both in one turn.
    static func inOneTurn(_ act: (RawClient) throws -> Void) throws {
        let server = try ScriptedServer.answering()
        let (barrier, hold) = (Barrier(), Barrier())
        let holder = Part.probe("a") {
            $0.request = { exchange in
                if exchange.request.path == "/hold" { try hold.block() }
                return .proceed
            }
        }
        var file = ProxyFile([holder, waiting("b", for: "/slow", at: barrier)], to: server.port)
        file.limits["requestBody"] = 10
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        try client.request("POST /slow", ["Transfer-Encoding: chunked"])
        try barrier.reached()
        let other = try proxy.connect()
        try other.request("GET /hold")
        try hold.reached()
        try act(client)
        barrier.open()
        hold.open()
        #expect(try other.answer().text == "hello")
        _ = try proxy.stage.account(of: "/slow")
        let clients = try (0..<10).map { _ in try proxy.connect() }
        for client in clients { try client.request("GET /next") }
        for client in clients { #expect(try client.answer().text == "hello") }
        // An answered connection lingers for the rest of its request, and a drain waits for that.
        client.close()
        try proxy.drain()
        #expect(proxy.stage.accounts.current.count == 12)
    }

    @Test("a request that is given up in the turn in which its hook is resumed ends once")
    func givenUpInOneTurn() async {
        await #expect(processExitsWith: .success) {
            try AsyncHookTests.inOneTurn { client in
                try client.send("b\r\n12345678901\r\n")
            }
        }
    }

    @Test("a client that leaves in the turn in which its hook is resumed ends its request once")
    func leavesInOneTurn() async {
        await #expect(processExitsWith: .success) {
            try AsyncHookTests.inOneTurn { client in client.close() }
        }
    }
}
