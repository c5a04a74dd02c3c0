import Proxy
import Testing

@Suite("A buffer of bytes")
struct ByteBufferTests {
    private func append(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        bytes.withUnsafeBufferPointer { buffer.append($0) }
    }

    @Test("bytes come out in the order in which they went in", arguments: 0..<50)
    func model(seed: Int) {
        var random = Randomness(seed: seed)
        var buffer = ByteBuffer()
        var expected: [UInt8] = []
        for _ in 0..<200 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                let bytes = random.bytes(Array(0...255), count: 0...700)
                append(bytes, to: &buffer)
                expected += bytes
            case 2:
                let wanted = Int.random(in: 0...3000, using: &random)
                let space = buffer.writable(minimum: wanted)
                #expect(space.count >= wanted)
                let used = Int.random(in: 0...space.count, using: &random)
                for index in 0..<used { space[index] = UInt8(truncatingIfNeeded: index) }
                expected += (0..<used).map { UInt8(truncatingIfNeeded: $0) }
                buffer.commit(used)
            case 3, 4, 5:
                let count = Int.random(in: 0...buffer.count, using: &random)
                buffer.consume(count)
                expected.removeFirst(count)
            case 6:
                buffer.append(7)
                expected.append(7)
            default:
                switch Int.random(in: 0..<30, using: &random) {
                case 0:
                    buffer.removeAll()
                    expected = []
                case 1:
                    buffer.release()
                    expected = []
                default: break
                }
            }
            #expect(Array(buffer.readable) == expected)
            let (count, isEmpty) = (buffer.count, buffer.isEmpty)
            #expect(count == expected.count)
            #expect(isEmpty == expected.isEmpty)
        }
    }

    @Test("appending nothing to a buffer without memory gives it none")
    func empty() {
        var buffer = ByteBuffer()
        append([], to: &buffer)
        buffer.append("")
        buffer.consume(0)
        let isEmpty = buffer.isEmpty
        #expect(isEmpty)
        #expect(buffer.readable.baseAddress == nil)
        buffer.append("x")
        buffer.release()
        #expect(buffer.readable.baseAddress == nil)
    }

    @Test("space is made by moving the bytes when they would fit")
    func compaction() {
        var buffer = ByteBuffer()
        let capacity = buffer.writable(minimum: 1000).count
        buffer.commit(capacity)
        let start = buffer.readable.baseAddress
        buffer.consume(capacity - 1)
        buffer.append("ab")
        #expect(buffer.readable.baseAddress == start)
        #expect(buffer.readable.count == 3)
    }

    @Test(
        "numbers are written in decimal and in hexadecimal",
        arguments: [
            0, 1, 9, 10, 15, 16, 99, 100, 101, 255, 256, 999, 1000, 12345, 123456, 65535, 65536,
            999_999_999, 1_000_000_000, 1_000_000_000_000_000_000, .max - 1, .max,
        ])
    func numbers(number: Int) {
        var buffer = ByteBuffer()
        buffer.appendDecimal(number)
        buffer.append(" ")
        buffer.appendHex(number)
        #expect(
            String(decoding: buffer.readable, as: UTF8.self)
                == "\(number) \(String(number, radix: 16))")
    }
}
