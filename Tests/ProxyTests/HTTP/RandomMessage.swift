import PluginAPI
import Proxy

/// A well-formed message made at random, and what is to be read of it.
struct RandomMessage {
    var text: [UInt8]
    var fields: [String]

    static let tokenBytes = Array(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    static let visible = Array(UInt8(0x21)...0x7E)
    static let fieldBytes = visible + Array(0x80...0xFF) + [0x20, 0x09]

    /// Field lines, none of which the engine knows, with random white space around the values.
    static func fields(_ random: inout Randomness) -> RandomMessage {
        var message = RandomMessage(text: [], fields: [])
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let name = Array("x-".utf8) + random.bytes(tokenBytes, count: 1...30)
            var value = random.bytes(fieldBytes, count: 0...200)
            while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
            while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
            let before = random.bytes([0x20, 0x09], count: 0...3)
            let behind = random.bytes([0x20, 0x09], count: 0...3)
            message.text += name + [0x3A] + before + value + behind + [0x0D, 0x0A]
            let latin1 = String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
            message.fields.append("\(String(decoding: name, as: UTF8.self)): \(latin1)")
        }
        return message
    }

    static func request(_ random: inout Randomness) -> RandomMessage {
        let target = random.bytes(visible.filter { $0 != UInt8(ascii: "#") }, count: 0...100)
        var message = fields(&random)
        message.text =
            Array("PUT /".utf8) + target + Array(" HTTP/1.1\r\nHost: a\r\n".utf8) + message.text
            + [0x0D, 0x0A]
        message.fields.insert("Host: a", at: 0)
        return message
    }

    static func response(_ random: inout Randomness) -> RandomMessage {
        var message = fields(&random)
        let reason = random.bytes(fieldBytes, count: 0...20)
        message.text =
            Array("HTTP/1.1 200 ".utf8) + reason + [0x0D, 0x0A] + message.text + [0x0D, 0x0A]
        return message
    }
}
