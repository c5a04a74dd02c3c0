import PluginAPI

/// Refuses what would frame or route the message anew.
struct TrailerFields: FieldReader, Sendable {
    mutating func read(_ id: FieldID, _ value: UnsafeBufferPointer<UInt8>) -> HTTPError? {
        switch id {
        case .contentLength, .transferEncoding, .host: .forbiddenTrailer
        default: nil
        }
    }
}
