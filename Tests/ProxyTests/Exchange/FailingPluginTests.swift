import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: plugins that fail", .timeLimit(.minutes(5)))
struct FailingPluginTests {
    /// A plugin that fails for `/fail`, in one of its hooks.
    struct Failing: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let part: Part
        var status = 500

        private static func fail(_ exchange: Exchange) throws {
            if exchange.request.path == "/fail" { throw Mistake() }
        }

        static let all: [Failing] = [
            Failing(
                testDescription: "request",
                part: .probe("b") {
                    $0.request = {
                        try fail($0)
                        return .proceed
                    }
                }),
            Failing(
                testDescription: "asynchronous request",
                part: .waiting("b") {
                    $0.asynchronous = {
                        try fail($0)
                        return .proceed
                    }
                }),
            Failing(
                testDescription: "asynchronous request, after a suspension",
                part: .waiting("b") {
                    $0.asynchronous = {
                        await Task.yield()
                        try fail($0)
                        return .proceed
                    }
                }),
            Failing(
                testDescription: "whole request",
                part: .whole("b") {
                    $0.whole = { exchange, _ in
                        try fail(exchange)
                        return .proceed
                    }
                }),
            Failing(
                testDescription: "request body",
                part: .probe("b") { $0.requestBody = { exchange, _ in try fail(exchange) } }),
            Failing(
                testDescription: "response head",
                part: .probe("b") { $0.responseHead = { try fail($0) } }),
            Failing(
                testDescription: "response body, first run",
                part: .probe("b") {
                    $0.responseBody = { exchange, _ in
                        try fail(exchange)
                        return .pass
                    }
                }, status: 200),
            Failing(
                testDescription: "response body, second run",
                part: .probe("b") {
                    $0.responseBody = { exchange, run in
                        if run.text == "world" { try fail(exchange) }
                        return .pass
                    }
                }, status: 200),
            Failing(
                testDescription: "response body, last run",
                part: .probe("b") {
                    $0.responseBody = { exchange, run in
                        if run.isLast { try fail(exchange) }
                        return .pass
                    }
                }, status: 200),
        ]
    }

    /// Answers in two chunks, of which the second comes when the client has the first.
    private func server(_ sentFirst: Barrier) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try connection.send("5\r\nhello\r\n")
                if request.target == "/fail" { try sentFirst.block() }
                try connection.send("5\r\nworld\r\n0\r\n\r\n")
            }
        }
    }

    @Test(
        "a hook that throws costs that request only, and is logged with its label",
        arguments: Failing.all)
    func costsOneRequest(_ failing: Failing) throws {
        let sentFirst = Barrier()
        let server = try server(sentFirst)
        let proxy = try RunningProxy(
            ProxyFile([.probe("a"), failing.part], route: [.probe("c")], to: server.port))
        let other = try proxy.connect()
        #expect(try other.ask("GET /before").text == "helloworld")

        let client = try proxy.connect()
        try client.request("POST /fail", [], "abc")
        let answer: SeenAnswer
        if failing.status == 500 {
            answer = try client.answer()
            sentFirst.open()
            #expect(answer.isComplete)
            #expect(answer.text.contains(#""code":"plugin_error""#))
            // What went wrong is the operator's business.
            #expect(!answer.text.contains("mistake"))
            #expect(try client.ask("GET /after").text == "helloworld")
        } else {
            sentFirst.open()
            answer = try client.answer()
            #expect(!answer.isComplete)
        }
        #expect(answer.status == failing.status)
        #expect(try other.ask("GET /after").text == "helloworld")
        #expect(try proxy.ask("GET /after").text == "helloworld")

        let ending = try proxy.stage.account(of: "/fail").ending!
        #expect(ending.outcome.error == "plugin b: a mistake")
        #expect(ending.outcome.aborted == (failing.status == 500 ? nil : .proxy))
        let line = try proxy.log.wait(for: "the log") {
            $0.contains { $0.event == "a plugin failed" }
        }.first { $0.event == "a plugin failed" }
        #expect(line?.level == .error)
        #expect(line?.fields["plugin"] == "b")
        #expect(line?.fields["error"] == "a mistake")
        #expect(line?.fields["request_id"] == ending.requestID)
        #expect(line?.fields["route"] == "all")
    }

    @Test("an answer that a failing plugin broke off does not look complete, whatever frames it")
    func truncated() throws {
        let part = Part.probe("b") {
            $0.responseBody = { _, run in
                if run.text == "world" { throw Mistake() }
                return .pass
            }
        }
        let frames: [(head: String, version: String, end: ServerConnection.End)] = [
            ("Content-Length: 10", "1.1", .closed), ("Content-Length: 10", "1.0", .closed),
            // A plain close would be the proper end of this one.
            ("X-Length: unknown", "1.0", .reset), ("X-Length: unknown", "1.1", .closed),
        ]
        for frame in frames {
            let hasFirst = Barrier()
            let server = try ScriptedServer { connection in
                _ = try connection.request()
                try connection.send("HTTP/1.1 200 OK\r\n\(frame.head)\r\n\r\nhello")
                try hasFirst.block()
                try connection.send("world")
            }
            let proxy = try RunningProxy(ProxyFile([.probe("a"), part], to: server.port))
            let client = try proxy.connect()
            try client.request("GET / HTTP/\(frame.version)")
            try proxy.stage.accounts.wait(for: "the first run") {
                $0.first?.responseBody("a") == [Run("hello")]
            }
            hasFirst.open()
            let answer = try client.answer()
            #expect(answer.status == 200 && !answer.isComplete, "\(frame)")
            try client.rest()
            #expect(client.end == frame.end, "\(frame)")
        }
    }

    @Test("an answer to HEAD is whole even when a plugin fails behind it")
    func head() throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            }
        }
        let part = Part.probe("b") { $0.responseBody = { _, _ in throw Mistake() } }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        #expect(try proxy.ask("HEAD /").status == 200)
        #expect(try proxy.stage.account().ending.outcome.aborted == .proxy)
    }

    @Test("a 500 replaces the answer whose head a plugin failed at, whatever their lengths are")
    func ownHead() throws {
        for message in ["", String(repeating: "A long sentence. ", count: 100)] {
            let parts: [Part] = [
                .probe("a"),
                .probe("b") {
                    $0.responseHead = { _ in throw Mistake() }
                    $0.responseBody = { _, _ in .replace([]) }
                },
                .probe("c") {
                    $0.request = { _ in .refuse(403, reason: "no", message: message) }
                    $0.responseHead = { exchange in
                        exchange.response.bodyWillChange()
                        exchange.response.headers.set("x-of-the-other-answer", to: "1")
                    }
                },
            ]
            let proxy = try RunningProxy(ProxyFile(parts))
            let client = try proxy.connect()
            for _ in 0..<2 {
                let answer = try client.ask()
                #expect(answer.status == 500 && answer.isComplete)
                #expect(answer.text.contains(#""code":"plugin_error""#))
                #expect(answer["x-of-the-other-answer"] == [])
                #expect(answer["content-length"] == ["\(answer.body.count)"])
            }
        }
    }

    @Test("every plugin may fail at once")
    func all() throws {
        let server = try ScriptedServer.answering()
        let fails: @Sendable (Exchange) throws -> Void = { _ in throw Mistake() }
        let file = ProxyFile(
            [.probe("a") { $0.responseHead = fails }, .probe("b") { $0.responseHead = fails }],
            route: [
                .probe("c") {
                    $0.responseHead = fails
                    $0.responseBody = { _, _ in throw Mistake() }
                }
            ], to: server.port)
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        for _ in 0..<3 {
            #expect(try client.ask().status == 500)
            #expect(try proxy.stage.account().ending.decided == ["c failed plugin_error"])
        }
    }

    @Test("a run that is replaced without having been announced does not end the process")
    func unannounced() async {
        await #expect(processExitsWith: .success) {
            let server = try ScriptedServer { connection in
                while try connection.request() != nil { try connection.answer("hello") }
            }
            let part = Part.probe("b") {
                $0.responseBody = { exchange, run in
                    exchange.request.path == "/fail" && !run.isLast ? .replace([0x21]) : .pass
                }
            }
            let proxy = try RunningProxy(ProxyFile([part], to: server.port))
            #expect(try !proxy.ask("GET /fail").isComplete)
            #expect(try proxy.ask("GET /good").text == "hello")
            let ending = try proxy.stage.account(of: "/fail").ending!
            #expect(ending.decided == ["b failed plugin_error"])
            #expect(ending.outcome.aborted == .proxy)
        }
    }

    @Test("an observed plugin that fails before it announces a change changes nothing")
    func observedUnannounced() async {
        await #expect(processExitsWith: .success) {
            let server = try ScriptedServer { connection in
                while try connection.request() != nil { try connection.answer("hello") }
            }
            let part = Part.probe("b", .observe) {
                $0.responseHead = { exchange in
                    guard exchange.request.path == "/good" else { throw Mistake() }
                    exchange.response.bodyWillChange()
                }
                $0.responseBody = { _, run in run.isLast ? .pass : .replace(Array("HELLO".utf8)) }
            }
            let proxy = try RunningProxy(ProxyFile([part], to: server.port))
            #expect(try proxy.ask("GET /good").text == "HELLO")
            #expect(try proxy.ask("GET /fail").text == "hello")
            #expect(try proxy.ask("GET /good").text == "HELLO")
        }
    }
}
