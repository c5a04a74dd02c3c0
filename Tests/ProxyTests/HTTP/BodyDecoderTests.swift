import PluginAPI
import Proxy
import Testing

@Suite("Reading a body")
struct BodyDecoderTests {
    @Test("without a body the end is there at once, and nothing is taken")
    func none() {
        for framing in [BodyFraming.none, .length(0)] {
            #expect(BodyDecoder(framing).isComplete)
            #expect(!framing.hasBody)
            let body = ReadBody.read("GET / HTTP", framing)
            #expect(body == ReadBody(isComplete: true))
        }
    }

    @Test("a body of known length ends with its last byte")
    func length() {
        let body = ReadBody.read("helloGET /", .length(5))
        #expect(body.text == "hello")
        #expect(body.consumed == 5)
        #expect(body.isComplete)
        #expect(!ReadBody.read("hell", .length(5)).isComplete)
    }

    @Test("the last run of a body is marked")
    func lastRun() {
        var decoder = BodyDecoder(.length(5))
        withBytes("hel") {
            #expect(decoder.decode($0, trailers: nil) == .data(0..<3, consumed: 3, isLast: false))
        }
        withBytes("") { #expect(decoder.decode($0, trailers: nil) == .needMore(consumed: 0)) }
        withBytes("lo!") {
            #expect(decoder.decode($0, trailers: nil) == .data(0..<2, consumed: 2, isLast: true))
        }
        withBytes("!") { #expect(decoder.decode($0, trailers: nil) == .end(consumed: 0)) }
    }

    @Test("a body until close goes on")
    func untilClose() {
        var decoder = BodyDecoder(.untilClose)
        withBytes("abc") {
            #expect(decoder.decode($0, trailers: nil) == .data(0..<3, consumed: 3, isLast: false))
        }
        withBytes("") { #expect(decoder.decode($0, trailers: nil) == .needMore(consumed: 0)) }
        #expect(!decoder.isComplete)
    }

    @Test("one run of a chunked body is given at a time, with the framing around it")
    func chunkSteps() {
        var decoder = BodyDecoder(.chunked)
        withBytes("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET") { all in
            #expect(decoder.decode(all, trailers: nil) == .data(3..<8, consumed: 13, isLast: false))
            let rest = UnsafeBufferPointer(rebasing: all[13...])
            #expect(decoder.decode(rest, trailers: nil) == .data(0..<6, consumed: 13, isLast: true))
        }
        #expect(decoder.isComplete)
    }

    @Test("an end that comes alone is told alone")
    func lateEnd() {
        var decoder = BodyDecoder(.chunked)
        withBytes("1\r\na\r\n") {
            #expect(decoder.decode($0, trailers: nil) == .data(3..<4, consumed: 6, isLast: false))
        }
        withBytes("0\r\n") { #expect(decoder.decode($0, trailers: nil) == .needMore(consumed: 3)) }
        withBytes("\r\n") { #expect(decoder.decode($0, trailers: nil) == .end(consumed: 2)) }
    }

    @Test("what came before a fault is given first, and the fault stays")
    func faultBehindData() {
        var decoder = BodyDecoder(.chunked)
        withBytes("1\r\naX") {
            #expect(decoder.decode($0, trailers: nil) == .data(3..<4, consumed: 4, isLast: false))
        }
        withBytes("X") {
            #expect(decoder.decode($0, trailers: nil) == .invalid(.malformedChunkEnd))
        }
        withBytes("\r\n") {
            #expect(decoder.decode($0, trailers: nil) == .invalid(.malformedChunkEnd))
        }
    }

    @Test(
        "chunk sizes are read in any case, with leading zeros, and extensions dropped",
        arguments: [
            ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("000a\r\n0123456789\r\n000\r\n\r\n", "0123456789"),
            ("3;name=value\r\nabc\r\n0;last\r\n\r\n", "abc"),
            ("3;a=\"quo;ted\"\r\nabc\r\n0\r\n\r\n", "abc"),
            ("3 \t;a\r\nabc\r\n0\r\n\r\n", "abc"),
            ("3;\r\nabc\r\n0\r\n\r\n", "abc"),
            ("3\r\na\r\n\r\n3\r\n\n\n\n\r\n0\r\n\r\n", "a\r\n\n\n\n"),
            ("0\r\n\r\n", ""),
        ])
    func chunks(text: String, data: String) {
        let body = ReadBody.read(text + "0\r\nmore", .chunked)
        #expect(body.text == data)
        #expect(body.isComplete)
        #expect(body.consumed == text.utf8.count)
    }

    @Test("a chunk as large as any body can be is counted down without overflow")
    func largestChunk() {
        var decoder = BodyDecoder(.chunked)
        withBytes("7fffffffffffffff\r\nab") {
            #expect(
                decoder.decode($0, trailers: nil) == .data(18..<20, consumed: 20, isLast: false))
        }
        withBytes("cd") {
            #expect(decoder.decode($0, trailers: nil) == .data(0..<2, consumed: 2, isLast: false))
        }
    }

    @Test("a chunk's line is bounded")
    func longExtension() {
        func body(_ length: Int) -> String {
            "1;\(String(repeating: "x", count: length))\r\na\r\n0\r\n\r\n"
        }
        #expect(ReadBody.read(body(1000), .chunked).isComplete)
        #expect(ReadBody.read(body(1100), .chunked).error == .malformedChunkExtension)
        let endless = "1;" + String(repeating: "x", count: 2000)
        #expect(ReadBody.read(endless, .chunked).error == .malformedChunkExtension)
    }

    @Test("framing that outweighs the data is refused, small chunks are not")
    func overhead() {
        let wasteful = "1;\(String(repeating: "x", count: 900))\r\na\r\n"
        #expect(
            ReadBody.read(String(repeating: wasteful, count: 100) + "0\r\n\r\n", .chunked).error
                == .chunkOverheadTooLarge)
        #expect(
            ReadBody.read(String(repeating: "1\r\na\r\n", count: 50_000) + "0\r\n\r\n", .chunked)
                .data.count == 50_000)
    }

    @Test("trailers are read, but not those that had to come before the body")
    func trailers() {
        let body = ReadBody.read(
            "1\r\na\r\n0\r\nX-Sum:  1 \r\nAuthorization: x\r\nContent-Type: y\r\nConnection: z\r\n"
                + "X-Forwarded-For: 1.2.3.4\r\nSet-Cookie: a\r\nTE: b\r\ngrpc-status: 0\r\n\r\n",
            .chunked)
        #expect(body.isComplete)
        #expect(body.trailers == ["X-Sum: 1", "grpc-status: 0"])
    }

    @Test("the trailer section is bounded")
    func trailerLimits() {
        let limits = HeadLimits(requestLine: 10, headers: 20, headerCount: 2)
        func read(_ trailers: String, _ takesTrailers: Bool) -> HTTPError? {
            ReadBody.read(
                "0\r\n" + trailers, .chunked, takesTrailers: takesTrailers, limits: limits
            ).error
        }
        #expect(read("A: 1\r\nB: 2\r\n\r\n", true) == nil)
        for takesTrailers in [true, false] {
            #expect(read("A: 1\r\nB: 2\r\nC: 3\r\n\r\n", takesTrailers) == .tooManyHeaders)
            #expect(read("A: 12345678901234567890", takesTrailers) == .headersTooLarge)
            #expect(read("A 1\r\n\r\n", takesTrailers) == .malformedFieldName)
        }
    }

    private func withBytes(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        Array(text.utf8).withUnsafeBufferPointer(body)
    }
}
