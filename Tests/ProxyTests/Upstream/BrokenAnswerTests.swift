import Testing

@testable import Proxy

@Suite("The seam: an answer that is none", .timeLimit(.minutes(5)))
struct BrokenAnswerTests {
    /// What an upstream sends before it closes, and how much of it a receiver may hear.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: String
        /// Nil when the head is not to be heard of.
        var body: String?

        init(_ description: String, _ bytes: String, body: String? = nil) {
            testDescription = description
            self.bytes = bytes
            self.body = body
        }
    }

    static let cases = [
        Case("nothing", ""),
        Case("a part of the status line", "HTTP/1.1 20"),
        Case("a part of the head", "HTTP/1.1 200 OK\r\nContent-Le"),
        Case("a head without its end", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"),
        Case(
            "too few bytes", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", body: "hello"),
        Case(
            "a chunk without its end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", body: "hel"),
        Case(
            "no last chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", body: "hello"),
        Case(
            "no end behind the last chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            body: "hello"),
        Case(
            "a part of the trailers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-a: 1\r\n",
            body: "hello"),
        Case(
            "a chunk size that is none",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
            body: ""),
        Case(
            "a chunk size beyond all bounds",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello",
            body: ""),
        Case(
            "data behind a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n0\r\n\r\n",
            body: "hello"),
        Case(
            "trailers that are no fields",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nno field\r\n\r\n",
            body: "hello"),
        Case("an informational answer only", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        Case("garbage", "\u{1}\u{2}garbage\r\n\r\nmore of it\r\n\r\n"),
        Case("a body without a head", "hello, old world\n"),
        Case("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
        Case("a status line of letters", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a status of two digits", "HTTP/1.1 99 Low\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a version that is not spoken", "HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhi"),
        Case("lines without CR", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"),
        Case("an empty line without CR", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nhi"),
        Case("a CR that ends no line", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\rx\r\n\r\nhi"),
        Case("a line without colon", "HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a name with a space", "HTTP/1.1 200 OK\r\nA : 1\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a NUL", "HTTP/1.1 200 OK\r\nA: b\u{0}c\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nhi"),
        Case("a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nhi"),
        Case("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi"),
        Case(
            "a length beyond all bounds",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi"),
        Case(
            "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhix"),
        Case(
            "a length and chunks",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        ),
        Case("an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\nhi"),
        Case(
            "a head of 300 KiB",
            "HTTP/1.1 200 OK\r\n"
                + String(
                    repeating: "x-field: \(String(repeating: "v", count: 1000))\r\n", count: 300)
                + "Content-Length: 2\r\n\r\nhi"),
        Case(
            "a field of 300 KiB",
            "HTTP/1.1 200 OK\r\nx: \(String(repeating: "v", count: 300 << 10))\r\n"
                + "Content-Length: 2\r\n\r\nhi"),
    ]

    @Test(
        "the transfer fails, and the next one has a connection of its own",
        arguments: TransportKind.allCases, cases)
    func broken(_ kind: TransportKind, _ broken: Case) throws {
        let server = try ScriptedServer { connection in
            guard let request = try connection.request() else { return }
            if request.target == "/good" { return try connection.answer("good") }
            try connection.send(broken.bytes.unicodeScalars.map { UInt8($0.value) })
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let call = try loop.start("POST /", to: target)
        let error = try call.failure()
        #expect(error.kind == .broken && !error.detail.isEmpty)
        let heard = call.receiver.record.current
        #expect((heard.head == nil) == (broken.body == nil), "\(heard)")
        #expect(heard.text == broken.body ?? "")
        #expect(try loop.send("GET /good", to: target).text == "good")
        #expect(server.connections.current.count == 2)
    }

    /// The same when the connection stays open: nothing more is waited for.
    static let open = cases.filter { broken in
        ["garbage", "a status line of letters", "a switch of protocols", "two lengths", "a NUL"]
            .contains(broken.testDescription) || broken.testDescription.hasSuffix("300 KiB")
            || broken.testDescription.hasSuffix("that is none")
            || broken.testDescription.hasSuffix("without CR")
    }

    @Test(
        "a fault ends the transfer and its connection at once", arguments: TransportKind.allCases,
        open)
    func brokenAtOnce(_ kind: TransportKind, _ broken: Case) throws {
        let ended = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try? connection.send(broken.bytes.unicodeScalars.map { UInt8($0.value) })
            _ = try connection.end()
            ended.change { $0 = true }
        }
        let call = try RunningLoop(kind).start(to: server.target())
        #expect(try call.failure().kind == .broken)
        try ended.wait(for: "the connection's end") { $0 }
    }

    @Test(
        "a folded line that comes first is not added to the answer before",
        arguments: TransportKind.allCases)
    func foldedFirst(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/good" {
                    try connection.answer("good", fields: "X-Last: a value of some length\r\n")
                } else {
                    try connection.send(
                        "HTTP/1.1 200 OK\r\n \(String(repeating: "x", count: 200))\r\n\r\n")
                }
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for _ in 0..<100 {
            #expect(try loop.send("GET /good", to: target).text == "good")
            #expect(try loop.start("GET /bad", to: target).failure().kind == .broken)
        }
    }

    @Test("an endless head is not waited for", arguments: TransportKind.allCases)
    func endlessHead(_ kind: TransportKind) throws {
        let sent = Watched(0)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\n")
            let line = Array("x-field: \(String(repeating: "v", count: 1000))\r\n".utf8)
            while true {
                try connection.send(line)
                sent.change { $0 += line.count }
            }
        }
        #expect(try RunningLoop(kind).start(to: server.target()).failure().kind == .broken)
    }

    @Test("endless informational answers are not taken for ever", arguments: TransportKind.allCases)
    func endlessInformational(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            let answers = String(
                repeating: "HTTP/1.1 103 Early Hints\r\nx-a: b\r\n\r\n", count: 100)
            while true { try connection.send(answers) }
        }
        #expect(try RunningLoop(kind).start(to: server.target()).failure().kind == .broken)
    }

    @Test(
        "a connection that is reset is a failure, also where its end would be the body's",
        arguments: TransportKind.allCases,
        ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nhalf"])
    func reset(_ kind: TransportKind, _ bytes: String) throws {
        let loop = try RunningLoop(kind)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send(bytes)
            try loop.turn()
            connection.reset()
        }
        let call = try loop.start("POST /", to: server.target())
        #expect(try call.failure().kind == .broken)
        #expect(call.receiver.record.current.text == (bytes.hasSuffix("half") ? "half" : ""))
    }

    @Test(
        "an upstream that closes while the client is slow with its body is not waited for",
        arguments: TransportKind.allCases,
        ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"])
    func closedMeanwhile(_ kind: TransportKind, _ bytes: String) throws {
        let server = try ScriptedServer { connection in
            guard try connection.head() != nil else { return }
            _ = connection.present()
            try connection.send(bytes)
        }
        let loop = try RunningLoop(kind)
        for length in [nil, 1 << 20] {
            let call = try loop.start(
                "PUT /", [], .stream(length: length, [.bytes([65])]), to: server.target())
            #expect(try call.failure().kind == .broken)
            #expect(call.receiver.record.current.text == (bytes.hasSuffix("he") ? "he" : ""))
        }
    }
}
