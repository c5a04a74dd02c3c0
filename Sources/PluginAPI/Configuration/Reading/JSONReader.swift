/// Reads JSON (RFC 8259) with `//` and `/* */` comments and trailing commas, remembering where every
/// key and value stands.
///
/// It reads on after an error where what was meant is plain, so that one run finds several; a value
/// that could not be read is `.unreadable` in the result. No input makes it fail otherwise.
package struct JSONReader {
    package struct Result: Sendable {
        /// Nil when reading had to stop before the end.
        package let value: ConfigurationValue?
        /// In the order of the text.
        package let issues: [ConfigurationError.Issue]
    }

    package static let sizeLimit = 4 << 20
    package static let depthLimit = 64
    package static let issueLimit = 50

    /// Reading cannot go on: the issue that says why has been noted.
    struct Stopped: Error {}

    var cursor: TextCursor
    var issues: [ConfigurationError.Issue] = []
    /// Whether a string that was not closed has swallowed what stood behind it on its line.
    var commaIsLost = false

    private init(_ text: [Unicode.Scalar]) { cursor = TextCursor(text) }

    package static func read(_ bytes: some Collection<UInt8>) -> Result {
        func stopped(_ position: ConfigurationValue.Position, _ message: String) -> Result {
            Result(value: nil, issues: [.init(.at(.root, position), message)])
        }
        guard bytes.count <= sizeLimit else {
            return stopped(
                .init(line: 1, column: 1),
                "expected a file of at most \(sizeLimit >> 20) MiB, found \(bytes.count) bytes")
        }
        let (text, invalid) = TextCursor.decode(bytes)
        if let invalid {
            return stopped(
                invalid.position,
                "expected text in UTF-8, found the byte 0x\(String(invalid.byte, radix: 16))")
        }
        var reader = JSONReader(text)
        let value: ConfigurationValue?
        do throws(Stopped) {
            value = try reader.document()
        } catch {
            value = nil
        }
        return Result(value: value, issues: reader.issues)
    }

    private mutating func document() throws(Stopped) -> ConfigurationValue {
        if cursor.next == "\u{FEFF}" { cursor.skipByteOrderMark() }
        try skipTrivia(.root)
        let root = try value(.root, depth: 0)
        try skipTrivia(.root)
        if !cursor.isAtEnd {
            throw try stop(.root, expected: "the end of the file")
        }
        return root
    }

    // MARK: Values

    /// Reads the value at the cursor, which must not stand on trivia.
    private mutating func value(_ path: ConfigurationPath, depth: Int) throws(Stopped)
        -> ConfigurationValue
    {
        let position = cursor.position
        let content: ConfigurationValue.Content
        switch cursor.next {
        case "{": content = try .object(members(path, depth: depth + 1))
        case "[": content = try .array(elements(path, depth: depth + 1))
        case "\"": content = try string(path).map { .string($0) } ?? .unreadable
        case "'":
            try note(path, expected: #"a string in double quotes ("…")"#)
            cursor.skipQuoted("'")
            content = .unreadable
        case let next? where Self.beginsNumber(next): content = try number(path)
        case let next? where Self.isWordPart(next): content = try word(path)
        case "\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}":
            throw try stop(path, expected: #"a string in straight double quotes ("…")"#)
        default: throw try stop(path, expected: "a value")
        }
        return ConfigurationValue(content, position: position, path: path)
    }

    private mutating func members(_ path: ConfigurationPath, depth: Int) throws(Stopped)
        -> [ConfigurationValue.Member]
    {
        let opening = try open(path, depth)
        var members: [ConfigurationValue.Member] = []
        var count = 0
        var places: [String: ConfigurationValue.Position] = [:]
        while try !isClosed(by: "}", opening, path, isFirst: count == 0) {
            let position = cursor.position
            let name = try key(path)
            try skipTrivia(path)
            try colon(path)
            try skipTrivia(path)
            let value: ConfigurationValue
            if cursor.next == "}" || cursor.next == "," {
                try note(path, expected: "a value")
                value = ConfigurationValue(
                    .unreadable, position: cursor.position, path: .key(path, name ?? "?"))
            } else {
                value = try self.value(.key(path, name ?? "?"), depth: depth)
            }
            count += 1
            guard let name else { continue }
            if let first = places[name] {
                try note(
                    path, position,
                    "duplicate key \(JSONValue.string(name).abbreviated); the first is at \(first)")
            } else {
                places[name] = position
                members.append(.init(name: name, namePosition: position, value: value))
            }
        }
        return members
    }

    private mutating func elements(_ path: ConfigurationPath, depth: Int) throws(Stopped)
        -> [ConfigurationValue]
    {
        let opening = try open(path, depth)
        var elements: [ConfigurationValue] = []
        while try !isClosed(by: "]", opening, path, isFirst: elements.isEmpty) {
            elements.append(try value(.index(path, elements.count), depth: depth))
        }
        return elements
    }

    // MARK: Punctuation

    /// Takes the opening bracket.
    private mutating func open(_ path: ConfigurationPath, _ depth: Int) throws(Stopped)
        -> Opening
    {
        let opening = Opening(bracket: cursor.next ?? "{", position: cursor.position)
        guard depth <= Self.depthLimit else {
            try note(
                .root, opening.position, "expected at most \(Self.depthLimit) levels, found more")
            throw Stopped()
        }
        cursor.advance()
        return opening
    }

    /// Takes what stands before the next element: a comma, unless it is the first, or the end.
    ///
    /// A missing comma is noted and read as if it were there; so is a comma too many.
    private mutating func isClosed(
        by closing: Unicode.Scalar, _ opening: Opening, _ path: ConfigurationPath, isFirst: Bool
    ) throws(Stopped) -> Bool {
        try skipTrivia(path)
        var hasComma = isFirst || commaIsLost
        commaIsLost = false
        while cursor.next == "," {
            if hasComma { try note(path, expected: Self.wanted(in: closing)) }
            hasComma = true
            cursor.advance()
            try skipTrivia(path)
        }
        if cursor.next == closing {
            cursor.advance()
            return true
        }
        let beginsElement = cursor.next.map(Self.beginsValue) ?? false
        guard beginsElement else {
            let wanted =
                hasComma
                ? "\(Self.wanted(in: closing)) or \"\(closing)\"" : "\",\" or \"\(closing)\""
            throw try stop(
                path,
                expected: "\(wanted) (the \"\(opening.bracket)\" at \(opening.position) is open)")
        }
        if !hasComma { try note(path, expected: "\",\" or \"\(closing)\"") }
        return false
    }

    private static func wanted(in closing: Unicode.Scalar) -> String {
        closing == "}" ? "a key in double quotes" : "a value"
    }

    private struct Opening {
        let bracket: Unicode.Scalar
        let position: ConfigurationValue.Position
    }

    /// Nil for a key that could not be read, which has been noted.
    private mutating func key(_ path: ConfigurationPath) throws(Stopped) -> String? {
        switch cursor.next {
        case "\"":
            return try string(path)
        case "'":
            try note(path, expected: "a key in double quotes")
            return cursor.skipQuoted("'")
        case let next? where Self.isWordPart(next):
            try note(path, expected: "a key in double quotes")
            return cursor.takeWord(Self.isWordPart)
        default:
            throw try stop(path, expected: "a key in double quotes")
        }
    }

    private mutating func colon(_ path: ConfigurationPath) throws(Stopped) {
        if cursor.next == ":" {
            cursor.advance()
            return
        }
        let isAssignment = cursor.next == "="
        guard isAssignment || cursor.next.map(Self.beginsValue) == true else {
            throw try stop(path, expected: "\":\"")
        }
        try note(path, expected: "\":\"")
        if isAssignment { cursor.advance() }
    }

    /// Skips white space and comments.
    private mutating func skipTrivia(_ path: ConfigurationPath) throws(Stopped) {
        while let next = cursor.next {
            switch next {
            case " ", "\t", "\n", "\r":
                cursor.advance()
            case "/" where cursor.afterNext == "/":
                cursor.skipLine()
            case "/" where cursor.afterNext == "*":
                let opening = cursor.position
                if !cursor.skipBlockComment() {
                    try note(
                        path, opening,
                        "expected \"*/\" to end this comment, found the end of the file")
                    throw Stopped()
                }
            case "#":
                try note(path, expected: "\"//\" before a comment")
                cursor.skipLine()
            default:
                return
            }
        }
    }

    // MARK: Issues

    mutating func note(
        _ path: ConfigurationPath, _ position: ConfigurationValue.Position, _ message: String
    ) throws(Stopped) {
        issues.append(.init(.at(path, position), message))
        if issues.count >= Self.issueLimit { throw Stopped() }
    }

    mutating func note(_ path: ConfigurationPath, expected: String) throws(Stopped) {
        try note(path, cursor.position, "expected \(expected), found \(cursor.found)")
    }

    private mutating func stop(_ path: ConfigurationPath, expected: String) throws(Stopped)
        -> Stopped
    {
        try note(path, expected: expected)
        return Stopped()
    }

    static func beginsNumber(_ scalar: Unicode.Scalar) -> Bool {
        "0"..."9" ~= scalar || scalar == "-" || scalar == "+" || scalar == "."
    }

    static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || "0"..."9" ~= scalar || scalar == "_" || scalar == "$"
            || scalar == "-"
    }

    private static func beginsValue(_ scalar: Unicode.Scalar) -> Bool {
        "{[\"'".unicodeScalars.contains(scalar) || beginsNumber(scalar) || isWordPart(scalar)
    }
}
