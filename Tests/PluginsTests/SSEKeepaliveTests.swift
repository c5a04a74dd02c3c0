import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("sse-keepalive")
struct SSEKeepaliveTests {
    private static let comment = ": keep-alive\n\n"

    @Test(
        "a comment can stand where an event has ended, and nowhere else",
        arguments: [
            ("", true), ("data: a\n\n", true), ("data: a\r\n\r\n", true), ("data: a\r\r", true),
            ("data: a", false), ("data: a\n", false), ("data: a\r\n", false),
            ("data: a\n\nd", false),
            ("data: a\n\r\n", true), ("\n", true),
        ])
    func places(text: String, isBetweenEvents: Bool) {
        // Wherever the text is cut.
        for cut in 0...text.utf8.count {
            var place = StreamPlace()
            let bytes = Array(text.utf8)
            place.pass(Array(bytes[..<cut]).span)
            place.pass(Array(bytes[cut...]).span)
            #expect(place.isBetweenEvents == isBetweenEvents, "cut at \(cut)")
        }
    }

    private func filler(
        _ headers: KeyValuePairs<String, String>, body: String,
        config: String = #"{ "interval": "2s" }"#
    ) async throws -> Filler? {
        let proxy = TestProxy()
        try proxy.add(SSEKeepalive.self, config)
        proxy.upstream = UpstreamAnswer(
            headers: headers, body: BodyRuns(stringLiteral: body), ending: .clientLeaves)
        return try await proxy.send().exchange.response.filler
    }

    @Test("an event stream is filled with comments between its events")
    func stream() async throws {
        let between = try await filler(["content-type": "text/event-stream"], body: "data: a\n\n")
        #expect(between?.interval == .seconds(2))
        #expect(between.map { String(decoding: $0.bytes, as: UTF8.self) } == Self.comment)
        let within = try await filler(
            ["content-type": "Text/Event-Stream; charset=utf-8"], body: "data: a")
        #expect(within?.bytes == [])
    }

    @Test("what is no event stream, has a length or is compressed is left alone")
    func others() async throws {
        #expect(try await filler(["content-type": "application/json"], body: "{}") == nil)
        #expect(
            try await filler(
                ["content-type": "text/event-stream", "content-length": "2"], body: "\n\n") == nil)
        #expect(
            try await filler(
                ["content-type": "text/event-stream", "content-encoding": "gzip"], body: "x") == nil
        )
    }

    @Test("a stream is begun early only where told to, for requests that ask for one")
    func early() async throws {
        func head(_ config: String, accept: String) async throws -> EarlyHead? {
            let proxy = TestProxy()
            try proxy.add(SSEKeepalive.self, config)
            return try await proxy.send(headers: ["accept": accept]).exchange.earlyHead
        }
        let told = #"{ "beforeHead": "20s" }"#
        #expect(try await head(told, accept: "text/event-stream")?.delay == .seconds(20))
        #expect(try await head(told, accept: "application/json") == nil)
        #expect(try await head("{}", accept: "text/event-stream") == nil)
    }

    @Test("an answer becomes one event, however it is cut, whatever its lines end with")
    func wrapping() {
        let body = Array("{\r\n \"error\": 1\n}\r".utf8)
        for cut in 0...body.count {
            var wrapper = EventWrapper(status: 503)
            let event =
                wrapper.take(Array(body[..<cut]).span, isLast: false)
                + wrapper.take(Array(body[cut...]).span, isLast: true)
            #expect(
                String(decoding: event, as: UTF8.self)
                    == "event: error\ndata: {\ndata:  \"error\": 1\ndata: }\ndata: \n\n")
        }
    }

    @Test("an answer without a body says at least what it was")
    func emptyAnswer() {
        var wrapper = EventWrapper(status: 503)
        let event = String(decoding: wrapper.take([UInt8]().span, isLast: true), as: UTF8.self)
        #expect(
            event.hasPrefix(
                "event: error\ndata: {\"error\":{\"message\":\"The upstream answered 503"))
        #expect(event.hasSuffix("}}\n\n"))
    }
}
