/// A place in a text that counts lines and columns as it moves on.
struct TextCursor {
    private let text: [Unicode.Scalar]
    private var index = 0
    private var line = 1
    private var column = 1

    init(_ text: [Unicode.Scalar]) { self.text = text }

    var position: ConfigurationValue.Position { .init(line: line, column: column) }
    var isAtEnd: Bool { index == text.count }
    var next: Unicode.Scalar? { index < text.count ? text[index] : nil }
    var afterNext: Unicode.Scalar? { index + 1 < text.count ? text[index + 1] : nil }

    mutating func advance() {
        guard index < text.count else { return }
        if text[index] == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
        index += 1
    }

    /// Skips a byte order mark, which editors do not count as a column.
    mutating func skipByteOrderMark() { index += 1 }

    mutating func skipLine() {
        while let next, next != "\n" { advance() }
    }

    /// - Returns: whether the comment ends before the text does.
    mutating func skipBlockComment() -> Bool {
        advance()
        advance()
        while next != nil {
            if next == "*", afterNext == "/" {
                advance()
                advance()
                return true
            }
            advance()
        }
        return false
    }

    /// Skips a text in quotes that are not JSON's, to their end or the line's.
    @discardableResult
    mutating func skipQuoted(_ quote: Unicode.Scalar) -> String {
        advance()
        let content = takeWord { $0 != quote && $0 != "\n" }
        if next == quote { advance() }
        return content
    }

    mutating func takeWord(_ belongs: (Unicode.Scalar) -> Bool) -> String {
        var word = String.UnicodeScalarView()
        while let next, belongs(next) {
            word.append(next)
            advance()
        }
        return String(word)
    }

    /// Takes the `u` and four hexadecimal digits; nil, and not the digits, when they are not there.
    mutating func takeHexDigits() -> UInt32? {
        advance()
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let next, next.isASCII, let digit = Character(next).hexDigitValue else {
                return nil
            }
            value = value << 4 | UInt32(digit)
            advance()
        }
        return value
    }

    /// Bytes as UTF-8, up to the first that is not.
    static func decode(_ bytes: some Collection<UInt8>) -> (
        text: [Unicode.Scalar], invalid: (byte: UInt8, position: ConfigurationValue.Position)?
    ) {
        var text: [Unicode.Scalar] = []
        text.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        var decoded = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                text.append(scalar)
                decoded += UTF8.width(scalar)
            case .emptyInput:
                return (text, nil)
            case .error:
                var cursor = TextCursor(text)
                while !cursor.isAtEnd { cursor.advance() }
                let byte = bytes[bytes.index(bytes.startIndex, offsetBy: decoded)]
                return (text, (byte, cursor.position))
            }
        }
    }
}

/// What stands at the cursor, as an error names it.
extension TextCursor {
    var found: String {
        guard let next else { return "the end of the file" }
        if next == "\"" || next == "'" || JSONReader.isWordPart(next)
            || JSONReader.beginsNumber(next)
        {
            var ahead = self
            if next == "\"" || next == "'" {
                let content = ahead.skipQuoted(next)
                return Self.abbreviated("\(next)\(content)\(next)")
            }
            return Self.abbreviated(ahead.takeWord { JSONReader.isWordPart($0) || $0 == "." })
        }
        let name = Self.shown(next)
        return next.isASCII && next.value >= 0x20 ? "\"\(name)\"" : name
    }

    static func shown(_ scalar: Unicode.Scalar) -> String {
        let isPrintable = scalar.value >= 0x20 && scalar.value != 0x7F
        if scalar.isASCII, isPrintable { return String(Character(scalar)) }
        let code = String(scalar.value, radix: 16, uppercase: true)
        return "the character U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
    }

    /// `\u0007`
    static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return #"\u"# + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// At most sixty characters, none of which could move a terminal's cursor.
    static func abbreviated(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let visible = scalars.prefix(60).map { scalar in
            scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value
                ? escaped(scalar) : String(Character(scalar))
        }
        return visible.joined() + (scalars.count > 60 ? "…" : "")
    }
}
