/// A well-formed answer made at random, and what a receiver is to hear of it.
struct RandomAnswer {
    var bytes: [UInt8] = []
    var informational = 0
    var fields: [Field] = []
    var body: [UInt8] = []
    var trailers: [Field] = []
    /// Whether the connection has to end for the body to.
    var endsWithConnection = false

    init(_ random: inout Randomness) {
        while Int.random(in: 0..<4, using: &random) == 0 {
            informational += 1
            bytes += Array("HTTP/1.1 103 Early Hints\r\n".utf8)
            _ = append(RandomMessage.fields(&random))
        }
        bytes += Array("HTTP/1.1 200 ".utf8)
        bytes += random.bytes(RandomMessage.visible, count: 0...20) + [0x0D, 0x0A]
        body = random.bytes(
            Array(0...255), count: 0...[0, 10, 1000, 40_000].randomElement(using: &random)!)
        let message = RandomMessage.fields(&random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            endsWithConnection = true
            fields = append(message)
            bytes += body
        case 1, 2:
            let length = Field("Content-Length", String(body.count))
            bytes += Array("\(length)\r\n".utf8)
            fields = [length] + append(message)
            bytes += body
        default:
            let coding = Field("Transfer-Encoding", "chunked")
            bytes += Array("\(coding)\r\n".utf8)
            fields = [coding] + append(message)
            appendChunks(&random)
        }
    }

    /// Adds the fields and the empty line.
    private mutating func append(_ message: RandomMessage) -> [Field] {
        bytes += message.text + [0x0D, 0x0A]
        return message.fields.map(Field.init(line:))
    }

    private mutating func appendChunks(_ random: inout Randomness) {
        let cuts = random.cuts(in: body.count, most: 20)
        for (start, end) in zip([0] + cuts, cuts + [body.count]) where start < end {
            var size = String(end - start, radix: 16, uppercase: Bool.random(using: &random))
            if Int.random(in: 0..<4, using: &random) == 0 { size = "00" + size }
            if Int.random(in: 0..<4, using: &random) == 0 { size += ";ext=\"v\"" }
            bytes += Array("\(size)\r\n".utf8) + body[start..<end] + [0x0D, 0x0A]
        }
        bytes += Array("0\r\n".utf8)
        if Bool.random(using: &random) {
            trailers = append(RandomMessage.fields(&random))
        } else {
            bytes += [0x0D, 0x0A]
        }
    }
}
