import Testing

@testable import Proxy

@Suite("The seam: what a receiver may do while it is told", .timeLimit(.minutes(5)))
struct CallbackTests {
    /// An upstream that answers everything at once, with all there can be in an answer, and counts the
    /// connections that were ended in the middle of one.
    private func server(_ ended: Watched<Int> = Watched(0)) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/good" {
                    try connection.answer("good")
                    continue
                }
                try connection.send(
                    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5\r\nhello\r\n5\r\nworld\r\n")
                if request.target == "/whole" {
                    try connection.send("0\r\nx-t: 1\r\n\r\n")
                    continue
                }
                _ = try connection.end()
                ended.change { $0 += 1 }
                return
            }
        }
    }

    @Test(
        "it may cancel, and hears nothing more", arguments: TransportKind.allCases,
        [RecordingReceiver.Event.informational, .head, .body])
    func cancels(_ kind: TransportKind, _ event: RecordingReceiver.Event) throws {
        let ended = Watched(0)
        let server = try server(ended)
        let loop = try RunningLoop(kind)
        let target = server.target()
        for round in 1...3 {
            let call = loop.call(to: target)
            let cancelled = Watched(false)
            call.receiver.onEvent = {
                guard $0 == event, call.receiver.stage != .cancelled else { return }
                try! call.cancel()
                cancelled.change { $0 = true }
            }
            try call.start()
            try cancelled.wait(for: "the \(event)") { $0 }
            try ended.wait(for: "the connection's end") { $0 == round }
            // Several at once: each must be a transfer of its own.
            let others = try (0..<3).map { _ in try loop.start("GET /good", to: target) }
            for other in others { #expect(try other.answer().text == "good") }
            let heard = call.receiver.record.current
            #expect(heard.violations.isEmpty && !heard.isOver)
        }
        #expect(try Descriptors.connected(to: server.port) <= 3)
    }

    @Test(
        "it may cancel when everything has come at once", arguments: TransportKind.allCases,
        [RecordingReceiver.Event.informational, .head, .body])
    func cancelsWhole(_ kind: TransportKind, _ event: RecordingReceiver.Event) throws {
        let loop = try RunningLoop(kind)
        let whole =
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/good" {
                    try connection.answer("good")
                } else {
                    try connection.send(whole)
                }
            }
        }
        let target = server.target()
        for _ in 0..<3 {
            let call = loop.call(to: target)
            let cancelled = Watched(false)
            call.receiver.onEvent = {
                guard $0 == event else { return }
                try! call.cancel()
                cancelled.change { $0 = true }
            }
            try call.start()
            try cancelled.wait(for: "the \(event)") { $0 }
            let others = try (0..<3).map { _ in try loop.start("GET /good", to: target) }
            for other in others { #expect(try other.answer().text == "good") }
            let heard = call.receiver.record.current
            #expect(heard.violations.isEmpty && !heard.isOver)
        }
    }

    @Test(
        "it may start others", arguments: TransportKind.allCases,
        [RecordingReceiver.Event.informational, .head, .body, .ended])
    func starts(_ kind: TransportKind, _ event: RecordingReceiver.Event) throws {
        let server = try server()
        let loop = try RunningLoop(kind)
        let target = server.target()
        let others = (0..<3).map { _ in loop.call("GET /good", to: target) }
        let call = loop.call("GET /whole", to: target)
        call.receiver.onEvent = {
            guard $0 == event, others[0].receiver.stage == .notStarted else { return }
            for other in others { try! other.start() }
        }
        try call.start()
        #expect(try call.answer().text == "helloworld")
        for other in others { #expect(try other.answer().text == "good") }
    }

    @Test("it may try again elsewhere when it failed", arguments: TransportKind.allCases)
    func triesAgain(_ kind: TransportKind) throws {
        let server = try server()
        let loop = try RunningLoop(kind)
        let first = loop.call(to: Target(.unix(path: "/nonexistent/socket")))
        let second = loop.call("GET /good", to: server.target())
        first.receiver.onEvent = { _ in try! second.start() }
        try first.start()
        #expect(try second.answer().text == "good")
        #expect(try first.failure().kind == .unreachable)
    }

    @Test("it may cancel another that has as much to tell", arguments: TransportKind.allCases)
    func cancelsAnother(_ kind: TransportKind) throws {
        let (mayAnswer, answers) = (Watched(false), Watched(0))
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try mayAnswer.wait(for: "leave to answer") { $0 }
                try connection.answer("hello")
                answers.change { $0 += 1 }
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let calls = [loop.call(to: target), loop.call(to: target)]
        for (call, other) in [(calls[0], calls[1]), (calls[1], calls[0])] {
            call.receiver.onEvent = { _ in
                if other.receiver.stage != .cancelled { try! other.cancel() }
            }
        }
        for call in calls { try call.start() }
        try server.requests.wait(for: "both requests") { $0.count == 2 }
        // Both answers are there before the loop looks.
        try loop.perform {
            mayAnswer.change { $0 = true }
            try answers.wait(for: "both answers") { $0 == 2 }
        }
        let stages = try loop.perform { calls.map(\.receiver.stage) }
        let winner = calls[try #require(stages.firstIndex { $0 != .cancelled })]
        #expect(try winner.answer().text == "hello")
        let others = try (0..<3).map { _ in try loop.start(to: target) }
        for other in others { #expect(try other.answer().text == "hello") }
        #expect(calls.allSatisfy { $0.receiver.record.current.violations.isEmpty })
    }

    @Test(
        "memory of a request that was cancelled while it was told is not read any more",
        arguments: TransportKind.allCases)
    func memory(_ kind: TransportKind) throws {
        let mayAnswer = Watched(false)
        let hasAnswered = Watched(false)
        let all = Watched<[UInt8]?>(nil)
        let server = try ScriptedServer { connection in
            guard try connection.head() != nil else { return }
            try mayAnswer.wait(for: "leave to answer") { $0 }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            // There is room for more of the body in the same moment in which the answer is there.
            let first = connection.present()
            hasAnswered.change { $0 = true }
            let bytes = first + connection.rest()
            all.change { $0 = bytes }
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(
            "POST /", [], .whole([UInt8](repeating: 65, count: 16 << 20)), to: server.target())
        call.receiver.onEvent = { _ in try! call.cancel() }
        try call.start()
        try loop.turn()
        try loop.perform {
            mayAnswer.change { $0 = true }
            try hasAnswered.wait(for: "the answer and the room") { $0 }
        }
        let bytes = try all.wait(for: "the connection's end") { $0 != nil }!
        let areScribbled = Call.areScribbled(bytes)
        #expect(!areScribbled)
        #expect(call.receiver.record.current.violations.isEmpty)
    }
}
