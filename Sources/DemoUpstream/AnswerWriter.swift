import Glibc

/// Writes the answers to one request.
struct AnswerWriter {
    let socket: Socket
    /// Nil when the request could not be read.
    let request: RequestHead?
    let keepsConnection: Bool

    /// A JSON answer in one `send`; only its head and half its body if it is to be cut short.
    func whole(status: Int, _ json: JSON, headers: [(String, String)], isCutShort: Bool)
        throws(ClientLeft)
    {
        // RFC 9110 §15.3.5 and §15.4.5: these have no body, whatever the request.
        let hasContent = status != 204 && status != 304
        let body = Array(json.text.utf8)
        let content = hasContent ? [("content-length", String(body.count)), json.type] : []
        var bytes = head(status, content + headers)
        if hasContent && request?.method != "HEAD" {
            bytes += isCutShort ? body.prefix(body.count / 2) : body[...]
        }
        try socket.send(bytes)
    }

    /// The head of an event stream, in its own `send`.
    func streamHead(status: Int) throws(ClientLeft) {
        var headers = [("content-type", "text/event-stream"), ("cache-control", "no-cache")]
        if isChunked { headers.append(("transfer-encoding", "chunked")) }
        try socket.send(head(status, headers))
    }

    /// One event, in its own `send`.
    func event(_ text: String) throws(ClientLeft) {
        guard isChunked else { return try socket.send(Array(text.utf8)) }
        try socket.send(Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8))
    }

    func streamEnd() throws(ClientLeft) {
        if isChunked { try socket.send(Array("0\r\n\r\n".utf8)) }
    }

    func proceed() throws(ClientLeft) {
        try socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }

    /// HTTP/1.0 clients know no chunks: their streams end with the connection.
    var isChunked: Bool { request?.minorVersion == 1 }

    private func head(_ status: Int, _ headers: [(String, String)]) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        text += "date: \(Self.date())\r\nserver: demo-upstream\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let id = request?.values(of: "x-request-id").first { text += "x-request-id: \(id)\r\n" }
        if !keepsConnection {
            text += "connection: close\r\n"
        } else if request?.minorVersion == 0 {
            text += "connection: keep-alive\r\n"
        }
        text += "\r\n"
        // The field's bytes were read as code points of the same numbers: so they go back unchanged.
        return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }

    /// The time now as an HTTP date (RFC 9110 §5.6.7); the process keeps the C locale.
    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            strftime(buffer.baseAddress!, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(cString: buffer.baseAddress!)
        }
    }
}

extension JSON {
    fileprivate var type: (String, String) { ("content-type", "application/json") }
}
