/// Reads JSON (RFC 8259) in place: everything is checked, and nothing is copied.
///
/// What it hands out points into the bytes that it was made for.
package struct JSONCursor {
    // Invariant: start <= position <= end, all in or right behind the same bytes.
    private let start: UnsafePointer<UInt8>
    package private(set) var position: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    /// Where the bytes are not JSON, and what was expected there.
    package struct Fault: Error {
        /// From the beginning, in bytes.
        package let offset: Int
        package let expected: StaticString

        package init(offset: Int, expected: StaticString) {
            self.offset = offset
            self.expected = expected
        }
    }

    /// What stands between two quotes.
    package struct Text {
        package let bytes: UnsafeBufferPointer<UInt8>
        package let hasEscapes: Bool

        /// As it reads.
        package var string: String { UnescapedText.string(self) }
    }

    /// A number as written.
    package struct Number {
        package let bytes: UnsafeBufferPointer<UInt8>
        /// Neither a fraction nor an exponent.
        package let isWhole: Bool
    }

    /// Lists and objects in each other; a record has three.
    private static let deepest = 128

    /// - Parameter bytes: not empty.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { preconditionFailure("no bytes to read") }
        self.start = start
        position = start
        end = start + bytes.count
    }

    // MARK: Bytes

    package var isAtEnd: Bool { position == end }

    /// The byte here; at the end a zero, which cannot stand in JSON.
    @inline(__always)
    package var byte: UInt8 { position < end ? position.pointee : 0 }

    @inline(__always)
    package mutating func skipSpace() {
        while position < end {
            switch position.pointee {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    package mutating func take(_ expected: UInt8) -> Bool {
        guard position < end, position.pointee == expected else { return false }
        position += 1
        return true
    }

    package func fault(_ expected: StaticString) -> Fault {
        Fault(offset: position - start, expected: expected)
    }

    // MARK: Values

    /// A string.
    @inline(__always)
    package mutating func text() throws(Fault) -> Text {
        guard take(UInt8(ascii: "\"")) else { throw fault("a string") }
        let start = position
        skipPlain()
        if byte == UInt8(ascii: "\"") {
            let count = position - start
            position += 1
            return Text(
                bytes: UnsafeBufferPointer(start: start, count: count), hasEscapes: false)
        }
        return try restOfText(from: start)
    }

    /// The rest of a string in which something is not plain.
    @inline(never)
    private mutating func restOfText(from start: UnsafePointer<UInt8>) throws(Fault) -> Text {
        var hasEscapes = false
        var isASCII = true
        while true {
            skipPlain()
            guard position < end else { throw fault("the end of a string") }
            switch position.pointee {
            case UInt8(ascii: "\""):
                let bytes = UnsafeBufferPointer(start: start, count: position - start)
                guard isASCII || String(validating: bytes, as: UTF8.self) != nil else {
                    throw Fault(offset: start - self.start, expected: "text in UTF-8")
                }
                position += 1
                return Text(bytes: bytes, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                try escape()
                hasEscapes = true
            case 0x80...:
                isASCII = false
                position += 1
            default: throw fault("an escaped control character")
            }
        }
    }

    /// Goes to the next byte of a string that is not printable ASCII, or has a meaning.
    @inline(__always)
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high = ones &* 0x80
        while end - position >= 8 {
            // Of eight bytes at a time the first that is a quote, a backslash, below 0x20 or above
            // 0x7F has its high bit set; a borrow can only set the bits of later ones.
            let word = UInt64(
                littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let hits =
                ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash
                    | (word &- ones &* 0x20) | word) & high
            if hits != 0 {
                position += hits.trailingZeroBitCount >> 3
                return
            }
            position += 8
        }
        while position < end {
            let byte = position.pointee
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { return }
            position += 1
        }
    }

    private mutating func escape() throws(Fault) {
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            let unit = try hexadecimal()
            if UTF16.isLeadSurrogate(unit) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")),
                    UTF16.isTrailSurrogate(try hexadecimal())
                else { throw fault("the second half of a surrogate pair") }
            } else if UTF16.isTrailSurrogate(unit) {
                throw fault("the first half of a surrogate pair before it")
            }
        default: throw fault("an escape that JSON knows")
        }
    }

    private mutating func hexadecimal() throws(Fault) -> UInt16 {
        guard end - position >= 4, let unit = Self.hexadecimal(position) else {
            throw fault("four hexadecimal digits")
        }
        position += 4
        return unit
    }

    /// The value of four hexadecimal digits; nil when they are not.
    static func hexadecimal(_ digits: UnsafePointer<UInt8>) -> UInt16? {
        var unit: UInt16 = 0
        for index in 0..<4 {
            let byte = digits[index]
            switch byte {
            case 0x30...0x39: unit = unit << 4 | UInt16(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt16((byte | 0x20) - 0x57)
            default: return nil
            }
        }
        return unit
    }

    /// A number.
    @inline(__always)
    package mutating func number() throws(Fault) -> Number {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return Number(
            bytes: UnsafeBufferPointer(start: start, count: position - start), isWhole: isWhole)
    }

    /// One digit or more.
    @inline(__always)
    private mutating func digits() throws(Fault) {
        let start = position
        while position < end, position.pointee &- 0x30 < 10 { position += 1 }
        guard position > start else { throw fault("a digit") }
    }

    /// `true`, `false` or `null`.
    @inline(__always)
    package mutating func literal(_ word: StaticString) throws(Fault) {
        let count = word.utf8CodeUnitCount
        guard end - position >= count,
            UnsafeRawBufferPointer(start: position, count: count).elementsEqual(
                UnsafeRawBufferPointer(start: word.utf8Start, count: count))
        else { throw fault("a value") }
        position += count
    }

    /// `null`, if it stands here.
    @inline(__always)
    package mutating func takeNull() throws(Fault) -> Bool {
        guard byte == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    // MARK: What is passed over

    package mutating func skipValue() throws(Fault) { try skipValue(depth: 0) }

    private mutating func skipValue(depth: Int) throws(Fault) {
        guard depth < Self.deepest else { throw fault("fewer lists and objects in each other") }
        switch byte {
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "{"):
            var members = try self.members()
            while try members.next(&self) != nil { try skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            var elements = try self.elements()
            while try elements.next(&self) { try skipValue(depth: depth + 1) }
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case UInt8(ascii: "-"), 0x30...0x39: _ = try number()
        default: throw fault("a value")
        }
    }

    // MARK: Objects and lists

    /// Begins an object; its values are to be read in turn.
    @inline(__always)
    package mutating func members() throws(Fault) -> Members {
        guard take(UInt8(ascii: "{")) else { throw fault("an object") }
        return Members()
    }

    /// Begins a list; its values are to be read in turn.
    @inline(__always)
    package mutating func elements() throws(Fault) -> Elements {
        guard take(UInt8(ascii: "[")) else { throw fault("a list") }
        return Elements()
    }

    package struct Members {
        private var isFirst = true

        /// The next key, with the cursor at its value; nil behind the object's end.
        @inline(__always)
        package mutating func next(_ cursor: inout JSONCursor) throws(Fault) -> Text? {
            cursor.skipSpace()
            if cursor.take(UInt8(ascii: "}")) { return nil }
            if !isFirst {
                guard cursor.take(UInt8(ascii: ",")) else { throw cursor.fault("\",\" or \"}\"") }
                cursor.skipSpace()
            }
            isFirst = false
            guard cursor.byte == UInt8(ascii: "\"") else { throw cursor.fault("a key") }
            let key = try cursor.text()
            cursor.skipSpace()
            guard cursor.take(UInt8(ascii: ":")) else { throw cursor.fault("\":\"") }
            cursor.skipSpace()
            return key
        }
    }

    package struct Elements {
        private var isFirst = true

        /// Whether there is a next value, which the cursor then is at.
        @inline(__always)
        package mutating func next(_ cursor: inout JSONCursor) throws(Fault) -> Bool {
            cursor.skipSpace()
            if cursor.take(UInt8(ascii: "]")) { return false }
            if !isFirst {
                guard cursor.take(UInt8(ascii: ",")) else { throw cursor.fault("\",\" or \"]\"") }
                cursor.skipSpace()
            }
            isFirst = false
            return true
        }
    }
}
