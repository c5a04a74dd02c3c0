import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: requests that are sent again", .timeLimit(.minutes(5)))
struct RetryTests {
    private static func retrying(_ policy: RetryPolicy) -> Part {
        .probe("a") {
            $0.request = { exchange in
                exchange.retry = policy
                return .proceed
            }
        }
    }

    private func proxy(_ policy: RetryPolicy, to server: ScriptedServer) throws -> RunningProxy {
        try RunningProxy(ProxyFile([Self.retrying(policy)], to: server.port))
    }

    private static func answering(_ status: String, _ fields: String = "") -> ScriptedServer.Script
    {
        { connection in
            _ = try connection.request()
            try connection.answer("from \(status)", status: status, fields: fields)
        }
    }

    @Test("a status that is a reason is not shown to anyone, and the next answer is")
    func status() throws {
        let server = try ScriptedServer.inTurn(
            Self.answering("503 Service Unavailable"), Self.answering("200 OK"))
        let proxy = try proxy(RetryPolicy(attempts: 3, statuses: [503]), to: server)
        let answer = try proxy.connect().ask("POST /", [], "the body")
        #expect(answer.status == 200)
        #expect(answer.text == "from 200 OK")
        let account = try proxy.stage.account()
        #expect(account.ending.outcome.attempts == 2)
        #expect(account.responseBody("a").text == "from 200 OK")
    }

    @Test("the whole body is sent each time")
    func body() throws {
        let bodies = Watched<[String]>([])
        let script: ScriptedServer.Script = { connection in
            let request = try connection.request()
            bodies.change { $0.append(String(decoding: request?.body ?? [], as: UTF8.self)) }
            try connection.answer("", status: "502 Bad Gateway")
        }
        let server = try ScriptedServer.inTurn(script, script, script)
        let proxy = try proxy(RetryPolicy(attempts: 3, statuses: [502]), to: server)
        #expect(try proxy.connect().ask("POST /", [], "all of it").status == 502)
        #expect(bodies.current == ["all of it", "all of it", "all of it"])
        #expect(try proxy.stage.account().ending.outcome.attempts == 3)
    }

    @Test("a connection that breaks is a reason only where the policy says so")
    func broken() throws {
        let breaking: ScriptedServer.Script = { connection in
            _ = try connection.request()
            connection.reset()
        }
        for (onBreak, status) in [(true, 200), (false, 502)] {
            let server = try ScriptedServer.inTurn(breaking, Self.answering("200 OK"))
            let proxy = try proxy(RetryPolicy(attempts: 2, onBreak: onBreak), to: server)
            #expect(try proxy.connect().ask("POST /", [], "x").status == status)
        }
    }

    @Test("a head that does not come in time is a reason only where the policy says so")
    func late() throws {
        let silent: ScriptedServer.Script = { connection in
            _ = try connection.request()
            _ = try connection.end()
        }
        for (onTimeout, status) in [(true, 200), (false, 504)] {
            let server = try ScriptedServer.inTurn(silent, Self.answering("200 OK"))
            var file = ProxyFile(
                [Self.retrying(RetryPolicy(attempts: 2, onTimeout: onTimeout))], to: server.port)
            file.upstreamTimeouts = ["responseHeaders": "50ms"]
            let proxy = try RunningProxy(file)
            #expect(try proxy.connect().ask("POST /", [], "x").status == status)
        }
    }

    @Test("an upstream that asks for a longer rest than the policy's is not asked again")
    func retryAfter() throws {
        let server = try ScriptedServer.inTurn(
            Self.answering("503 Service Unavailable", "Retry-After: 60\r\n"))
        let proxy = try proxy(
            RetryPolicy(attempts: 3, statuses: [503], maximumDelay: .seconds(5)), to: server)
        let answer = try proxy.connect().ask()
        #expect(answer.status == 503)
        #expect(answer["retry-after"] == ["60"])
    }

    @Test("nothing is sent again once the answer has begun")
    func begun() throws {
        let server = try ScriptedServer.inTurn({ connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            connection.reset()
        })
        let proxy = try proxy(RetryPolicy(attempts: 3, onBreak: true), to: server)
        let client = try proxy.connect()
        try client.request()
        #expect(try !client.answer().isComplete)
        #expect(try proxy.stage.account().ending.outcome.attempts == 1)
    }

    @Test("a client that leaves during the wait ends it")
    func leaves() throws {
        let answered = Barrier()
        let server = try ScriptedServer.inTurn({ connection in
            _ = try connection.request()
            try connection.answer("", status: "503 Service Unavailable")
            answered.open()
        })
        let proxy = try proxy(
            RetryPolicy(
                attempts: 3, statuses: [503], delay: .seconds(60), maximumDelay: .seconds(60)),
            to: server)
        let client = try proxy.connect()
        try client.request()
        try answered.block()
        client.close()
        let outcome = try proxy.stage.account().ending.outcome
        #expect(outcome.aborted == .client)
        #expect(outcome.attempts == 1)
    }

    @Test("the wait doubles up to its bound, and chance shortens it by half at most")
    func delays() throws {
        let times = Watched<[ContinuousClock.Instant]>([])
        let script: ScriptedServer.Script = { connection in
            times.change { $0.append(.now) }
            _ = try connection.request()
            try connection.answer("", status: "503 Service Unavailable")
        }
        let server = try ScriptedServer.inTurn(script, script, script, script)
        let proxy = try proxy(
            RetryPolicy(
                attempts: 4, statuses: [503], delay: .milliseconds(40),
                maximumDelay: .milliseconds(80)), to: server)
        #expect(try proxy.connect().ask().status == 503)
        let gaps = zip(times.current, times.current.dropFirst()).map { $1 - $0 }
        #expect(gaps.count == 3)
        for (gap, least) in zip(gaps, [20, 40, 40]) { #expect(gap >= .milliseconds(least)) }
    }
}
