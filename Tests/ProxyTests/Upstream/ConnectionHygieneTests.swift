import Testing

@testable import Proxy

@Suite("The seam: one answer is never taken for another", .timeLimit(.minutes(5)))
struct ConnectionHygieneTests {
    /// What an upstream sends beyond the answer to the request that it got.
    static let excesses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello garbage",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\r\n",
    ]

    @Test(
        "bytes that come with an answer and are not of it", arguments: TransportKind.allCases,
        excesses)
    func excess(_ kind: TransportKind, _ bytes: String) throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/first" {
                    try connection.send(bytes)
                } else {
                    try connection.answer("good")
                }
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for _ in 0..<3 {
            let first = try loop.send("GET /first", to: target)
            #expect(["hello", ""].contains(first.text))
            #expect(try loop.send("POST /second", to: target).text == "good")
        }
    }

    @Test(
        "bytes that come while nothing was asked", arguments: TransportKind.allCases,
        [
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "garbage", "\r\n",
        ])
    func unasked(_ kind: TransportKind, _ bytes: String) throws {
        for closes in [true, false] { try unasked(kind, bytes, closes) }
    }

    private func unasked(_ kind: TransportKind, _ bytes: String, _ closes: Bool) throws {
        let (mayGoOn, sent) = (Watched(0), Watched(0))
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.answer("good")
                guard request.target == "/first" else { continue }
                try mayGoOn.wait(for: "the answer to have been read") { $0 > sent.current }
                try connection.send(bytes)
                if closes { connection.close() }
                sent.change { $0 += 1 }
                if closes { return }
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for round in 1...3 {
            #expect(try loop.send("GET /first", to: target).text == "good")
            mayGoOn.change { $0 = round }
            try sent.wait(for: "the bytes") { $0 == round }
            try loop.turn()
            let second = try loop.send("POST /second", to: target)
            #expect(second.status == 200 && second.text == "good")
        }
    }

    @Test(
        "an answer to HEAD with a body where none may be", arguments: TransportKind.allCases)
    func headWithBody(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send(
                    request.method == "HEAD"
                        ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for _ in 0..<3 {
            #expect(try loop.send("HEAD /", to: target).body.isEmpty)
            #expect(try loop.send("POST /", to: target).text == "good")
        }
    }

    @Test(
        "an answer that was given before the request's body had gone",
        arguments: TransportKind.allCases)
    func earlyAnswer(_ kind: TransportKind) throws {
        // It keeps the connection, and would read the rest of the body as the next request.
        let server = try ScriptedServer { connection in
            while let request = try connection.head() {
                if request.method != "POST" { try connection.body(of: request) }
                try connection.answer(request.method)
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let smuggled = Array("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let call = try loop.start(
            "POST /", [], .stream(length: smuggled.count, []), to: target)
        try call.wait(for: "the answer's head") { $0.head != nil }
        try call.supply(.bytes(smuggled), .end)
        #expect(try call.answer().text == "POST")
        for _ in 0..<3 { #expect(try loop.send("PUT /", to: target).text == "PUT") }
    }
}
