import PluginAPI
import Proxy
import Testing

@Suite("What is written is what was read")
struct RoundTripTests {
    @Test("random requests are read, written, and read back", arguments: 0..<200)
    func requests(seed: Int) {
        var random = Randomness(seed: seed)
        let message = RandomMessage.request(&random)
        let read = ReadHead.request(message.text, cuts: random.cuts(in: message.text.count))
        #expect(read.result == .head(consumed: message.text.count))
        #expect(read.fields == message.fields)

        let request = Request()
        var parser = RequestParser()
        message.text.withUnsafeBufferPointer {
            _ = parser.parse($0, into: request, limits: HeadLimits())
        }
        var buffer = ByteBuffer()
        HeadWriter.writeRequest(request, framing: .none, to: &buffer)
        let again = ReadHead.request(Array(buffer.readable))
        #expect(again.startLine == read.startLine)
        #expect(again.fields == read.fields)
    }

    @Test("random answers are read, written, and read back", arguments: 0..<200)
    func responses(seed: Int) {
        var random = Randomness(seed: seed)
        let message = RandomMessage.response(&random)
        let read = ReadHead.response(message.text, cuts: random.cuts(in: message.text.count))
        #expect(read.result == .head(consumed: message.text.count))
        #expect(read.fields == message.fields)

        let response = Response()
        var parser = ResponseParser()
        message.text.withUnsafeBufferPointer {
            _ = parser.parse($0, into: response, method: .get, limits: HeadLimits())
        }
        var buffer = ByteBuffer()
        HeadWriter.writeResponse(
            response, framing: .length(3), keepAlive: true, minorVersion: 1, date: nil, to: &buffer)
        let again = ReadHead.response(Array(buffer.readable))
        #expect(again.startLine == read.startLine)
        #expect(again.fields == read.fields + ["Content-Length: 3"])
        #expect(again.framing == .length(3))
    }

    @Test("random bodies are chunked, cut, and read back", arguments: 0..<200)
    func chunks(seed: Int) {
        var random = Randomness(seed: seed)
        var buffer = ByteBuffer()
        var data: [UInt8] = []
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let chunk = random.bytes(Array(UInt8.min...UInt8.max), count: 0...300)
            data += chunk
            chunk.withUnsafeBufferPointer { ChunkWriter.write($0, to: &buffer) }
        }
        let trailers = Headers()
        if Bool.random(using: &random) { trailers.append("x-sum", "\(data.count)") }
        ChunkWriter.writeLast(trailers: trailers, to: &buffer)
        let length = buffer.count
        let text = Array(buffer.readable) + Array("GET / HTTP/1.1".utf8)

        let body = ReadBody.read(text, .chunked, cuts: random.cuts(in: text.count, most: 40))
        #expect(body.data == data)
        #expect(body.isComplete)
        #expect(body.consumed == length)
        #expect(body.trailers == ReadHead.lines(of: trailers))
    }
}
