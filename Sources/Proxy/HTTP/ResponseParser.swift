import PluginAPI

/// Reads the head of an answer (RFC 9112 §4, §5 and §6.3).
///
/// Resumes like `RequestParser`. Any fault means that the upstream broke the protocol: the caller
/// answers 502, whatever the error's own status.
package struct ResponseParser: Sendable {
    package private(set) var framing = BodyFraming.none
    /// Whether the connection can be used again after this message's body.
    package private(set) var keepAlive = true
    private let acceptsHTTP2StatusLine: Bool

    private var startLine = StartLineScanner()
    /// Nil while the status line is read.
    private var section: FieldSection?
    private var fields = ResponseFields(minorVersion: 1)

    /// - Parameter acceptsHTTP2StatusLine: reads `HTTP/2 200` and `HTTP/3 200` too, the form in which
    ///   libcurl hands over such heads.
    package init(acceptsHTTP2StatusLine: Bool = false) {
        self.acceptsHTTP2StatusLine = acceptsHTTP2StatusLine
    }

    /// Goes on reading. An interim answer (1xx) is a head like others: reset both, and read on.
    /// - Parameters:
    ///   - bytes: everything received since the end of the last head, the same bytes first as in the
    ///     call before.
    ///   - response: emptied at first.
    ///   - method: that of the request; an answer to HEAD has no body.
    package mutating func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, into response: Response, method: Method,
        limits: HeadLimits
    ) -> ParseResult {
        if section == nil {
            switch startLine.next(
                bytes, lengthLimit: limits.requestLine, skipsEmptyLines: false,
                allowsOpaqueBytes: true)
            {
            case .incomplete: return .incomplete
            case .tooLong: return .invalid(.statusLineTooLong)
            case .badLineEnd: return .invalid(.malformedLineEnd)
            case .badByte: return .invalid(.malformedStatusLine)
            case .line(let range, let next):
                response.reset()
                guard
                    let line = StatusLine(
                        UnsafeBufferPointer(rebasing: bytes[range]),
                        acceptsHTTP2: acceptsHTTP2StatusLine)
                else { return .invalid(.malformedStatusLine) }
                response.status = line.status
                fields = ResponseFields(minorVersion: line.minorVersion)
                section = FieldSection(start: next, copyingFrom: next)
            }
        }
        let result = section!.read(bytes, into: response.headers, limits: limits, reader: &fields)
        guard case .head = result else { return result }
        do throws(HTTPError) {
            framing = try fields.framing(status: response.status, method: method)
        } catch {
            return .invalid(error)
        }
        keepAlive = fields.keepAlive(status: response.status, framing: framing)
        response.contentLength = fields.length
        return result
    }

    /// Gets ready for the next head.
    package mutating func reset() {
        self = ResponseParser(acceptsHTTP2StatusLine: acceptsHTTP2StatusLine)
    }
}
