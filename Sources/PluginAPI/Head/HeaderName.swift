/// A field's name. A literal costs nothing at run time:
///
///     exchange.request.headers["x-team"]
///
/// It can also be the value of a setting, which is how an operator chooses a field.
public struct HeaderName: Sendable, ExpressibleByStringLiteral {
    private enum Storage: Sendable {
        case literal(StaticString)
        case text([UInt8])
    }

    private let storage: Storage

    /// - Parameter value: a token (RFC 9110 §5.1); anything else is a programming error.
    public init(stringLiteral value: StaticString) {
        assert(
            value.withUTF8Buffer { !$0.isEmpty && $0.allSatisfy(ASCII.isTokenByte) },
            "not a field's name")
        storage = .literal(value)
    }

    /// Nil when `text` is not a token (RFC 9110 §5.6.2).
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy(ASCII.isTokenByte) else { return nil }
        storage = .text(bytes)
    }

    /// Whether a field's name is this one. Names are compared without case.
    public func matches(_ name: Bytes) -> Bool {
        withBytes { wanted in name.withBytes { ASCII.equalsIgnoringCase($0, wanted) } }
    }

    public var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        switch storage {
        case .literal(let text):
            try body(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        case .text(let bytes):
            try bytes.withUnsafeBufferPointer(body)
        }
    }
}
