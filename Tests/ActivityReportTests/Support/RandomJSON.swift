/// JSON of any shape, and what is nearly JSON.
struct RandomJSON {
    var random: SplitMix64

    mutating func object(depth: Int = 0) -> String {
        let members = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            "\(space())\(string())\(space()):\(space())\(value(depth: depth + 1))\(space())"
        }
        return "{\(members.isEmpty ? space() : "")\(members.joined(separator: ","))}"
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0...(depth < 4 ? 9 : 6), using: &random) {
        case 0: return "null"
        case 1: return random.pick(["true", "false"])
        case 2, 3: return number()
        case 4, 5, 6: return string()
        case 7: return object(depth: depth)
        default:
            let elements = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                "\(space())\(value(depth: depth + 1))\(space())"
            }
            return "[\(elements.isEmpty ? space() : "")\(elements.joined(separator: ","))]"
        }
    }

    private mutating func space() -> String { random.pick(["", "", "", " ", "\t", "\r\n"]) }

    private mutating func number() -> String {
        random.pick([
            "0", "-0", "1", "12.5", "-3.25e2", "1E+2", "9007199254740993", "0.000001", "1e-7",
            String(Int.random(in: -5000...5000, using: &random)),
        ])
    }

    mutating func string() -> String {
        let parts = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            random.pick([
                "a", "plain text of more than eight bytes", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9",
                "\\ud83d\\ude00", "é", "漢字", "😀", "\u{7F}", "{", "]", ",", ":", "'", "time",
            ])
        }
        return "\"\(parts.joined())\""
    }

    /// The bytes with one small thing wrong, perhaps.
    mutating func broken(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return bytes }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...4, using: &random) {
        case 0: bytes.remove(at: place)
        case 1: bytes.removeLast(bytes.count - place)
        case 2:
            bytes[place] = random.pick([
                0x01, 0x1F, 0x22, 0x5C, 0x7B, 0x7D, 0x5B, 0x5D, 0x2C, 0x3A, 0x80, 0xC3, 0xFF, 0x30,
                0x2D, 0x2E, 0x65, 0x6E, 0x74,
            ])
        case 3: bytes.insert(bytes[place], at: place)
        default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
        }
        return bytes
    }
}
