import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: reloads", .timeLimit(.minutes(5)))
struct ReloadTests {
    /// A plugin that names itself in the answer, and answers to `/which` itself.
    private static func named(
        _ label: String, _ change: (inout Script) -> Void = { _ in }
    ) -> Part {
        .probe(label) {
            $0.request = { exchange in
                exchange.request.path == "/which" ? .answer(Answer()) : .proceed
            }
            $0.responseHead = { $0.response.headers.append("x-chain", label) }
            change(&$0)
        }
    }

    private func file(_ label: String, to server: ScriptedServer) -> ProxyFile {
        ProxyFile([Self.named(label)], to: server.port)
    }

    /// Asks until the answer comes through that chain: loops take over a new one in their own time.
    private func await(_ label: String, _ proxy: RunningProxy) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try proxy.ask("GET /which")["x-chain"] != [label] {
            guard ContinuousClock.now < deadline else {
                throw Failure("\(label) did not take over")
            }
        }
    }

    @Test("what is in flight ends with the chain with which it began, what comes goes the new way")
    func inFlight() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/slow" { try barrier.block() }
                try connection.answer("hello")
            }
        }
        let proxy = try RunningProxy(file("old", to: server))
        let slow = try proxy.connect()
        try slow.request("GET /slow")
        try barrier.reached()
        let waiting = try proxy.connect()
        #expect(try waiting.ask("GET /first")["x-chain"] == ["old"])
        proxy.reload(file("new", to: server))
        try self.await("new", proxy)
        // A connection belongs to no chain.
        #expect(try waiting.ask("GET /second")["x-chain"] == ["new"])
        #expect(proxy.stage.life.current == ["old start", "old reopen", "new start"])
        barrier.open()
        #expect(try slow.answer()["x-chain"] == ["old"])
        #expect(
            try proxy.stage.account(of: "/slow").order == [
                "old request", "old head", "old completed",
            ])
        try proxy.stage.life.wait(for: "the old chain to stop") { $0.contains("old stop") }
        #expect(try slow.ask("GET /third")["x-chain"] == ["new"])
        try proxy.drain()
        #expect(
            proxy.stage.life.current == [
                "old start", "old reopen", "new start", "old stop", "new stop",
            ])
    }

    @Test("a request whose hook is suspended goes on in the chain with which it began")
    func suspended() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let old = ProxyFile(
            [
                .waiting("waiting") {
                    $0.asynchronous = { exchange in
                        if exchange.request.path == "/slow" { await barrier.pass() }
                        return .proceed
                    }
                },
                Self.named("old"),
            ], to: server.port)
        let proxy = try RunningProxy(old)
        let slow = try proxy.connect()
        try slow.request("GET /slow")
        try barrier.reached()
        proxy.reload(file("new", to: server))
        try self.await("new", proxy)
        #expect(!proxy.stage.life.current.contains("old stop"))
        barrier.open()
        #expect(try slow.answer()["x-chain"] == ["old"])
        #expect(
            try proxy.stage.account(of: "/slow").order == [
                "waiting asynchronous", "old request", "old head", "waiting head",
                "old completed", "waiting completed",
            ])
        try proxy.stage.life.wait(for: "the old chain to stop") { $0.contains("waiting stop") }
    }

    @Test("a request that waits for a place gets one of the upstream with which it began")
    func waitingForAPlace() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/slow" { try barrier.block() }
                try connection.answer("the old one")
            }
        }
        let other = try ScriptedServer.answering("the new one")
        var old = file("old", to: server)
        old.connections = 1
        old.upstreamTimeouts["connect"] = "30s"
        let proxy = try RunningProxy(old)
        let slow = try proxy.connect()
        try slow.request("GET /slow")
        try barrier.reached()
        let waiting = try proxy.connect()
        try waiting.request("GET /waiting")
        try proxy.stage.await("old", "request", of: "/waiting")
        proxy.reload(file("new", to: other))
        try self.await("new", proxy)
        barrier.open()
        #expect(try slow.answer().text == "the old one")
        #expect(try waiting.answer().text == "the old one")
        #expect(try waiting.ask().text == "the new one")
    }

    @Test("each chain of several reloads is stopped once, when its last exchange has ended")
    func several() throws {
        let barriers = (0..<3).map { _ in Barrier() }
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if let number = Int(request.target.dropFirst()) { try barriers[number].block() }
                try connection.answer("hello")
            }
        }
        let proxy = try RunningProxy(file("0", to: server))
        var clients: [RawClient] = []
        for number in 0..<3 {
            let client = try proxy.connect()
            try client.request("GET /\(number)")
            try barriers[number].reached()
            clients.append(client)
            proxy.reload(file("\(number + 1)", to: server))
            try self.await("\(number + 1)", proxy)
        }
        for number in [1, 0, 2] {
            barriers[number].open()
            #expect(try clients[number].answer()["x-chain"] == ["\(number)"])
            try proxy.stage.life.wait(for: "\(number) to stop") { $0.contains("\(number) stop") }
        }
        try proxy.drain()
        #expect(
            proxy.stage.life.current.filter { $0.hasSuffix("stop") } == [
                "1 stop", "0 stop", "2 stop", "3 stop",
            ])
        #expect(proxy.stage.life.current.count { $0.hasSuffix("start") } == 4)
        #expect(
            proxy.stage.life.current.filter { $0.hasSuffix("reopen") } == [
                "0 reopen", "1 reopen", "2 reopen",
            ])
    }

    @Test("reloads under load lose no request and stop every chain once", arguments: [1, 2])
    func underLoad(_ workers: Int) throws {
        let server = try ScriptedServer.answering()
        var first = file("0", to: server)
        first.workers = workers
        let proxy = try RunningProxy(first)
        let clients = try (0..<8).map { _ in try proxy.connect() }
        for number in 1...10 {
            for client in clients { try client.request() }
            proxy.reload(file("\(number)", to: server))
            for client in clients { #expect(try client.answer().text == "hello") }
        }
        for client in clients { client.close() }
        try proxy.stage.life.wait(for: "the old chains to stop") { life in
            life.count { $0.hasSuffix("stop") } == 10
        }
        try proxy.drain()
        let stopped = proxy.stage.life.current.filter { $0.hasSuffix("stop") }
        #expect(Set(stopped).count == 11 && stopped.count == 11)
        #expect(stopped.last == "10 stop")
    }

    // MARK: - Refused

    @Test("a plugin that cannot start refuses the reload; what had started is stopped once")
    func startFails() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(file("old", to: server))
        let broken = ProxyFile(
            [.probe("one"), .probe("two")],
            route: [.probe("bad") { $0.start = { throw Mistake() } }, .probe("behind")],
            to: server.port)
        proxy.reload(broken)
        let line = proxy.log.current.first { $0.event.hasPrefix("reload refused") }
        #expect(line?.level == .error)
        #expect(line?.fields["reason"] == "plugin \"bad\" could not start: a mistake")
        #expect(try proxy.ask()["x-chain"] == ["old"])
        proxy.reload(file("new", to: server))
        try self.await("new", proxy)
        try proxy.drain()
        let life = proxy.stage.life.current
        #expect(life.filter { $0.hasPrefix("one") } == ["one start", "one stop"])
        #expect(life.filter { $0.hasPrefix("two") } == ["two start", "two stop"])
        #expect(life.filter { $0.hasPrefix("bad") || $0.hasPrefix("behind") } == [])
        #expect(life.prefix(6).suffix(4) == ["one start", "two start", "two stop", "one stop"])
        #expect(life.filter { $0 == "old stop" }.count == 1)
    }

    @Test(
        "a plugin that cannot start keeps the server from starting; what had started is stopped once"
    )
    func firstStartFails() throws {
        let stage = Watched<[String]>([])
        let file = ProxyFile([
            .probe("one") {
                $0.start = { stage.change { $0.append("one start") } }
                $0.stop = { stage.change { $0.append("one stop") } }
            },
            .probe("bad") {
                $0.start = { throw Mistake() }
                $0.stop = { stage.change { $0.append("bad stop") } }
            },
        ])
        #expect(throws: PluginStartError.self) { try RunningProxy(file) }
        // A reload of another proxy goes the same way, and shows that the first has had its time.
        let proxy = try RunningProxy(ProxyFile([.probe("a")]))
        proxy.reload(ProxyFile([.probe("b")]))
        try proxy.stage.life.wait(for: "a to stop") { $0.contains("a stop") }
        #expect(stage.current == ["one start", "one stop"])
    }

    @Test(
        "a file with errors is refused, with what is wrong in the log; files are reopened all the same"
    )
    func brokenFile() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(file("old", to: server))
        var broken = file("new", to: server)
        broken.path = "no slash"
        proxy.reload(broken)
        #expect(proxy.log.current.contains { $0.event.contains("routes[0].path") })
        #expect(proxy.log.current.contains { $0.event.hasPrefix("reload refused") })
        #expect(try proxy.ask()["x-chain"] == ["old"])
        try proxy.drain()
        #expect(proxy.stage.life.current == ["old start", "old reopen", "old stop"])
    }

    @Test(
        "a hook that is suspended for ever does not keep an old chain from being stopped in a drain"
    )
    func suspendedForEver() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        var old = ProxyFile(
            [
                .waiting("old") {
                    $0.asynchronous = { _ in
                        await barrier.pass()
                        return .proceed
                    }
                }
            ], to: server.port)
        old.timeouts["drain"] = "10ms"
        let proxy = try RunningProxy(old)
        let client = try proxy.connect()
        try client.request("GET /slow")
        try barrier.reached()
        var new = file("new", to: server)
        new.timeouts["drain"] = "10ms"
        proxy.reload(new)
        try proxy.beginDrain()
        try proxy.drained.wait(for: "the drain's end", patience: .seconds(5)) { $0 }
        #expect(proxy.stage.life.current.count { $0 == "old stop" } == 1)
        #expect(proxy.stage.life.current.count { $0 == "new stop" } == 1)
        client.close()
    }

    @Test("an old chain's plugins are stopped before the process may end")
    func drainAfterReload() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            _ = try connection.end()
        }
        let hasDrained = Watched(false)
        let endedInTime = Watched<Bool?>(nil)
        var old = ProxyFile(
            [
                Self.named("old") {
                    $0.stop = {
                        // It takes a while to write out what it holds.
                        let ended = try? hasDrained.wait(
                            for: "the drain's end", patience: .milliseconds(200)
                        ) { $0 }
                        endedInTime.change { $0 = ended == nil }
                    }
                }
            ], to: server.port)
        old.timeouts["drain"] = "10ms"
        let proxy = try RunningProxy(old)
        let client = try proxy.connect()
        try client.request("GET /slow")
        try proxy.stage.await("old", "request", of: "/slow")
        var new = file("new", to: server)
        new.timeouts["drain"] = "10ms"
        proxy.reload(new)
        try self.await("new", proxy)
        try proxy.drain()
        hasDrained.change { $0 = true }
        #expect(try proxy.stage.account(of: "/slow").ending.outcome.aborted == .proxy)
        #expect(try endedInTime.wait(for: "the old chain to stop") { $0 != nil } == true)
        client.close()
    }
}
