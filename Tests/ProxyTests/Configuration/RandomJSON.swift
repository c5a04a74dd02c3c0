import PluginAPI

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Values and spellings that nobody would think of.
enum RandomJSON {
    static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .number(number(&random))
        case 3: return .string(string(&random))
        case 4:
            let count = Int.random(in: 0...4, using: &random)
            return .array((0..<count).map { _ in value(&random, depth: depth + 1) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                members[string(&random)] = value(&random, depth: depth + 1)
            }
            return .object(members.map { .init($0, $1) }.sorted { $0.name < $1.name })
        }
    }

    private static func number(_ random: inout SeededGenerator) -> String {
        var text = Bool.random(using: &random) ? "-" : ""
        text += ["0", "7", "10", "4096", "99999999999999999999"].randomElement(using: &random)!
        if Bool.random(using: &random) {
            text += [".0", ".5", ".125"].randomElement(using: &random)!
        }
        if Bool.random(using: &random) {
            text += ["e3", "E+3", "e-07"].randomElement(using: &random)!
        }
        return text
    }

    private static func string(_ random: inout SeededGenerator) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "Z", "0", " ", "\"", "\\", "/", "*", "{", "}", "[", "]", ",", ":", "'", "$", "\n",
            "\r", "\t", "\u{8}", "\u{C}", "\u{1}", "\u{7F}", "ä", "\u{301}", "\u{2028}", "\u{FEFF}",
            "語", "🚦", "\u{10FFFF}", "\u{E000}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            text.append(scalars.randomElement(using: &random)!)
        }
        return String(text)
    }

    // MARK: Spelling

    static func written(_ value: JSONValue, _ random: inout SeededGenerator) -> String {
        let before = trivia(&random)
        return before + core(value, &random) + trivia(&random)
    }

    private static func core(_ value: JSONValue, _ random: inout SeededGenerator) -> String {
        switch value {
        case .string(let text): return quoted(text, &random)
        case .array(let elements):
            let inner = elements.map { written($0, &random) }.joined(separator: ",")
            return "[" + inner + ending(elements.isEmpty, &random) + "]"
        case .object(let members):
            let inner = members.map { member in
                let name = trivia(&random) + quoted(member.name, &random) + trivia(&random)
                return name + ":" + written(member.value, &random)
            }.joined(separator: ",")
            return "{" + inner + ending(members.isEmpty, &random) + "}"
        default: return value.description
        }
    }

    /// A trailing comma, sometimes.
    private static func ending(_ isEmpty: Bool, _ random: inout SeededGenerator) -> String {
        (isEmpty || Bool.random(using: &random) ? "" : ",") + trivia(&random)
    }

    private static func trivia(_ random: inout SeededGenerator) -> String {
        let pieces = ["", " ", "\n", "\r\n", "\t", "// \"x\": {\n", "/* ] */", "/***/", "/*\n*/"]
        return (0..<Int.random(in: 0...2, using: &random)).map { _ in
            pieces.randomElement(using: &random)!
        }.joined()
    }

    private static func quoted(_ text: String, _ random: inout SeededGenerator) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n",
            "\r": "\\r", "\t": "\\t",
        ]
        var result = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if let escape = short[scalar], mustEscape || Bool.random(using: &random),
                Bool.random(using: &random)
            {
                result += escape
            } else if mustEscape || Int.random(in: 0..<4, using: &random) == 0 {
                for unit in String(Character(scalar)).utf16 {
                    let digits = String(unit, radix: 16, uppercase: .random(using: &random))
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
