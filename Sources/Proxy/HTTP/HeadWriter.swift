import PluginAPI

/// Writes the heads of messages.
///
/// Fields go out in order, in the case in which they came, but for those that concern one
/// connection only: these, and the framing, are written as told.
package enum HeadWriter {
    /// - Parameters:
    ///   - framing: `.length` also announces the length of a body that does not follow (HEAD, 304).
    ///     Never `.chunked` to a 1.0 client.
    ///   - keepAlive: whether this connection stays open.
    ///   - minorVersion: the client's. A 1.0 client is told when the connection stays, a 1.1 client
    ///     when it does not.
    ///   - date: written when the answer has no Date of its own.
    package static func writeResponse(
        _ response: Response, framing: BodyFraming, keepAlive: Bool, minorVersion: Int,
        date: DateField?, to buffer: inout ByteBuffer
    ) {
        // A plugin may have set any number.
        let status = 100...599 ~= response.status ? response.status : 500
        if status == 200 {
            buffer.append("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.append("HTTP/1.1 ")
            buffer.appendDecimal(status)
            buffer.append(" ")
            buffer.append(ReasonPhrase.of(status))
            buffer.append("\r\n")
        }
        var hasDate = false
        FieldWriter.write(response.headers, to: &buffer) { id in
            if id == .date { hasDate = true }
            return isWrittenAsTold(id)
        }
        if let date, !hasDate { date.append(to: &buffer) }

        assert(framing != .chunked || minorVersion > 0, "a 1.0 client cannot read chunks")
        writeFraming(framing, to: &buffer)
        if !keepAlive || framing == .untilClose {
            buffer.append("Connection: close\r\n")
        } else if minorVersion == 0 {
            buffer.append("Connection: keep-alive\r\n")
        }
        buffer.append("\r\n")
    }

    /// The interim answer that a client waits for before it sends its body.
    package static func writeContinue(to buffer: inout ByteBuffer) {
        buffer.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Writes the request with its path and query as its target, whatever form that came in.
    ///
    /// Expect is left out: it is the proxy that answers it, and an upstream that refused one that a
    /// 1.0 client sent would refuse what is to be ignored (RFC 9110 §10.1.1).
    /// - Parameters:
    ///   - pathPrefixRemoved: so many bytes of the path are left out at its start; not more than it
    ///     has.
    ///   - pathPrefixAdded: goes before what is left of the path, and begins with a slash. The `*` of
    ///     OPTIONS has no prefix, and a path that is left without its slash is given one.
    ///   - framing: not `.untilClose`.
    package static func writeRequest(
        _ request: Request, pathPrefixRemoved: Int = 0,
        pathPrefixAdded: UnsafeBufferPointer<UInt8>? = nil, framing: BodyFraming,
        keepAlive: Bool = true, to buffer: inout ByteBuffer
    ) {
        let storage = request.headers.storage
        buffer.append(storage.slice(request.methodRange))
        buffer.append(" ")
        writePath(
            storage.slice(request.pathRange), without: pathPrefixRemoved, behind: pathPrefixAdded,
            to: &buffer)
        if let query = request.queryRange {
            buffer.append("?")
            buffer.append(storage.slice(query))
        }
        buffer.append(" HTTP/1.1\r\n")
        FieldWriter.write(request.headers, to: &buffer) {
            $0 == .expect || isWrittenAsTold($0)
        }
        writeFraming(framing, to: &buffer)
        if !keepAlive { buffer.append("Connection: close\r\n") }
        buffer.append("\r\n")
    }

    /// Writes the request for its very target, byte for byte.
    /// - Parameters:
    ///   - authority: the Host that is sent when the request has none.
    ///   - framing: not `.untilClose`.
    package static func writeRequest(
        _ request: Request, authority: String, framing: BodyFraming, to buffer: inout ByteBuffer
    ) {
        let storage = request.headers.storage
        buffer.append(storage.slice(request.methodRange))
        buffer.append(" ")
        buffer.append(storage.slice(request.targetRange))
        buffer.append(" HTTP/1.1\r\n")
        if !request.headers.fields.contains(where: { $0.id == .host }) {
            buffer.append("Host: ")
            var authority = authority
            authority.withUTF8 { buffer.append($0) }
            buffer.append("\r\n")
        }
        FieldWriter.write(request.headers, to: &buffer) {
            $0 == .contentLength || $0 == .transferEncoding
        }
        writeFraming(framing, to: &buffer)
        buffer.append("\r\n")
    }

    private static func writePath(
        _ path: UnsafeBufferPointer<UInt8>, without removed: Int,
        behind added: UnsafeBufferPointer<UInt8>?, to buffer: inout ByteBuffer
    ) {
        guard !path.equals("*") else { return buffer.append(path) }
        let rest = path.slice(removed..<path.count)
        if let added, !added.isEmpty {
            buffer.append(added)
        } else if rest.first != UInt8(ascii: "/") {
            buffer.append("/")
        }
        buffer.append(rest)
    }

    @inline(__always)
    private static func isWrittenAsTold(_ id: FieldID) -> Bool {
        id == .contentLength || HopByHop.isHopByHop(id)
    }

    private static func writeFraming(_ framing: BodyFraming, to buffer: inout ByteBuffer) {
        switch framing {
        case .none, .untilClose:
            break
        case .length(let length):
            buffer.append("Content-Length: ")
            buffer.appendDecimal(length)
            buffer.append("\r\n")
        case .chunked:
            buffer.append("Transfer-Encoding: chunked\r\n")
        }
    }
}
