import PluginAPI

/// What the fields of a request mean for its framing and its connection.
struct RequestFields: FieldReader, Sendable {
    let minorVersion: Int
    private(set) var hasHost = false
    private var length: Int?
    private var codings = TransferCodings()
    private(set) var connection = ConnectionOptions()
    private(set) var hasExpectation = false

    init(minorVersion: Int) { self.minorVersion = minorVersion }

    @inline(never)
    mutating func read(_ id: FieldID, _ value: UnsafeBufferPointer<UInt8>) -> HTTPError? {
        switch id {
        case .host:
            guard !hasHost else { return .repeatedHost }
            hasHost = true
            return HostSyntax.isValid(value) ? nil : .malformedHost
        case .contentLength:
            // A list of equal lengths may be accepted (RFC 9112 §6.3), and no client needs it.
            guard length == nil else { return .repeatedContentLength }
            length = ASCII.decimal(value)
            return length == nil ? .malformedContentLength : nil
        case .transferEncoding:
            return codings.read(value)
        case .connection:
            connection.read(value)
            return nil
        case .expect where minorVersion > 0:
            hasExpectation = true
            return value.equalsIgnoringCase("100-continue") ? nil : .unsupportedExpectation
        default:
            return nil
        }
    }

    /// RFC 9112 §6.3, without its leniencies.
    func framing(of method: Method) throws(HTTPError) -> BodyFraming {
        if codings.arePresent {
            guard minorVersion > 0 else { throw .transferEncodingInHTTP10 }
            guard length == nil else { throw .ambiguousLength }
            guard !codings.areUnsupported else { throw .unsupportedTransferEncoding }
            return .chunked
        }
        if let length { return .length(length) }
        switch method {
        case .post, .put, .patch:
            guard minorVersion > 0 else { throw .lengthRequired }
            return .none
        default:
            return .none
        }
    }
}
