import PluginAPI

/// What one proxy says in Forwarded of the hop before it: `for=192.0.2.60;proto=http;by=203.0.113.43`
/// (RFC 7239 §4).
struct ForwardedElement {
    /// Who made the request: an address, `unknown`, or a name that hides it.
    private(set) var node: Bytes?
    private(set) var proto: Bytes?
    private(set) var host: Bytes?

    /// Nil when malformed, or when a parameter occurs twice.
    ///
    /// Values without quotes may hold what only quoted ones should, such as the colon of a port;
    /// values with a backslash are taken as they stand, and then are no address.
    init?(_ element: Bytes) {
        var rest = element
        while !rest.isEmpty {
            guard let (name, value, after) = Self.parameter(rest), set(name, to: value) else {
                return nil
            }
            rest = after
        }
    }

    private mutating func set(_ name: Bytes, to value: Bytes) -> Bool {
        func fill(_ property: inout Bytes?) -> Bool {
            guard property == nil else { return false }
            property = value
            return true
        }
        if name.equalsIgnoringCase("for") { return fill(&node) }
        if name.equalsIgnoringCase("proto") { return fill(&proto) }
        if name.equalsIgnoringCase("host") { return fill(&host) }
        return true
    }

    /// The first parameter, and what follows the semicolon behind it.
    private static func parameter(_ text: Bytes) -> (name: Bytes, value: Bytes, rest: Bytes)? {
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { return nil }
        let name = text.part(0..<equals)
        guard name.allSatisfy(ASCII.isTokenByte) else { return nil }
        let written = text.part((equals + 1)..<text.count)
        guard let (value, end) = quotedValue(written) ?? plainValue(written) else { return nil }
        let after = written.part(end..<written.count).trimmed
        if after.isEmpty { return (name, value, after) }
        guard after[0] == UInt8(ascii: ";") else { return nil }
        return (name, value, after.part(1..<after.count).trimmed)
    }

    /// The content of a quoted string and where it ends; nil when it is none, or has no end.
    private static func quotedValue(_ text: Bytes) -> (value: Bytes, end: Int)? {
        guard text.first == UInt8(ascii: "\"") else { return nil }
        var index = 1
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): return (text.part(1..<index), index + 1)
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    /// A value up to the semicolon or the end; nil when it is empty or has a quote or a space in it.
    private static func plainValue(_ text: Bytes) -> (value: Bytes, end: Int)? {
        let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.count
        let value = text.part(0..<end).trimmed
        let isPlain = value.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") }
        return isPlain && !value.isEmpty ? (value, end) : nil
    }
}
