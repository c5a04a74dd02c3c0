import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: hooks that wait to be woken", .timeLimit(.minutes(5)))
struct WaitTests {
    /// What became of the waits of one plugin, by path.
    private final class Waits: Sendable {
        let wait: Wait
        let begun = Watched(0)
        let ends = Watched<[String: Wait.End]>([:])

        init(_ wait: Wait = Wait()) { self.wait = wait }

        /// A plugin whose requests wait, those for /quick aside.
        func part(_ label: String, for duration: Duration = .seconds(3600)) -> Part {
            let (wait, begun, ends) = (wait, begun, ends)
            return .waiting(label) {
                $0.asynchronous = { exchange in
                    let path = exchange.request.path
                    if path == "/quick" { return .proceed }
                    begun.change { $0 += 1 }
                    let end = await exchange.wait(for: wait, until: exchange.now + duration)
                    ends.change { $0[path] = end }
                    return end == .woken ? .proceed : .refuse(503, reason: "waited")
                }
            }
        }

        func hasBegun(_ count: Int = 1) throws {
            try begun.wait(for: "\(count) waits to begin") { $0 >= count }
        }

        func end(of path: String = "/") throws -> Wait.End {
            try ends.wait(for: "the end of the wait of \(path)") { $0[path] != nil }[path]!
        }
    }

    @Test("one that another thread wakes goes on")
    func woken() throws {
        let server = try ScriptedServer.answering()
        let waits = Waits()
        let proxy = try RunningProxy(ProxyFile([waits.part("a"), .probe("b")], to: server.port))
        let client = try proxy.connect()
        try client.request()
        try waits.hasBegun()
        #expect(proxy.stage.accounts.current[0].asked == ["a"])
        #expect(waits.wait.end == nil)
        #expect(waits.wait.wake())
        #expect(!waits.wait.wake())
        #expect(try client.answer().text == "hello")
        #expect(try waits.end() == .woken)
        #expect(try proxy.stage.account().asked == ["a", "b"])
    }

    @Test("one that has been woken before does not wait")
    func wokenBefore() throws {
        let server = try ScriptedServer.answering()
        let waits = Waits()
        #expect(waits.wait.wake())
        let proxy = try RunningProxy(ProxyFile([waits.part("a")], to: server.port))
        #expect(try proxy.ask().text == "hello")
        #expect(try waits.end() == .woken)
    }

