import PluginAPI

/// What the fields of an answer mean for its framing and its connection.
struct ResponseFields: FieldReader, Sendable {
    let minorVersion: Int
    /// The announced length.
    private(set) var length: Int?
    private var codings = TransferCodings()
    private var connection = ConnectionOptions()

    init(minorVersion: Int) { self.minorVersion = minorVersion }

    @inline(never)
    mutating func read(_ id: FieldID, _ value: UnsafeBufferPointer<UInt8>) -> HTTPError? {
        switch id {
        case .contentLength:
            // Some servers repeat it; the same length twice is one length (RFC 9112 §6.3).
            for element in FieldList(value) {
                guard let announced = ASCII.decimal(element) else { return .malformedContentLength }
                guard length == nil || length == announced else { return .repeatedContentLength }
                length = announced
            }
            return nil
        case .transferEncoding:
            return codings.read(value)
        case .connection:
            connection.read(value)
            return nil
        default:
            return nil
        }
    }

    /// RFC 9112 §6.3.
    func framing(status: Int, method: Method) throws(HTTPError) -> BodyFraming {
        if codings.arePresent {
            guard minorVersion > 0 else { throw .transferEncodingInHTTP10 }
            guard length == nil else { throw .ambiguousLength }
            guard !codings.areUnsupported else { throw .unsupportedTransferEncoding }
        }
        if method == .head || Self.hasNoBody(status) { return .none }
        if codings.arePresent { return .chunked }
        if let length { return .length(length) }
        return .untilClose
    }

    /// Whether the connection can be used again once the body has ended.
    func keepAlive(status: Int, framing: BodyFraming) -> Bool {
        guard framing != .untilClose else { return false }
        // 1xx and 204 must not announce a body (RFC 9110 §8.6); a server that does may send it too.
        if status < 200 || status == 204, codings.arePresent || length ?? 0 > 0 { return false }
        return connection.keepAlive(minorVersion: minorVersion)
    }

    private static func hasNoBody(_ status: Int) -> Bool {
        status < 200 || status == 204 || status == 304
    }
}
