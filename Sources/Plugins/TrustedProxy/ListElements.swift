import PluginAPI

/// The elements of a list field over all of its lines, last first, without the white space around
/// them (RFC 9110 §5.6.1). Empty ones are among them.
///
/// It goes backwards by the quotes too: whoever wrote the end of the field is trusted, and a quote
/// that a client left open further left does not reach into it.
struct ListElements {
    private let headers: Headers
    private let name: ListField
    /// Whether a comma may stand in a quoted string.
    private let quoted: Bool
    /// The place of the line being read; those at and after it are done when `rest` is nil.
    private var place: Int
    /// What is left of the line.
    private var rest: Bytes?

    init(of name: ListField, in headers: Headers, quoted: Bool = false) {
        self.headers = headers
        self.name = name
        self.quoted = quoted
        place = headers.count
    }

    mutating func next() -> Bytes? {
        if rest == nil {
            guard let line = name.lastPlace(in: headers, before: place) else { return nil }
            place = line
            rest = headers.value(at: line)
        }
        guard let line = rest else { return nil }
        let comma = line.withBytes { quoted ? Self.lastCommaOutsideQuotes($0) : Self.lastComma($0) }
        rest = comma.map { line.part(0..<$0) }
        return line.part((comma.map { $0 + 1 } ?? 0)..<line.count).trimmed
    }

    private static func lastComma(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        line.lastIndex(of: UInt8(ascii: ","))
    }

    /// When a quote has no partner further left, all that is left is one element, which is malformed.
    private static func lastCommaOutsideQuotes(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        var isInside = false
        var index = line.count
        while index > 0 {
            index -= 1
            if line[index] == UInt8(ascii: "\"") {
                if !isInside || !isEscaped(index, in: line) { isInside.toggle() }
            } else if line[index] == UInt8(ascii: ","), !isInside {
                return index
            }
        }
        return nil
    }

    /// Whether an odd number of backslashes stands before a byte.
    private static func isEscaped(_ index: Int, in line: UnsafeBufferPointer<UInt8>) -> Bool {
        var first = index
        while first > 0, line[first - 1] == UInt8(ascii: "\\") { first -= 1 }
        return (index - first) % 2 == 1
    }
}
