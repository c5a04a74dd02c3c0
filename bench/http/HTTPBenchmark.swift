import Glibc
import PluginAPI
import Proxy

/// Prints nanoseconds an operation for what runs once a request or once a chunk.
@main
enum HTTPBenchmark {
    static let requestHead = """
        POST /v1/chat/completions HTTP/1.1\r
        Host: api.example.com\r
        User-Agent: OpenAI/Python 1.51.0\r
        Accept: application/json\r
        Accept-Encoding: gzip, deflate, br\r
        Content-Type: application/json\r
        Content-Length: 512\r
        Authorization: Bearer sk-proj-0123456789abcdef0123456789abcdef0123456789abcdef0123456789\r
        X-Stainless-Lang: python\r
        X-Stainless-Package-Version: 1.51.0\r
        X-Stainless-OS: Linux\r
        X-Stainless-Runtime: CPython; 3.12.4; with-a-rather-long-build-string-behind-it-to-pad\r
        X-Forwarded-For: 203.0.113.7, 198.51.100.23, 10.11.12.13, 10.11.12.14, 10.11.12.15, 10.1.1.1\r
        \r

        """

    static let responseHead = """
        HTTP/1.1 200 OK\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        Content-Type: application/json\r
        Content-Length: 600\r
        Connection: keep-alive\r
        openai-version: 2020-10-01\r
        x-request-id: req_0123456789abcdef0123456789abcdef\r
        x-ratelimit-limit-requests: 10000\r
        x-ratelimit-remaining-requests: 9999\r
        \r

        """

    static func main() {
        parseRequest()
        parseResponse()
        writeHeads()
        decodeChunks()
        writeChunks()
    }

    static func parseRequest() {
        let head = Array(requestHead.utf8)
        let request = Request()
        var parser = RequestParser()
        head.withUnsafeBufferPointer { bytes in
            measure("parse a request head, \(head.count) bytes, 12 fields") {
                parser.reset()
                request.reset()
                guard case .head = parser.parse(bytes, into: request, limits: HeadLimits()) else {
                    fatalError("the head is not whole")
                }
            }
            measure("the same, byte by byte", count: 20_000) {
                parser.reset()
                request.reset()
                for count in 1...bytes.count {
                    _ = parser.parse(
                        UnsafeBufferPointer(rebasing: bytes[..<count]), into: request,
                        limits: HeadLimits())
                }
            }
        }
    }

    static func parseResponse() {
        let head = Array(responseHead.utf8)
        let response = Response()
        var parser = ResponseParser()
        head.withUnsafeBufferPointer { bytes in
            measure("parse an answer's head, \(head.count) bytes, 8 fields") {
                parser.reset()
                response.reset()
                guard
                    case .head = parser.parse(
                        bytes, into: response, method: .get, limits: HeadLimits())
                else { fatalError("the head is not whole") }
            }
        }
    }

    static func writeHeads() {
        var buffer = ByteBuffer()
        let request = Request()
        var requestParser = RequestParser()
        Array(requestHead.utf8).withUnsafeBufferPointer {
            _ = requestParser.parse($0, into: request, limits: HeadLimits())
        }
        measure("write the request head") {
            buffer.removeAll()
            HeadWriter.writeRequest(request, framing: .length(512), to: &buffer)
        }
        measure("look for its hop-by-hop fields") { HopByHop.remove(from: request.headers) }

        let response = Response()
        var responseParser = ResponseParser()
        Array(responseHead.utf8).withUnsafeBufferPointer {
            _ = responseParser.parse($0, into: response, method: .get, limits: HeadLimits())
        }
        let date = DateField()
        measure("write the answer's head") {
            buffer.removeAll()
            HeadWriter.writeResponse(
                response, framing: .length(600), keepAlive: true, minorVersion: 1, date: date,
                to: &buffer)
        }
    }

    static func decodeChunks() {
        var body = ByteBuffer()
        let event = [UInt8](repeating: 0x61, count: 150)
        let chunks = 64
        event.withUnsafeBufferPointer { for _ in 0..<chunks { ChunkWriter.write($0, to: &body) } }
        ChunkWriter.writeLast(to: &body)
        let bytes = body.readable
        measure("decode a chunk of \(event.count) bytes", count: 20_000, each: chunks) {
            var decoder = BodyDecoder(.chunked)
            var position = 0
            while !decoder.isComplete {
                switch decoder.decode(
                    UnsafeBufferPointer(rebasing: bytes[position...]), trailers: nil)
                {
                case .data(_, let consumed, _), .needMore(let consumed), .end(let consumed):
                    position += consumed
                case .invalid: fatalError("the body is not well formed")
                }
            }
        }
    }

    static func writeChunks() {
        var buffer = ByteBuffer()
        let event = [UInt8](repeating: 0x61, count: 150)
        event.withUnsafeBufferPointer { bytes in
            measure("write a chunk of \(event.count) bytes") {
                buffer.removeAll()
                ChunkWriter.write(bytes, to: &buffer)
            }
        }
    }

    /// The best of several runs: the others were disturbed.
    static func measure(_ name: String, count: Int = 300_000, each: Int = 1, _ body: () -> Void) {
        var best = Double.infinity
        let time = SystemTime()
        for _ in 0..<7 {
            let start = time.monotonic
            for _ in 0..<count { body() }
            best = min(best, Double((time.monotonic - start).nanoseconds) / Double(count * each))
        }
        let tenths = Int((best * 10).rounded())
        print("\(tenths / 10).\(tenths % 10) ns  \(name)")
    }
}
