import PluginAPI

/// The codings that the Transfer-Encoding fields of a message name (RFC 9112 §6.1 and §7).
///
/// Only `chunked` is understood. Whatever another program might read as chunked, or might not, is
/// refused: two readers that disagree about a body's end are what request smuggling lives by.
struct TransferCodings: Sendable {
    private(set) var arePresent = false
    private(set) var areChunked = false
    /// Whether there is a coding that is not understood, in its proper place.
    private(set) var areUnsupported = false

    mutating func read(_ value: UnsafeBufferPointer<UInt8>) -> HTTPError? {
        arePresent = true
        for element in FieldList(value) {
            let nameEnd = element.firstIndex(of: UInt8(ascii: ";")) ?? element.count
            let coding = FieldList.trimmed(element.slice(0..<nameEnd))
            guard !areChunked, !coding.isEmpty, coding.allSatisfy(ASCII.isTokenByte) else {
                return .malformedTransferEncoding
            }
            if !coding.equalsIgnoringCase("chunked") {
                areUnsupported = true
            } else if coding.count == element.count {
                areChunked = true
            } else {
                // chunked has no parameters.
                return .malformedTransferEncoding
            }
        }
        return nil
    }
}
