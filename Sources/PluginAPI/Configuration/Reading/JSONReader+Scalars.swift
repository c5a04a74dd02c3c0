/// Strings, numbers and words.
extension JSONReader {
    /// Reads the string at the cursor; nil when something in it is wrong, which has been noted.
    mutating func string(_ path: ConfigurationPath) throws(Stopped) -> String? {
        var text = String.UnicodeScalarView()
        var isRight = true
        cursor.advance()
        while let next = cursor.next {
            switch next {
            case "\"":
                cursor.advance()
                return isRight ? String(text) : nil
            case "\n", "\r":
                try note(
                    path, cursor.position,
                    #"expected the closing " of a string, found the end of the line"#)
                commaIsLost = true
                return nil
            case "\\":
                if let scalar = try escape(path) { text.append(scalar) } else { isRight = false }
            case _ where next.value < 0x20:
                let escape = next == "\t" ? #"\t"# : TextCursor.escaped(next)
                try note(path, expected: "the escape \(escape)")
                isRight = false
                cursor.advance()
            default:
                text.append(next)
                cursor.advance()
            }
        }
        try note(path, expected: #"the closing " of a string"#)
        throw Stopped()
    }

    /// Reads one escape (RFC 8259 §7), or the two of a surrogate pair.
    private mutating func escape(_ path: ConfigurationPath) throws(Stopped) -> Unicode.Scalar? {
        let position = cursor.position
        cursor.advance()
        guard let letter = cursor.next, letter.value >= 0x20 else { return "\\" }
        if letter == "u" { return try unicodeEscape(path, position) }
        cursor.advance()
        switch letter {
        case "\"", "\\", "/": return letter
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        default:
            try note(
                path, position,
                #"expected an escape (\" \\ \/ \b \f \n \r \t \uXXXX), found \"#
                    + TextCursor.shown(letter))
            return nil
        }
    }

    private mutating func unicodeEscape(
        _ path: ConfigurationPath, _ position: ConfigurationValue.Position
    ) throws(Stopped) -> Unicode.Scalar? {
        guard let first = cursor.takeHexDigits() else {
            try note(path, position, #"expected four hexadecimal digits after \u"#)
            return nil
        }
        if first == 0 {
            // C libraries would take it for the end of a path or a host.
            try note(path, position, #"expected a character, found \u0000"#)
            return nil
        }
        if let scalar = Unicode.Scalar(first) { return scalar }
        let written = #"\u"# + String(first, radix: 16)
        if UTF16.isLeadSurrogate(UInt16(first)), cursor.next == "\\", cursor.afterNext == "u" {
            cursor.advance()
            if let second = cursor.takeHexDigits(), UTF16.isTrailSurrogate(UInt16(second)) {
                return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF)
            }
        }
        try note(path, position, "expected a pair of surrogates, found \(written) alone")
        return nil
    }

    /// Reads a number (RFC 8259 §6), keeping its digits as written.
    mutating func number(_ path: ConfigurationPath) throws(Stopped)
        -> ConfigurationValue.Content
    {
        let position = cursor.position
        let digits = cursor.takeWord { Self.beginsNumber($0) || Self.isWordPart($0) }
        guard Self.isNumber(digits) else {
            let hint =
                digits.contains(where: \.isLetter) ? "; a string stands in double quotes" : ""
            try note(
                path, position,
                "expected a number such as 10 or 0.5, found \(TextCursor.abbreviated(digits))\(hint)"
            )
            return .unreadable
        }
        return .number(digits)
    }

    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func takeDigits() -> Int {
            let digits = rest.prefix { $0 &- 0x30 < 10 }.count
            rest = rest.dropFirst(digits)
            return digits
        }
        func take(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }
        _ = take(0x2D)
        if take(0x30) {
            // No digit may follow a leading zero; what follows is looked at below.
        } else if takeDigits() == 0 {
            return false
        }
        if take(0x2E), takeDigits() == 0 { return false }
        if take(0x65) || take(0x45) {
            if !take(0x2B) { _ = take(0x2D) }
            if takeDigits() == 0 { return false }
        }
        return rest.isEmpty
    }

    /// Reads `true`, `false` or `null`.
    mutating func word(_ path: ConfigurationPath) throws(Stopped) -> ConfigurationValue.Content {
        let position = cursor.position
        let word = cursor.takeWord(Self.isWordPart)
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default:
            var message = "expected a value, found \(TextCursor.abbreviated(word))"
            if let nearest = Spelling.nearest(to: word, among: ["true", "false", "null"]) {
                message += "; did you mean \(nearest)?"
            } else {
                message += "; a string stands in double quotes"
            }
            try note(path, position, message)
            return .unreadable
        }
    }
}
