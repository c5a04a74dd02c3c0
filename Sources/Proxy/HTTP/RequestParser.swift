import PluginAPI

/// Reads the head of a request (RFC 9112 §3, §5 and §6).
///
/// Every byte is looked at once, however the head arrives, and the result does not depend on where
/// the reads split it. After `.head`, and until `reset()`, it tells how the message goes on.
package struct RequestParser: Sendable {
    package private(set) var framing = BodyFraming.none
    /// Whether the client wants the connection kept after this message.
    package private(set) var keepAlive = true
    /// Whether the client waits for `100 Continue` before it sends the body.
    package private(set) var expectsContinue = false

    private var startLine = StartLineScanner()
    /// The authority of a target in absolute form: it replaces Host.
    private var authority: ByteRange?
    /// Nil while the request line is read.
    private var section: FieldSection?
    private var fields = RequestFields(minorVersion: 1)

    package init() {}

    /// Goes on reading.
    /// - Parameters:
    ///   - bytes: everything received since the end of the last message, the same bytes first as in
    ///     the call before.
    ///   - request: emptied at first. What has been read so far is always safe to look at:
    ///     after `.invalid` it holds what came before the fault, for records.
    package mutating func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, into request: Request, limits: HeadLimits
    ) -> ParseResult {
        if section == nil {
            switch startLine.next(
                bytes, lengthLimit: limits.requestLine, skipsEmptyLines: true,
                allowsOpaqueBytes: false)
            {
            case .incomplete: return .incomplete
            case .tooLong: return .invalid(.requestLineTooLong)
            case .badLineEnd: return .invalid(.malformedLineEnd)
            case .badByte: return .invalid(.malformedRequestLine)
            case .line(let range, let next):
                request.reset()
                let line = RequestLine(UnsafeBufferPointer(rebasing: bytes[range]))
                do throws(HTTPError) {
                    authority = try line.read(into: request)
                } catch {
                    return .invalid(error)
                }
                fields = RequestFields(minorVersion: request.minorVersion)
                section = FieldSection(start: next, copyingFrom: range.lowerBound)
            }
        }
        let result = section!.read(bytes, into: request.headers, limits: limits, reader: &fields)
        guard case .head = result else { return result }
        do throws(HTTPError) {
            try finish(request)
            return result
        } catch {
            return .invalid(error)
        }
    }

    /// Gets ready for the next message's head.
    package mutating func reset() { self = RequestParser() }

    private mutating func finish(_ request: Request) throws(HTTPError) {
        guard fields.hasHost || request.minorVersion == 0 else { throw .missingHost }
        framing = try fields.framing(of: request.method)
        keepAlive = fields.connection.keepAlive(minorVersion: request.minorVersion)
        expectsContinue = fields.hasExpectation && framing.hasBody
        request.contentLength =
            switch framing {
            case .length(let length): length
            case .chunked: nil
            case .none, .untilClose: 0
            }
        if let authority { replaceHost(of: request, with: authority) }
    }

    /// RFC 9112 §3.2.2: the target's authority counts, and Host is made to agree with it.
    private func replaceHost(of request: Request, with authority: ByteRange) {
        let headers = request.headers
        if let host = headers.fields.firstIndex(where: { $0.id == .host }) {
            headers.fields[host].value = authority
        } else {
            headers.append("Host", bytes: headers.storage.slice(authority))
        }
        if request.pathRange.count == 0 {
            let asterisk: StaticString = "*"
            request.pathRange = headers.storage.append(asterisk.bytes)
        }
    }
}
