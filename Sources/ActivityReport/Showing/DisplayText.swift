/// Text as a terminal shows it.
package enum DisplayText {
    /// The text with everything made visible that would move the cursor, colour what follows or turn
    /// its direction round: what clients send must not draw on an operator's screen.
    package static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isInvisible) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isInvisible(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
        default: false
        }
    }

    /// How many columns it takes.
    package static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width(of: $1) }
    }

    private static func width(of character: Character) -> Int {
        character.unicodeScalars.contains { scalar in
            // East Asian wide and fullwidth characters, and emoji (Unicode Standard Annex 11).
            switch scalar.value {
            case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3,
                0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
                0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
                true
            default: false
            }
        } ? 2 : 1
    }

    /// The text with so much taken out of its middle that it fits: its ends tell most names apart.
    package static func fitted(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        guard columns > 1 else { return columns == 1 ? "…" : "" }
        let characters = Array(text)
        func taken(_ characters: some Sequence<Character>, _ columns: Int) -> [Character] {
            var left = columns
            return characters.prefix { character in
                left -= width(of: character)
                return left >= 0
            }
        }
        let head = taken(characters, columns / 2)
        let tail = taken(
            characters.reversed(), columns - 1 - head.reduce(0) { $0 + width(of: $1) })
        return String(head) + "…" + String(tail.reversed())
    }

    /// The text with what does not fit cut off at its end.
    package static func cut(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        var left = columns - 1
        return String(
            text.prefix { character in
                left -= width(of: character)
                return left >= 0
            }) + "…"
    }

    /// The text in lines that fit, broken at its spaces; a word that does not fit has a line of its own.
    package static func folded(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if let last = lines.last, width(last) + 1 + width(String(word)) <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