    @Test("none waits beyond its deadline, and the loop's time is that of its end")
    func timedOut() throws {
        let server = try ScriptedServer.answering()
        let waited = Watched<Duration?>(nil)
        let part = Part.waiting("a") {
            $0.asynchronous = { exchange in
                let start = exchange.now
                let end = await exchange.wait(for: Wait(), until: start + .milliseconds(30))
                waited.change { $0 = exchange.now - start }
                return end == .timedOut ? .refuse(503, reason: "too_long") : .proceed
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        for _ in 0..<2 {
            #expect(try client.ask().text.contains("too_long"))
            #expect(try #require(waited.current) >= .milliseconds(30))
        }
        #expect(server.requests.current.isEmpty)
    }

    @Test("the deadline of a wait that is over does not end the next one")
    func staleDeadline() throws {
        let server = try ScriptedServer.answering()
        let (first, second) = (Waits(), Waits())
        let proxy = try RunningProxy(
            ProxyFile(
                [first.part("a", for: .milliseconds(100)), second.part("b")], to: server.port)
        )
        let client = try proxy.connect()
        try client.request()
        try first.hasBegun()
        first.wait.wake()
        try second.hasBegun()
        // Another request's deadline, set later and no earlier, comes after that of the first.
        let third = Waits()
        let witness = try RunningProxy(
            ProxyFile([third.part("a", for: .milliseconds(120))], to: server.port))
        #expect(try witness.ask().status == 503)
        #expect(second.wait.end == nil)
        second.wait.wake()
        #expect(try client.answer().text == "hello")
    }

    @Test("a client that leaves ends the wait, and its exchange is used again")
    func clientLeaves() throws {
        let server = try ScriptedServer.answering()
        let waits = Waits()
        let ending = Watched<Wait.End?>(nil)
        let seeing = Part.probe("a") {
            $0.completed = { exchange in
                if exchange.request.path == "/slow" { ending.change { $0 = waits.wait.end } }
            }
        }
        let proxy = try RunningProxy(ProxyFile([seeing, waits.part("b")], to: server.port))
        let client = try proxy.connect()
        try client.request("GET /slow")
        try waits.hasBegun()
        client.close()
        #expect(try proxy.stage.account(of: "/slow").ending.outcome.status == 499)
        #expect(try waits.end(of: "/slow") == .exchangeEnded)
        #expect(!waits.wait.wake())
        // In the completed phase it is known how the wait ended.
        #expect(ending.current == .exchangeEnded)
        for _ in 0..<20 { #expect(try proxy.ask("GET /quick").text == "hello") }
        #expect(server.requests.current.count == 20)
    }

    @Test("a request that is given up meanwhile is answered, and then the wait ends")
    func givenUp() throws {
        let server = try ScriptedServer.answering()
        let waits = Waits()
        var file = ProxyFile([waits.part("a", for: .milliseconds(200))], to: server.port)
        file.limits["requestBody"] = 10
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        try client.request("POST /slow", ["Transfer-Encoding: chunked"])
        try waits.hasBegun()
        try client.send("b\r\n12345678901\r\n")
        #expect(try client.answer().status == 413)
        #expect(try waits.end(of: "/slow") == .exchangeEnded)
        client.close()
    }

    @Test("a hook that comes to wait when its client has left does not wait")
    func tooLate() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let end = Watched<Wait.End?>(nil)
        let part = Part.waiting("a") {
            $0.asynchronous = { exchange in
                await barrier.pass()
                let result = await exchange.wait(for: Wait(), until: exchange.now + .seconds(3600))
                end.change { $0 = result }
                return .proceed
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        try client.request()
        try barrier.reached()
        client.close()
        _ = try proxy.stage.account()
        barrier.open()
        try end.wait(for: "the hook's end") { $0 == .exchangeEnded }
    }

    @Test("a drain waits for those who wait, and ends the waits that its time does not suffice for")
    func drain() throws {
        let server = try ScriptedServer.answering()
        for (timeout, status) in [("30s", 200), ("10ms", 503)] {
            let waits = Waits()
            var file = ProxyFile([waits.part("a")], to: server.port)
            file.timeouts["drain"] = timeout
            let proxy = try RunningProxy(file)
            let client = try proxy.connect()
            try client.request()
            try waits.hasBegun()
            try proxy.beginDrain()
            if status == 200 {
                waits.wait.wake()
                #expect(try client.answer().text == "hello")
            }
            try proxy.drain()
            let account = try proxy.stage.account()
            #expect(account.ending.outcome.status == status)
            #expect(waits.wait.end == (status == 200 ? .woken : .exchangeEnded))
        }
    }

    @Test("many on several loops are each woken once, whoever of the others gives up or leaves")
    func many() throws {
        let server = try ScriptedServer.answering()
        let waits = Watched<[String: Wait]>([:])
        let ends = Watched<[String: Wait.End]>([:])
        let part = Part.waiting("a") {
            $0.asynchronous = { exchange in
                let path = exchange.request.path
                let wait = Wait()
                waits.change { $0[path] = wait }
                let isBrief = path.hasSuffix("0") || path.hasSuffix("5")
                let end = await exchange.wait(
                    for: wait, until: exchange.now + (isBrief ? .milliseconds(20) : .seconds(3600)))
                ends.change { $0[path] = end }
                return end == .woken ? .proceed : .refuse(503, reason: "waited")
            }
        }
        var file = ProxyFile([part], to: server.port)
        file.workers = 3
        let proxy = try RunningProxy(file)
        let clients = try (0..<300).map { _ in try proxy.connect() }
        for (number, client) in clients.enumerated() { try client.request("GET /\(number)") }
        try waits.wait(for: "all to wait") { $0.count == 300 }
        // A fifth leaves while all are woken.
        var woken: Set<String> = []
        for (number, client) in clients.enumerated() {
            if number % 5 == 1 { client.close() }
            if waits.current["/\(number)"]!.wake() { woken.insert("/\(number)") }
        }
        for (number, client) in clients.enumerated() where number % 5 != 1 {
            #expect(try client.answer().status == (woken.contains("/\(number)") ? 200 : 503))
        }
        try ends.wait(for: "all to go on") { $0.count == 300 }
        #expect(Set(ends.current.filter { $0.value == .woken }.keys) == woken)
    }
}
