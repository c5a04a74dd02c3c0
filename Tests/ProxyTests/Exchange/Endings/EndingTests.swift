import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: its end", .timeLimit(.minutes(5)))
struct EndingTests {
    @Test(
        "every plugin of the chain learns once how it ended, and it is what happened",
        arguments: WayToEnd.all)
    func ending(_ way: WayToEnd) throws {
        let server = try ScriptedServer(way.upstream)
        let proxy = try RunningProxy(way.file(to: server.port))
        let answer = try way.act(proxy)
        let account = try proxy.stage.account(of: way.path)

        #expect(account.asked == way.asked)
        #expect(account.answered == way.answered)
        #expect(account.seers(of: "completed") == way.completing)

        let outcome = account.ending.outcome
        #expect(outcome.status == way.status)
        #expect(outcome.aborted == way.aborted)
        #expect(outcome.bytesIn == way.bytesIn)
        #expect(outcome.bytesOut == way.bytesOut ?? answer?.body.count)
        #expect(outcome.attempts == way.attempts)
        #expect((outcome.error != nil) == way.hasError, "\(outcome.error ?? "no error")")
        #expect(account.ending.decided == way.decided)
        expectTimes(outcome, hasAnswer: answer != nil || !way.answered.isEmpty)

        if let answer {
            #expect(answer.status == way.status)
            #expect(answer.isComplete == (way.aborted == nil))
        }
        if let code = way.code {
            #expect(answer?.text.contains("\"code\":\"\(code)\"") == true)
            #expect(answer?["x-request-id"] == [account.ending.requestID])
        }
        // What every plugin is told is the same.
        for ending in account.endings {
            #expect(ending.outcome.duration == outcome.duration)
            #expect(ending.requestID == account.ending.requestID)
        }
    }

    /// There are times of what happened, and of nothing else.
    private func expectTimes(_ outcome: Outcome, hasAnswer: Bool) {
        #expect((outcome.timeToFirstByte != nil) == hasAnswer)
        #expect((outcome.target != nil) == (outcome.attempts > 0))
        #expect((outcome.upstreamDuration != nil) == (outcome.attempts > 0))
        for part in [outcome.timeToFirstByte, outcome.upstreamDuration] {
            #expect(part ?? .zero <= outcome.duration)
        }
    }

    @Test("the time that a hook takes is part of the duration")
    func duration() throws {
        let part = Part.probe("a") {
            $0.request = { _ in
                let clock = SystemTime()
                let end = clock.monotonic + .milliseconds(5)
                while clock.monotonic < end {}
                return .refuse(403, reason: "late")
            }
        }
        let proxy = try RunningProxy(ProxyFile([part]))
        #expect(try proxy.ask().status == 403)
        #expect(try proxy.stage.account().ending.outcome.duration >= .milliseconds(5))
    }

    @Test("a client that leaves before its head is complete has made no request")
    func noHead() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(ProxyFile([.probe("a")], to: server.port))
        for text in ["", "GET", "GET / HTTP/1.1\r\nHost: te"] {
            let client = try proxy.connect()
            try client.send(text)
            client.close()
        }
        #expect(try proxy.ask("GET /next").status == 200)
        try proxy.drain()
        #expect(proxy.stage.accounts.current.map(\.path) == ["/next"])
    }

    @Test("how long a client has waited is told, unless it was still sending")
    func clientWait() throws {
        // For each connection: it reads, and answers nobody.
        let silent = try ScriptedServer { connection in
            while (try? connection.request()) != nil {}
        }
        let proxy = try RunningProxy(ProxyFile([.probe("a")], to: silent.port))
        do {
            let client = try proxy.connect()
            try client.send("GET /waiting HTTP/1.1\r\nHost: a\r\n\r\n")
            try proxy.stage.await("a", "request", of: "/waiting")
        }
        let waited = try proxy.stage.account(of: "/waiting").ending.outcome
        #expect(waited.status == 499)
        #expect(try #require(waited.clientWait) <= waited.duration)
        do {
            let client = try proxy.connect()
            try client.send("POST /sending HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            try proxy.stage.await("a", "request", of: "/sending")
        }
        #expect(try proxy.stage.account(of: "/sending").ending.outcome.clientWait == nil)
    }
}
